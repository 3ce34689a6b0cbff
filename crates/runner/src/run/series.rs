//! Runs a step many times, and judges its repetitions one by one and as a
//! whole.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use serde_json::Value;
use tokio::time::Instant;

use super::cookies::Jar;
use super::{Shared, step};
use check_file::predicate::Unit;
use check_file::template::Scope;
use check_file::{Repeat, SeriesQuery, Step};
use diagnostic::units::counted;
use diagnostic::{Diagnostic, Source};
use report::{Class, Failure, Repeats, Series, StepOutcome, StepReport};

/// What came of one repetition.
struct Repetition {
    number: usize,
    report: StepReport,
    scope: Scope,
    jar: Jar,
}

/// What is kept of all repetitions: two of them, and figures.
#[derive(Default)]
struct Kept {
    done: usize,
    failed: usize,
    latencies: Vec<Duration>,
    repeats: Repeats,
    /// How long they waited for other versions: all of them if they come one
    /// after the other, else the one that waited longest.
    outlasting: Duration,
    /// Why the first one failed that another version answered.
    foreign: Option<Failure>,
    first_passed: Option<Repetition>,
    first_failed: Option<Repetition>,
}

pub(super) async fn run(
    step: &Step,
    repeat: &Repeat,
    source: &Arc<Source>,
    shared: &Shared<'_>,
    scope: &mut Scope,
    jar: &mut Jar,
    report: &mut StepReport,
) {
    let begun = Instant::now();
    let mut kept = Kept::default();
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
                step::once(step, source, shared, scope, jar, report).await;
                repetition
            }
        })
        .buffer_unordered(repeat.jobs.get());
    while let Some(repetition) = repetitions.next().await {
        kept.keep(repetition, repeat.jobs.get() == 1);
    }
    drop(repetitions);
    for repetition in kept.first_passed.iter().chain(&kept.first_failed) {
        scope.add_secrets(repetition.scope.secrets().to_vec());
    }
    let secrets = scope.secrets().to_vec();
    let series = kept.series(repeat.times);
    let mut failures = judge(repeat, &series, &kept, source, step, scope);
    // What the steps after it know is what the first good one learned.
    if let Some(passed) = kept.first_passed.as_mut() {
        *scope = std::mem::take(&mut passed.scope);
        *jar = std::mem::take(&mut passed.jar);
        scope.add_secrets(secrets);
    }
    let start = report.start;
    let (repeats, outlasting) = (kept.repeats, kept.outlasting);
    let shown = if failures.is_empty() {
        kept.first_passed.or(kept.first_failed)
    } else {
        kept.first_failed.or(kept.first_passed)
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
    report.repeats = repeats;
    report.outlasting = outlasting;
    report.duration = begun.elapsed();
    report.series = Some(series);
}

impl Kept {
    fn keep(&mut self, repetition: Repetition, one_by_one: bool) {
        self.done += 1;
        self.latencies.extend(repetition.report.latency);
        self.repeats += repetition.report.repeats;
        let waited = repetition.report.outlasting;
        self.outlasting = if one_by_one {
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

    fn series(&mut self, asked: usize) -> Series {
        self.latencies.sort_unstable();
        let of = |percent| percentile(&self.latencies, percent);
        Series {
            asked,
            done: self.done,
            failed: self.failed,
            p50: of(50),
            p90: of(90),
            p95: of(95),
            p99: of(99),
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
fn judge(
    repeat: &Repeat,
    series: &Series,
    kept: &Kept,
    source: &Arc<Source>,
    step: &Step,
    scope: &Scope,
) -> Vec<Failure> {
    let mut failures = Vec::new();
    let tolerant = |query| repeat.of_all.iter().any(|of_all| of_all.query == query);
    // No rate of errors makes an answer of another version one of the release.
    let foreign = kept
        .foreign
        .iter()
        .filter(|_| tolerant(SeriesQuery::ErrorRate));
    failures.extend(foreign.cloned());
    if let Some(first) = &kept.first_failed
        && !tolerant(SeriesQuery::ErrorRate)
    {
        let class = first.report.failures.first();
        let times = counted(series.done, "repetition");
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
    if series.done < series.asked {
        failures.push(Failure {
            class: Class::CutShort,
            diagnostic: Diagnostic::at(source, step.span, "cut short by the end of the run")
                .expected(counted(series.asked, "repetition"))
                .found(counted(series.done, "repetition")),
        });
    }
    for of_all in &repeat.of_all {
        let (title, value, unit) = match of_all.query {
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
        // Their limits hold no templates, so there is nothing to go wrong.
        let mismatches = of_all
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
