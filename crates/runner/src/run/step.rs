//! Runs one step: fills in the request, asks, follows redirects, judges the
//! answer and keeps what is captured; again while it may retry.

use std::sync::Arc;
use std::time::Duration;

use http::header::HOST;
use tokio::time::Instant;

use super::cookies::Jar;
use super::record::Trace;
use super::redirects::{harmless, redirected, redirection};
use super::{Shared, request};
use crate::hint::hint;
use check_file::Step;
use check_file::template::Scope;
use client::http::{AskError, Request, Response, Unanswered};
use diagnostic::{Diagnostic, Source};
use report::{Class, Failure, Repeats, StepOutcome, StepReport, Timing};

pub(super) async fn run(
    step: &Step,
    source: &Arc<Source>,
    shared: &Shared<'_>,
    scope: &mut Scope,
    jar: &mut Jar,
    report: &mut StepReport,
) {
    let begun = Instant::now();
    report.start = begun.saturating_duration_since(shared.begun);
    loop {
        once(step, source, shared, scope, jar, report).await;
        report.duration = begun.elapsed();
        if report.failures.is_empty() {
            report.outcome = StepOutcome::Passed;
            return;
        }
        report.outcome = StepOutcome::Failed;
        match &step.retry {
            Some(retry)
                if shared
                    .pause(retry, begun + report.outlasting, report.attempts, report)
                    .await => {}
            _ => return,
        }
    }
}

/// Makes one attempt, whatever comes of it.
pub(super) async fn once(
    step: &Step,
    source: &Arc<Source>,
    shared: &Shared<'_>,
    scope: &mut Scope,
    jar: &mut Jar,
    report: &mut StepReport,
) {
    report.attempts += 1;
    let attempt = Attempt {
        step,
        source,
        shared,
    };
    report.url = None;
    report.status = None;
    report.routes.clear();
    report.exchange = None;
    report.timing = None;
    report.latency = None;
    let mut trace = Trace::default();
    report.failures = attempt.make(scope, jar, report, &mut trace).await;
    report.is_foreign = trace.is_foreign();
    report.credentials.extend(trace.credentials());
    if !report.failures.is_empty() {
        let redactor = shared.redactor.with(scope.secrets());
        report.exchange = trace.exchange(shared.client.connection(), &redactor);
    }
}

pub(super) struct Attempt<'a> {
    pub(super) step: &'a Step,
    pub(super) source: &'a Arc<Source>,
    pub(super) shared: &'a Shared<'a>,
}

impl Attempt<'_> {
    /// Everything that is wrong with one attempt; nothing if it passed.
    async fn make(
        &self,
        scope: &mut Scope,
        jar: &mut Jar,
        report: &mut StepReport,
        trace: &mut Trace,
    ) -> Vec<Failure> {
        let mut request = match self.request(scope) {
            Ok(request) => request,
            Err(failure) => return vec![failure],
        };
        let end = Instant::now() + self.step.timeout;
        let end = match self.log_in(&mut request, scope, end, trace).await {
            Ok(end) => end,
            Err(failure) => return vec![failure],
        };
        if request.manner.opens {
            return self.converse(request, end, scope, jar, report, trace).await;
        }
        match self.exchange(request, end, jar, report, trace).await {
            Ok(response) => {
                report.status = Some(response.status);
                report.timing = timing(&response);
                report.latency = Some(response.latency);
                let step = self.step;
                let judged = self
                    .judge(&step.expectations, &step.captures, &response, scope, jar)
                    .await;
                trace.answered(response);
                if judged.hides_secret {
                    trace.hide_answer();
                }
                judged.failures
            }
            Err(failure) => {
                self.keep_secrets(scope, jar, trace).await;
                vec![failure]
            }
        }
    }

    /// Finds the secrets in an answer that is not judged: the report shows it
    /// without them.
    pub(super) async fn keep_secrets(&self, scope: &mut Scope, jar: &Jar, trace: &mut Trace) {
        let Some(response) = trace.response() else {
            return;
        };
        let mut inner = scope.clone();
        let judged = self
            .judge(&[], &self.step.captures, response, &mut inner, jar)
            .await;
        scope.add_secrets(inner.secrets().to_vec());
        if judged.hides_secret {
            trace.hide_answer();
        }
    }

    pub(super) fn failure(&self, class: Class, title: impl Into<String>) -> Failure {
        Failure {
            class,
            diagnostic: Diagnostic::at(self.source, self.step.span, title),
        }
    }

    fn request(&self, scope: &Scope) -> Result<Request, Failure> {
        request::fill_in(&self.step.request, self.shared.client.target(), scope)
            .map_err(|unfit| self.unfit(&unfit.what, unfit.reason))
    }

    pub(super) fn unfit(&self, what: &str, reason: String) -> Failure {
        let mut failure = self.failure(Class::CouldNotAsk, format!("{what} cannot be made"));
        failure.diagnostic = failure
            .diagnostic
            .expected("values that fit into it")
            .found(reason)
            .help(match what {
                "the URL" => {
                    "correct the value; allow the host with `--allow-host` if it is yours to ask"
                }
                _ => "correct the variables and captures that it is made of",
            });
        failure
    }

    /// Asks, and follows redirects as far as the step allows.
    async fn exchange(
        &self,
        mut request: Request,
        mut end: Instant,
        jar: &mut Jar,
        report: &mut StepReport,
        trace: &mut Trace,
    ) -> Result<Response, Failure> {
        let client = self.shared.client;
        let mut redirects = Vec::new();
        let mut elapsed = Duration::ZERO;
        let mut followed = 0;
        let mut foreign_answers = 0;
        let own_headers = request.headers.clone();
        let own_origin = request.url.origin();
        loop {
            report.url = Some(request.url.to_string());
            // The wait for a turn is not the target's time.
            end += self.shared.turn().await;
            let plain = request.clone();
            jar.add_to(&mut request.headers, &request.url);
            self.sign(&mut request)?;
            trace.asked(&request);
            report.routes.extend(self.shared.route(&request));
            let sent = Instant::now();
            let limit = end.saturating_duration_since(sent);
            let url = request.url.clone();
            let limit = self.shared.left(limit);
            // A pooled connection of HTTP/2 names the host that it was opened
            // to, and one to another version leads there again.
            let fresh = self.step.needs_connection()
                || request.headers.contains_key(HOST)
                || foreign_answers > 0;
            let asked = if fresh {
                client.ask_fresh(request, limit).await
            } else {
                client.ask(request, limit).await
            };
            let repeats = match &asked {
                Ok(response) => response.repeats,
                Err(unanswered) => unanswered.repeats,
            };
            report.repeats += Repeats {
                closed: repeats.closed,
                refused: repeats.refused,
            };
            if let Some((foreign, response)) = self.foreign(&url, &asked) {
                foreign_answers += 1;
                report.status = Some(response.status);
                trace.foreign(response.clone());
                self.outlast(&foreign, &plain.method, sent, foreign_answers)
                    .await?;
                // The step's time is the release's.
                end += sent.elapsed();
                report.outlasting += sent.elapsed();
                request = plain;
                continue;
            }
            let mut response = asked.map_err(|unanswered| {
                let failure = self.unanswered(&unanswered);
                if let Some(response) = unanswered.response {
                    report.status = Some(response.status);
                    trace.answered(*response);
                }
                failure
            })?;
            jar.keep(&response.headers, &url);
            elapsed += response.latency;
            response.latency = elapsed;
            let location = redirection(&response);
            let (Some(location), 1..) = (location, self.step.follow_redirects) else {
                response.path = client.target().path_of(&url);
                response.redirects = redirects;
                return Ok(response);
            };
            report.status = Some(response.status);
            trace.answered(response.clone());
            if followed == self.step.follow_redirects {
                let mut failure = self.failure(Class::WrongAnswer, "too many redirects");
                failure.diagnostic = failure
                    .diagnostic
                    .expected(format!("at most {followed}"))
                    .found(format!("another one to `{location}`"))
                    .help("raise `follow_redirects` if the way is that long, or expect the redirect's own status");
                return Err(failure);
            }
            followed += 1;
            let next = client
                .target()
                .redirect(&url, &location)
                .map_err(|(found, help)| {
                    self.not_followed("a redirect that stays on the target", found, help)
                })?;
            redirects.push(client.target().path_of(&next));
            request = redirected(&response, plain.method, plain.body, &own_headers, next);
            request.manner = plain.manner;
            if request.url.origin() != own_origin {
                if !request.body.is_empty() {
                    return Err(self.not_followed(
                        "a redirect that keeps the body on the host it was for",
                        format!("{} to `{location}`", response.status),
                        "name the other host in a step of its own",
                    ));
                }
                request.headers = harmless(&request.headers);
                // Nor does it get a signature.
                request.manner.signer = None;
            }
        }
    }

    fn not_followed(&self, expected: &str, found: String, help: &str) -> Failure {
        let mut failure = self.failure(Class::WrongAnswer, "a redirect that is not followed");
        failure.diagnostic = failure
            .diagnostic
            .expected(expected)
            .found(found)
            .help(help);
        failure
    }

    pub(super) fn unanswered(&self, unanswered: &Unanswered) -> Failure {
        let error = &unanswered.error;
        let late = error.is_late();
        let class = match error {
            _ if late && self.shared.is_over() => Class::CutShort,
            AskError::TooLarge(_) | AskError::TooLargeDecoded(_) | AskError::LargeHead => {
                Class::WrongAnswer
            }
            AskError::Connect(_)
            | AskError::NoAnswer(_)
            | AskError::NoEnd(_)
            | AskError::Version { .. }
            | AskError::Refused { .. }
            | AskError::Broken(_) => Class::CouldNotAsk,
        };
        let (title, expected) = match class {
            Class::CutShort => (
                "cut short by the end of the run",
                "an answer before the run's time was over",
            ),
            Class::WrongAnswer => ("too large an answer", "an answer that can be read whole"),
            _ if unanswered.response.is_some() => ("no whole answer", "a whole answer"),
            _ => ("no answer", "an answer"),
        };
        let mut failure = self.failure(class, title);
        failure.diagnostic = failure
            .diagnostic
            .expected(expected)
            .found(error.to_string());
        if class != Class::CutShort {
            failure.diagnostic.help = hint(error, unanswered.response.is_some()).map(str::to_owned);
        }
        failure
    }
}

/// The parts of the last request's time, if they were taken.
pub(super) fn timing(response: &Response) -> Option<Timing> {
    let opened = response.opened.as_ref()?;
    Some(Timing {
        dns: opened.phases.dns,
        connect: opened.phases.connect,
        tls: opened.phases.tls,
        first_byte: opened.first_byte,
        total: response.latency,
    })
}
