//! Runs one check: its steps in order, all of them again while it may retry.

use tokio::time::Instant;

use super::cookies::Jar;
use super::{Shared, failed, skeleton, step};
use crate::plan::PlannedCheck;
use crate::report::{CheckReport, Outcome, StepOutcome};

pub(super) async fn run(planned: &PlannedCheck, shared: &Shared<'_>) -> CheckReport {
    let begun = Instant::now();
    let mut attempts = 0;
    loop {
        attempts += 1;
        let mut report = attempt(planned, shared).await;
        report.attempts = attempts;
        report.duration = begun.elapsed();
        if report.outcome == Outcome::Passed {
            return report;
        }
        match planned.check.retry {
            Some(retry) if shared.pause(begun, retry).await => {}
            _ => return report,
        }
    }
}

async fn attempt(planned: &PlannedCheck, shared: &Shared<'_>) -> CheckReport {
    let mut report = skeleton(planned);
    let mut scope = (*planned.scope).clone();
    let mut jar = Jar::default();
    report.outcome = Outcome::Passed;
    for (step, entry) in planned.check.steps.iter().zip(&mut report.steps) {
        step::run(step, &planned.source, shared, &mut scope, &mut jar, entry).await;
        if entry.outcome != StepOutcome::Passed {
            report.outcome = failed(planned);
            break;
        }
    }
    report
}
