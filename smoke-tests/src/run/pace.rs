//! Keeps the requests of a run to a rate.

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
