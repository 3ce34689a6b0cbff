//! A load balancer with a production and a test listener, on real sockets.
//!
//! It does what an Application Load Balancer does in a blue/green deployment:
//! it ends TLS, speaks HTTP/1.1 and HTTP/2 to clients and HTTP/1.1 over kept
//! connections to targets, and forwards by its rules, and by weight, to the
//! blue and the green target group. Each listener can be given a [`Fault`] while it runs.

mod connection;
mod connection_state;
mod endless_headers;
mod fault;
mod frames;
mod listener;
mod proxy;
mod responses;
mod rules;
mod socket;
mod stream;
mod tunnel;
mod weights;

use std::sync::Arc;

pub use self::fault::{Fault, UnknownFault};
use self::listener::ListenerState;
use self::proxy::Targets;
pub(crate) use self::proxy::new_trace_id;
pub(crate) use self::rules::ListenerRules;
pub use self::rules::{Action, Rule};
pub use self::weights::{Listener, Weights};
use crate::certificates::Certificates;
use crate::colour::Colour;
use crate::error::StageError;
use crate::server::BackgroundTask;

/// The running load balancer; it stops when it is dropped.
#[derive(Debug)]
pub struct LoadBalancer {
    listeners: Listeners,
    targets: Arc<Targets>,
    _accepting: Vec<BackgroundTask>,
}

/// Both listeners. A clone shares them: so ELB's API describes what is served.
#[derive(Clone, Debug)]
pub(crate) struct Listeners {
    production: Arc<ListenerState>,
    test: Arc<ListenerState>,
}

impl Listeners {
    /// The weights that hold now. With [`Fault::LateFlip`] the API shows a
    /// change as late as the listener makes it; with [`Fault::StaleNode`] and the
    /// other stale faults it shows the new weights, although one node still has
    /// the old ones.
    pub(crate) fn weights(&self, listener: Listener) -> Weights {
        self.state(listener).weights()
    }

    /// The rules of a listener.
    pub(crate) fn rules(&self, listener: Listener) -> ListenerRules {
        self.state(listener).rules()
    }

    /// Gives a listener these rules before its default one.
    pub(crate) fn set_rules(&self, listener: Listener, rules: Vec<Rule>) {
        self.state(listener).change_rules(|all| all.rules = rules);
    }

    /// The port of a listener on 127.0.0.1.
    pub(crate) fn port(&self, listener: Listener) -> u16 {
        self.state(listener).port()
    }

    /// The state of one listener.
    fn state(&self, listener: Listener) -> &ListenerState {
        match listener {
            Listener::Production => &self.production,
            Listener::Test => &self.test,
        }
    }
}

/// Where the load balancer listens and forwards to at start.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LoadBalancerLayout {
    pub(crate) production_port: u16,
    pub(crate) test_port: u16,
    pub(crate) nodes: u8,
    pub(crate) blue_port: u16,
    pub(crate) green_port: u16,
    pub(crate) production: Weights,
    pub(crate) test: Weights,
}

impl LoadBalancer {
    /// Opens both listeners and accepts connections from then on.
    pub(crate) fn start(
        layout: LoadBalancerLayout,
        certificates: &Arc<Certificates>,
    ) -> Result<Self, StageError> {
        let open = |what, port, weights| {
            let state = ListenerState::open(port, layout.nodes, weights);
            let state = state.map_err(|source| StageError::Listen { what, port, source })?;
            Ok(Arc::new(state))
        };
        let production = open(
            "production listener",
            layout.production_port,
            layout.production,
        )?;
        let test = open("test listener", layout.test_port, layout.test)?;
        let targets = Arc::new(Targets::new(layout.blue_port, layout.green_port));
        let accept = |state: &Arc<ListenerState>, node| {
            BackgroundTask::spawn(connection::accept_connections(
                Arc::clone(state),
                node,
                Arc::clone(&targets),
                Arc::clone(certificates),
            ))
        };
        let mut accepting = Vec::new();
        for state in [&production, &test] {
            accepting.extend((0..state.nodes().len()).map(|node| accept(state, node)));
        }
        Ok(Self {
            listeners: Listeners { production, test },
            targets,
            _accepting: accepting,
        })
    }

    /// Both listeners, shared with this load balancer.
    pub(crate) fn listeners(&self) -> Listeners {
        self.listeners.clone()
    }

    /// Changes who a listener forwards to: a [`Colour`], an
    /// `Option<Colour>` (`None` is no targets: 503), or [`Weights`].
    pub fn forward(&self, listener: Listener, to: impl Into<Weights>) {
        self.listeners.state(listener).set_weights(to.into());
    }

    /// Sets the weights at once, as if they had never been others: not even
    /// [`Fault::LateFlip`] delays them.
    pub(crate) fn reset_weights(&self, listener: Listener, to: impl Into<Weights>) {
        self.listeners.state(listener).reset_weights(to.into());
    }

    /// Gives a listener these rules before its default one, in this order.
    pub fn set_rules(&self, listener: Listener, rules: Vec<Rule>) {
        self.listeners.set_rules(listener, rules);
    }

    /// Gives a listener a default action in place of its weights; with `None`
    /// the weights are its default action again.
    pub fn set_default(&self, listener: Listener, action: Option<Action>) {
        self.listeners
            .state(listener)
            .change_rules(|all| all.default = action);
    }

    /// The weights that hold now.
    pub fn weights(&self, listener: Listener) -> Weights {
        self.listeners.state(listener).weights()
    }

    /// Gives a listener a fault, or takes it away.
    ///
    /// The fault holds from the return of this function on. Faults of a
    /// connection (TLS, certificates, [`Fault::GoAway`]) affect new connections
    /// only; those of a request affect the next request on open connections too.
    pub fn set_fault(&self, listener: Listener, fault: Option<Fault>) {
        self.listeners.state(listener).set_fault(fault, None);
    }

    /// Gives a listener a fault that goes away once it has affected so many
    /// requests, such as a node that learns late of new weights.
    pub fn set_fault_times(&self, listener: Listener, fault: Fault, times: u64) {
        self.listeners
            .state(listener)
            .set_fault(Some(fault), Some(times));
    }

    /// Lets new connections of a listener speak HTTP/2, or HTTP/1.1 only, as
    /// `routing.http2.enabled` does. A listener starts with both.
    pub fn set_http2(&self, listener: Listener, enabled: bool) {
        self.listeners.state(listener).set_http2(enabled);
    }

    /// How many requests a listener has got.
    pub fn requests(&self, listener: Listener) -> u64 {
        self.listeners.state(listener).requests()
    }

    /// How many requests a listener has got at 127.0.0.`last`.
    pub fn requests_at(&self, listener: Listener, last: u8) -> u64 {
        self.listeners.state(listener).requests_at(last)
    }

    /// How many connections a listener has accepted.
    pub fn connections(&self, listener: Listener) -> u64 {
        self.listeners.state(listener).connections()
    }

    /// How many requests went to the target group of this colour.
    pub fn target_requests(&self, colour: Colour) -> u64 {
        self.targets.requests(colour)
    }

    /// The port of a listener on 127.0.0.1.
    pub fn port(&self, listener: Listener) -> u16 {
        self.listeners.state(listener).port()
    }
}
