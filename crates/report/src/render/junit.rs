//! The report as JUnit XML, for CI systems and CodeBuild report groups.
//!
//! A wrong answer is a `<failure>`; what could not be asked, was cut short or
//! is our own fault is an `<error>`; a check that did not run is `<skipped>`.

use std::fmt::Write as _;

use quick_junit::{NonSuccessKind, Report as Junit, TestCase, TestCaseStatus, TestSuite};
use thiserror::Error;

use super::{exchange, failures};
use crate::{CheckReport, Class, Outcome, Refusal, Report};
use diagnostic::snippet::{Colour, visible};

/// The report cannot be written as XML.
#[derive(Debug, Error)]
#[error(transparent)]
pub struct XmlError(#[from] quick_junit::SerializeError);

/// The whole report as XML.
///
/// # Errors
/// The report cannot be written as XML.
pub fn render(report: &Report) -> Result<String, XmlError> {
    let mut junit = Junit::new("greenlight");
    junit.set_time(report.duration);
    // A list, not a map: CI systems show suites in the order of the file.
    let mut suites: Vec<(&str, TestSuite)> = Vec::new();
    if let Some(refusal) = &report.refusal {
        let mut suite = TestSuite::new("greenlight");
        let name = if report.checks.is_empty() {
            "the checks are run"
        } else {
            "the checks count"
        };
        suite.add_test_case(build_refusal_case(name, refusal));
        suites.push(("", suite));
    }
    for check in &report.checks {
        let case = build_case(check);
        let existing = suites.iter().position(|(name, _)| **name == *check.suite);
        let index = existing.unwrap_or_else(|| {
            let mut suite = TestSuite::new(visible(&check.suite));
            for note in &report.context.notes {
                suite.add_property(("note", visible(note).as_ref()));
            }
            suites.push((&check.suite, suite));
            suites.len() - 1
        });
        suites[index].1.add_test_case(case);
    }
    junit.add_test_suites(suites.into_iter().map(|(_, suite)| suite));
    Ok(junit.to_string()?)
}

/// The test case for a refusal: no check was run, or another version than green
/// answered. A JUnit file without a failed case would look like a success.
fn build_refusal_case(name: &str, refusal: &Refusal) -> TestCase {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
    status.set_message(visible(&refusal.reason));
    status.set_type("not-run");
    let mut description = String::new();
    for problem in &refusal.problems {
        let _ = writeln!(description, "{}", visible(&problem.text));
        if let Some(help) = &problem.help {
            let _ = writeln!(description, "  help: {}", visible(help));
        }
    }
    status.set_description(description);
    let mut case = TestCase::new(name, status);
    case.set_classname("greenlight");
    case
}

fn build_case(check: &CheckReport) -> TestCase {
    let status = match check.outcome {
        Outcome::Passed => TestCaseStatus::success(),
        Outcome::Failed => {
            let is_answered = check
                .failures()
                .all(|failure| failure.class == Class::WrongAnswer);
            let kind = if is_answered {
                NonSuccessKind::Failure
            } else {
                NonSuccessKind::Error
            };
            let mut status = TestCaseStatus::non_success(kind);
            // The type and message of an `<error>` are those of the failure that
            // makes it one, not of a wrong answer beside it.
            let mut failures = check.failures();
            let first = failures.find(|failure| is_answered || failure.class != Class::WrongAnswer);
            if let Some(first) = first {
                status.set_message(visible(&first.diagnostic.to_string()));
                status.set_type(first.class.key());
            }
            status.set_description(render_details(check));
            status
        }
        // JUnit knows no warnings: the check did not fail the suite, and what
        // it has to say stands in the message.
        Outcome::Warned => {
            let mut status = TestCaseStatus::skipped();
            if let Some(first) = check.failures().next() {
                let message = format!("warned: {}", first.diagnostic);
                status.set_message(visible(&message));
            }
            status.set_description(render_details(check));
            status
        }
        Outcome::NotRun(_) => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(visible(check.not_run_reason().unwrap_or_default()));
            status
        }
    };
    let mut case = TestCase::new(visible(&check.name), status);
    case.set_classname(visible(&check.suite));
    case.set_time(check.duration);
    if let Some(remark) = check.outcome_remark() {
        case.add_property(("remark", visible(remark).as_str()));
    }
    case.add_property(("place", visible(&check.place.to_string()).as_str()));
    case
}

/// The failures, what was sent and received, and how to repeat it.
fn render_details(check: &CheckReport) -> String {
    format!(
        "{}{}{}",
        failures(check, Colour::Never),
        exchange::render_transcripts(check),
        exchange::render_commands(check)
    )
}
