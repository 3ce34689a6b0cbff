//! How long a proof may take, and how long it pauses.

use std::time::Duration;

use smoke_tests::units::human_duration;
use tokio::time::Instant;

use super::Unproven;
use aws::calls::CallError;

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

    /// Whether there is time for a pause and another look.
    pub(super) fn allows(self, pause: Duration) -> bool {
        Instant::now() + pause < self.until
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
}

impl Pauses {
    pub(super) const fn new(first: Duration, longest: Duration) -> Self {
        Self {
            next: first,
            longest,
        }
    }

    pub(super) fn next(&mut self) -> Duration {
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

    #[tokio::test(start_paused = true)]
    async fn a_pause_has_to_end_before_the_time_of_the_proof() {
        let begun = Instant::now();
        let bound = Bound {
            begun,
            until: begun + ms(1000),
        };
        assert!(bound.allows(ms(999)));
        assert!(!bound.allows(ms(1000)));
        tokio::time::advance(ms(900)).await;
        assert!(!bound.allows(ms(100)));
        assert_eq!(bound.taken(), ms(900));
        let sooner = bound.at_most(begun + ms(950));
        assert!(bound.allows(ms(60)) && !sooner.allows(ms(60)));
    }
}
