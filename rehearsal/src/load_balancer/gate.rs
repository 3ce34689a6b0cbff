//! The state of one listener: its socket, its weights, its fault, its counts.

use std::io;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use tokio::time::Instant;

use super::fault::Fault;
use super::rules::{Action, Asked, Destination, Routes};
use super::socket::Socket;
use super::weights::Weights;

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
}

/// Where a request goes.
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
            }),
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

    pub(super) fn set_fault(&self, fault: Option<Fault>) {
        self.lock().fault = fault;
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
    pub(super) fn decide(&self, connection: u64, node: usize, asked: Asked<'_>) -> Decision {
        self.count_request(node);
        let rules = *self.lock();
        let weights = match rules.fault {
            Some(Fault::StaleNode { one_in }) if connection.is_multiple_of(one_in.max(1)) => {
                rules.before
            }
            Some(Fault::StaleAddress { last }) if node + 1 == usize::from(last) => rules.before,
            _ => rules.effective(),
        };
        let turn = self.turns.fetch_add(1, Ordering::Relaxed);
        Decision {
            fault: rules.fault,
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
    fn effective(&self) -> Weights {
        match self.holds_until {
            Some(until) if Instant::now() < until => self.before,
            _ => self.weights,
        }
    }
}
