//! The state of one listener: its socket, its weights, its fault, its counts.

use std::io;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use http::Version;
use tokio::sync::watch;
use tokio::time::Instant;

use super::fault::Fault;
use super::rules::{Action, Asked, Destination, Routes};
use super::socket::Socket;
use super::weights::Weights;
use crate::random;

/// One listener, shared by its accept loop, its connections and the caller.
#[derive(Debug)]
pub(super) struct Gate {
    /// One for each address, and never none.
    nodes: Vec<Node>,
    rules: Mutex<Rules>,
    routes: Mutex<Routes>,
    turns: AtomicU64,
    requests: AtomicU64,
    connections: AtomicU64,
    cuts: watch::Sender<u64>,
    http2: AtomicBool,
}

/// One address of a listener: 127.0.0.1 is the first.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) socket: Socket,
    requests: AtomicU64,
}

#[derive(Clone, Copy, Debug)]
struct Rules {
    weights: Weights,
    /// The weights before the last change, and until when they still hold.
    before: Weights,
    holds_until: Option<Instant>,
    fault: Option<Fault>,
    /// How many requests the fault still meets, if that is bounded.
    left: Option<u64>,
    /// How many requests there were since the fault was set.
    since: u64,
}

/// What a fault looks at, beside what the rules look at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arrival {
    /// The number of the connection, from 0.
    pub(super) connection: u64,
    /// Which of the listener's addresses it was opened to, from 0.
    pub(super) node: usize,
    pub(super) version: Version,
    /// How many answers the connection has given.
    pub(super) answers: u64,
    /// Whether no other request of the connection waits for its answer.
    pub(super) idle: bool,
}

/// Where a request goes, and the fault that it meets.
#[derive(Clone, Copy, Debug)]
pub(super) struct Decision {
    pub(super) fault: Option<Fault>,
    pub(super) destination: Destination,
}

impl Gate {
    /// Opens this many addresses on one port.
    pub(super) fn open(port: u16, nodes: u8, weights: Weights) -> io::Result<Self> {
        let mut open: Vec<Node> = Vec::new();
        for last in 1..=nodes.max(1) {
            let port = open.first().map_or(port, |first| first.socket.port());
            open.push(Node {
                socket: Socket::open(Ipv4Addr::new(127, 0, 0, last), port)?,
                requests: AtomicU64::new(0),
            });
        }
        Ok(Self::new(open, weights))
    }

    fn new(nodes: Vec<Node>, weights: Weights) -> Self {
        Self {
            nodes,
            rules: Mutex::new(Rules {
                weights,
                before: weights,
                holds_until: None,
                fault: None,
                left: None,
                since: 0,
            }),
            http2: AtomicBool::new(true),
            routes: Mutex::default(),
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

    /// Sets the fault, which goes away once so many requests have met it, if
    /// that is bounded.
    pub(super) fn set_fault(&self, fault: Option<Fault>, times: Option<u64>) {
        let mut rules = self.lock();
        rules.fault = fault.filter(|_| times != Some(0));
        rules.left = times;
        rules.since = 0;
        drop(rules);
        for node in &self.nodes {
            if fault == Some(Fault::Refuse) {
                node.socket.refuse();
            } else {
                node.socket.reopen();
            }
        }
        if fault == Some(Fault::Refuse) {
            self.cuts.send_modify(|count| *count += 1);
        }
    }

    pub(super) fn fault(&self) -> Option<Fault> {
        self.lock().fault
    }

    /// Whether new connections may speak HTTP/2.
    pub(super) fn http2(&self) -> bool {
        self.http2.load(Ordering::Relaxed)
    }

    pub(super) fn set_http2(&self, enabled: bool) {
        self.http2.store(enabled, Ordering::Relaxed);
    }

    /// The port, which all addresses share.
    pub(super) fn port(&self) -> u16 {
        self.nodes.first().map_or(0, |node| node.socket.port())
    }

    /// The addresses, 127.0.0.1 first.
    pub(super) fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// How many requests 127.0.0.`last` has got.
    pub(super) fn requests_at(&self, last: u8) -> u64 {
        let node = usize::from(last).checked_sub(1);
        node.and_then(|node| self.nodes.get(node))
            .map_or(0, |node| node.requests.load(Ordering::Relaxed))
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

    /// Counts a request.
    pub(super) fn count_request(&self, node: usize) {
        self.requests.fetch_add(1, Ordering::Relaxed);
        if let Some(node) = self.nodes.get(node) {
            node.requests.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Counts a request and decides what becomes of it.
    pub(super) fn decide(&self, arrival: Arrival, asked: Asked<'_>) -> Decision {
        self.count_request(arrival.node);
        let mut rules = self.lock();
        let fault = rules.strike(arrival);
        let weights = match fault {
            Some(
                Fault::StaleNode { .. }
                | Fault::StaleAddress { .. }
                | Fault::StaleRequest { .. }
                | Fault::StaleByLot { .. },
            ) => rules.before,
            _ => rules.effective(),
        };
        drop(rules);
        let turn = self.turns.fetch_add(1, Ordering::Relaxed);
        Decision {
            fault,
            destination: self
                .routes()
                .action(asked)
                .unwrap_or(Action::Forward(weights))
                .destination(turn),
        }
    }

    /// The rules before the default one, as they are now.
    pub(super) fn routes(&self) -> Routes {
        let routes = self.routes.lock();
        routes.unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn change_routes(&self, change: impl FnOnce(&mut Routes)) {
        let routes = self.routes.lock();
        change(&mut routes.unwrap_or_else(PoisonError::into_inner));
    }

    fn lock(&self) -> MutexGuard<'_, Rules> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Rules {
    /// The fault that a request meets, if it meets the one that is set.
    fn strike(&mut self, arrival: Arrival) -> Option<Fault> {
        let fault = self.fault?;
        self.since += 1;
        let meets = match fault {
            Fault::StaleNode { one_in } => arrival.connection.is_multiple_of(one_in.max(1)),
            Fault::StaleAddress { last } => arrival.node + 1 == usize::from(last),
            Fault::StaleRequest { one_in } => self.since.is_multiple_of(one_in.max(1)),
            Fault::StaleByLot { one_in, seed } => {
                random::lot(seed, self.since).is_multiple_of(one_in.max(1))
            }
            Fault::RefusedStream => arrival.version == Version::HTTP_2,
            Fault::CloseOnReuse { answers } | Fault::ResetOnReuse { answers } => {
                arrival.idle && arrival.answers >= u64::from(answers)
            }
            Fault::HalfHead { answers } => {
                arrival.version != Version::HTTP_2 && arrival.answers >= u64::from(answers)
            }
            _ => true,
        };
        if !meets {
            return None;
        }
        if let Some(left) = &mut self.left {
            *left = left.saturating_sub(1);
            if *left == 0 {
                self.fault = None;
            }
        }
        Some(fault)
    }

    fn effective(&self) -> Weights {
        match self.holds_until {
            Some(until) if Instant::now() < until => self.before,
            _ => self.weights,
        }
    }
}
