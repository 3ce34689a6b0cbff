//! The ways in which AWS's APIs can misbehave.

use std::str::FromStr;
use std::time::Duration;

/// What happens to a call in place of an honest answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApiFault {
    /// `ThrottlingException`, HTTP 400: worth another try.
    Throttled,
    /// `InternalFailure`, HTTP 500: worth another try.
    ServerError,
    /// The connection is closed without an answer, and nothing was done.
    ConnectionDropped,
    /// The call is carried out, and the connection closed without an answer:
    /// the next try finds a completed event.
    AnswerLost,
    /// `AccessDeniedException`: the role lacks the permission.
    AccessDenied,
    /// `ExpiredTokenException`: the credentials are too old.
    ExpiredToken,
    /// `UnrecognizedClientException`: the credentials are not known, or not
    /// known yet.
    UnknownToken,
    /// `InvalidSignatureException`, with what should have been signed, and so
    /// with the session token, in its message.
    WrongSignature,
    /// The honest answer comes later.
    Slow {
        /// How much later.
        by: Duration,
    },
    /// The call is carried out at once, whether its caller waits or not, and the
    /// answer comes later.
    SlowAnswer {
        /// How much later.
        by: Duration,
    },
    /// HTTP 200 with a body that is not JSON.
    Garbage,
    /// HTTP 200 with an answer that is well-formed and lacks every member.
    Empty,
}

impl ApiFault {
    /// How each fault is written on the command line; the values of `slow`
    /// and `slow-answer` are in milliseconds.
    pub const EXAMPLES: [&'static str; 12] = [
        "throttled",
        "server-error",
        "connection-dropped",
        "answer-lost",
        "access-denied",
        "expired-token",
        "unknown-token",
        "wrong-signature",
        "slow:2000",
        "slow-answer:6000",
        "garbage",
        "empty",
    ];
}

/// The text is not a fault of the API.
#[derive(Debug, thiserror::Error)]
#[error("expected one of {}, found `{found}`", ApiFault::EXAMPLES.join(", "))]
pub struct UnknownApiFault {
    /// The text.
    pub found: String,
}

impl FromStr for ApiFault {
    type Err = UnknownApiFault;

    fn from_str(text: &str) -> Result<Self, UnknownApiFault> {
        let unknown = || UnknownApiFault {
            found: text.to_owned(),
        };
        Ok(match text {
            "throttled" => Self::Throttled,
            "server-error" => Self::ServerError,
            "connection-dropped" => Self::ConnectionDropped,
            "answer-lost" => Self::AnswerLost,
            "access-denied" => Self::AccessDenied,
            "expired-token" => Self::ExpiredToken,
            "unknown-token" => Self::UnknownToken,
            "wrong-signature" => Self::WrongSignature,
            "garbage" => Self::Garbage,
            "empty" => Self::Empty,
            _ => {
                let (name, time) = text.split_once(':').ok_or_else(unknown)?;
                let time: u32 = time.parse().map_err(|_| unknown())?;
                let by = Duration::from_millis(u64::from(time));
                match name {
                    "slow" => Self::Slow { by },
                    "slow-answer" => Self::SlowAnswer { by },
                    _ => return Err(unknown()),
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_example_can_be_read() {
        for example in ApiFault::EXAMPLES {
            assert!(example.parse::<ApiFault>().is_ok(), "{example}");
        }
    }
}
