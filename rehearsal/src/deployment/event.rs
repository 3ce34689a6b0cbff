//! The events of a deployment, as data.

use std::time::Duration;

use crate::Defect;
use crate::codedeploy::{DeploymentStatus, EventStatus, LifecycleEvent, Verdict};
use crate::colour::Colour;
use crate::lambda::{Invocation, LogLine};
use crate::load_balancer::{Listener, Weights};

/// Something that happened in a deployment.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum StoryEvent {
    /// The stage is up, and everything on it answers.
    StageUp {
        /// Where customers go.
        production_url: String,
        /// Where the hook goes.
        test_url: String,
    },
    /// The deployment exists.
    Created {
        /// Its id, `d-` and nine letters or digits.
        deployment_id: String,
        /// What is wrong with the version that it deploys.
        defect: Option<Defect>,
    },
    /// A listener forwards to other targets from now on.
    ListenerForwards {
        /// Which listener.
        listener: Listener,
        /// The weights of the two target groups.
        to: Weights,
    },
    /// Green has started; this is what its health check answers.
    GreenStarted {
        /// The HTTP status of `/healthz`.
        health: u16,
    },
    /// A lifecycle event began.
    EventStarted {
        /// Which one.
        event: LifecycleEvent,
    },
    /// A lifecycle event ended, or was left out.
    EventEnded {
        /// Which one.
        event: LifecycleEvent,
        /// How.
        status: EventStatus,
        /// How long it took.
        after: Duration,
    },
    /// The hook was invoked.
    HookInvoked {
        /// The delivery, from 1.
        delivery: u32,
    },
    /// The hook wrote a line.
    HookLine(LogLine),
    /// The function ended; CodeDeploy does not learn of this.
    HookEnded(Invocation),
    /// The invocation failed, and Lambda invoked the watchdog.
    WatchdogInvoked,
    /// The API accepted a verdict.
    VerdictReceived {
        /// The verdict.
        verdict: Verdict,
        /// Since the hook was invoked.
        after: Duration,
    },
    /// The time limit passed without a verdict.
    NoVerdict {
        /// How long the deployment waited.
        after: Duration,
    },
    /// The production listener was moved and serves this colour.
    ProductionMoved {
        /// The colour.
        to: Colour,
    },
    /// The listeners are as they were before the deployment.
    RolledBack {
        /// The weights that the test listener has again.
        test: Weights,
    },
    /// The deployment is over.
    Ended {
        /// How.
        status: DeploymentStatus,
        /// What production serves.
        production_serves: Colour,
    },
}
