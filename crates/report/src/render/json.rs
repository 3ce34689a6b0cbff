//! The report for programs: JSON with a version of its own.
//!
//! These types are a promise to readers. A member may be added within a
//! version, with a default for reports that were written before; removing one
//! or changing its meaning takes a new version.

mod context;
mod exchange;
mod read;
mod timing;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use crate::Severity;
use crate::verdict;
use crate::{Outcome, Role, StepOutcome};
use diagnostic::snippet::is_invisible;

pub use self::context::{JsonForeignAnswers, JsonLink, JsonProblem};
pub use self::exchange::{
    JsonExcerpt, JsonHeader, JsonMessage, JsonRequest, JsonResends, JsonResponse,
};
pub use self::read::{ReadError, read};
pub use self::timing::{JsonSeries, JsonTiming};

/// The version of the format.
pub const VERSION: u32 = 1;

/// The whole report. Times are in milliseconds.
#[derive(Debug, Serialize, Deserialize)]
#[serde(expecting = "the members of a report")]
pub struct JsonReport<'a> {
    /// The version of this format.
    pub version: u32,
    /// `Succeeded` or `Failed`.
    pub verdict: String,
    /// Why, in one line.
    pub reason: String,
    /// The base URL that was tested.
    pub target: Cow<'a, str>,
    /// When the run began, RFC 3339.
    pub started_at: String,
    /// How long the run took.
    pub duration_ms: u64,
    /// How many checks came out how.
    pub counts: JsonCounts,
    /// What kept the checks from being run.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub problems: Vec<JsonProblem<'a>>,
    /// What is deployed, as far as it is known.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub deployment: Cow<'a, BTreeMap<String, String>>,
    /// What became of the verdict.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reported: Option<Cow<'a, str>>,
    /// How long it took to prove what the target serves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proof_ms: Option<u64>,
    /// What a reader must know of the run; it stands in the reason, too.
    #[serde(skip_serializing_if = "<[String]>::is_empty", default)]
    pub notes: Cow<'a, [String]>,
    /// The answers of other versions than the one under test, by address.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub foreign_answers: Vec<JsonForeignAnswers<'a>>,
    /// Where to read on.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub links: Vec<JsonLink<'a>>,
    /// One entry for each selected check.
    pub checks: Vec<JsonCheck<'a>>,
}

/// How many checks came out how.
#[derive(Debug, Serialize, Deserialize)]
pub struct JsonCounts {
    /// All selected checks.
    pub total: usize,
    /// Checks that passed.
    pub passed: usize,
    /// Checks of severity `warn` that did not pass.
    pub warned: usize,
    /// Checks that failed.
    pub failed: usize,
    /// Checks that did not run.
    pub not_run: usize,
}

/// One check.
#[derive(Debug, Serialize, Deserialize)]
pub struct JsonCheck<'a> {
    /// The name of its check file.
    pub suite: Cow<'a, str>,
    /// `check`, or `setup` and `teardown` for what runs around the checks.
    pub role: Cow<'a, str>,
    /// Its name, with that of its row.
    pub name: Cow<'a, str>,
    /// Where it is written: `file:line:column`.
    pub place: String,
    /// Its tags.
    pub tags: Cow<'a, [String]>,
    /// `required` or `warn`.
    pub severity: Cow<'a, str>,
    /// `passed`, `warned`, `failed` or `not-run`.
    pub outcome: Cow<'a, str>,
    /// Why it did not run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_run_because: Option<Cow<'a, str>>,
    /// What to know beside the outcome, such as whose quarantine it is in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remark: Option<Cow<'a, str>>,
    /// How long after the begin of the run it began.
    pub start_ms: u64,
    /// How long it took, with all attempts and pauses.
    pub duration_ms: u64,
    /// How often all of it was tried.
    pub attempts: u32,
    /// Its steps.
    pub steps: Vec<JsonStep<'a>>,
}

/// One step.
#[derive(Debug, Serialize, Deserialize)]
pub struct JsonStep<'a> {
    /// Its name, or its method and path as written.
    pub name: Cow<'a, str>,
    /// The method that was sent.
    pub method: Cow<'a, str>,
    /// The last URL that was asked.
    pub url: Option<Cow<'a, str>>,
    /// The status of the last answer.
    pub status: Option<u16>,
    /// `passed`, `failed` or `not-run`.
    pub outcome: Cow<'a, str>,
    /// How often the request was sent.
    pub attempts: u32,
    /// How long after the begin of the run it began.
    pub start_ms: u64,
    /// How long it took, with all attempts and pauses.
    pub duration_ms: u64,
    /// How often its requests were asked again beside that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repeats: Option<JsonResends>,
    /// The parts of the last answer's time, if the step expects something of
    /// them or of TLS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timing: Option<JsonTiming>,
    /// What came of all repetitions, if the step is repeated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub series: Option<JsonSeries>,
    /// The beginning of the answer's body, if the step failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<Cow<'a, str>>,
    /// What was wrong with the last attempt.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub failures: Vec<JsonFailure<'a>>,
    /// What was sent last, if the step failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<JsonRequest<'a>>,
    /// What came back, at least its status, if the step failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<JsonResponse<'a>>,
    /// The last of what was said over the WebSocket, if the step failed on one.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub messages: Vec<JsonMessage<'a>>,
    /// A shell command that sends the request again, if the step failed;
    /// secrets are variables in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub curl: Option<Cow<'a, str>>,
}

/// One thing that was wrong.
#[derive(Debug, Serialize, Deserialize)]
pub struct JsonFailure<'a> {
    /// `wrong-answer`, `could-not-ask`, `cut-short` or `our-fault`.
    pub class: Cow<'a, str>,
    /// What was wrong, in one line.
    pub title: Cow<'a, str>,
    /// The line that demanded it: `file:line:column`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// What would have been right.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<Cow<'a, str>>,
    /// What was there instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<Cow<'a, str>>,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<Cow<'a, str>>,
}

impl<'a> JsonReport<'a> {
    /// The report in this format, to be serialized.
    pub fn new(report: &'a crate::Report) -> Self {
        let counts = report.counts();
        let context = &report.context;
        let problems = report.refusal.as_ref().map(|refusal| &refusal.problems);
        Self {
            version: VERSION,
            verdict: verdict::judge(report).to_string(),
            reason: verdict::reason(report),
            target: (&report.target).into(),
            started_at: report.started_at.to_string(),
            duration_ms: whole_milliseconds(report.duration),
            counts: JsonCounts {
                total: report.total(),
                passed: counts.passed,
                warned: counts.warned,
                failed: counts.failed,
                not_run: counts.not_run,
            },
            problems: problems
                .into_iter()
                .flatten()
                .map(context::convert_problem)
                .collect(),
            deployment: Cow::Borrowed(&context.deployment),
            reported: context.reported.as_deref().map(Cow::from),
            proof_ms: context.proof.map(whole_milliseconds),
            notes: (&context.notes).into(),
            foreign_answers: context
                .foreign_answers
                .iter()
                .map(context::convert_foreign_answers)
                .collect(),
            links: context.links.iter().map(context::convert_link).collect(),
            checks: report.checks.iter().map(convert_check).collect(),
        }
    }
}

/// The text of a report in this format.
///
/// # Errors
/// The report cannot be written as JSON.
pub fn render(report: &crate::Report) -> serde_json::Result<String> {
    let json = serde_json::to_string_pretty(&JsonReport::new(report))?;
    Ok(escape_unseen(json))
}

/// Writes each character that cannot be seen, such as one that turns the
/// direction of writing, as `\uXXXX`. In valid JSON such a character can only
/// stand in a string, so the escaped text is the same JSON.
pub fn escape_unseen(json: String) -> String {
    // The white space between the values of pretty-printed JSON stays.
    let is_odd = |c: char| is_invisible(c) && !c.is_ascii_whitespace();
    if !json.contains(is_odd) {
        return json;
    }
    let mut escaped = String::with_capacity(json.len());
    for c in json.chars() {
        if is_odd(c) {
            let _ = write!(escaped, "\\u{:04x}", u32::from(c));
        } else {
            escaped.push(c);
        }
    }
    escaped
}

fn convert_check(check: &crate::CheckReport) -> JsonCheck<'_> {
    let outcome = match check.outcome {
        Outcome::Passed => "passed",
        Outcome::Warned => "warned",
        Outcome::Failed => "failed",
        Outcome::NotRun(_) => "not-run",
    };
    JsonCheck {
        suite: (&*check.suite).into(),
        role: Cow::from(match check.role {
            Role::Setup => "setup",
            Role::Check => "check",
            Role::Teardown => "teardown",
        }),
        name: (&check.name).into(),
        place: check.place.to_string(),
        tags: (&check.tags).into(),
        severity: Cow::from(match check.severity {
            Severity::Required => "required",
            Severity::Warn => "warn",
        }),
        outcome: outcome.into(),
        not_run_because: check.not_run_reason().map(Cow::from),
        remark: check.outcome_remark().map(Cow::from),
        start_ms: whole_milliseconds(check.start),
        duration_ms: whole_milliseconds(check.duration),
        attempts: check.attempts,
        steps: check.steps.iter().map(convert_step).collect(),
    }
}

fn convert_step(step: &crate::StepReport) -> JsonStep<'_> {
    JsonStep {
        name: (&step.name).into(),
        method: (&step.method).into(),
        url: step.url.as_deref().map(Cow::from),
        status: step.status,
        outcome: Cow::from(match step.outcome {
            StepOutcome::Passed => "passed",
            StepOutcome::Failed => "failed",
            StepOutcome::NotRun(_) => "not-run",
        }),
        attempts: step.attempts,
        start_ms: whole_milliseconds(step.start),
        duration_ms: whole_milliseconds(step.duration),
        repeats: exchange::convert_resends(step.resends),
        timing: step.timing.as_ref().map(timing::convert_timing),
        series: step.series.as_ref().map(timing::convert_series),
        body: step
            .exchange
            .as_ref()
            .and_then(|exchange| exchange.answer.as_ref()?.body.as_ref())
            .map(|body| Cow::from(&body.text)),
        failures: step.failures.iter().map(convert_failure).collect(),
        request: step
            .exchange
            .as_ref()
            .map(|exchange| exchange::convert_request(&exchange.request)),
        answer: step
            .exchange
            .as_ref()
            .and_then(|exchange| exchange.answer.as_ref())
            .map(exchange::convert_answer),
        messages: step
            .exchange
            .iter()
            .flat_map(|exchange| &exchange.messages)
            .map(exchange::convert_message)
            .collect(),
        curl: step
            .exchange
            .as_ref()
            .map(|exchange| Cow::from(&exchange.curl)),
    }
}

fn convert_failure(failure: &crate::Failure) -> JsonFailure<'_> {
    let diagnostic = &failure.diagnostic;
    JsonFailure {
        class: failure.class.key().into(),
        title: (&diagnostic.title).into(),
        place: diagnostic.place.as_ref().map(ToString::to_string),
        expected: diagnostic.expected.as_deref().map(Cow::from),
        found: diagnostic.found.as_deref().map(Cow::from),
        help: diagnostic.help.as_deref().map(Cow::from),
    }
}

fn whole_milliseconds(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
