//! The verdict: one total function from the report.

use std::fmt;

use crate::Severity;
use crate::{NotRun, Outcome, Report, Role};
use diagnostic::units::human_duration;

/// What CodeDeploy is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Proven: at least one check passed, and every required one did.
    Succeeded,
    /// Everything else.
    Failed,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
        })
    }
}

/// The verdict on a report. Anything that is not a proven pass is `Failed`.
pub fn judge(report: &Report) -> Verdict {
    if report.refusal.is_some() {
        return Verdict::Failed;
    }
    let mut passed = 0_usize;
    for check in &report.checks {
        match (check.outcome, check.severity) {
            // A setup that passed proves nothing about the service, so that
            // only checks are counted.
            (Outcome::Passed, _) => passed += usize::from(check.role == Role::Check),
            // The check file says that this check is not to run, so it is no
            // gap in the proof.
            (Outcome::NotRun(NotRun::Skipped), _)
            | (Outcome::Warned | Outcome::NotRun(_), Severity::Warn) => {}
            (Outcome::Failed, _) | (Outcome::Warned | Outcome::NotRun(_), Severity::Required) => {
                return Verdict::Failed;
            }
        }
    }
    // A run in which every check was skipped proved nothing.
    if passed > 0 {
        Verdict::Succeeded
    } else {
        Verdict::Failed
    }
}

/// Why the verdict is what it is, in one line.
pub fn reason(report: &Report) -> String {
    if let Some(refusal) = &report.refusal {
        return refusal.reason.clone();
    }
    let mut reason = summarise_checks(report);
    for note in &report.context.notes {
        reason.push_str("; ");
        reason.push_str(note);
    }
    reason
}

/// What came of the checks, in one line: counts, time, and the first failure.
fn summarise_checks(report: &Report) -> String {
    let counts = report.counts();
    let total = report.total();
    let time = human_duration(report.duration);
    let warned = match counts.warned {
        0 => String::new(),
        warned => format!(", {warned} warned"),
    };
    if judge(report) == Verdict::Succeeded {
        return format!(
            "{} of {total} checks passed{warned} in {time}",
            counts.passed
        );
    }
    if total == 0 {
        return "no check ran".to_owned();
    }
    let first = report
        .checks
        .iter()
        .find(|check| check.outcome == Outcome::Failed)
        .map(|check| {
            let why = check.failures().next().map(|failure| {
                let class = failure.class.words();
                format!(", {class}: {}", failure.diagnostic)
            });
            format!("; `{}`{}", check.name, why.unwrap_or_default())
        })
        .unwrap_or_default();
    // A reader knows of a skipped check from its file; any other reason is news.
    let why_not = report.checks.iter().find_map(|check| match check.outcome {
        Outcome::NotRun(NotRun::Skipped) => None,
        Outcome::NotRun(why) => Some(why.reason()),
        _ => None,
    });
    let not_run = match (counts.not_run, why_not) {
        (0, _) => String::new(),
        (not_run, None) => format!(", {not_run} skipped"),
        (not_run, Some(why)) => format!(", {not_run} not run because {why}"),
    };
    if counts.passed + counts.failed == 0 && first.is_empty() && why_not.is_none() {
        let other = format!("{warned}{not_run}");
        let other = other.trim_start_matches(", ");
        return format!("no check passed: {other} in {time}");
    }
    format!(
        "{} of {total} checks failed{warned}{not_run} in {time}{first}",
        counts.failed
    )
}
