//! Runs one check: its steps in order, all of them again while it may retry.

use std::time::Duration;

use tokio::time::Instant;

use super::cookies::Jar;
use super::parameters::ParameterValues;
use super::watch::fail_if_led_elsewhere;
use super::{RunContext, blank_report, failed_outcome, series, step};
use crate::plan::PlannedCheck;
use check_file::template::Scope;
use report::{CheckReport, Outcome, Role, StepOutcome};

/// Runs a check until an attempt passes or there is none left. Returns what came
/// of the last one, and the values that the check knew at its end.
pub(super) async fn run(
    planned: &PlannedCheck,
    shared: &RunContext<'_>,
    scope: &Scope,
) -> (CheckReport, Scope) {
    let begun = Instant::now();
    // A check's retry has its time for itself: what its steps waited for green
    // does not count.
    let mut outlasting = Duration::ZERO;
    let mut attempts = 0;
    let mut before = scope.clone();
    loop {
        attempts += 1;
        let (mut report, scope) = run_attempt(planned, shared, &before).await;
        // The next attempt begins with the same values, but no output may show
        // what this one captured as secret.
        before.add_secrets(scope.secrets().to_vec());
        report.attempts = attempts;
        report.duration = begun.elapsed();
        outlasting += report
            .steps
            .iter()
            .map(|step| step.outlasting)
            .sum::<Duration>();
        if report.outcome == Outcome::Passed {
            fail_if_led_elsewhere(planned, &mut report);
            return (report, scope);
        }
        let failed = report
            .steps
            .iter()
            .find(|step| step.outcome == StepOutcome::Failed);
        match (&planned.check.retry, failed) {
            (Some(retry), Some(failed))
                if shared
                    .pause_before_retry(retry, begun + outlasting, attempts, failed)
                    .await => {}
            _ => return (report, scope),
        }
    }
}

async fn run_attempt(
    planned: &PlannedCheck,
    shared: &RunContext<'_>,
    scope: &Scope,
) -> (CheckReport, Scope) {
    let mut report = blank_report(planned);
    let mut scope = scope.clone();
    let mut jar = Jar::default();
    let mut parameters = ParameterValues::default();
    report.outcome = Outcome::Passed;
    for (step, entry) in planned.check.steps.iter().zip(&mut report.steps) {
        match parameters.enter(step.used.as_ref(), &mut scope) {
            Ok(outside) => {
                let source = step.source(&planned.source);
                shared.delay(step.delay).await;
                match &step.repeat {
                    None => step::run(step, source, shared, &mut scope, &mut jar, entry).await,
                    Some(repeat) => {
                        series::run(step, repeat, source, shared, &mut scope, &mut jar, entry)
                            .await;
                    }
                }
                scope.restore(outside);
            }
            Err(failure) => {
                entry.outcome = StepOutcome::Failed;
                entry.failures.push(failure);
            }
        }
        for failure in &mut entry.failures {
            let uses = step.uses();
            let places = uses.map(|used| (used.place.clone(), "used here".to_owned()));
            failure.diagnostic.related.extend(places);
        }
        if entry.outcome != StepOutcome::Passed {
            report.outcome = failed_outcome(planned);
            // A teardown goes on after a failed step: each step may put
            // something else in order.
            if planned.role != Role::Teardown {
                break;
            }
        }
    }
    (report, scope)
}
