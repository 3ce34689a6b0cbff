//! Keeps the requests of a run to a rate.

use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::rate::Rate;

/// Hands out turns, one after the other, in the order in which they are asked
/// for. Time in which nobody asked is not made up for: there are no bursts.
#[derive(Debug)]
pub(super) struct Pace {
    interval: Duration,
    next: Mutex<Instant>,
}

impl Pace {
    pub(super) fn new(rate: Rate) -> Self {
        Self {
            interval: rate.interval(),
            next: Mutex::new(Instant::now()),
        }
    }

    /// Waits for a turn. Who gives up before it comes leaves it to the next.
    pub(super) async fn turn(&self) {
        let mut next = self.next.lock().await;
        tokio::time::sleep_until(*next).await;
        *next = Instant::now() + self.interval;
    }
}

/// How long somebody waited for turns, while others waited for him.
#[derive(Debug, Default)]
pub(super) struct Turns(std::sync::Mutex<Waits>);

#[derive(Debug, Default)]
struct Waits {
    over: Duration,
    since: Option<Instant>,
}

impl Turns {
    /// All waits until now, one that goes on included.
    pub(super) fn total(&self) -> Duration {
        let waits = self.lock();
        let going_on = waits.since.map(|since| since.elapsed());
        waits.over + going_on.unwrap_or_default()
    }

    /// Counts the time of a wait. Who waits no more ends it.
    pub(super) async fn during<T>(&self, wait: impl Future<Output = T>) -> T {
        let _end = Wait::of(self);
        wait.await
    }

    fn lock(&self) -> MutexGuard<'_, Waits> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A wait that goes on until this is dropped.
struct Wait<'t>(&'t Turns);

impl<'t> Wait<'t> {
    fn of(turns: &'t Turns) -> Self {
        turns.lock().since = Some(Instant::now());
        Self(turns)
    }
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        let mut waits = self.0.lock();
        let took = waits.since.take().map(|since| since.elapsed());
        waits.over += took.unwrap_or_default();
    }
}
