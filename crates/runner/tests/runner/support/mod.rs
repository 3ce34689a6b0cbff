//! What the tests of a run share.

pub mod blocks;
pub mod browser;
pub mod scripted;
pub mod server;
mod stage;

use diagnostic::snippet::Colour;
use rehearsal::Stage;
use report::render::failures;
use report::{CheckReport, Class, Outcome, Report};

pub use stage::*;

/// A file with one check of this text.
pub fn check(text: &str) -> String {
    let indented = text.trim().replace('\n', "\n    ");
    format!("checks:\n  - name: a\n    {indented}\n    writes: true\n")
}

/// The outcome of the only check, and the classes of its failures.
pub fn outcome(report: &Report) -> (Outcome, Vec<Class>) {
    let only = &report.checks[0];
    (
        only.outcome,
        only.failures().map(|failure| failure.class).collect(),
    )
}

/// Runs one check and expects it to pass.
pub async fn passes(stage: &Stage, text: &str) {
    let report = report(stage, &check(text)).await;
    let only = &report.checks[0];
    assert_eq!(
        only.outcome,
        Outcome::Passed,
        "{text}\n{}",
        failures(only, Colour::Never)
    );
}

/// Runs one check, expects it to fail, and returns what is said about it, with
/// all that differs from run to run replaced.
pub async fn fails(stage: &Stage, text: &str) -> String {
    let report = report(stage, &check(text)).await;
    said(stage, &report)
}

pub fn said(stage: &Stage, report: &Report) -> String {
    let only = &report.checks[0];
    assert_eq!(only.outcome, Outcome::Failed);
    scrub(stage, &failures(only, Colour::Never))
}

/// The report of the check of that name.
pub fn find<'a>(report: &'a Report, name: &str) -> &'a CheckReport {
    let found = report.checks.iter().find(|check| check.name == name);
    found.unwrap_or_else(|| panic!("no `{name}` in {report:#?}"))
}

/// Each check by its name, with its outcome.
pub fn outcomes(report: &Report) -> Vec<(&str, Outcome)> {
    let checks = report.checks.iter();
    checks
        .map(|check| (check.name.as_str(), check.outcome))
        .collect()
}
