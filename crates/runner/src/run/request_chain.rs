//! The requests of one attempt, up to the answer that the step is judged by.
//!
//! | an answer that | is followed by |
//! |---|---|
//! | another version gave | the same request, once green is proven again |
//! | redirects, and the step follows redirects | the request that the redirect leads to |
//! | is none of these | nothing: it is the last one |

use std::time::Duration;

use http::HeaderMap;
use http::header::HOST;
use tokio::time::Instant;
use url::Origin;

use super::cookies::Jar;
use super::redirects::{find_location, keep_harmless, redirect_request};
use super::step::StepAttempt;
use super::trace::Trace;
use client::http::{Request, Response, Socket, Unanswered};
use report::{Class, Failure, Resends, StepReport};

/// The last answer of a chain.
pub(super) struct Reply {
    pub(super) response: Response,
    /// The WebSocket that it opened, or why it opened none; absent if the step
    /// asks for no WebSocket.
    pub(super) socket: Option<Result<Socket, String>>,
    /// The moment by which the step has to be done.
    pub(super) deadline: Instant,
}

/// The requests of one attempt.
pub(super) struct RequestChain<'a> {
    attempt: &'a StepAttempt<'a>,
    jar: &'a mut Jar,
    report: &'a mut StepReport,
    trace: &'a mut Trace,
    /// The step's deadline, which each wait moves that is not the target's
    /// fault.
    deadline: Instant,
    /// What the answers took so far, all of them together.
    latency: Duration,
    /// How many answers another version gave.
    foreign_answers: u32,
    /// The paths that redirects led to.
    redirects: Vec<String>,
    /// The headers of the first request, without its cookies.
    first_headers: HeaderMap,
    first_origin: Origin,
}

/// An answer of green.
struct GreenAnswer {
    response: Response,
    socket: Option<Result<Socket, String>>,
}

impl<'a> RequestChain<'a> {
    /// A chain that begins with `first`.
    pub(super) fn new(
        attempt: &'a StepAttempt<'a>,
        first: &Request,
        deadline: Instant,
        jar: &'a mut Jar,
        report: &'a mut StepReport,
        trace: &'a mut Trace,
    ) -> Self {
        Self {
            attempt,
            jar,
            report,
            trace,
            deadline,
            latency: Duration::ZERO,
            foreign_answers: 0,
            redirects: Vec::new(),
            first_headers: first.headers.clone(),
            first_origin: first.url.origin(),
        }
    }

    /// Sends one request after the other until an answer is the last one. The
    /// failure says why there is none.
    pub(super) async fn run(mut self, first: Request) -> Result<Reply, Failure> {
        let mut request = first;
        loop {
            let Some(mut answer) = self.send(&request).await? else {
                continue;
            };
            if let Some(location) = self.find_redirect(&answer) {
                request = self.follow(request, answer, &location)?;
                continue;
            }
            answer.response.redirects = self.redirects;
            return Ok(Reply {
                response: answer.response,
                socket: answer.socket,
                deadline: self.deadline,
            });
        }
    }

    /// Sends a request when its turn has come. There is no answer if another
    /// version gave it: then green is proven again, and may be asked again.
    async fn send(&mut self, request: &Request) -> Result<Option<GreenAnswer>, Failure> {
        let shared = self.attempt.shared;
        self.report.url = Some(request.url.to_string());
        // The wait for a turn is not the target's time.
        self.deadline += shared.wait_for_turn().await;
        let mut signed = request.clone();
        self.jar.add_to(&mut signed.headers, &request.url);
        self.attempt.sign(&mut signed)?;
        self.trace.record_request(&signed);
        self.report.routes.extend(shared.route(&signed));
        let sent = Instant::now();
        let (response, socket) = self.ask(signed, sent).await;
        if let Some((foreign, response)) = self.attempt.recognize_foreign(&request.url, &response) {
            self.foreign_answers += 1;
            self.report.status = Some(response.status);
            self.trace.record_foreign_response(response.clone());
            self.attempt
                .wait_for_green(&foreign, &request.method, sent, self.foreign_answers)
                .await?;
            // Nor is the wait for green: the step's time is green's.
            let waited = sent.elapsed();
            self.deadline += waited;
            self.report.outlasting += waited;
            return Ok(None);
        }
        let mut response = response.map_err(|unanswered| {
            let failure = self.attempt.no_answer_failure(&unanswered);
            if let Some(response) = unanswered.response {
                self.record(&response);
            }
            failure
        })?;
        self.jar.store(&response.headers, &request.url);
        self.latency += response.latency;
        response.latency = self.latency;
        response.path = shared.client.target().path_of(&request.url);
        Ok(Some(GreenAnswer { response, socket }))
    }

    /// Asks for an answer, and for a WebSocket if the step opens one.
    async fn ask(
        &mut self,
        request: Request,
        now: Instant,
    ) -> (Result<Response, Unanswered>, Option<Result<Socket, String>>) {
        let shared = self.attempt.shared;
        let limit = self.deadline.saturating_duration_since(now);
        let limit = shared.limit_to_deadline(limit);
        if request.transport.opens_websocket {
            return match shared.client.open_websocket(request, limit).await {
                Ok((response, socket)) => {
                    let socket = socket.map_err(|error| error.to_string());
                    (Ok(response), Some(socket))
                }
                Err(unanswered) => (Err(unanswered), None),
            };
        }
        // A pooled connection of HTTP/2 names the host that it was opened to,
        // and one to another version leads there again.
        let is_fresh = self.attempt.step.needs_connection()
            || request.headers.contains_key(HOST)
            || self.foreign_answers > 0;
        let response = if is_fresh {
            shared.client.ask_fresh(request, limit).await
        } else {
            shared.client.ask(request, limit).await
        };
        let repeats = match &response {
            Ok(response) => response.resends,
            Err(unanswered) => unanswered.resends,
        };
        self.report.resends += Resends {
            closed: repeats.closed,
            refused: repeats.refused,
        };
        (response, None)
    }

    /// Shows an answer in the report, if no other one follows.
    fn record(&mut self, response: &Response) {
        self.report.status = Some(response.status);
        self.trace.record_response(response.clone());
    }

    /// Where an answer redirects to, if the step follows redirects. A
    /// WebSocket opens at the URL that the step names, or not at all
    /// (RFC 6455, section 4.1, leaves redirects to the client).
    fn find_redirect(&self, answer: &GreenAnswer) -> Option<String> {
        let is_followed = self.attempt.step.follow_redirects > 0 && answer.socket.is_none();
        find_location(&answer.response).filter(|_| is_followed)
    }

    /// The request that a redirect leads to.
    fn follow(
        &mut self,
        request: Request,
        answer: GreenAnswer,
        location: &str,
    ) -> Result<Request, Failure> {
        let GreenAnswer { response, .. } = answer;
        self.record(&response);
        let attempt = self.attempt;
        let most = attempt.step.follow_redirects;
        if self.redirects.len() == most {
            let mut failure = attempt.new_failure(Class::WrongAnswer, "too many redirects");
            failure.diagnostic = failure
                .diagnostic
                .expected(format!("at most {most}"))
                .found(format!("another one to `{location}`"))
                .help("raise `follow_redirects` if the way is that long, or expect the redirect's own status");
            return Err(failure);
        }
        let target = attempt.shared.client.target();
        let url = target.resolve_redirect(&request.url, location);
        let url = url.map_err(|(found, help)| {
            let found = found.to_string();
            attempt.redirect_failure("a redirect that stays on the target", found, help)
        })?;
        self.redirects.push(target.path_of(&url));
        let mut next = redirect_request(
            &response,
            request.method,
            request.body,
            &self.first_headers,
            url,
        );
        next.transport = request.transport;
        if next.url.origin() != self.first_origin {
            // The check file named this body for one host, and no other.
            if !next.body.is_empty() {
                return Err(attempt.redirect_failure(
                    "a redirect that keeps the body on the host it was for",
                    format!("{} to `{location}`", response.status),
                    "name the other host in a step of its own",
                ));
            }
            next.headers = keep_harmless(&next.headers);
            // Nor does the other host get a signature.
            next.transport.signer = None;
        }
        Ok(next)
    }
}
