//! The deadlines of one invocation: by when the checks, the gate and the
//! reporting have to be done, so that Lambda never ends the function before
//! CodeDeploy has its verdict.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

/// How much is kept for reporting if nothing else is said.
pub(crate) const RESERVE: Duration = Duration::from_secs(10);

/// The most time between the end of the checks and the end of the gate: green
/// is then looked at once more, and the engine puts its report together.
const GRACE: Duration = Duration::from_secs(3);

/// The most time between the end of the reporting and Lambda's own deadline:
/// the function's answer is then on its way.
const FAREWELL: Duration = Duration::from_millis(500);

/// The time that Lambda leaves the invocation.
///
/// `cargo lambda watch` sends a number of milliseconds where Lambda sends a
/// moment, so that the deadline seems to lie in the first minutes of 1970. It
/// is taken for what it means.
pub(crate) fn remaining_time(now: SystemTime, deadline: SystemTime) -> Duration {
    const DAY: Duration = Duration::from_hours(24);
    let since_1970 = deadline.duration_since(SystemTime::UNIX_EPOCH);
    match since_1970 {
        Ok(duration) if duration < DAY => duration,
        _ => deadline.duration_since(now).unwrap_or_default(),
    }
}

/// Three moments, each before the next, and all before Lambda's deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Deadlines {
    /// When the last check ends.
    pub(crate) checks: Instant,
    /// When the gate has no further say, and the verdict is `Failed`.
    pub(crate) gate: Instant,
    /// When the last attempt to report ends.
    pub(crate) report: Instant,
    /// What is kept for reporting.
    reserve: Duration,
}

impl Deadlines {
    /// The deadlines of an invocation that begins `now` and that Lambda ends
    /// after `left`. Of that, `reserve` is kept for reporting, but never more
    /// than a third; the checks take `most` at most.
    pub(crate) fn new(
        now: Instant,
        left: Duration,
        reserve: Duration,
        most: Option<Duration>,
    ) -> Self {
        // A function with a short timeout would have no time for checks
        // otherwise.
        let reserve = reserve.min(left / 3);
        let run = left.saturating_sub(reserve);
        let checks = most.map_or(run, |most| run.min(most));
        Self {
            checks: now + checks,
            gate: now + checks + GRACE.min(reserve / 3),
            report: now + left.saturating_sub(FAREWELL.min(reserve / 4)),
            reserve,
        }
    }

    /// When the last look at green ends.
    pub(crate) fn last_look(&self) -> Instant {
        self.gate - self.gate.saturating_duration_since(self.checks) / 4
    }

    /// The same, for a report that has to be there within `left` from `now`.
    /// Who is late with it finds nobody who waits, and may as well hear that:
    /// the attempts to report have as much time as before.
    pub(crate) fn shorten(self, now: Instant, left: Duration) -> Self {
        let sooner = Self::new(now, left, self.reserve, None);
        Self {
            // An hour that ends later than Lambda's time changes nothing.
            checks: self.checks.min(sooner.checks),
            gate: self.gate.min(sooner.gate),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seconds left, reserve, most; seconds to checks, gate and report.
    #[track_caller]
    fn check(left: f64, reserve: f64, most: Option<f64>, expected: [f64; 3]) {
        let seconds = Duration::from_secs_f64;
        let now = Instant::now();
        let deadlines = Deadlines::new(now, seconds(left), seconds(reserve), most.map(seconds));
        let found = [deadlines.checks, deadlines.gate, deadlines.report]
            .map(|end| (end - now).as_secs_f64());
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 0.001, "{found} {expected}");
        }
    }

    #[test]
    fn a_deadline_is_a_moment_or_with_cargo_lambda_a_number_of_milliseconds() {
        let now = SystemTime::now();
        let minute = Duration::from_mins(1);
        assert_eq!(remaining_time(now, now + minute), minute);
        assert_eq!(remaining_time(now, now - minute), Duration::ZERO);
        let ten = 10 * minute;
        assert_eq!(remaining_time(now, SystemTime::UNIX_EPOCH + ten), ten);
    }

    #[tokio::test]
    async fn the_reserve_is_kept_for_reporting() {
        check(900.0, 10.0, None, [890.0, 893.0, 899.5]);
        check(60.0, 10.0, None, [50.0, 53.0, 59.5]);
    }

    #[tokio::test]
    async fn the_reserve_is_a_third_of_what_is_left_at_most() {
        check(3.0, 10.0, None, [2.0, 2.333, 2.75]);
        check(0.3, 10.0, None, [0.2, 0.233, 0.275]);
        check(0.0, 10.0, None, [0.0, 0.0, 0.0]);
    }

    #[tokio::test]
    async fn a_deadline_of_the_settings_only_shortens_the_run() {
        check(900.0, 10.0, Some(60.0), [60.0, 63.0, 899.5]);
        check(60.0, 10.0, Some(600.0), [50.0, 53.0, 59.5]);
    }

    #[tokio::test]
    async fn deadlines_come_closer_and_never_go_away() {
        let seconds = Duration::from_secs;
        let now = Instant::now();
        let deadlines = Deadlines::new(now, seconds(900), seconds(10), None);
        assert_eq!(deadlines.shorten(now, seconds(3600)), deadlines);
        let closer = deadlines.shorten(now, seconds(60));
        let checks = (closer.checks - now).as_secs_f64();
        assert!((checks - 50.0).abs() < 1.0, "{checks}");
        assert!(closer.checks < closer.gate && closer.gate < now + seconds(60));
        assert_eq!(closer.report, deadlines.report);
        let last_look = closer.last_look();
        assert!(closer.checks < last_look && last_look < closer.gate);
    }

    #[tokio::test]
    async fn no_reserve_leaves_everything_to_the_checks() {
        check(60.0, 0.0, None, [60.0, 60.0, 60.0]);
    }
}
