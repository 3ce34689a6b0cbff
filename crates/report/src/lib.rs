//! The report: what happened, as data. Every output is rendered from it.

mod class;
mod context;
pub mod explain;
mod figures;
pub mod render;
pub mod verdict;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use diagnostic::{Diagnostic, Place};
use redact::{Redactor, Secret};

pub use self::class::Class;
pub use self::context::{ForeignAnswers, Link, Problem, Refusal, ReportContext, Route};
pub use self::figures::{Resends, Series, Timing};

/// What happened in a run.
#[derive(Debug, Clone)]
pub struct Report {
    /// The base URL that was tested.
    pub target: String,
    /// When the run began.
    pub started_at: jiff::Timestamp,
    /// How long it took.
    pub duration: Duration,
    /// One entry for each selected check, in the order of the files.
    pub checks: Vec<CheckReport>,
    /// Why no check was run, if it did not come to that, or why those that
    /// ran do not count.
    pub refusal: Option<Refusal>,
    /// What is known of the run beside its checks.
    pub context: ReportContext,
}

/// What happened in one check.
#[derive(Debug, Clone)]
pub struct CheckReport {
    /// The `name` of the check file.
    pub suite: Arc<str>,
    /// Whether it is a check, or what runs around the checks of a file.
    pub role: Role,
    /// The check's name, with that of its row.
    pub name: String,
    /// Where the check is written.
    pub place: Place,
    /// The check's tags.
    pub tags: Vec<String>,
    /// What a failure means for the verdict.
    pub severity: Severity,
    /// What a reader should know beside the outcome: why it was skipped, or
    /// whose quarantine it is in.
    pub remark: Option<String>,
    /// What came out.
    pub outcome: Outcome,
    /// How long after the begin of the run it began.
    pub start: Duration,
    /// How long it took, with all attempts and pauses.
    pub duration: Duration,
    /// How often the whole check was tried.
    pub attempts: u32,
    /// The steps of the last attempt, those that did not run included.
    pub steps: Vec<StepReport>,
}

/// What a failed check means for the verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// It fails the verdict.
    Required,
    /// It is shown, and the verdict stands.
    Warn,
}

/// The part that an entry of the report plays in its check file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Steps before the checks.
    Setup,
    /// A check.
    Check,
    /// Steps after the checks, whatever came of them.
    Teardown,
}

/// What came out of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Every expectation of every step was met.
    Passed,
    /// Something failed, and the check's severity is `warn`.
    Warned,
    /// Something failed.
    Failed,
    /// No request was sent.
    NotRun(NotRun),
}

/// Why a check, or a step, did not run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotRun {
    /// The run's time was over.
    OutOfTime,
    /// Another check failed, and the run was to stop at the first failure.
    FailFast,
    /// An earlier step of the check failed.
    EarlierStep,
    /// The file says so: `skip`, or a `when` that is not true.
    Skipped,
    /// A check that it needs did not pass.
    Need,
    /// The setup of its file did not pass.
    Setup,
    /// A teardown after which nothing is to be put in order.
    NothingRan,
}

/// What happened in one step.
#[derive(Debug, Clone)]
pub struct StepReport {
    /// The step's name, or its method and path as written.
    pub name: String,
    /// The method that was sent.
    pub method: String,
    /// The last URL that was asked; absent if none was.
    pub url: Option<String>,
    /// The status of the last answer; absent if there was none.
    pub status: Option<u16>,
    /// What came out.
    pub outcome: StepOutcome,
    /// How often the request was sent.
    pub attempts: u32,
    /// How long after the begin of the run the step began.
    pub start: Duration,
    /// How long the step took, with all attempts and pauses.
    pub duration: Duration,
    /// The parts of the last answer's time, if the step expects something of
    /// them or of TLS.
    pub timing: Option<Timing>,
    /// How often its requests were asked again that no server had answered,
    /// or begun with; no attempt of a check file is counted here.
    pub resends: Resends,
    /// How long the whole answer took.
    pub latency: Option<Duration>,
    /// What came of all repetitions, if the step is repeated. What else is
    /// said is then of the first that failed, or else of the first.
    pub series: Option<Series>,
    /// How long the step waited for other versions to stop answering. That is
    /// not the time of the service, and counts for no retry.
    pub outlasting: Duration,
    /// Whether another version gave the last answer.
    pub is_foreign: bool,
    /// Where the load balancer led the requests of the last attempt, as far as
    /// that is known.
    pub routes: BTreeSet<Route>,
    /// What was wrong with the last attempt.
    pub failures: Vec<Failure>,
    /// What was sent last and what came back, if the step failed on it.
    pub exchange: Option<Exchange>,
    /// The values of headers that are credentials by nature, to be redacted.
    pub credentials: Vec<Secret>,
}

/// A request, and the answer to it.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// What was sent.
    pub request: SentRequest,
    /// What came back, at least its status.
    pub answer: Option<ReceivedResponse>,
    /// The last of what was said over the WebSocket, if it was one.
    pub messages: Vec<RecordedMessage>,
    /// A shell command that sends the request again with curl; secrets are
    /// variables in it.
    pub curl: String,
}

/// A request as it was sent.
#[derive(Debug, Clone)]
pub struct SentRequest {
    /// Its method.
    pub method: String,
    /// Its URL.
    pub url: String,
    /// Its headers, in their order.
    pub headers: Vec<(String, String)>,
    /// Its body, if it has one.
    pub body: Option<Excerpt>,
}

/// An answer as it was received.
#[derive(Debug, Clone)]
pub struct ReceivedResponse {
    /// Its status.
    pub status: u16,
    /// The version of HTTP, such as `HTTP/2`.
    pub version: &'static str,
    /// Its headers, in their order.
    pub headers: Vec<(String, String)>,
    /// Its body, as far as it was read, if it has one.
    pub body: Option<Excerpt>,
}

/// A message of a WebSocket, or its close.
#[derive(Debug, Clone)]
pub struct RecordedMessage {
    /// Whether it went to the server.
    pub sent: bool,
    /// What it is.
    pub kind: MessageKind,
    /// Its beginning; code and reason of a close.
    pub content: Excerpt,
}

/// What can go over a WebSocket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageKind {
    /// Text in UTF-8.
    Text,
    /// Bytes.
    Binary,
    /// The farewell of the server.
    Close,
}

/// The beginning of a body or a message.
#[derive(Debug, Clone)]
pub struct Excerpt {
    /// Its first characters; `…` at the end if there are more.
    pub text: String,
    /// The size of the whole body.
    pub bytes: usize,
}

/// What came out of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepOutcome {
    /// Every expectation was met.
    Passed,
    /// Something was wrong.
    Failed,
    /// No request was sent.
    NotRun(NotRun),
}

/// One thing that was wrong with an answer, or with asking.
#[derive(Debug, Clone)]
pub struct Failure {
    /// What kind of failure it is.
    pub class: Class,
    /// What was expected and found, and the line that demanded it.
    pub diagnostic: Diagnostic,
}

/// How many checks came out how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Checks that passed.
    pub passed: usize,
    /// Checks of severity `warn` that did not pass.
    pub warned: usize,
    /// Checks that failed.
    pub failed: usize,
    /// Checks that did not run.
    pub not_run: usize,
}

impl Report {
    /// How many checks there are; setups and teardowns are not counted.
    pub fn total(&self) -> usize {
        let checks = self.checks.iter();
        checks.filter(|check| check.role == Role::Check).count()
    }

    /// How many checks came out how; setups and teardowns are not counted.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for check in self.checks.iter().filter(|check| check.role == Role::Check) {
            match check.outcome {
                Outcome::Passed => counts.passed += 1,
                Outcome::Warned => counts.warned += 1,
                Outcome::Failed => counts.failed += 1,
                Outcome::NotRun(_) => counts.not_run += 1,
            }
        }
        counts
    }
}

impl CheckReport {
    /// Why the check did not run; `None` if it ran.
    pub fn not_run_reason(&self) -> Option<&str> {
        let Outcome::NotRun(why) = self.outcome else {
            return None;
        };
        let remark = self.remark.as_deref().filter(|_| why == NotRun::Skipped);
        Some(remark.unwrap_or(why.reason()))
    }

    /// The remark on a check that ran, such as whose quarantine it is in. The
    /// remark on one that did not run is its reason.
    pub fn outcome_remark(&self) -> Option<&str> {
        let ran = !matches!(self.outcome, Outcome::NotRun(_));
        self.remark.as_deref().filter(|_| ran)
    }

    /// The failures of all steps, in their order.
    pub fn failures(&self) -> impl Iterator<Item = &Failure> {
        self.steps.iter().flat_map(|step| &step.failures)
    }

    /// Takes every secret out: those that are known, and what the check's
    /// requests and answers hold in headers that are credentials by nature.
    pub fn redact(&mut self, redactor: &Redactor) {
        let credentials: Vec<_> = self
            .steps
            .iter_mut()
            .flat_map(|step| std::mem::take(&mut step.credentials))
            .collect();
        self.redact_texts(&redactor.with_secrets(&credentials));
    }

    fn redact_texts(&mut self, redactor: &Redactor) {
        for step in &mut self.steps {
            redactor.redact(&mut step.name);
            if let Some(url) = &mut step.url {
                redactor.redact(url);
            }
            for failure in &mut step.failures {
                redactor.redact_diagnostic(&mut failure.diagnostic);
            }
            if let Some(exchange) = &mut step.exchange {
                exchange.texts_mut().for_each(|text| redactor.redact(text));
            }
        }
    }
}

impl Exchange {
    /// Every text that could hold a secret.
    fn texts_mut(&mut self) -> impl Iterator<Item = &mut String> {
        let SentRequest {
            method: _,
            url,
            headers,
            body,
        } = &mut self.request;
        let answer = self.answer.iter_mut().flat_map(|answer| {
            let headers = answer.headers.iter_mut().map(|(_, value)| value);
            headers.chain(answer.body.iter_mut().map(|body| &mut body.text))
        });
        let messages = self.messages.iter_mut();
        let messages = messages.map(|message| &mut message.content.text);
        [url, &mut self.curl]
            .into_iter()
            .chain(headers.iter_mut().map(|(_, value)| value))
            .chain(body.iter_mut().map(|body| &mut body.text))
            .chain(answer)
            .chain(messages)
    }
}

impl NotRun {
    /// The reason, as a clause.
    pub fn reason(self) -> &'static str {
        match self {
            Self::OutOfTime => "the run's time was over",
            Self::FailFast => "an earlier check failed",
            Self::EarlierStep => "an earlier step failed",
            Self::Skipped => "the check file says so",
            Self::Need => "a check that it needs did not pass",
            Self::Setup => "the setup did not pass",
            Self::NothingRan => "nothing ran before it",
        }
    }
}

impl MessageKind {
    /// The kind as a word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Binary => "binary",
            Self::Close => "close",
        }
    }
}
