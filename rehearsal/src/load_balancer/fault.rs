//! The ways in which a listener can misbehave.
//!
//! A new fault is one variant, one line in [`Fault::EXAMPLES`], one in
//! `FromStr`, and one arm where it acts: `connection` for those before the
//! first request, `responses` for those that answer a request,
//! `connection_state` for those that end a connection between two answers,
//! `listener` for those that choose another target.

use std::str::FromStr;
use std::time::Duration;

use crate::certificates::WrongCertificate;

/// The most headers that `many-headers` may have.
const MOST_HEADERS: u32 = 10_000;
/// The largest header that `huge-header` may have, in KiB.
const MOST_KIBIBYTES: u32 = 16 * 1024;
/// The seed of `stale-by-lot` where the text has none.
const DEFAULT_SEED: u32 = 1;

/// What is wrong with a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The port is closed and open connections are cut: connection refused.
    Refuse,
    /// Each connection is reset as soon as it is accepted.
    ResetOnAccept,
    /// TLS is fine, and the connection is reset when a request arrives.
    ResetOnRequest,
    /// Connections are accepted, and nothing is ever sent, not even TLS.
    BlackHole,
    /// TLS is fine, and no request is ever answered.
    NoAnswer,
    /// A 200 whose body comes one byte at a time and never ends.
    Drip {
        /// The time between two bytes.
        every: Duration,
    },
    /// A 200 whose body never ends and comes as fast as it is read.
    EndlessBody,
    /// A 200 with an honest and very large `content-length`.
    HugeBody {
        /// The size of the body in MiB.
        mebibytes: u32,
    },
    /// A 200 with one header of this size.
    HugeHeader {
        /// The size of its value in KiB.
        kibibytes: u32,
    },
    /// A 200 with many headers.
    ManyHeaders {
        /// How many there are, beside the usual ones.
        count: u32,
    },
    /// A 200 whose headers never end and come as fast as they are read, over
    /// HTTP/1.1 and HTTP/2.
    EndlessHeaders,
    /// A 200 that promises more body than it sends before it closes.
    ShortBody,
    /// Each request is answered with this status by the load balancer itself.
    Status(u16),
    /// Each request is answered later.
    Slow {
        /// How much later.
        by: Duration,
    },
    /// The connection ends right after so many answers, once it is idle: over
    /// HTTP/1.1 without `connection: close`, over HTTP/2 with GOAWAY.
    CloseAfter {
        /// How many answers it has given then.
        answers: u32,
    },
    /// An idle connection that has given so many answers is closed when the next
    /// request arrives on it: before the first byte of the answer, and without
    /// GOAWAY.
    CloseOnReuse {
        /// How many answers it has given then.
        answers: u32,
    },
    /// As [`Fault::CloseOnReuse`], with a reset.
    ResetOnReuse {
        /// How many answers it has given then.
        answers: u32,
    },
    /// Over HTTP/1.1, once a connection has given so many answers, the head of
    /// the next one breaks off in the middle, and the connection ends.
    HalfHead {
        /// How many answers it has given then.
        answers: u32,
    },
    /// Over HTTP/2, a connection gets GOAWAY with its so-many-th request. GOAWAY
    /// names this request as the last; requests that are already on their way are
    /// not answered. nginx does so after `keepalive_requests`, 1,000.
    GoAway {
        /// How many requests a connection answers.
        requests: u32,
    },
    /// Each request over HTTP/2 is answered with `REFUSED_STREAM`, and never
    /// reaches a target.
    RefusedStream,
    /// The TLS handshake is answered with plain text.
    BrokenTls,
    /// The handshake shows a certificate that must not be trusted.
    Certificate(WrongCertificate),
    /// New weights take effect only after a while, as on AWS, where a change
    /// has to reach every node of the load balancer.
    LateFlip {
        /// How long the old weights still hold.
        by: Duration,
    },
    /// One node missed the last change of the weights: every `one_in`-th
    /// connection, and the first, is served by the weights before it.
    StaleNode {
        /// How many nodes there seem to be.
        one_in: u64,
    },
    /// As [`Fault::StaleNode`], by request: every `one_in`-th request since the
    /// fault was set is served by the weights before the last change.
    StaleRequest {
        /// One in how many.
        one_in: u64,
    },
    /// As [`Fault::StaleRequest`], by lot: about one request in `one_in`, and the
    /// same requests for the same seed.
    StaleByLot {
        /// One in how many.
        one_in: u64,
        /// The seed of the lots.
        seed: u64,
    },
    /// The node at 127.0.0.`last` missed the last change of the weights.
    StaleAddress {
        /// The last number of the address.
        last: u8,
    },
}

impl Fault {
    /// How each fault is written on the command line, with a sample value
    /// where it takes one (milliseconds, MiB, KiB of a header, a status, a
    /// number of headers, nodes, answers or requests; and for lots a seed, which
    /// may be left out).
    pub const EXAMPLES: [&'static str; 29] = [
        "refuse",
        "reset-on-accept",
        "reset-on-request",
        "black-hole",
        "no-answer",
        "drip:100",
        "endless-body",
        "huge-body:64",
        "huge-header:128",
        "many-headers:500",
        "endless-headers",
        "short-body",
        "status:500",
        "slow:2000",
        "close-after:1",
        "close-on-reuse:1",
        "reset-on-reuse:1",
        "half-head:0",
        "go-away:100",
        "refused-stream",
        "broken-tls",
        "expired-certificate",
        "other-name-certificate",
        "unknown-issuer-certificate",
        "late-flip:2000",
        "stale-node:3",
        "stale-request:3",
        "stale-by-lot:3:42",
        "stale-address:2",
    ];
}

/// The text is not a fault.
#[derive(Debug, thiserror::Error)]
#[error("expected one of {}, found `{found}`", Fault::EXAMPLES.join(", "))]
pub struct UnknownFault {
    /// The text.
    pub found: String,
}

impl FromStr for Fault {
    type Err = UnknownFault;

    fn from_str(text: &str) -> Result<Self, UnknownFault> {
        let unknown = || UnknownFault {
            found: text.to_owned(),
        };
        let mut parts = text.split(':');
        let name = parts.next().unwrap_or_default();
        let mut number = || {
            let number = parts.next().map(str::parse::<u32>).transpose();
            number.map_err(|_| unknown())
        };
        let (value, seed) = (number()?, number()?);
        // Only lots have a second number.
        if parts.next().is_some() || (seed.is_some() && name != "stale-by-lot") {
            return Err(unknown());
        }
        let time = value.map(|ms| Duration::from_millis(u64::from(ms)));
        Ok(match (name, value, time) {
            ("refuse", None, _) => Self::Refuse,
            ("reset-on-accept", None, _) => Self::ResetOnAccept,
            ("reset-on-request", None, _) => Self::ResetOnRequest,
            ("black-hole", None, _) => Self::BlackHole,
            ("no-answer", None, _) => Self::NoAnswer,
            ("drip", _, Some(every)) => Self::Drip { every },
            ("endless-body", None, _) => Self::EndlessBody,
            ("huge-body", Some(mebibytes), _) => Self::HugeBody { mebibytes },
            ("huge-header", Some(kibibytes @ 1..=MOST_KIBIBYTES), _) => {
                Self::HugeHeader { kibibytes }
            }
            ("many-headers", Some(count @ 1..=MOST_HEADERS), _) => Self::ManyHeaders { count },
            ("endless-headers", None, _) => Self::EndlessHeaders,
            ("short-body", None, _) => Self::ShortBody,
            ("status", Some(code @ 200..=599), _) => {
                Self::Status(u16::try_from(code).map_err(|_| unknown())?)
            }
            ("slow", _, Some(by)) => Self::Slow { by },
            ("close-after", Some(answers @ 1..), _) => Self::CloseAfter { answers },
            ("close-on-reuse", Some(answers @ 1..), _) => Self::CloseOnReuse { answers },
            ("reset-on-reuse", Some(answers @ 1..), _) => Self::ResetOnReuse { answers },
            ("half-head", Some(answers), _) => Self::HalfHead { answers },
            ("go-away", Some(requests @ 1..), _) => Self::GoAway { requests },
            ("refused-stream", None, _) => Self::RefusedStream,
            ("broken-tls", None, _) => Self::BrokenTls,
            ("expired-certificate", None, _) => Self::Certificate(WrongCertificate::Expired),
            ("other-name-certificate", None, _) => Self::Certificate(WrongCertificate::OtherName),
            ("unknown-issuer-certificate", None, _) => {
                Self::Certificate(WrongCertificate::UnknownIssuer)
            }
            ("late-flip", _, Some(by)) => Self::LateFlip { by },
            ("stale-node", Some(one_in @ 1..), _) => Self::StaleNode {
                one_in: u64::from(one_in),
            },
            ("stale-request", Some(one_in @ 1..), _) => Self::StaleRequest {
                one_in: u64::from(one_in),
            },
            ("stale-by-lot", Some(one_in @ 1..), _) => Self::StaleByLot {
                one_in: u64::from(one_in),
                seed: u64::from(seed.unwrap_or(DEFAULT_SEED)),
            },
            ("stale-address", Some(last @ 1..), _) => Self::StaleAddress {
                last: u8::try_from(last).map_err(|_| unknown())?,
            },
            _ => return Err(unknown()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_example_can_be_read() {
        for example in Fault::EXAMPLES {
            assert!(example.parse::<Fault>().is_ok(), "{example}");
        }
    }

    #[test]
    fn a_fault_without_its_value_or_with_one_too_many_is_refused() {
        for text in [
            "drip",
            "refuse:1",
            "status:42",
            "stale-node:0",
            "slow:-1",
            "huge-header",
            "many-headers:0",
            "endless-headers:1",
            "close-after:0",
            "go-away",
            "refused-stream:1",
            "stale-request:3:1",
            "stale-by-lot:3:1:1",
            "x",
        ] {
            assert!(text.parse::<Fault>().is_err(), "{text}");
        }
    }
}
