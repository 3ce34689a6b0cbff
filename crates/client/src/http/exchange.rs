//! One request and its answer: over which connection the request goes, and when
//! it is sent again.
//!
//! A server may close a connection at any time, and often does when the
//! connection is idle or has carried a number of requests. A request that was on
//! its way then is sent again where that is safe:
//!
//! - GET, HEAD and OPTIONS are sent once more if the connection was used before
//!   and ended before a byte of the answer (RFC 9110, section 9.2.2, RFC 9112,
//!   section 9.3.1). Every other method goes over a connection that was not
//!   idle.
//! - A request that the server has not begun with, as it says by GOAWAY or
//!   `REFUSED_STREAM` (RFC 9113, section 8.7), is sent again whatever its method.

use std::sync::Arc;
use std::time::Duration;

use http::{StatusCode, Version};
use tokio::time::{Instant, sleep, timeout_at};

use super::connection::{HttpConnection, OutgoingRequest, ResponseBody, SendError};
use super::pool::Reuse;
use super::receive::AttemptTimes;
use super::record::InFlight;
use super::{AskError, Client, Opening, Request, Resends, Response, Unanswered};

/// The pause after the first refusal.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// The longest pause after a refusal.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// How often a request may be refused before the connection is given up: the
/// server may refuse everything on that one.
const MOST_REFUSALS: u32 = 2;

/// An answer whose head has come.
pub(super) struct StartedResponse {
    pub(super) head: http::Response<ResponseBody>,
    pub(super) connection: HttpConnection,
    in_flight: InFlight,
    first_byte: Duration,
}

/// Why an attempt has brought no answer.
pub(super) enum AttemptError {
    /// The server has not begun with it.
    Refused(String),
    /// The connection was used before, and ended before a byte of the answer.
    Closed(AskError),
    /// Anything else; the request is not sent again.
    Failed(AskError),
}

impl Client {
    /// Sends one request and reads the whole answer, within `timeout`.
    ///
    /// # Errors
    /// Why no answer came, or not all of it, beside the part that did.
    pub async fn ask(&self, request: Request, timeout: Duration) -> Result<Response, Unanswered> {
        self.exchange(request, timeout, false).await
    }

    /// Sends one request over a connection of its own and reads the whole
    /// answer, within `timeout`. The answer has the time of each phase and the
    /// facts of TLS.
    ///
    /// # Errors
    /// As for [`Client::ask`].
    pub async fn ask_fresh(
        &self,
        request: Request,
        timeout: Duration,
    ) -> Result<Response, Unanswered> {
        self.exchange(request, timeout, true).await
    }

    /// Sends a request, again where that is safe, and reads the answer.
    async fn exchange(
        &self,
        request: Request,
        timeout: Duration,
        is_fresh: bool,
    ) -> Result<Response, Unanswered> {
        let deadline = Instant::now() + timeout;
        let codec = request.transport.grpc.clone();
        let outgoing = OutgoingRequest::new(request)?;
        let mut resends = Resends::default();
        let unanswered = |error: AskError, resends: Resends| Unanswered {
            response: None,
            error,
            resends,
        };
        loop {
            let started = Instant::now();
            let reuse = match outgoing.is_resendable() && resends.closed == 0 {
                _ if is_fresh => Reuse::Never,
                true => Reuse::Any,
                false => Reuse::Active,
            };
            let times = AttemptTimes {
                started,
                deadline,
                timeout,
            };
            match self.attempt(&outgoing, reuse, resends, times).await {
                Ok(answer) => {
                    let opening = is_fresh.then(|| answer.opening());
                    let StartedResponse {
                        head,
                        connection,
                        in_flight,
                        ..
                    } = answer;
                    let record = Arc::clone(&connection.record);
                    let received =
                        Response::receive(head, record, opening, resends, codec, times).await;
                    drop(in_flight);
                    // Over HTTP/1.1 the rest of an answer that was not read
                    // would be taken for the next one.
                    if received.is_ok() && !is_fresh {
                        self.pool.keep(connection, &outgoing.url, outgoing.http);
                    }
                    return received;
                }
                Err(AttemptError::Closed(_)) if outgoing.is_resendable() && resends.closed == 0 => {
                    resends.closed += 1;
                }
                Err(AttemptError::Refused(reason)) => {
                    let pause = pause_after(resends.refused);
                    resends.refused += 1;
                    if Instant::now() + pause >= deadline {
                        let times = resends.refused;
                        return Err(unanswered(AskError::Refused { times, reason }, resends));
                    }
                    sleep(pause).await;
                }
                Err(AttemptError::Closed(error) | AttemptError::Failed(error)) => {
                    return Err(unanswered(error, resends));
                }
            }
        }
    }

    /// Sends a request once, and waits for the head of the answer. `resends`
    /// says what became of the attempts before.
    pub(super) async fn attempt(
        &self,
        outgoing: &OutgoingRequest,
        reuse: Reuse,
        resends: Resends,
        times: AttemptTimes,
    ) -> Result<StartedResponse, AttemptError> {
        let http = outgoing.http;
        let late = || AttemptError::Failed(AskError::NoAnswer(times.timeout));
        let connection = self.acquire_connection(&outgoing.url, http, reuse, times);
        let connection = timeout_at(times.deadline, connection)
            .await
            .map_err(|_| late())?;
        let mut connection = connection.map_err(AttemptError::Failed)?;
        let in_flight = connection.record.begin_request();
        let connected = Instant::now();
        let sent = timeout_at(times.deadline, connection.send(outgoing)).await;
        let Ok(sent) = sent else {
            // A router may have forgotten the connection without a word, so no
            // other request waits for an answer over it.
            if !in_flight.has_received() {
                connection.record.retire();
            }
            return Err(late());
        };
        let first_byte = connected.elapsed();
        // A server that answered another request over this connection speaks the
        // version, so the version is not why this one has no answer.
        let version = http.filter(|_| !in_flight.is_reused);
        match sent {
            // Some servers send a 408 before they close an idle connection (RFC
            // 9110, section 15.5.9); it does not answer what was just sent.
            Ok(head)
                if head.status() == StatusCode::REQUEST_TIMEOUT
                    && head.version() == Version::HTTP_11
                    && in_flight.is_reused =>
            {
                connection.record.retire();
                let reason = "the server ended the idle connection with a 408";
                Err(AttemptError::Closed(AskError::Broken(reason.to_owned())))
            }
            Ok(head) => Ok(StartedResponse {
                head,
                connection,
                in_flight,
                first_byte,
            }),
            Err(SendError::Refused(reason)) => {
                if resends.refused + 1 >= MOST_REFUSALS {
                    connection.record.retire();
                }
                Err(AttemptError::Refused(reason))
            }
            Err(SendError::Reset(reason)) => Err(AttemptError::Failed(AskError::Broken(reason))),
            Err(SendError::LargeHead) => Err(AttemptError::Failed(AskError::LargeHead)),
            Err(SendError::Broken(reason)) => Err(AttemptError::Failed(
                AskError::from_missing_head(reason, version),
            )),
            Err(SendError::Ended(reason)) => {
                let error = AskError::from_missing_head(reason, version);
                if in_flight.is_reused && !connection.has_begun_to_answer(&in_flight) {
                    Err(AttemptError::Closed(error))
                } else {
                    Err(AttemptError::Failed(error))
                }
            }
        }
    }
}

impl StartedResponse {
    /// How the connection was opened, for a request that has one of its own.
    pub(super) fn opening(&self) -> Opening {
        Opening {
            phases: self.connection.record.phases,
            first_byte: self.first_byte,
            tls: self.connection.record.tls.clone(),
        }
    }
}

impl From<AttemptError> for AskError {
    fn from(error: AttemptError) -> Self {
        match error {
            AttemptError::Refused(reason) => Self::Refused { times: 1, reason },
            AttemptError::Closed(error) | AttemptError::Failed(error) => error,
        }
    }
}

/// The pause before a request is sent again that was refused so often before. It
/// grows, and half of it is random, so that requests that were refused together
/// do not come back together.
fn pause_after(refused: u32) -> Duration {
    let longest = FIRST_PAUSE.saturating_mul(1 << refused.min(10));
    let longest = longest.min(LONGEST_PAUSE);
    longest.mul_f64(0.5 + fastrand::f64() / 2.0)
}
