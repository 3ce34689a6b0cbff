//! Runs a step many times, and judges its repetitions one by one and as a
//! whole.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use serde_json::Value;
use tokio::time::Instant;

use super::cookies::Jar;
use super::{RunContext, step};
use check_file::predicate::Unit;
use check_file::template::Scope;
use check_file::{Repeat, SeriesQuery, Step};
use diagnostic::units::pluralize;
use diagnostic::{Diagnostic, Source};
use report::{Class, Failure, Resends, Series, StepOutcome, StepReport};

/// What came of one repetition.
struct Repetition {
    number: usize,
    report: StepReport,
    scope: Scope,
    jar: Jar,
}

/// What is known of all repetitions: two of them as examples, and figures. The
/// reports of all of them could fill the memory.
#[derive(Default)]
struct SeriesTally {
    done: usize,
    failed: usize,
    latencies: Vec<Duration>,
    resends: Resends,
    /// How long the repetitions waited for green: all of them together if they
    /// come one after the other, else the one that waited longest.
    outlasting: Duration,
    /// The failure of the first repetition that another version answered.
    foreign: Option<Failure>,
    first_passed: Option<Repetition>,
    first_failed: Option<Repetition>,
}

/// Runs all repetitions of a step, and writes what came of them into the
/// report.
pub(super) async fn run(
    step: &Step,
    repeat: &Repeat,
    source: &Arc<Source>,
    shared: &RunContext<'_>,
    scope: &mut Scope,
    jar: &mut Jar,
    report: &mut StepReport,
) {
    let begun = Instant::now();
    let mut tally = SeriesTally::default();
    let (begin_scope, begin_jar, blank) = (scope.clone(), jar.clone(), report.clone());
    let mut repetitions = stream::iter(1..=repeat.times)
        .take_while(|_| std::future::ready(!shared.is_over()))
        .map(|number| {
            let mut repetition = Repetition {
                number,
                report: blank.clone(),
                scope: begin_scope.clone(),
                jar: begin_jar.clone(),
            };
            async move {
                let Repetition {
                    report, scope, jar, ..
                } = &mut repetition;
                step::attempt_once(step, source, shared, scope, jar, report).await;
                repetition
            }
        })
        .buffer_unordered(repeat.jobs.get());
    while let Some(repetition) = repetitions.next().await {
        tally.add(repetition, repeat.jobs.get() == 1);
    }
    drop(repetitions);
    for repetition in tally.first_passed.iter().chain(&tally.first_failed) {
        scope.add_secrets(repetition.scope.secrets().to_vec());
    }
    let secrets = scope.secrets().to_vec();
    let series = tally.summarize(repeat.times);
    let mut failures = judge_series(repeat, &series, &tally, source, step, scope);
    // The steps after this one know what the first repetition captured that
    // passed, by number: so the order in which answers come does not matter.
    if let Some(passed) = tally.first_passed.as_mut() {
        *scope = std::mem::take(&mut passed.scope);
        *jar = std::mem::take(&mut passed.jar);
        scope.add_secrets(secrets);
    }
    let start = report.start;
    let (resends, outlasting) = (tally.resends, tally.outlasting);
    let shown = if failures.is_empty() {
        tally.first_passed.or(tally.first_failed)
    } else {
        tally.first_failed.or(tally.first_passed)
    };
    if let Some(shown) = shown {
        *report = shown.report;
    }
    if failures.is_empty() {
        report.exchange = None;
    } else {
        failures.append(&mut report.failures);
    }
    report.failures = failures;
    report.outcome = if report.failures.is_empty() {
        StepOutcome::Passed
    } else {
        StepOutcome::Failed
    };
    report.attempts = 1;
    report.start = start;
    report.resends = resends;
    report.outlasting = outlasting;
    report.duration = begun.elapsed();
    report.series = Some(series);
}

impl SeriesTally {
    fn add(&mut self, repetition: Repetition, is_sequential: bool) {
        self.done += 1;
        self.latencies.extend(repetition.report.latency);
        self.resends += repetition.report.resends;
        let waited = repetition.report.outlasting;
        self.outlasting = if is_sequential {
            self.outlasting + waited
        } else {
            self.outlasting.max(waited)
        };
        if repetition.report.is_foreign && self.foreign.is_none() {
            self.foreign = repetition.report.failures.first().cloned();
        }
        let passed = repetition.report.failures.is_empty();
        let first = if passed {
            &mut self.first_passed
        } else {
            self.failed += 1;
            &mut self.first_failed
        };
        if first
            .as_ref()
            .is_none_or(|first| repetition.number < first.number)
        {
            *first = Some(repetition);
        }
    }

    /// The figures of the series, of which `asked` repetitions were to be.
    fn summarize(&mut self, asked: usize) -> Series {
        self.latencies.sort_unstable();
        let rank = |percent| percentile(&self.latencies, percent);
        Series {
            times: asked,
            done: self.done,
            failed: self.failed,
            p50: rank(50),
            p90: rank(90),
            p95: rank(95),
            p99: rank(99),
        }
    }
}

/// The percentile by nearest rank: the smallest time that at least so many in
/// a hundred do not exceed.
fn percentile(sorted: &[Duration], percent: usize) -> Option<Duration> {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
}

/// What is wrong with the repetitions as a whole.
fn judge_series(
    repeat: &Repeat,
    series: &Series,
    tally: &SeriesTally,
    source: &Arc<Source>,
    step: &Step,
    scope: &Scope,
) -> Vec<Failure> {
    let mut failures = Vec::new();
    let is_limited = |query| repeat.of_all.iter().any(|limit| limit.query == query);
    // An error rate may allow failures, but none that another version gave: such
    // an answer says nothing of green.
    let foreign = tally
        .foreign
        .iter()
        .filter(|_| is_limited(SeriesQuery::ErrorRate));
    failures.extend(foreign.cloned());
    if let Some(first) = &tally.first_failed
        && !is_limited(SeriesQuery::ErrorRate)
    {
        let class = first.report.failures.first();
        let times = pluralize(series.done, "repetition");
        failures.push(Failure {
            class: class.map_or(Class::WrongAnswer, |failure| failure.class),
            diagnostic: Diagnostic::at(source, step.span, "repetitions that failed")
                .expected("all of them to pass")
                .found(format!(
                    "{} of {times} that failed, first number {}",
                    series.failed, first.number
                )),
        });
    }
    if series.done < series.times {
        failures.push(Failure {
            class: Class::CutShort,
            diagnostic: Diagnostic::at(source, step.span, "cut short by the end of the run")
                .expected(pluralize(series.times, "repetition"))
                .found(pluralize(series.done, "repetition")),
        });
    }
    for limit in &repeat.of_all {
        let (title, value, unit) = match limit.query {
            SeriesQuery::ErrorRate => (
                "unexpected error rate".to_owned(),
                series.error_rate(),
                Unit::None,
            ),
            SeriesQuery::Percentile(percent) => (
                format!("unexpected latency at p{percent}"),
                series.percentile(percent).map(milliseconds),
                Unit::Milliseconds,
            ),
        };
        // The limits of a series hold no templates, so judging them needs no
        // value that could be missing.
        let mismatches = limit
            .predicate
            .judge(value.map(Value::from).as_ref(), unit, scope);
        for mismatch in mismatches.unwrap_or_default() {
            failures.push(Failure {
                class: Class::WrongAnswer,
                diagnostic: Diagnostic::at(source, mismatch.span, title.clone())
                    .expected(mismatch.expected)
                    .found(mismatch.found),
            });
        }
    }
    failures
}

/// Milliseconds with one decimal.
fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 10_000.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_the_nearest_rank() {
        let times = |most: u64| (1..=most).map(Duration::from_millis).collect::<Vec<_>>();
        let check = |most, percent, found: Option<u64>| {
            let found = found.map(Duration::from_millis);
            assert_eq!(
                percentile(&times(most), percent),
                found,
                "p{percent} of {most}"
            );
        };
        check(0, 50, None);
        check(1, 99, Some(1));
        check(5, 50, Some(3));
        check(10, 90, Some(9));
        check(10, 95, Some(10));
        check(100, 99, Some(99));
        check(101, 99, Some(100));
    }
}
