//! How long it may take to learn what is deployed and to prove green, how long
//! the pauses between two looks are, and why there is no proof.

use std::time::Duration;

use diagnostic::units::human_duration;
use report::Problem;
use tokio::time::Instant;

use aws::calls::{CallError, LEAST};

/// Why nobody can say that the target serves what is deployed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub(crate) struct Unproven {
    /// In one line.
    pub(crate) reason: String,
    /// What to do.
    pub(crate) help: Option<String>,
}

impl Unproven {
    pub(crate) fn new(reason: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            help: Some(help.into()),
        }
    }

    /// Nothing that anybody could do would help this deployment.
    pub(crate) fn without_help(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            help: None,
        }
    }
}

impl From<Unproven> for Problem {
    fn from(unproven: Unproven) -> Self {
        Self {
            text: unproven.reason,
            help: unproven.help,
        }
    }
}

/// The time that a proof may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TimeLimit {
    started: Instant,
    /// When the last call ends.
    pub(crate) until: Instant,
}

impl TimeLimit {
    /// From now on for `timeout`, and no longer than `until`.
    pub(crate) fn start(timeout: Duration, until: Instant) -> Self {
        let started = Instant::now();
        Self {
            started,
            until: until.min(started + timeout),
        }
    }

    /// The same, and no longer than `until`.
    pub(crate) fn shorten_to(self, until: Instant) -> Self {
        Self {
            until: self.until.min(until),
            ..self
        }
    }

    /// How long to pause before another look; `None` if the time is over. The
    /// last pause is shortened, so that a last look is made while there is
    /// still time for what it has to see.
    pub(crate) fn next_pause(self, backoff: &mut Backoff) -> Option<Duration> {
        let remaining = self.remaining();
        // After a last look that took no time, another would see the same.
        let over = if backoff.is_shortened {
            LEAST * 2
        } else {
            LEAST
        };
        if remaining <= over {
            return None;
        }
        let now = Instant::now();
        let took = backoff
            .looking_since
            .map_or(Duration::ZERO, |since| now.saturating_duration_since(since));
        // The last pause leaves time for the looks that it takes in a row,
        // each twice as long as the last one.
        let enough = LEAST + took * 2 * backoff.looks;
        // Where that has passed already, one look may still be made.
        let least = LEAST + took;
        let most = remaining
            .checked_sub(enough)
            .unwrap_or_else(|| remaining.saturating_sub(least));
        let due = backoff.double();
        let pause = due.min(most);
        backoff.is_shortened = pause < due;
        backoff.looking_since = Some(now + pause);
        Some(pause)
    }

    /// Whether there is time for another look without a pause.
    pub(crate) fn is_open(self) -> bool {
        self.remaining() > LEAST
    }

    fn remaining(self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }

    /// How long it has been.
    pub(crate) fn elapsed_time(self) -> Duration {
        self.started.elapsed()
    }

    /// How long it has been, in words.
    pub(crate) fn describe_elapsed_time(self) -> String {
        let elapsed = self.elapsed_time();
        match elapsed.as_secs() {
            // Below a second the unit says more than a rounded number.
            0 => human_duration(elapsed),
            seconds => format!("{seconds} s"),
        }
    }

    /// What to say of a call that did not succeed.
    pub(crate) fn explain_failure(self, error: &CallError) -> Unproven {
        // What passes was tried until the end, and that it took so long is
        // part of the reason.
        let reason = if error.passes() {
            format!(
                "AWS could not be asked for {}: {error}",
                self.describe_elapsed_time()
            )
        } else {
            error.to_string()
        };
        Unproven {
            reason,
            help: error.help(),
        }
    }
}

/// Pauses that double, up to a longest.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Backoff {
    next: Duration,
    longest: Duration,
    /// How many looks in a row it takes to see what is waited for.
    looks: u32,
    /// When the look began that was made after the last pause.
    looking_since: Option<Instant>,
    /// Whether that pause was shortened.
    is_shortened: bool,
}

impl Backoff {
    pub(crate) const fn new(first: Duration, longest: Duration) -> Self {
        Self {
            next: first,
            longest,
            looks: 1,
            looking_since: None,
            is_shortened: false,
        }
    }

    /// The same, for what has to be seen several times in a row.
    pub(crate) const fn for_looks(self, looks: u32) -> Self {
        Self { looks, ..self }
    }

    fn double(&mut self) -> Duration {
        let pause = self.next;
        self.next = (pause * 2).min(self.longest);
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn pauses_double_until_they_are_the_longest() {
        let mut backoff = Backoff::new(ms(250), ms(2000));
        let taken = [(); 6].map(|()| backoff.double());
        assert_eq!(taken, [250, 500, 1000, 2000, 2000, 2000].map(ms));
    }

    fn limit(millis: u64) -> TimeLimit {
        let started = Instant::now();
        TimeLimit {
            started,
            until: started + ms(millis),
        }
    }

    /// When looks are made that take this long, in milliseconds from the
    /// beginning.
    async fn looks(limit: TimeLimit, mut backoff: Backoff, takes: u64) -> Vec<u128> {
        let mut looks = Vec::new();
        loop {
            looks.push(limit.elapsed_time().as_millis());
            tokio::time::advance(ms(takes)).await;
            let Some(pause) = limit.next_pause(&mut backoff) else {
                return looks;
            };
            tokio::time::advance(pause).await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_last_look_is_made_at_the_end_of_the_time() {
        let backoff = Backoff::new(ms(250), ms(2000));
        for (time, expected) in [
            (4000, &[0, 250, 750, 1750, 3750, 3800][..]),
            (10_000, &[0, 250, 750, 1750, 3750, 5750, 7750, 9750, 9800]),
            (2000, &[0, 250, 750, 1750, 1800]),
            (1000, &[0, 250, 750, 800]),
            (300, &[0, 100]),
            // Too little for a second one.
            (199, &[0]),
        ] {
            assert_eq!(looks(limit(time), backoff, 0).await, expected, "{time}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_look_that_takes_long_is_given_its_time() {
        let backoff = Backoff::new(ms(250), ms(2000));
        // The third one is seen through, and so is the last.
        let expected = [0, 1250, 2750, 3800];
        assert_eq!(looks(limit(5000), backoff, 1000).await, expected);
        // Silence is broken off by the end alone.
        assert_eq!(looks(limit(8000), backoff, 5000).await, [0, 5250]);
    }

    #[tokio::test(start_paused = true)]
    async fn what_has_to_be_seen_in_a_row_is_given_the_time_for_it() {
        let backoff = Backoff::new(ms(250), ms(2000)).for_looks(3);
        let found = looks(limit(4000), backoff, 100).await;
        // Three looks of 100 ms fit into what is left, with time to spare.
        assert!(found.contains(&3200), "{found:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn looks_that_become_quicker_do_not_crowd_at_the_end() {
        let limit = limit(4000);
        let mut backoff = Backoff::new(ms(250), ms(2000));
        let mut shortened = 0;
        for takes in [100, 90, 80, 150, 20, 10, 5, 1, 0, 0, 0] {
            tokio::time::advance(ms(takes)).await;
            let Some(pause) = limit.next_pause(&mut backoff) else {
                break;
            };
            shortened += u32::from(backoff.is_shortened);
            tokio::time::advance(pause).await;
        }
        assert!((1..=2).contains(&shortened), "{shortened}");
        assert!(
            limit.elapsed_time() >= ms(3700),
            "{:?}",
            limit.elapsed_time()
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_bound_that_comes_closer_ends_sooner() {
        let limit = limit(1000);
        tokio::time::advance(ms(700)).await;
        assert_eq!(limit.elapsed_time(), ms(700));
        let sooner = limit.shorten_to(limit.started + ms(850));
        assert!(limit.is_open() && !sooner.is_open());
        let mut backoff = Backoff::new(ms(250), ms(2000));
        assert_eq!(sooner.next_pause(&mut backoff), None);
        assert_eq!(limit.next_pause(&mut backoff), Some(ms(100)));
    }
}
