//! The state of one listener: its sockets, weights, rules and fault, and how
//! many connections and requests it has had.

use std::io;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use http::Version;
use tokio::sync::watch;
use tokio::time::Instant;

use super::fault::Fault;
use super::rules::{Action, ConditionInput, Destination, ListenerRules};
use super::socket::Socket;
use super::weights::Weights;
use crate::random;

/// One listener, shared by its accept loop, its connections and the caller.
#[derive(Debug)]
pub(super) struct ListenerState {
    /// One for each address, and never none.
    nodes: Vec<Node>,
    behaviour: Mutex<Behaviour>,
    rules: Mutex<ListenerRules>,
    /// Requests since the weights were set: whose turn it is follows from it.
    turns: AtomicU64,
    requests: AtomicU64,
    connections: AtomicU64,
    /// Changes each time that the open connections have to be closed.
    cuts: watch::Sender<u64>,
    http2: AtomicBool,
}

/// One address of a listener: 127.0.0.1 is the first.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) socket: Socket,
    requests: AtomicU64,
}

/// The default action of a listener, and its fault.
#[derive(Clone, Copy, Debug)]
struct Behaviour {
    weights: Weights,
    /// The weights before the last change.
    previous_weights: Weights,
    /// Until when the previous weights still hold.
    previous_until: Option<Instant>,
    fault: Option<Fault>,
    /// How many requests the fault still affects; `None` is no limit.
    fault_requests_left: Option<u64>,
    /// How many requests have come since the fault was set.
    requests_since_fault: u64,
}

/// What decides whether a request is affected by a fault.
#[derive(Clone, Copy, Debug)]
pub(super) struct RequestContext {
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

/// Where a request goes, and the fault that affects it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Route {
    pub(super) fault: Option<Fault>,
    pub(super) destination: Destination,
}

impl ListenerState {
    /// Opens this many addresses on one port.
    pub(super) fn open(port: u16, nodes: u8, weights: Weights) -> io::Result<Self> {
        let mut open: Vec<Node> = Vec::new();
        for last in 1..=nodes.max(1) {
            // Clients know one port, so the first address chooses it for all.
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
            behaviour: Mutex::new(Behaviour {
                weights,
                previous_weights: weights,
                previous_until: None,
                fault: None,
                fault_requests_left: None,
                requests_since_fault: 0,
            }),
            http2: AtomicBool::new(true),
            rules: Mutex::default(),
            turns: AtomicU64::new(0),
            requests: AtomicU64::new(0),
            connections: AtomicU64::new(0),
            cuts: watch::channel(0).0,
        }
    }

    /// Changes the weights, now or after the delay of [`Fault::LateFlip`].
    pub(super) fn set_weights(&self, weights: Weights) {
        let mut behaviour = self.lock();
        behaviour.previous_weights = behaviour.current_weights();
        behaviour.weights = weights;
        behaviour.previous_until = match behaviour.fault {
            // Beyond the clock's range there is no such moment, and the new weights
            // hold at once.
            Some(Fault::LateFlip { by }) => Instant::now().checked_add(by),
            _ => None,
        };
        // Turns begin anew, so that a test can count on the order of colours.
        self.turns.store(0, Ordering::Relaxed);
    }

    /// Sets the weights as if they had never been others.
    pub(super) fn reset_weights(&self, weights: Weights) {
        let mut behaviour = self.lock();
        behaviour.previous_weights = weights;
        behaviour.weights = weights;
        behaviour.previous_until = None;
        self.turns.store(0, Ordering::Relaxed);
    }

    /// The weights that hold now.
    pub(super) fn weights(&self) -> Weights {
        self.lock().current_weights()
    }

    /// Sets the fault, or takes it away. With `times` it goes away by itself once
    /// so many requests were affected by it.
    pub(super) fn set_fault(&self, fault: Option<Fault>, times: Option<u64>) {
        let mut behaviour = self.lock();
        // No request could be affected by a fault that may affect none.
        behaviour.fault = fault.filter(|_| times != Some(0));
        behaviour.fault_requests_left = times;
        behaviour.requests_since_fault = 0;
        // The sockets have locks of their own; two locks are never held at once.
        drop(behaviour);
        for node in &self.nodes {
            // Only a port that is not listening refuses connections.
            if fault == Some(Fault::Refuse) {
                node.socket.refuse();
            } else {
                node.socket.reopen();
            }
        }
        if fault == Some(Fault::Refuse) {
            // A closed port alone would leave open connections usable.
            self.cuts.send_modify(|count| *count += 1);
        }
    }

    /// The fault, whether it affects the next request or not.
    pub(super) fn fault(&self) -> Option<Fault> {
        self.lock().fault
    }

    /// Whether new connections may speak HTTP/2.
    pub(super) fn http2(&self) -> bool {
        self.http2.load(Ordering::Relaxed)
    }

    /// Lets new connections speak HTTP/2, or HTTP/1.1 only.
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

    /// Counts a connection; the result is its number, from 0.
    pub(super) fn count_connection(&self) -> u64 {
        self.connections.fetch_add(1, Ordering::Relaxed)
    }

    /// How many connections were accepted.
    pub(super) fn connections(&self) -> u64 {
        self.connections.load(Ordering::Relaxed)
    }

    /// How many requests have come, to all addresses.
    pub(super) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// A receiver that changes each time that open connections have to be closed.
    pub(super) fn subscribe_to_cuts(&self) -> watch::Receiver<u64> {
        self.cuts.subscribe()
    }

    /// Counts a request to this node.
    pub(super) fn count_request(&self, node: usize) {
        self.requests.fetch_add(1, Ordering::Relaxed);
        if let Some(node) = self.nodes.get(node) {
            node.requests.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Counts a request and chooses its destination and its fault.
    pub(super) fn route(&self, context: RequestContext, input: ConditionInput<'_>) -> Route {
        self.count_request(context.node);
        let mut behaviour = self.lock();
        let fault = behaviour.take_fault(context);
        let weights = match fault {
            Some(
                Fault::StaleNode { .. }
                | Fault::StaleAddress { .. }
                | Fault::StaleRequest { .. }
                | Fault::StaleByLot { .. },
            ) => behaviour.previous_weights,
            _ => behaviour.current_weights(),
        };
        drop(behaviour);
        let turn = self.turns.fetch_add(1, Ordering::Relaxed);
        Route {
            fault,
            destination: self
                .rules()
                .action(input)
                .unwrap_or(Action::Forward(weights))
                .destination(turn),
        }
    }

    /// A copy of the rules as they are now.
    pub(super) fn rules(&self) -> ListenerRules {
        let rules = self.rules.lock();
        rules.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes the rules, the default action included.
    pub(super) fn change_rules(&self, change: impl FnOnce(&mut ListenerRules)) {
        let rules = self.rules.lock();
        change(&mut rules.unwrap_or_else(PoisonError::into_inner));
    }

    fn lock(&self) -> MutexGuard<'_, Behaviour> {
        self.behaviour
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Behaviour {
    /// The fault, if it affects this request. A fault with a limited number of
    /// requests is removed with the last of them.
    fn take_fault(&mut self, context: RequestContext) -> Option<Fault> {
        let fault = self.fault?;
        // Requests that the fault spares count too: it affects one in so many.
        self.requests_since_fault += 1;
        let affected = match fault {
            // Each connection stands for a node, so one connection is all stale or
            // not at all.
            Fault::StaleNode { one_in } => context.connection.is_multiple_of(one_in.max(1)),
            // Nodes count from 0, their addresses from 127.0.0.1.
            Fault::StaleAddress { last } => context.node + 1 == usize::from(last),
            Fault::StaleRequest { one_in } => {
                self.requests_since_fault.is_multiple_of(one_in.max(1))
            }
            Fault::StaleByLot { one_in, seed } => {
                random::draw_lot(seed, self.requests_since_fault).is_multiple_of(one_in.max(1))
            }
            // HTTP/1.1 has no streams that could be refused.
            Fault::RefusedStream => context.version == Version::HTTP_2,
            // With another request under way the connection is not idle, and a
            // load balancer would not close it.
            Fault::CloseOnReuse { answers } | Fault::ResetOnReuse { answers } => {
                context.idle && context.answers >= u64::from(answers)
            }
            // The half head is written as HTTP/1.1, which HTTP/2 cannot carry.
            Fault::HalfHead { answers } => {
                context.version != Version::HTTP_2 && context.answers >= u64::from(answers)
            }
            _ => true,
        };
        if !affected {
            return None;
        }
        if let Some(left) = &mut self.fault_requests_left {
            *left = left.saturating_sub(1);
            if *left == 0 {
                self.fault = None;
            }
        }
        Some(fault)
    }

    /// The weights that hold now: a late flip shows the previous ones for a while.
    fn current_weights(&self) -> Weights {
        match self.previous_until {
            Some(until) if Instant::now() < until => self.previous_weights,
            _ => self.weights,
        }
    }
}
