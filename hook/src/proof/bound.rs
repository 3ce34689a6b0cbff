//! How long a proof may take, how long it pauses, and why it failed.

use std::time::Duration;

use diagnostic::units::human_duration;
use tokio::time::Instant;

use aws::calls::{CallError, LEAST};

/// Why green is not proven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unproven {
    /// In one line.
    pub(crate) reason: String,
    /// What to do.
    pub(crate) help: Option<String>,
}

impl Unproven {
    pub(super) fn new(reason: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            help: Some(help.into()),
        }
    }
}

/// The time of a proof.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bound {
    pub(super) begun: Instant,
    pub(super) until: Instant,
}

impl Bound {
    /// The same, and no longer than `until`.
    pub(crate) fn at_most(self, until: Instant) -> Self {
        Self {
            until: self.until.min(until),
            ..self
        }
    }

    /// How long to pause before another look; `None` if the time is over. The
    /// last pause is shortened, so that a last look is made while there is
    /// still time for what it has to see.
    pub(super) fn pause(self, pauses: &mut Pauses) -> Option<Duration> {
        let left = self.left();
        // After a last look that took no time, another would see the same.
        let over = if pauses.is_shortened {
            LEAST * 2
        } else {
            LEAST
        };
        if left <= over {
            return None;
        }
        let now = Instant::now();
        let took = pauses
            .looking_since
            .map_or(Duration::ZERO, |since| now.saturating_duration_since(since));
        let enough = LEAST + took * 2 * pauses.looks;
        // Where that has passed already, one look may still be made.
        let least = LEAST + took;
        let most = left
            .checked_sub(enough)
            .unwrap_or_else(|| left.saturating_sub(least));
        let due = pauses.next();
        let pause = due.min(most);
        pauses.is_shortened = pause < due;
        pauses.looking_since = Some(now + pause);
        Some(pause)
    }

    /// Whether there is time for another look without a pause.
    pub(super) fn is_open(self) -> bool {
        self.left() > LEAST
    }

    fn left(self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }

    /// How long it has been.
    pub(crate) fn taken(self) -> Duration {
        self.begun.elapsed()
    }

    /// How long it has been, in words.
    pub(super) fn elapsed(self) -> String {
        let elapsed = self.begun.elapsed();
        match elapsed.as_secs() {
            0 => human_duration(elapsed),
            seconds => format!("{seconds} s"),
        }
    }

    /// What to say of a call that did not succeed.
    pub(super) fn failed(self, error: &CallError) -> Unproven {
        let reason = if error.passes() {
            format!("AWS could not be asked for {}: {error}", self.elapsed())
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
pub(super) struct Pauses {
    next: Duration,
    longest: Duration,
    /// How many looks in a row it takes to see what is waited for.
    looks: u32,
    /// When the look began that was made after the last pause.
    looking_since: Option<Instant>,
    /// Whether that pause was shortened.
    is_shortened: bool,
}

impl Pauses {
    pub(super) const fn new(first: Duration, longest: Duration) -> Self {
        Self {
            next: first,
            longest,
            looks: 1,
            looking_since: None,
            is_shortened: false,
        }
    }

    /// The same, for what has to be seen several times in a row.
    pub(super) const fn for_looks(self, looks: u32) -> Self {
        Self { looks, ..self }
    }

    fn next(&mut self) -> Duration {
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
        let mut pauses = Pauses::new(ms(250), ms(2000));
        let taken = [(); 6].map(|()| pauses.next());
        assert_eq!(taken, [250, 500, 1000, 2000, 2000, 2000].map(ms));
    }

    fn bound(millis: u64) -> Bound {
        let begun = Instant::now();
        Bound {
            begun,
            until: begun + ms(millis),
        }
    }

    /// When looks are made that take this long, in milliseconds from the
    /// beginning.
    async fn looks(bound: Bound, mut pauses: Pauses, takes: u64) -> Vec<u128> {
        let mut looks = Vec::new();
        loop {
            looks.push(bound.taken().as_millis());
            tokio::time::advance(ms(takes)).await;
            let Some(pause) = bound.pause(&mut pauses) else {
                return looks;
            };
            tokio::time::advance(pause).await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_last_look_is_made_at_the_end_of_the_time() {
        let pauses = Pauses::new(ms(250), ms(2000));
        for (time, expected) in [
            (4000, &[0, 250, 750, 1750, 3750, 3800][..]),
            (10_000, &[0, 250, 750, 1750, 3750, 5750, 7750, 9750, 9800]),
            (2000, &[0, 250, 750, 1750, 1800]),
            (1000, &[0, 250, 750, 800]),
            (300, &[0, 100]),
            // Too little for a second one.
            (199, &[0]),
        ] {
            assert_eq!(looks(bound(time), pauses, 0).await, expected, "{time}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_look_that_takes_long_is_given_its_time() {
        let pauses = Pauses::new(ms(250), ms(2000));
        // The third one is seen through, and so is the last.
        let expected = [0, 1250, 2750, 3800];
        assert_eq!(looks(bound(5000), pauses, 1000).await, expected);
        // Silence is broken off by the end alone.
        assert_eq!(looks(bound(8000), pauses, 5000).await, [0, 5250]);
    }

    #[tokio::test(start_paused = true)]
    async fn what_has_to_be_seen_in_a_row_is_given_the_time_for_it() {
        let pauses = Pauses::new(ms(250), ms(2000)).for_looks(3);
        let found = looks(bound(4000), pauses, 100).await;
        // Three looks of 100 ms fit into what is left, with time to spare.
        assert!(found.contains(&3200), "{found:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn looks_that_become_quicker_do_not_crowd_at_the_end() {
        let bound = bound(4000);
        let mut pauses = Pauses::new(ms(250), ms(2000));
        let mut shortened = 0;
        for takes in [100, 90, 80, 150, 20, 10, 5, 1, 0, 0, 0] {
            tokio::time::advance(ms(takes)).await;
            let Some(pause) = bound.pause(&mut pauses) else {
                break;
            };
            shortened += u32::from(pauses.is_shortened);
            tokio::time::advance(pause).await;
        }
        assert!((1..=2).contains(&shortened), "{shortened}");
        assert!(bound.taken() >= ms(3700), "{:?}", bound.taken());
    }

    #[tokio::test(start_paused = true)]
    async fn a_bound_that_comes_closer_ends_sooner() {
        let bound = bound(1000);
        tokio::time::advance(ms(700)).await;
        assert_eq!(bound.taken(), ms(700));
        let sooner = bound.at_most(bound.begun + ms(850));
        assert!(bound.is_open() && !sooner.is_open());
        let mut pauses = Pauses::new(ms(250), ms(2000));
        assert_eq!(sooner.pause(&mut pauses), None);
        assert_eq!(bound.pause(&mut pauses), Some(ms(100)));
    }
}
