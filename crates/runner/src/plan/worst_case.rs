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

/// The longest time that a plan tells: nobody waits for a run that may take
/// more than a day.
const LONGEST: Duration = Duration::from_hours(24);

/// The longest run, never less than one takes: at any moment either all jobs are busy, or the
/// longest chain of checks that wait for each other goes on.
///
/// With a rate there are also the times in which no request may be sent, one for
/// each request at the most.
pub(super) fn longest_run(plan: &Plan, jobs: NonZeroUsize, rate: Option<Rate>) -> Duration {
    let jobs = u32::try_from(jobs.get()).unwrap_or(u32::MAX);
    let mut total = Duration::ZERO;
    for planned in &plan.checks {
        total = total.saturating_add(longest_planned(planned));
    }
    longest_chain(plan)
        .saturating_add(total / jobs)
        .saturating_add(sum_rate_waits(plan.checks.iter(), rate))
        .min(LONGEST)
}

/// The longest teardown: they run at the same time.
pub(super) fn longest_teardown(plan: &Plan, rate: Option<Rate>) -> Duration {
    let teardowns = plan.checks.iter();
    let teardowns = teardowns.filter(|planned| planned.role == Role::Teardown);
    let waits = sum_rate_waits(teardowns.clone(), rate);
    let longest = teardowns.map(longest_planned).max().unwrap_or_default();
    longest.saturating_add(waits).min(LONGEST)
}

/// The time in which a rate allows no request, all pauses together.
fn sum_rate_waits<'p>(
    checks: impl Iterator<Item = &'p PlannedCheck>,
    rate: Option<Rate>,
) -> Duration {
    let Some(rate) = rate else {
        return Duration::ZERO;
    };
    let requests = checks
        .filter(|planned| planned.runs)
        .map(|planned| count_requests(&planned.check))
        .fold(0_u32, u32::saturating_add);
    rate.interval().saturating_mul(requests)
}

/// The most requests that a check can send.
fn count_requests(check: &Check) -> u32 {
    let steps = check.steps.iter().map(|step| {
        let redirects = u32::try_from(step.follow_redirects).unwrap_or(u32::MAX);
        let times = match &step.repeat {
            Some(repeat) => u32::try_from(repeat.times).unwrap_or(u32::MAX),
            None => count_attempts(step.retry.as_ref()),
        };
        let token = matches!(step.request.auth, Some(Auth::OAuth2(_)));
        let once = redirects.saturating_add(1).saturating_add(token.into());
        times.saturating_mul(once)
    });
    let once = steps.fold(0, u32::saturating_add);
    count_attempts(check.retry.as_ref()).saturating_mul(once)
}

/// The most attempts that a retry makes.
fn count_attempts(retry: Option<&Retry>) -> u32 {
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
        let waits_for = || {
            let waits = planned.needs.iter().chain(&planned.after);
            waits.chain(&planned.setup).copied()
        };
        let unknown: Vec<usize> = waits_for()
            .filter(|check| known[*check].is_none())
            .collect();
        if known[at].is_none() && !unknown.is_empty() {
            open.extend(unknown);
            continue;
        }
        let longest = waits_for().filter_map(|check| known[check]).max();
        let length = longest
            .unwrap_or_default()
            .saturating_add(longest_planned(planned));
        known[at] = Some(length.min(LONGEST));
        open.pop();
    }
    known.into_iter().flatten().max().unwrap_or_default()
}

/// The longest that a check of a plan can take: none if it does not run.
pub(super) fn longest_planned(planned: &PlannedCheck) -> Duration {
    if planned.runs {
        longest_check(&planned.check)
    } else {
        Duration::ZERO
    }
}

fn longest_check(check: &Check) -> Duration {
    let once = check
        .steps
        .iter()
        .map(longest_step)
        .fold(Duration::ZERO, Duration::saturating_add)
        .min(LONGEST);
    check
        .retry
        .as_ref()
        .map_or(once, |retry| longest_retries(once, retry))
}

fn longest_step(step: &Step) -> Duration {
    step.delay
        .saturating_add(longest_attempts(step))
        .min(LONGEST)
}

/// All attempts of a step, or all repetitions of a series.
fn longest_attempts(step: &Step) -> Duration {
    if let Some(repeat) = &step.repeat {
        let in_a_row = repeat.times.div_ceil(repeat.jobs.get());
        let in_a_row = u32::try_from(in_a_row).unwrap_or(u32::MAX);
        return step.timeout.saturating_mul(in_a_row).min(LONGEST);
    }
    step.retry
        .as_ref()
        .map_or(step.timeout, |retry| longest_retries(step.timeout, retry))
}

/// The longest that attempts can take which take `once` each. If a time limits
/// the retry, the last attempt may begin just before its end; if a number does,
/// there are the pauses between them.
fn longest_retries(once: Duration, retry: &Retry) -> Duration {
    let by_time = retry.within.map(|within| within.saturating_add(once));
    let by_count = retry.times.map(|times| {
        let mut pause = retry.every.as_secs_f64();
        let mut sum = once;
        for _ in 1..times {
            let paused = Duration::try_from_secs_f64(pause).unwrap_or(LONGEST);
            sum = sum.saturating_add(once).saturating_add(paused);
            if sum >= LONGEST {
                return LONGEST;
            }
            pause *= retry.backoff;
        }
        sum
    });
    let limits = by_time.into_iter().chain(by_count);
    limits.min().unwrap_or(once).min(LONGEST)
}
