//! Runs one check: its steps in order, all of them again while it may retry.

use std::time::Duration;

use tokio::time::Instant;

use super::cookies::Jar;
use super::frames::Frames;
use super::watch::hold_against_routes;
use super::{Shared, failed, series, skeleton, step};
use crate::plan::PlannedCheck;
use check_file::template::Scope;
use report::{CheckReport, Outcome, Role, StepOutcome};

/// What came out of a check, and the values that it knew at its end.
pub(super) async fn run(
    planned: &PlannedCheck,
    shared: &Shared<'_>,
    scope: &Scope,
) -> (CheckReport, Scope) {
    let begun = Instant::now();
    let mut outlasting = Duration::ZERO;
    let mut attempts = 0;
    let mut before = scope.clone();
    loop {
        attempts += 1;
        let (mut report, scope) = attempt(planned, shared, &before).await;
        before.add_secrets(scope.secrets().to_vec());
        report.attempts = attempts;
        report.duration = begun.elapsed();
        outlasting += report
            .steps
            .iter()
            .map(|step| step.outlasting)
            .sum::<Duration>();
        if report.outcome == Outcome::Passed {
            hold_against_routes(planned, &mut report);
            return (report, scope);
        }
        let failed = report
            .steps
            .iter()
            .find(|step| step.outcome == StepOutcome::Failed);
        match (&planned.check.retry, failed) {
            (Some(retry), Some(failed))
                if shared
                    .pause(retry, begun + outlasting, attempts, failed)
                    .await => {}
            _ => return (report, scope),
        }
    }
}

async fn attempt(
    planned: &PlannedCheck,
    shared: &Shared<'_>,
    scope: &Scope,
) -> (CheckReport, Scope) {
    let mut report = skeleton(planned);
    let mut scope = scope.clone();
    let mut jar = Jar::default();
    let mut frames = Frames::default();
    report.outcome = Outcome::Passed;
    for (step, entry) in planned.check.steps.iter().zip(&mut report.steps) {
        match frames.enter(step.used.as_ref(), &mut scope) {
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
            report.outcome = failed(planned);
            // What a teardown can still put in order, it does.
            if planned.role != Role::Teardown {
                break;
            }
        }
    }
    (report, scope)
}
