//! The function's answer: what a person sees who invokes it, and what Lambda's
//! destinations get.

use report::render;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::codedeploy::Reported;
use crate::decision::{Decision, Problem};
use crate::sinks::Told;

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
    pub(crate) fn new(decision: &Decision, reported: Reported, told: Vec<Told>) -> Self {
        let (report, note) = match decision.report.as_deref().map(render::json::report) {
            None => (None, None),
            Some(report) => match bounded(&report) {
                Ok(report) => (Some(report), None),
                Err(note) => (None, Some(note)),
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
                .map(words)
                .collect(),
            report,
            note,
            sinks: told
                .into_iter()
                .map(|told| (told.sink.to_owned(), told.outcome.into()))
                .collect(),
        }
    }
}

fn words(problem: &Problem) -> String {
    match &problem.help {
        Some(help) => format!("{}; {help}", problem.text),
        None => problem.text.clone(),
    }
}

/// The report, or a note if it is too large.
fn bounded(report: &impl Serialize) -> Result<Value, String> {
    let value =
        serde_json::to_value(report).map_err(|error| format!("the report is left out: {error}"))?;
    let bytes = value.to_string().len();
    if bytes > MOST_BYTES {
        return Err(format!(
            "the report is left out: expected at most {MOST_BYTES} bytes, found {bytes}; the log has each check"
        ));
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_that_lambda_would_refuse_is_left_out() {
        assert!(bounded(&"x".repeat(MOST_BYTES - 2)).is_ok());
        let note = bounded(&"x".repeat(MOST_BYTES)).unwrap_err();
        assert!(
            note.starts_with("the report is left out: expected at most"),
            "{note}"
        );
    }

    #[test]
    fn a_decision_without_a_run_has_no_report() {
        let response = Response::new(&Decision::failed("why"), Reported::Accepted, Vec::new());
        let json = serde_json::to_string(&response).unwrap();
        insta::assert_snapshot!(json, @r#"{"verdict":"Failed","reason":"why","reported":"accepted","report":null}"#);
    }
}
