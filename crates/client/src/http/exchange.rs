//! One request and its answer: over which connection it goes, and when it is
//! asked again.
//!
//! A server may close a connection at any time, and often does when it is idle
//! or has carried so many requests. What was on its way then is not lost for
//! want of care:
//!
//! - GET, HEAD and OPTIONS over a connection that was used before and ended
//!   before a byte of the answer are asked once more (RFC 9110, section 9.2.2,
//!   RFC 9112, section 9.3.1). Everything else goes over a connection that was
//!   not idle.
//! - What the server says it has not begun with, by GOAWAY or `REFUSED_STREAM`
//!   (RFC 9113, section 8.7), is asked again, whatever it is.

use std::sync::Arc;
use std::time::Duration;

use http::{StatusCode, Version};
use tokio::time::{Instant, sleep, timeout_at};

use super::line::{Body, Line, Outgoing, Unsent};
use super::link::Use;
use super::pool::Need;
use super::receive::Terms;
use super::{AskError, Client, Opened, Repeats, Request, Response, Unanswered};

/// The pause after the first refusal, and the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// How often a request is refused over a connection before that is given up:
/// the server may refuse everything on it.
const REFUSALS: u32 = 2;

/// An answer whose head has come.
pub(super) struct Begun {
    pub(super) head: http::Response<Body>,
    pub(super) line: Line,
    using: Use,
    first_byte: Duration,
}

/// Why an attempt has brought no answer.
pub(super) enum Lost {
    /// The server has not begun with it.
    Refused(String),
    /// The connection was used before, and ended before a byte of the answer.
    Closed(AskError),
    /// Whatever else.
    Failed(AskError),
}

impl Client {
    /// Sends one request and reads the whole answer, within `limit`.
    pub async fn ask(&self, request: Request, limit: Duration) -> Result<Response, Unanswered> {
        self.exchange(request, limit, false).await
    }

    /// Sends one request over a connection of its own and reads the whole
    /// answer, within `limit`. The answer has the time of each phase and the
    /// facts of TLS.
    pub async fn ask_fresh(
        &self,
        request: Request,
        limit: Duration,
    ) -> Result<Response, Unanswered> {
        self.exchange(request, limit, true).await
    }

    async fn exchange(
        &self,
        request: Request,
        limit: Duration,
        is_fresh: bool,
    ) -> Result<Response, Unanswered> {
        let end = Instant::now() + limit;
        let codec = request.manner.grpc.clone();
        let outgoing = Outgoing::new(request)?;
        let mut repeats = Repeats::default();
        let lost = |error: AskError, repeats: Repeats| Unanswered {
            response: None,
            error,
            repeats,
        };
        loop {
            let begun = Instant::now();
            let need = match outgoing.is_repeatable() && repeats.closed == 0 {
                _ if is_fresh => Need::Own,
                true => Need::Any,
                false => Need::Alive,
            };
            let terms = Terms { begun, end, limit };
            match self.attempt(&outgoing, need, repeats, terms).await {
                Ok(answer) => {
                    let opened = is_fresh.then(|| answer.opened());
                    let Begun {
                        head, line, using, ..
                    } = answer;
                    let link = Arc::clone(&line.link);
                    let received = terms.receive(head, link, opened, repeats, codec).await;
                    drop(using);
                    if received.is_ok() && !is_fresh {
                        self.pool.keep(line, &outgoing.url, outgoing.http);
                    }
                    return received;
                }
                Err(Lost::Closed(_)) if outgoing.is_repeatable() && repeats.closed == 0 => {
                    repeats.closed += 1;
                }
                Err(Lost::Refused(reason)) => {
                    let pause = pause(repeats.refused);
                    repeats.refused += 1;
                    if Instant::now() + pause >= end {
                        let times = repeats.refused;
                        return Err(lost(AskError::Refused { times, reason }, repeats));
                    }
                    sleep(pause).await;
                }
                Err(Lost::Closed(error) | Lost::Failed(error)) => {
                    return Err(lost(error, repeats));
                }
            }
        }
    }

    /// Sends a request once, and waits for the head of the answer.
    pub(super) async fn attempt(
        &self,
        outgoing: &Outgoing,
        need: Need,
        repeats: Repeats,
        terms: Terms,
    ) -> Result<Begun, Lost> {
        let http = outgoing.http;
        let late = || Lost::Failed(AskError::NoAnswer(terms.limit));
        let line = self.line(&outgoing.url, http, need, terms);
        let line = timeout_at(terms.end, line).await.map_err(|_| late())?;
        let mut line = line.map_err(Lost::Failed)?;
        let using = line.link.begin();
        let open = Instant::now();
        let sent = timeout_at(terms.end, line.send(outgoing)).await;
        let Ok(sent) = sent else {
            // A connection over which nothing comes any more may be a dead one.
            if !using.has_heard() {
                line.link.retire();
            }
            return Err(late());
        };
        let first_byte = open.elapsed();
        // Where others were answered, the version is spoken.
        let asked = http.filter(|_| !using.is_reused);
        match sent {
            // Some servers say so before they close a connection that was idle
            // (RFC 9110, section 15.5.9): no answer to what was just sent.
            Ok(head)
                if head.status() == StatusCode::REQUEST_TIMEOUT
                    && head.version() == Version::HTTP_11
                    && using.is_reused =>
            {
                line.link.retire();
                let reason = "the server ended the idle connection with a 408";
                Err(Lost::Closed(AskError::Broken(reason.to_owned())))
            }
            Ok(head) => Ok(Begun {
                head,
                line,
                using,
                first_byte,
            }),
            Err(Unsent::Refused(reason)) => {
                if repeats.refused + 1 >= REFUSALS {
                    line.link.retire();
                }
                Err(Lost::Refused(reason))
            }
            Err(Unsent::Reset(reason)) => Err(Lost::Failed(AskError::Broken(reason))),
            Err(Unsent::LargeHead) => Err(Lost::Failed(AskError::LargeHead)),
            Err(Unsent::Broken(reason)) => Err(Lost::Failed(AskError::no_head(reason, asked))),
            Err(Unsent::Ended(reason)) => {
                let error = AskError::no_head(reason, asked);
                if using.is_reused && !line.has_begun_to_answer(&using) {
                    Err(Lost::Closed(error))
                } else {
                    Err(Lost::Failed(error))
                }
            }
        }
    }
}

impl Begun {
    /// What the connection told, which was opened for this.
    pub(super) fn opened(&self) -> Opened {
        Opened {
            phases: self.line.link.phases,
            first_byte: self.first_byte,
            tls: self.line.link.tls.clone(),
        }
    }
}

impl From<Lost> for AskError {
    fn from(lost: Lost) -> Self {
        match lost {
            Lost::Refused(reason) => Self::Refused { times: 1, reason },
            Lost::Closed(error) | Lost::Failed(error) => error,
        }
    }
}

/// The pause before a request is asked again that was refused so often: it
/// grows, and is never the same for two who were refused together.
fn pause(refused: u32) -> Duration {
    let longest = FIRST_PAUSE.saturating_mul(1 << refused.min(10));
    let longest = longest.min(LONGEST_PAUSE);
    longest.mul_f64(0.5 + fastrand::f64() / 2.0)
}
