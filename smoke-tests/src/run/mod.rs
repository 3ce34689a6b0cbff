//! Runs a plan: checks at the same time, steps in order, all within one
//! deadline.
//!
//! Invariant: a run cannot fail. Whatever happens, even a panic in a check,
//! becomes an outcome in the report, and every selected check is in it.

mod check;
mod cookies;
mod record;
mod step;

use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::{FutureExt, StreamExt};
use tokio::time::Instant;

use crate::check_file::Severity;
use crate::diagnostic::{Diagnostic, Place};
use crate::http::Client;
use crate::plan::{Plan, PlannedCheck};
use crate::redact::Redactor;
use crate::report::{
    CheckReport, Class, Failure, NotRun, Outcome, Report, StepOutcome, StepReport,
};
use crate::settings::Limits;

/// What a run tells while it goes on.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Progress<'a> {
    /// A check has begun.
    Started {
        /// The check's name.
        check: &'a str,
    },
    /// A check is done, or will not run.
    Finished {
        /// What came out.
        check: &'a CheckReport,
        /// How many checks are done, this one included.
        done: usize,
        /// How many there are.
        total: usize,
    },
}

/// What all checks of a run share.
struct Shared<'a> {
    client: &'a Client,
    redactor: &'a Redactor,
    begun: Instant,
    deadline: Option<Instant>,
}

impl Shared<'_> {
    /// The time that is left of the run, no more than `most`.
    fn left(&self, most: Duration) -> Duration {
        self.deadline.map_or(most, |deadline| {
            most.min(deadline.saturating_duration_since(Instant::now()))
        })
    }

    fn is_over(&self) -> bool {
        self.deadline
            .is_some_and(|deadline| Instant::now() >= deadline)
    }

    /// Pauses until the next attempt may begin; false if there is none to be.
    async fn pause(&self, begun: Instant, retry: crate::check_file::Retry) -> bool {
        let next = Instant::now() + retry.every;
        if next > begun + retry.within || self.deadline.is_some_and(|deadline| next >= deadline) {
            return false;
        }
        tokio::time::sleep_until(next).await;
        true
    }
}

/// Runs all checks of a plan.
pub async fn run(
    plan: &Plan,
    client: &Client,
    limits: Limits,
    progress: &(dyn Fn(Progress<'_>) + Sync),
) -> Report {
    let started_at = jiff::Timestamp::now();
    let begun = Instant::now();
    let shared = Shared {
        client,
        redactor: &plan.redactor,
        begun,
        deadline: limits.deadline.map(|deadline| begun + deadline),
    };
    let stop = AtomicBool::new(false);
    let total = plan.checks.len();
    let mut reports: Vec<Option<CheckReport>> = Vec::new();
    reports.resize_with(total, || None);
    let mut running = futures_util::stream::iter(plan.checks.iter().enumerate())
        .map(|(index, planned)| {
            let (shared, stop) = (&shared, &stop);
            async move {
                let report = if stop.load(Ordering::Relaxed) {
                    not_run(planned, NotRun::FailFast)
                } else if shared.is_over() {
                    not_run(planned, NotRun::OutOfTime)
                } else {
                    progress(Progress::Started {
                        check: &planned.check.name,
                    });
                    guarded(planned, shared).await
                };
                (index, report)
            }
        })
        .buffer_unordered(limits.jobs.get());
    let mut done = 0;
    while let Some((index, mut report)) = running.next().await {
        report.redact(&plan.redactor);
        if limits.fail_fast && report.outcome == Outcome::Failed {
            stop.store(true, Ordering::Relaxed);
        }
        done += 1;
        progress(Progress::Finished {
            check: &report,
            done,
            total,
        });
        reports[index] = Some(report);
    }
    Report {
        target: client.target().to_string(),
        started_at,
        duration: begun.elapsed(),
        checks: reports.into_iter().flatten().collect(),
    }
}

/// Runs one check; a panic in it fails it and leaves the others alone.
async fn guarded(planned: &PlannedCheck, shared: &Shared<'_>) -> CheckReport {
    let begun = Instant::now();
    match AssertUnwindSafe(check::run(planned, shared))
        .catch_unwind()
        .await
    {
        Ok(mut report) => {
            report.start = begun.saturating_duration_since(shared.begun);
            report
        }
        Err(panic) => {
            let reason = panic
                .downcast_ref::<&str>()
                .map(|text| (*text).to_owned())
                .or_else(|| panic.downcast_ref::<String>().cloned())
                .unwrap_or_else(|| "a panic".to_owned());
            let mut report = skeleton(planned);
            report.start = begun.saturating_duration_since(shared.begun);
            report.duration = begun.elapsed();
            report.attempts = 1;
            report.outcome = failed(planned);
            if let Some(step) = report.steps.first_mut() {
                step.outcome = StepOutcome::Failed;
                step.failures.push(Failure {
                    class: Class::OurFault,
                    diagnostic: Diagnostic::at(
                        &planned.source,
                        planned.check.span,
                        "Greenlight panicked while it ran this check",
                    )
                    .found(reason)
                    .help("report this as a bug of Greenlight"),
                });
            }
            report
        }
    }
}

/// The outcome of a check that something is wrong with.
fn failed(planned: &PlannedCheck) -> Outcome {
    match planned.check.severity {
        Severity::Required => Outcome::Failed,
        Severity::Warn => Outcome::Warned,
    }
}

fn not_run(planned: &PlannedCheck, why: NotRun) -> CheckReport {
    let mut report = skeleton(planned);
    report.outcome = Outcome::NotRun(why);
    for step in &mut report.steps {
        step.outcome = StepOutcome::NotRun(why);
    }
    report
}

/// The report of a check before anything has happened.
fn skeleton(planned: &PlannedCheck) -> CheckReport {
    let check = &planned.check;
    CheckReport {
        suite: planned.suite.clone(),
        name: check.name.clone(),
        place: Place {
            source: planned.source.clone(),
            span: check.span,
        },
        tags: check.tags.clone(),
        severity: check.severity,
        outcome: Outcome::NotRun(NotRun::OutOfTime),
        start: Duration::ZERO,
        duration: Duration::ZERO,
        attempts: 0,
        steps: check
            .steps
            .iter()
            .map(|step| StepReport {
                name: step.name.clone().unwrap_or_else(|| {
                    format!("{} {}", step.request.method, step.request.path.text())
                }),
                method: step.request.method.to_string(),
                url: None,
                status: None,
                outcome: StepOutcome::NotRun(NotRun::EarlierStep),
                attempts: 0,
                start: Duration::ZERO,
                duration: Duration::ZERO,
                failures: Vec::new(),
                exchange: None,
                credentials: Vec::new(),
            })
            .collect(),
    }
}
