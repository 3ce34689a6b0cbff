//! A load balancer with a production and a test listener, on real sockets.
//!
//! It does what an Application Load Balancer does in a blue/green deployment:
//! it ends TLS, speaks HTTP/1.1 and HTTP/2 to clients and HTTP/1.1 over kept
//! connections to targets, and forwards by its rules, and by weight, to the
//! blue and the green target group. Each listener can be given a [`Fault`] while it runs.

mod broken;
mod connection;
mod endless;
mod fault;
mod frames;
mod gate;
mod life;
mod proxy;
mod rules;
mod socket;
mod stream;
mod tunnel;
mod weights;

use std::sync::Arc;

pub use self::fault::{Fault, UnknownFault};
use self::gate::Gate;
use self::proxy::Targets;
pub(crate) use self::proxy::trace_id;
pub(crate) use self::rules::Routes;
pub use self::rules::{Action, Rule};
pub use self::weights::{Listener, Weights};
use crate::certificates::Certificates;
use crate::colour::Colour;
use crate::error::StageError;
use crate::serve::Task;

/// The running load balancer; it stops when it is dropped.
#[derive(Debug)]
pub struct LoadBalancer {
    production: Arc<Gate>,
    test: Arc<Gate>,
    targets: Arc<Targets>,
    _accepting: Vec<Task>,
}

/// The listeners for those who only look: ELB's API describes them.
#[derive(Clone, Debug)]
pub(crate) struct View {
    production: Arc<Gate>,
    test: Arc<Gate>,
}

impl View {
    /// The weights that hold now. With [`Fault::LateFlip`] the API shows a
    /// change as late as the listener makes it; with [`Fault::StaleNode`] and
    /// its like it shows the new weights although one node has the old ones.
    pub(crate) fn weights(&self, listener: Listener) -> Weights {
        self.gate(listener).weights()
    }

    /// The rules of a listener.
    pub(crate) fn routes(&self, listener: Listener) -> Routes {
        self.gate(listener).routes()
    }

    /// Gives a listener these rules before its default one.
    pub(crate) fn set_rules(&self, listener: Listener, rules: Vec<Rule>) {
        self.gate(listener)
            .change_routes(|routes| routes.rules = rules);
    }

    /// The port of a listener on 127.0.0.1.
    pub(crate) fn port(&self, listener: Listener) -> u16 {
        self.gate(listener).port()
    }

    fn gate(&self, listener: Listener) -> &Gate {
        match listener {
            Listener::Production => &self.production,
            Listener::Test => &self.test,
        }
    }
}

/// Where the load balancer listens and forwards to at start.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout {
    pub(crate) production_port: u16,
    pub(crate) test_port: u16,
    pub(crate) nodes: u8,
    pub(crate) blue_port: u16,
    pub(crate) green_port: u16,
    pub(crate) production: Weights,
    pub(crate) test: Weights,
}

impl LoadBalancer {
    pub(crate) fn start(
        layout: Layout,
        certificates: &Arc<Certificates>,
    ) -> Result<Self, StageError> {
        let open = |what, port, weights| {
            let gate = Gate::open(port, layout.nodes, weights);
            let gate = gate.map_err(|source| StageError::Listen { what, port, source })?;
            Ok(Arc::new(gate))
        };
        let production = open(
            "production listener",
            layout.production_port,
            layout.production,
        )?;
        let test = open("test listener", layout.test_port, layout.test)?;
        let targets = Arc::new(Targets::new(layout.blue_port, layout.green_port));
        let accept = |gate: &Arc<Gate>, node| {
            Task::spawn(connection::accept(
                Arc::clone(gate),
                node,
                Arc::clone(&targets),
                Arc::clone(certificates),
            ))
        };
        let mut accepting = Vec::new();
        for gate in [&production, &test] {
            accepting.extend((0..gate.nodes().len()).map(|node| accept(gate, node)));
        }
        Ok(Self {
            production,
            test,
            targets,
            _accepting: accepting,
        })
    }

    /// The listeners, to look at.
    pub(crate) fn view(&self) -> View {
        View {
            production: Arc::clone(&self.production),
            test: Arc::clone(&self.test),
        }
    }

    /// Changes who a listener forwards to: a [`Colour`], an
    /// `Option<Colour>` (`None` is nobody: 503), or [`Weights`].
    pub fn forward(&self, listener: Listener, to: impl Into<Weights>) {
        self.gate(listener).forward(to.into());
    }

    /// The start state of a deployment, which no [`Fault::LateFlip`] delays.
    pub(crate) fn begin_with(&self, listener: Listener, to: impl Into<Weights>) {
        self.gate(listener).begin_with(to.into());
    }

    /// Gives a listener these rules before its default one, in this order.
    pub fn set_rules(&self, listener: Listener, rules: Vec<Rule>) {
        self.view().set_rules(listener, rules);
    }

    /// Gives a listener a default action that is not its weights, or takes it
    /// away.
    pub fn set_default(&self, listener: Listener, action: Option<Action>) {
        self.gate(listener)
            .change_routes(|routes| routes.default = action);
    }

    /// The weights that hold now.
    pub fn weights(&self, listener: Listener) -> Weights {
        self.gate(listener).weights()
    }

    /// Gives a listener a fault, or takes it away.
    ///
    /// The fault holds from the return of this function on. Faults of a
    /// connection (TLS, certificates, [`Fault::GoAway`]) touch new connections
    /// only; those of a request touch the next request on open connections too.
    pub fn fault(&self, listener: Listener, fault: Option<Fault>) {
        self.gate(listener).set_fault(fault, None);
    }

    /// Gives a listener a fault that goes away once so many requests have met
    /// it: a node that follows late, streams that are refused at first.
    pub fn fault_times(&self, listener: Listener, fault: Fault, times: u64) {
        self.gate(listener).set_fault(Some(fault), Some(times));
    }

    /// Lets new connections of a listener speak HTTP/2, or HTTP/1.1 only, as
    /// `routing.http2.enabled` does. A listener starts with both.
    pub fn set_http2(&self, listener: Listener, enabled: bool) {
        self.gate(listener).set_http2(enabled);
    }

    /// How many requests a listener has got.
    pub fn requests(&self, listener: Listener) -> u64 {
        self.gate(listener).requests()
    }

    /// How many requests a listener has got at 127.0.0.`last`.
    pub fn requests_at(&self, listener: Listener, last: u8) -> u64 {
        self.gate(listener).requests_at(last)
    }

    /// How many connections a listener has accepted.
    pub fn connections(&self, listener: Listener) -> u64 {
        self.gate(listener).connections()
    }

    /// How many requests went to the target group of this colour.
    pub fn target_requests(&self, colour: Colour) -> u64 {
        self.targets.requests(colour)
    }

    /// The port of a listener on 127.0.0.1.
    pub fn port(&self, listener: Listener) -> u16 {
        self.gate(listener).port()
    }

    fn gate(&self, listener: Listener) -> &Gate {
        match listener {
            Listener::Production => &self.production,
            Listener::Test => &self.test,
        }
    }
}
