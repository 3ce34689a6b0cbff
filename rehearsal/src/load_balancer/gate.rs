//! The state of one listener: its socket, its weights, its fault, its counts.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use tokio::time::Instant;

use super::fault::Fault;
use super::socket::Socket;
use super::weights::Weights;
use crate::colour::Colour;

/// One listener, shared by its accept loop, its connections and the caller.
#[derive(Debug)]
pub(super) struct Gate {
    pub(super) socket: Socket,
    rules: Mutex<Rules>,
    turns: AtomicU64,
    requests: AtomicU64,
    connections: AtomicU64,
    cuts: watch::Sender<u64>,
}

#[derive(Clone, Copy, Debug)]
struct Rules {
    weights: Weights,
    /// The weights before the last change, and until when they still hold.
    before: Weights,
    holds_until: Option<Instant>,
    fault: Option<Fault>,
}

/// Where a request goes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Decision {
    pub(super) fault: Option<Fault>,
    pub(super) target: Option<Colour>,
}

impl Gate {
    pub(super) fn new(socket: Socket, weights: Weights) -> Self {
        Self {
            socket,
            rules: Mutex::new(Rules {
                weights,
                before: weights,
                holds_until: None,
                fault: None,
            }),
            turns: AtomicU64::new(0),
            requests: AtomicU64::new(0),
            connections: AtomicU64::new(0),
            cuts: watch::channel(0).0,
        }
    }

    pub(super) fn forward(&self, weights: Weights) {
        let mut rules = self.lock();
        rules.before = rules.effective();
        rules.weights = weights;
        rules.holds_until = match rules.fault {
            Some(Fault::LateFlip { by }) => Instant::now().checked_add(by),
            _ => None,
        };
        self.turns.store(0, Ordering::Relaxed);
    }

    /// Sets the weights as if they had never been others.
    pub(super) fn begin_with(&self, weights: Weights) {
        let mut rules = self.lock();
        rules.before = weights;
        rules.weights = weights;
        rules.holds_until = None;
        self.turns.store(0, Ordering::Relaxed);
    }

    pub(super) fn weights(&self) -> Weights {
        self.lock().effective()
    }

    pub(super) fn set_fault(&self, fault: Option<Fault>) {
        self.lock().fault = fault;
        if fault == Some(Fault::Refuse) {
            self.socket.refuse();
            self.cuts.send_modify(|count| *count += 1);
        } else {
            self.socket.reopen();
        }
    }

    pub(super) fn fault(&self) -> Option<Fault> {
        self.lock().fault
    }

    /// Counts a connection and gives its number, from 0.
    pub(super) fn count_connection(&self) -> u64 {
        self.connections.fetch_add(1, Ordering::Relaxed)
    }

    pub(super) fn connections(&self) -> u64 {
        self.connections.load(Ordering::Relaxed)
    }

    pub(super) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// Told each time that the open connections have to be cut.
    pub(super) fn cuts(&self) -> watch::Receiver<u64> {
        self.cuts.subscribe()
    }

    /// Counts a request and decides what becomes of it.
    pub(super) fn decide(&self, connection: u64) -> Decision {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let rules = *self.lock();
        let weights = match rules.fault {
            Some(Fault::StaleNode { one_in }) if connection.is_multiple_of(one_in.max(1)) => {
                rules.before
            }
            _ => rules.effective(),
        };
        let turn = self.turns.fetch_add(1, Ordering::Relaxed);
        Decision {
            fault: rules.fault,
            target: weights.pick(turn),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Rules> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Rules {
    fn effective(&self) -> Weights {
        match self.holds_until {
            Some(until) if Instant::now() < until => self.before,
            _ => self.weights,
        }
    }
}
