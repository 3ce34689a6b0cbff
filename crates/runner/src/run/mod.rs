//! Runs a plan: checks at the same time, steps in order, all within one
//! deadline.
//!
//! Invariant: a run cannot fail. Whatever happens, even a panic in a check,
//! becomes an outcome in the report, and every selected check is in it.

mod auth;
mod blank_report;
mod capture;
mod check;
mod context;
mod cookies;
mod judge;
mod login;
mod pace;
mod parameters;
mod question;
mod redirects;
mod request;
mod request_chain;
mod series;
mod step;
mod tokens;
mod trace;
mod watch;
mod websocket;

use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use tokio::sync::{Semaphore, SetOnce};
use tokio::time::Instant;

use self::blank_report::{blank_report, failed_outcome, report_not_run};
use self::context::RunContext;
use self::pace::Pace;
use self::tokens::TokenCache;
use self::watch::GreenWatch;
use crate::green::GreenVersion;
use crate::plan::{Plan, PlannedCheck};
use crate::settings::Limits;
use check_file::template::Scope;
use client::http::Client;
use diagnostic::Diagnostic;
use redact::{Redactor, Secret};
use report::{
    CheckReport, Class, Failure, NotRun, Outcome, Report, ReportContext, Role, StepOutcome,
};

/// The most captured secrets that the failures of other checks are searched
/// for.
const MOST_SECRETS: usize = 1_000;

/// What a run tells while it goes on.
#[derive(Debug, Clone, Copy)]
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

/// What other checks wait for at the end of one.
struct CheckEnd {
    passed: bool,
    /// Whether any step of it began.
    ran: bool,
    /// The values that it knew, for those that have it as their setup.
    scope: Scope,
}

/// A run while it goes on.
struct ActiveRun<'a> {
    plan: &'a Plan,
    /// For checks and setups.
    shared: RunContext<'a>,
    /// For teardowns, which have time when that of the checks is over.
    teardown: RunContext<'a>,
    limits: Limits,
    slots: Semaphore,
    /// Set when no further check is to begin.
    stop: AtomicBool,
    done: Vec<SetOnce<CheckEnd>>,
}

/// Runs all checks of a plan against whatever answers. `progress` is called as
/// checks begin and end.
pub async fn run(
    plan: &Plan,
    client: &Client,
    limits: Limits,
    progress: &(dyn Fn(Progress<'_>) + Sync),
) -> Report {
    run_plan(plan, client, limits, None, progress).await
}

/// Runs all checks of a plan against green alone: what another version answers
/// is no answer.
pub async fn run_against(
    green: GreenVersion<'_>,
    plan: &Plan,
    client: &Client,
    limits: Limits,
    progress: &(dyn Fn(Progress<'_>) + Sync),
) -> Report {
    let watch = GreenWatch::new(green, client.target());
    let mut report = run_plan(plan, client, limits, Some(&watch), progress).await;
    watch.complete_report(&mut report, &plan.redactor);
    report
}

async fn run_plan(
    plan: &Plan,
    client: &Client,
    limits: Limits,
    watch: Option<&GreenWatch<'_>>,
    progress: &(dyn Fn(Progress<'_>) + Sync),
) -> Report {
    let started_at = jiff::Timestamp::now();
    let begun = Instant::now();
    let total = plan.checks.len();
    // Teardowns get the time that they may need, but never more than a quarter
    // of the run.
    let teardown_time = |deadline: Duration| plan.longest_teardown(limits.rate).min(deadline / 4);
    let pace = limits.rate.map(Pace::new);
    let tokens = TokenCache::default();
    let running = ActiveRun {
        plan,
        shared: RunContext {
            client,
            redactor: &plan.redactor,
            tokens: &tokens,
            begun,
            deadline: limits
                .deadline
                .map(|most| begun + most - teardown_time(most)),
            pace: pace.as_ref(),
            watch,
        },
        teardown: RunContext {
            client,
            redactor: &plan.redactor,
            tokens: &tokens,
            begun,
            deadline: limits.deadline.map(|most| begun + most),
            pace: pace.as_ref(),
            watch,
        },
        limits,
        slots: Semaphore::new(limits.jobs.get()),
        stop: AtomicBool::new(false),
        done: (0..total).map(|_| SetOnce::new()).collect(),
    };
    let mut reports: Vec<Option<CheckReport>> = Vec::new();
    reports.resize_with(total, || None);
    let mut checks: FuturesUnordered<_> = (0..total)
        .map(|index| {
            let running = &running;
            async move { (index, running.run_check(index, progress).await) }
        })
        .collect();
    let mut done = 0;
    while let Some((index, report)) = checks.next().await {
        done += 1;
        progress(Progress::Finished {
            check: &report,
            done,
            total,
        });
        reports[index] = Some(report);
    }
    drop(checks);
    let mut checks: Vec<_> = reports.into_iter().flatten().collect();
    running.redact_captures_of_others(&mut checks);
    Report {
        target: client.target().to_string(),
        started_at,
        duration: begun.elapsed(),
        checks,
        refusal: None,
        context: ReportContext::default(),
    }
}

impl ActiveRun<'_> {
    /// Takes out of the reports of failed checks the secrets that other checks
    /// captured, perhaps after those reports were made.
    fn redact_captures_of_others(&self, checks: &mut [CheckReport]) {
        let done = self.done.iter().filter_map(SetOnce::get);
        let secrets = done.flat_map(|done| done.scope.secrets());
        let secrets: BTreeSet<&Secret> = secrets.take(MOST_SECRETS).collect();
        if secrets.is_empty() {
            return;
        }
        let redactor = Redactor::new(&secrets.into_iter().cloned().collect::<Vec<_>>());
        let failed = checks.iter_mut().filter(|c| c.failures().next().is_some());
        failed.for_each(|check| check.redact(&redactor));
    }

    /// Waits for what a check needs, runs it, and lets those checks begin that
    /// wait for it.
    async fn run_check(
        &self,
        index: usize,
        progress: &(dyn Fn(Progress<'_>) + Sync),
    ) -> CheckReport {
        let planned = &self.plan.checks[index];
        let mut scope = None;
        let mut why_not = (!planned.runs).then_some(NotRun::Skipped);
        if let (None, Some(setup)) = (why_not, planned.setup) {
            let setup = self.done[setup].wait().await;
            if setup.passed {
                scope = Some(setup.scope.clone());
            } else {
                why_not = Some(NotRun::Setup);
            }
        }
        for need in &planned.needs {
            if why_not.is_none() && !self.done[*need].wait().await.passed {
                why_not = Some(NotRun::Need);
            }
        }
        let mut any_ran = false;
        for before in &planned.after {
            let done = self.done[*before].wait().await;
            any_ran |= done.ran;
            // A teardown puts in order what the setup began, whether the setup
            // passed or not, so it needs what was captured.
            if self.plan.checks[*before].role == Role::Setup {
                scope = Some(done.scope.clone());
            }
        }
        let (mut report, scope) = match why_not {
            Some(why) => (report_not_run(planned, why), Scope::default()),
            None if planned.role == Role::Teardown && !any_ran => (
                report_not_run(planned, NotRun::NothingRan),
                Scope::default(),
            ),
            None => {
                let scope = match scope {
                    Some(setup) => planned.scope.with_defaults(&setup),
                    None => (*planned.scope).clone(),
                };
                self.run_in_slot(planned, &scope, progress).await
            }
        };
        report.redact(&self.plan.redactor.with_secrets(scope.secrets()));
        if self.limits.fail_fast && report.outcome == Outcome::Failed {
            self.stop.store(true, Ordering::Relaxed);
        }
        let _ = self.done[index].set(CheckEnd {
            passed: report.outcome == Outcome::Passed,
            ran: report.attempts > 0,
            scope,
        });
        report
    }

    /// Runs a check when there is a slot for it, if there is still time.
    async fn run_in_slot(
        &self,
        planned: &PlannedCheck,
        scope: &Scope,
        progress: &(dyn Fn(Progress<'_>) + Sync),
    ) -> (CheckReport, Scope) {
        // The semaphore is never closed.
        let _slot = self.slots.acquire().await.ok();
        let teardown = planned.role == Role::Teardown;
        let shared = if teardown {
            &self.teardown
        } else {
            &self.shared
        };
        let why_not = if self.stop.load(Ordering::Relaxed) && !teardown {
            Some(NotRun::FailFast)
        } else if shared.is_over() {
            Some(NotRun::OutOfTime)
        } else {
            None
        };
        if let Some(why) = why_not {
            return (report_not_run(planned, why), Scope::default());
        }
        progress(Progress::Started {
            check: &planned.name,
        });
        // The future of a running check is large: boxed here, it does not weigh
        // on the thousands that wait for their slot.
        Box::pin(catch_panic(planned, shared, scope)).await
    }
}

/// Runs one check; a panic fails that check alone.
async fn catch_panic(
    planned: &PlannedCheck,
    shared: &RunContext<'_>,
    scope: &Scope,
) -> (CheckReport, Scope) {
    let begun = Instant::now();
    match AssertUnwindSafe(check::run(planned, shared, scope))
        .catch_unwind()
        .await
    {
        Ok((mut report, scope)) => {
            report.start = begun.saturating_duration_since(shared.begun);
            (report, scope)
        }
        Err(panic) => {
            let reason = panic
                .downcast_ref::<&str>()
                .map(|text| (*text).to_owned())
                .or_else(|| panic.downcast_ref::<String>().cloned())
                .unwrap_or_else(|| "a panic".to_owned());
            let mut report = blank_report(planned);
            report.start = begun.saturating_duration_since(shared.begun);
            report.duration = begun.elapsed();
            report.attempts = 1;
            report.outcome = failed_outcome(planned);
            if let Some(step) = report.steps.first_mut() {
                step.outcome = StepOutcome::Failed;
                step.failures.push(Failure {
                    class: Class::OurFault,
                    diagnostic: Diagnostic::at(
                        &planned.source,
                        planned.check.span,
                        "Greenlight panicked while it ran this check",
                    )
                    .expected("a check that runs to its end")
                    .found(reason)
                    .help("report this as a bug of Greenlight"),
                });
            }
            (report, scope.clone())
        }
    }
}

#[cfg(test)]
mod tests;
