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

    /// Waits for a turn. A request that gives up before its turn comes leaves
    /// it to the next one.
    pub(super) async fn wait_for_turn(&self) {
        let mut next = self.next.lock().await;
        tokio::time::sleep_until(*next).await;
        *next = Instant::now() + self.interval;
    }
}

/// How long the one who fetches a token waited for turns, while the checks that
/// need the same token waited for it.
#[derive(Debug, Default)]
pub(super) struct TurnWaits(std::sync::Mutex<WaitTotal>);

#[derive(Debug, Default)]
struct WaitTotal {
    over: Duration,
    since: Option<Instant>,
}

impl TurnWaits {
    /// All waits until now, one that goes on included.
    pub(super) fn total(&self) -> Duration {
        let waits = self.lock();
        let going_on = waits.since.map(|since| since.elapsed());
        waits.over + going_on.unwrap_or_default()
    }

    /// Does what waits for a turn, and counts its time. The wait ends too where
    /// the future is dropped before it is ready.
    pub(super) async fn count_wait<T>(&self, wait: impl Future<Output = T>) -> T {
        let _end = WaitGuard::begin(self);
        wait.await
    }

    fn lock(&self) -> MutexGuard<'_, WaitTotal> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends a wait when it is dropped.
struct WaitGuard<'t>(&'t TurnWaits);

impl<'t> WaitGuard<'t> {
    fn begin(turns: &'t TurnWaits) -> Self {
        turns.lock().since = Some(Instant::now());
        Self(turns)
    }
}

impl Drop for WaitGuard<'_> {
    fn drop(&mut self) {
        let mut waits = self.0.lock();
        let took = waits.since.take().map(|since| since.elapsed());
        waits.over += took.unwrap_or_default();
    }
}
