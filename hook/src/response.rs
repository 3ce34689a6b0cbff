//! The function's answer: what a person sees who invokes it, and what Lambda's
//! destinations get.

use std::fmt;

use lambda_runtime::Diagnostic;
use report::Problem;
use report::render;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::codedeploy::{ReportError, Reported};
use crate::decision::Decision;
use crate::event::EventError;
use crate::secrets;
use crate::sinks::SinkOutcome;

/// The most bytes of a report that are sent along. Lambda takes 6 MB in all.
///
/// Source: [Lambda quotas](https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html).
const MOST_BYTES: usize = 5 * 1024 * 1024;
/// The most problems that are sent along; the log has each.
const MOST_PROBLEMS: usize = 100;

/// The answer to an invocation.
#[derive(Debug, Serialize)]
pub(crate) struct Response {
    verdict: String,
    reason: String,
    reported: String,
    /// What kept the checks from being run.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    problems: Vec<String>,
    /// The JSON report; null if the checks were not run.
    report: Option<Value>,
    /// Why the report is missing although the checks were run.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    /// What became of the sinks.
    #[serde(skip_serializing_if = "Map::is_empty")]
    sinks: Map<String, Value>,
}

impl Response {
    /// The answer for a decision, and what became of it.
    pub(crate) fn new(decision: &Decision, reported: Reported, notified: Vec<SinkOutcome>) -> Self {
        let (report, note) = match decision
            .report
            .as_deref()
            .map(render::json::JsonReport::new)
        {
            None => (None, None),
            Some(report) => match serialize_bounded(&report) {
                Ok(report) => (Some(report), None),
                Err(omission) => (None, Some(omission.to_string())),
            },
        };
        Self {
            verdict: decision.verdict.to_string(),
            reason: decision.reason.clone(),
            reported: reported.to_string(),
            problems: decision
                .problems
                .iter()
                .take(MOST_PROBLEMS)
                .map(describe_problem)
                .collect(),
            report,
            note,
            sinks: notified
                .into_iter()
                .map(|outcome| (outcome.sink.to_owned(), outcome.text.into()))
                .collect(),
        }
    }
}

fn describe_problem(problem: &Problem) -> String {
    match &problem.help {
        Some(help) => format!("{}; {help}", problem.text),
        None => problem.text.clone(),
    }
}

/// Why a report is not sent along.
#[derive(Debug, thiserror::Error)]
enum Omission {
    #[error("the report is left out: {0}")]
    NoJson(#[from] serde_json::Error),
    #[error(
        "the report is left out: expected at most {MOST_BYTES} bytes, found {bytes}; the log has each check"
    )]
    TooLarge { bytes: usize },
}

fn serialize_bounded(report: &impl Serialize) -> Result<Value, Omission> {
    let value = serde_json::to_value(report)?;
    let bytes = value.to_string().len();
    // Lambda refuses a larger answer as a whole, and takes the invocation for
    // failed.
    if bytes > MOST_BYTES {
        return Err(Omission::TooLarge { bytes });
    }
    Ok(value)
}

/// Why Lambda sees a failed invocation: there is nobody else who could be
/// told.
pub(crate) enum Failure {
    Event(EventError),
    Report(ReportError),
}

/// The runtime logs this form.
impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Event(error) => error.fmt(f),
            Self::Report(error) => error.fmt(f),
        }
    }
}

impl From<Failure> for Diagnostic {
    fn from(failure: Failure) -> Self {
        let (error_type, message) = match failure {
            Failure::Event(error) => ("EventError", error.to_string()),
            Failure::Report(error) => ("ReportError", error.to_string()),
        };
        Self {
            error_type: error_type.to_owned(),
            error_message: secrets::redact_text(message),
        }
    }
}

#[cfg(test)]
mod tests {
    use report::verdict::Verdict;

    use super::*;

    #[test]
    fn a_report_that_lambda_would_refuse_is_left_out() {
        assert!(serialize_bounded(&"x".repeat(MOST_BYTES - 2)).is_ok());
        let note = serialize_bounded(&"x".repeat(MOST_BYTES))
            .unwrap_err()
            .to_string();
        assert!(
            note.starts_with("the report is left out: expected at most"),
            "{note}"
        );
    }

    #[test]
    fn a_decision_without_a_run_has_no_report() {
        let decision = Decision {
            verdict: Verdict::Failed,
            reason: "why".to_owned(),
            problems: Vec::new(),
            report: None,
        };
        let response = Response::new(&decision, Reported::Accepted, Vec::new());
        let json = serde_json::to_string(&response).unwrap();
        insta::assert_snapshot!(json, @r#"{"verdict":"Failed","reason":"why","reported":"accepted","report":null}"#);
    }
}
