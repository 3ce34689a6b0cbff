//! The longest that things can take: every request timing out, every retry
//! used up.
//!
//! A step's timeout bounds all that one attempt does, be it the request itself,
//! redirects, a login, or the wait for a token that another step asks for.
//! Only the wait for a turn of the rate is not in it.

use std::num::NonZeroUsize;
use std::time::Duration;

use super::{Plan, PlannedCheck};
use crate::rate::Rate;
use check_file::{Auth, Check, Retry, Step};
use report::Role;

/// The most that is ever said; beyond it nobody waits.
const MOST: Duration = Duration::from_hours(24);

/// Never less than a run takes: at any moment either all jobs are busy, or the
/// longest chain of checks that wait for each other goes on.
///
/// With a rate there are also the times in which nobody may ask, no more than
/// one for each request.
pub(super) fn of_plan(plan: &Plan, jobs: NonZeroUsize, rate: Option<Rate>) -> Duration {
    let jobs = u32::try_from(jobs.get()).unwrap_or(u32::MAX);
    let mut total = Duration::ZERO;
    for planned in &plan.checks {
        total = total.saturating_add(of_planned(planned));
    }
    longest_chain(plan)
        .saturating_add(total / jobs)
        .saturating_add(waits(plan.checks.iter(), rate))
        .min(MOST)
}

/// The longest teardown: they run at the same time.
pub(super) fn of_teardowns(plan: &Plan, rate: Option<Rate>) -> Duration {
    let teardowns = plan.checks.iter();
    let teardowns = teardowns.filter(|planned| planned.role == Role::Teardown);
    let waits = waits(teardowns.clone(), rate);
    let longest = teardowns.map(of_planned).max().unwrap_or_default();
    longest.saturating_add(waits).min(MOST)
}

/// The time in which a rate lets nobody ask.
fn waits<'p>(checks: impl Iterator<Item = &'p PlannedCheck>, rate: Option<Rate>) -> Duration {
    let Some(rate) = rate else {
        return Duration::ZERO;
    };
    let requests = checks
        .filter(|planned| planned.runs)
        .map(|planned| requests(&planned.check))
        .fold(0_u32, u32::saturating_add);
    rate.interval().saturating_mul(requests)
}

/// The most requests that a check can send.
fn requests(check: &Check) -> u32 {
    let steps = check.steps.iter().map(|step| {
        let redirects = u32::try_from(step.follow_redirects).unwrap_or(u32::MAX);
        let times = match &step.repeat {
            Some(repeat) => u32::try_from(repeat.times).unwrap_or(u32::MAX),
            None => attempts(step.retry.as_ref()),
        };
        let token = matches!(step.request.auth, Some(Auth::OAuth2(_)));
        let once = redirects.saturating_add(1).saturating_add(token.into());
        times.saturating_mul(once)
    });
    let once = steps.fold(0, u32::saturating_add);
    attempts(check.retry.as_ref()).saturating_mul(once)
}

/// The most attempts that a retry makes.
fn attempts(retry: Option<&Retry>) -> u32 {
    let Some(retry) = retry else {
        return 1;
    };
    let by_time = retry.within.map(|within| {
        let pauses = within.as_millis() / retry.every.as_millis().max(1);
        u32::try_from(pauses).unwrap_or(u32::MAX).saturating_add(1)
    });
    let limits = by_time.into_iter().chain(retry.times);
    limits.min().unwrap_or(1)
}

/// The longest way to the end of a check through what it waits for. The graph
/// has no circles, which [`super::expand`] sees to; it may be deep, so the way
/// back is kept in a list and not on the stack.
fn longest_chain(plan: &Plan) -> Duration {
    let mut known: Vec<Option<Duration>> = vec![None; plan.checks.len()];
    let mut open: Vec<usize> = (0..plan.checks.len()).collect();
    while let Some(&at) = open.last() {
        let planned = &plan.checks[at];
        let before = || {
            let waits = planned.needs.iter().chain(&planned.after);
            waits.chain(&planned.setup).copied()
        };
        let unknown: Vec<usize> = before().filter(|before| known[*before].is_none()).collect();
        if known[at].is_none() && !unknown.is_empty() {
            open.extend(unknown);
            continue;
        }
        let longest = before().filter_map(|before| known[before]).max();
        let length = longest
            .unwrap_or_default()
            .saturating_add(of_planned(planned));
        known[at] = Some(length.min(MOST));
        open.pop();
    }
    known.into_iter().flatten().max().unwrap_or_default()
}

pub(super) fn of_planned(planned: &PlannedCheck) -> Duration {
    if planned.runs {
        of_check(&planned.check)
    } else {
        Duration::ZERO
    }
}

fn of_check(check: &Check) -> Duration {
    let once = check
        .steps
        .iter()
        .map(of_step)
        .fold(Duration::ZERO, Duration::saturating_add)
        .min(MOST);
    check
        .retry
        .as_ref()
        .map_or(once, |retry| with_retry(once, retry))
}

fn of_step(step: &Step) -> Duration {
    step.delay.saturating_add(of_attempts(step)).min(MOST)
}

fn of_attempts(step: &Step) -> Duration {
    if let Some(repeat) = &step.repeat {
        let in_a_row = repeat.times.div_ceil(repeat.jobs.get());
        let in_a_row = u32::try_from(in_a_row).unwrap_or(u32::MAX);
        return step.timeout.saturating_mul(in_a_row).min(MOST);
    }
    step.retry
        .as_ref()
        .map_or(step.timeout, |retry| with_retry(step.timeout, retry))
}

/// New attempts are begun for so long, and the last of them takes its time;
/// or there are so many attempts, with the pauses between them.
fn with_retry(once: Duration, retry: &Retry) -> Duration {
    let by_time = retry.within.map(|within| within.saturating_add(once));
    let by_count = retry.times.map(|times| {
        let mut pause = retry.every.as_secs_f64();
        let mut sum = once;
        for _ in 1..times {
            let paused = Duration::try_from_secs_f64(pause).unwrap_or(MOST);
            sum = sum.saturating_add(once).saturating_add(paused);
            if sum >= MOST {
                return MOST;
            }
            pause *= retry.backoff;
        }
        sum
    });
    let limits = by_time.into_iter().chain(by_count);
    limits.min().unwrap_or(once).min(MOST)
}
