//! What all checks of a run share: the client, the clock, the rate, and what is
//! known of green.

use std::time::Duration;

use tokio::time::Instant;

use super::pace::Pace;
use super::tokens::TokenCache;
use super::watch::GreenWatch;
use check_file::{Retry, RetryOn};
use client::http::Client;
use redact::Redactor;
use report::{Class, StepReport};

/// What all checks of a run share.
pub(super) struct RunContext<'a> {
    pub(super) client: &'a Client,
    pub(super) redactor: &'a Redactor,
    pub(super) tokens: &'a TokenCache,
    pub(super) begun: Instant,
    pub(super) deadline: Option<Instant>,
    /// Absent if requests may be sent as fast as they can be.
    pub(super) pace: Option<&'a Pace>,
    /// Absent if it is not known which version has to answer.
    pub(super) watch: Option<&'a GreenWatch<'a>>,
}

impl RunContext<'_> {
    /// Waits until the next request may be sent, or the run's time is over;
    /// says how long that took.
    pub(super) async fn wait_for_turn(&self) -> Duration {
        let begun = Instant::now();
        match (self.pace, self.deadline) {
            (None, _) => {}
            (Some(pace), None) => pace.wait_for_turn().await,
            (Some(pace), Some(deadline)) => {
                let _ = tokio::time::timeout_at(deadline, pace.wait_for_turn()).await;
            }
        }
        begun.elapsed()
    }

    /// `most`, or the time that is left of the run if that is less.
    pub(super) fn limit_to_deadline(&self, most: Duration) -> Duration {
        self.deadline.map_or(most, |deadline| {
            most.min(deadline.saturating_duration_since(Instant::now()))
        })
    }

    /// `moment`, or the end of the run if that comes first.
    pub(super) fn cap_at_deadline(&self, moment: Instant) -> Instant {
        self.deadline
            .map_or(moment, |deadline| deadline.min(moment))
    }

    /// Whether the run has no time left.
    pub(super) fn is_over(&self) -> bool {
        self.deadline
            .is_some_and(|deadline| Instant::now() >= deadline)
    }

    /// Pauses before a step, no longer than the run has time.
    pub(super) async fn delay(&self, delay: Duration) {
        if !delay.is_zero() {
            tokio::time::sleep_until(self.cap_at_deadline(Instant::now() + delay)).await;
        }
    }

    /// Pauses until the next attempt may begin; false if there is none, because
    /// they are used up, time is, or another one would not help.
    pub(super) async fn pause_before_retry(
        &self,
        retry: &Retry,
        begun: Instant,
        attempts: u32,
        last: &StepReport,
    ) -> bool {
        if retry.times.is_some_and(|times| attempts >= times) || !is_retried_after(retry, last) {
            return false;
        }
        let factor = retry
            .backoff
            .powi(i32::try_from(attempts).unwrap_or(i32::MAX) - 1);
        let pause = Duration::try_from_secs_f64(retry.every.as_secs_f64() * factor);
        let next = Instant::now() + pause.unwrap_or(Duration::from_hours(1));
        let ends = [retry.within.map(|within| begun + within), self.deadline];
        if ends.into_iter().flatten().any(|end| next > end) {
            return false;
        }
        tokio::time::sleep_until(next).await;
        true
    }
}

/// Whether a retry goes on after an attempt that failed like this one.
fn is_retried_after(retry: &Retry, last: &StepReport) -> bool {
    retry.only.is_empty()
        || retry.only.iter().any(|on| match on {
            RetryOn::CouldNotAsk => last
                .failures
                .iter()
                .any(|failure| failure.class == Class::CouldNotAsk),
            RetryOn::Status(range) => last
                .status
                .is_some_and(|status| range.contains(&u64::from(status))),
        })
}
