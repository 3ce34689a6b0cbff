//! Runs one step: fills in the request, sends it, judges the answer and keeps
//! what is captured; again while the step may retry.

use std::sync::Arc;

use tokio::time::Instant;

use super::cookies::Jar;
use super::request_chain::RequestChain;
use super::trace::Trace;
use super::{RunContext, request};
use crate::help::find_help;
use check_file::Step;
use check_file::template::Scope;
use client::http::{AskError, Request, Response, Unanswered};
use diagnostic::{Diagnostic, Source};
use report::{Class, Failure, StepOutcome, StepReport, Timing};

/// Runs a step until an attempt passes or there is none left, and writes what
/// came of the last one into the report. The scope learns the captures.
pub(super) async fn run(
    step: &Step,
    source: &Arc<Source>,
    shared: &RunContext<'_>,
    scope: &mut Scope,
    jar: &mut Jar,
    report: &mut StepReport,
) {
    let begun = Instant::now();
    report.start = begun.saturating_duration_since(shared.begun);
    loop {
        attempt_once(step, source, shared, scope, jar, report).await;
        report.duration = begun.elapsed();
        if report.failures.is_empty() {
            report.outcome = StepOutcome::Passed;
            return;
        }
        report.outcome = StepOutcome::Failed;
        match &step.retry {
            Some(retry)
                if shared
                    .pause_before_retry(retry, begun + report.outlasting, report.attempts, report)
                    .await => {}
            _ => return,
        }
    }
}

/// Makes one attempt, and writes what came of it into the report.
pub(super) async fn attempt_once(
    step: &Step,
    source: &Arc<Source>,
    shared: &RunContext<'_>,
    scope: &mut Scope,
    jar: &mut Jar,
    report: &mut StepReport,
) {
    report.attempts += 1;
    let attempt = StepAttempt {
        step,
        source,
        shared,
    };
    // The report tells of the last attempt alone.
    report.url = None;
    report.status = None;
    report.routes.clear();
    report.exchange = None;
    report.timing = None;
    report.latency = None;
    let mut trace = Trace::default();
    report.failures = attempt.perform(scope, jar, report, &mut trace).await;
    report.is_foreign = trace.is_foreign();
    report.credentials.extend(trace.credentials());
    if !report.failures.is_empty() {
        let redactor = shared.redactor.with_secrets(scope.secrets());
        report.exchange = trace.into_exchange(shared.client.connection(), &redactor);
    }
}

/// One try of a step.
pub(super) struct StepAttempt<'a> {
    pub(super) step: &'a Step,
    pub(super) source: &'a Arc<Source>,
    pub(super) shared: &'a RunContext<'a>,
}

impl StepAttempt<'_> {
    /// Makes the attempt. Returns everything that is wrong with it, so nothing
    /// if it passed.
    async fn perform(
        &self,
        scope: &mut Scope,
        jar: &mut Jar,
        report: &mut StepReport,
        trace: &mut Trace,
    ) -> Vec<Failure> {
        let mut request = match self.fill_in_request(scope) {
            Ok(request) => request,
            Err(failure) => return vec![failure],
        };
        let deadline = Instant::now() + self.step.timeout;
        let deadline = match self.log_in(&mut request, scope, deadline, trace).await {
            Ok(deadline) => deadline,
            Err(failure) => return vec![failure],
        };
        let chain = RequestChain::new(self, &request, deadline, jar, report, trace);
        let reply = match chain.run(request).await {
            Ok(reply) => reply,
            Err(failure) => {
                self.learn_secrets(scope, jar, trace).await;
                return vec![failure];
            }
        };
        let response = reply.response;
        report.status = Some(response.status);
        report.timing = connection_timing(&response);
        report.latency = Some(response.latency);
        let step = self.step;
        let judged = self
            .judge(&step.expectations, &step.captures, &response, scope, jar)
            .await;
        trace.record_response(response.clone());
        if judged.hides_secret {
            trace.hide_answer();
        }
        if !judged.failures.is_empty() {
            return judged.failures;
        }
        match reply.socket {
            Some(socket) => {
                let deadline = self.shared.cap_at_deadline(reply.deadline);
                self.converse(socket, response, deadline, scope, jar, trace)
                    .await
            }
            None => Vec::new(),
        }
    }

    /// Finds the secrets in an answer that is not judged: the report shows it
    /// without them.
    pub(super) async fn learn_secrets(&self, scope: &mut Scope, jar: &Jar, trace: &mut Trace) {
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

    /// A failure that points at the step.
    pub(super) fn new_failure(&self, class: Class, title: impl Into<String>) -> Failure {
        Failure {
            class,
            diagnostic: Diagnostic::at(self.source, self.step.span, title),
        }
    }

    fn fill_in_request(&self, scope: &Scope) -> Result<Request, Failure> {
        request::fill_in(&self.step.request, self.shared.client.target(), scope)
            .map_err(|error| self.value_failure(&error.what, error.reason))
    }

    /// The failure of a request of which `what` cannot be made.
    pub(super) fn value_failure(&self, what: &str, reason: String) -> Failure {
        let mut failure = self.new_failure(Class::CouldNotAsk, format!("{what} cannot be made"));
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

    /// The failure of an answer whose redirect must not be followed.
    pub(super) fn redirect_failure(&self, expected: &str, found: String, help: &str) -> Failure {
        let mut failure = self.new_failure(Class::WrongAnswer, "a redirect that is not followed");
        failure.diagnostic = failure
            .diagnostic
            .expected(expected)
            .found(found)
            .help(help);
        failure
    }

    /// The failure of a request that got no whole answer.
    pub(super) fn no_answer_failure(&self, unanswered: &Unanswered) -> Failure {
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
        let mut failure = self.new_failure(class, title);
        failure.diagnostic = failure
            .diagnostic
            .expected(expected)
            .found(error.to_string());
        if class != Class::CutShort {
            failure.diagnostic.help =
                find_help(error, unanswered.response.is_some()).map(str::to_owned);
        }
        failure
    }
}

/// How long each phase of the last request took, if it opened a connection.
pub(super) fn connection_timing(response: &Response) -> Option<Timing> {
    let opened = response.opening.as_ref()?;
    Some(Timing {
        dns: opened.phases.dns,
        connect: opened.phases.connect,
        tls: opened.phases.tls,
        first_byte: opened.first_byte,
        total: response.latency,
    })
}
