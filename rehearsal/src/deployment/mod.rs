//! The lifecycle of a blue/green deployment.
//!
//! It does what CodeDeploy does with an ECS service: start green, move the
//! test listener, invoke the hook without waiting for what it returns, wait
//! for the verdict that arrives through the API, and then move production or
//! roll back. What happens is told as [`StoryEvent`]s; the result is an
//! [`Outcome`].

mod event;
mod hook;

use std::path::PathBuf;
use std::time::Duration;

use tokio::time::Instant;

pub use self::event::StoryEvent;
use self::hook::HOOK_END_TIMEOUT;
use crate::codedeploy::{
    Call, ComputePlatform, DeploymentStatus, EventStatus, LifecycleEvent, RegisteredDeployment,
    Verdict,
};
use crate::colour::Colour;
use crate::error::StageError;
use crate::lambda::Invocation;
use crate::load_balancer::Listener;
use crate::probe;
use crate::{Defect, Stage};

/// What is deployed, and with which hook.
#[derive(Clone, Debug)]
pub struct DeploymentOptions {
    /// The hook's executable.
    pub bootstrap: PathBuf,
    /// The hook's settings; see [`Stage::hook_settings`].
    pub settings: Vec<(String, String)>,
    /// What is wrong with the new version.
    pub defect: Option<Defect>,
    /// Who the test listener serves before and after the deployment; `None`
    /// is no targets (503), as in a new service on AWS.
    pub test_listener_rests_on: Option<Colour>,
    /// How long a verdict may take: one hour on AWS.
    pub verdict_within: Duration,
    /// The time limit of the hook's function.
    pub function_timeout: Duration,
    /// The memory that the hook's function has, in MB.
    pub memory_mb: u32,
    /// How often the event is delivered: Lambda promises at least once.
    pub deliveries: u32,
    /// Whether Lambda's on-failure destination is the same executable: it is
    /// then invoked with the record of an invocation that failed.
    pub watchdog: bool,
}

impl DeploymentOptions {
    /// A deployment of a working version with this hook.
    pub fn new(bootstrap: impl Into<PathBuf>) -> Self {
        Self {
            bootstrap: bootstrap.into(),
            settings: Vec::new(),
            defect: None,
            test_listener_rests_on: None,
            verdict_within: Duration::from_mins(1),
            function_timeout: Duration::from_mins(1),
            memory_mb: 256,
            deliveries: 1,
            watchdog: false,
        }
    }
}

/// How a deployment ended.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Its ids.
    pub registered: RegisteredDeployment,
    /// The verdict that the API accepted; `None` if the time was over.
    pub verdict: Option<Verdict>,
    /// What the production listener answered after the deployment, over TLS.
    pub production_serves: Colour,
    /// How CodeDeploy sees the deployment.
    pub deployment_status: DeploymentStatus,
    /// How the function ended; `None` if it was still running, and was
    /// killed.
    pub invocation: Option<Invocation>,
    /// The calls that reached the CodeDeploy API during this deployment.
    pub calls: Vec<Call>,
    /// From the start of the deployment to its end.
    pub duration: Duration,
    /// From the invocation of the hook to its verdict.
    pub verdict_after: Option<Duration>,
}

impl Stage {
    /// Runs one deployment, telling each event to `tell`.
    ///
    /// The stage is put into its start state first: production on blue, the
    /// test listener where it rests, green installed afresh. Faults that were
    /// set before stay; one that keeps the production listener from answering
    /// is an error, because what customers see is then unknown.
    pub async fn deploy(
        &self,
        options: DeploymentOptions,
        tell: impl FnMut(StoryEvent),
    ) -> Result<Outcome, StageError> {
        // The API outlives deployments, and its record holds the calls of all.
        let calls_before = self.codedeploy().calls().len();
        let mut deployment = DeploymentRun {
            registered: self.codedeploy().create(ComputePlatform::Ecs),
            stage: self,
            began: Instant::now(),
            event_began: Instant::now(),
            options,
            tell,
        };
        let mut outcome = deployment.run().await?;
        outcome.calls = self.codedeploy().calls().split_off(calls_before);
        Ok(outcome)
    }
}

/// One deployment while it runs.
struct DeploymentRun<'a, T> {
    stage: &'a Stage,
    registered: RegisteredDeployment,
    options: DeploymentOptions,
    began: Instant,
    event_began: Instant,
    tell: T,
}

impl<T: FnMut(StoryEvent)> DeploymentRun<'_, T> {
    /// Goes through the lifecycle events, in their order.
    async fn run(&mut self) -> Result<Outcome, StageError> {
        use LifecycleEvent::{
            AfterAllowTestTraffic, AfterAllowTraffic, AfterInstall, AllowTestTraffic, AllowTraffic,
            BeforeAllowTraffic, BeforeInstall, Install,
        };
        self.prepare();
        self.pass_event(BeforeInstall);
        self.start_event(Install);
        self.install_green().await?;
        self.end_event(Install, EventStatus::Succeeded);
        self.pass_event(AfterInstall);
        self.start_event(AllowTestTraffic);
        self.forward_listener(Listener::Test, Some(Colour::Green));
        self.end_event(AllowTestTraffic, EventStatus::Succeeded);

        // The hook's event. What the function returns does not matter to CodeDeploy.
        self.start_event(AfterAllowTestTraffic);
        let mut hook = self.invoke_hook().await?;
        let (verdict, verdict_after) = self.wait_for_verdict(&mut hook).await;
        let status = if verdict == Some(Verdict::Succeeded) {
            self.end_event(AfterAllowTestTraffic, EventStatus::Succeeded);
            self.pass_event(BeforeAllowTraffic);
            self.start_event(AllowTraffic);
            self.forward_listener(Listener::Production, Some(Colour::Green));
            // The event names the version that the listener really serves.
            let to = self.stage.observe(Listener::Production).await?;
            self.tell_event(StoryEvent::ProductionMoved { to });
            self.end_event(AllowTraffic, EventStatus::Succeeded);
            self.pass_event(AfterAllowTraffic);
            DeploymentStatus::Succeeded
        } else {
            self.end_event(AfterAllowTestTraffic, EventStatus::Failed);
            for event in [BeforeAllowTraffic, AllowTraffic, AfterAllowTraffic] {
                // A skipped event never began, so its time is zero.
                self.event_began = Instant::now();
                self.end_event(event, EventStatus::Skipped);
            }
            self.roll_back();
            DeploymentStatus::Failed
        };
        self.finish_deployment(status, verdict);
        let production_serves = self.stage.observe(Listener::Production).await?;
        // Without a verdict the hook has had its time, and is killed.
        let timeout = verdict.map_or(Duration::ZERO, |_| HOOK_END_TIMEOUT);
        let invocation = self.end_hook_within(hook, timeout).await;
        self.tell_event(StoryEvent::Ended {
            status,
            production_serves,
        });
        Ok(Outcome {
            registered: self.registered.clone(),
            verdict,
            production_serves,
            deployment_status: status,
            invocation,
            // The caller knows which calls came before this deployment.
            calls: Vec::new(),
            duration: self.began.elapsed(),
            verdict_after,
        })
    }

    fn tell_event(&mut self, event: StoryEvent) {
        (self.tell)(event);
    }

    /// Puts the listeners into their first state, and tells where they are.
    fn prepare(&mut self) {
        self.tell_event(StoryEvent::StageUp {
            production_url: self.stage.production_url(),
            test_url: self.stage.test_url(),
        });
        self.tell_event(StoryEvent::Created {
            deployment_id: self.registered.deployment_id.clone(),
            defect: self.options.defect,
        });
        let rests_on = self.options.test_listener_rests_on;
        for (listener, colour) in [
            (Listener::Production, Some(Colour::Blue)),
            (Listener::Test, rests_on),
        ] {
            self.stage.load_balancer().reset_weights(listener, colour);
            self.tell_event(StoryEvent::ListenerForwards {
                listener,
                to: colour.into(),
            });
        }
    }

    /// Installs the new version, with its defect, and asks its health check.
    async fn install_green(&mut self) -> Result<(), StageError> {
        let green = self.stage.green_app();
        green.reinstall(self.options.defect);
        // A target that is not healthy does not stop the deployment here: a
        // load balancer whose targets are all unhealthy sends to all of them.
        let health = probe::get_over_http(green.port(), "/healthz")
            .await?
            .status
            .as_u16();
        self.tell_event(StoryEvent::GreenStarted { health });
        Ok(())
    }

    fn forward_listener(&mut self, listener: Listener, to: Option<Colour>) {
        self.stage.load_balancer().forward(listener, to);
        self.tell_event(StoryEvent::ListenerForwards {
            listener,
            to: to.into(),
        });
    }

    /// Puts the listeners back.
    fn roll_back(&mut self) {
        let rests_on = self.options.test_listener_rests_on;
        // A deployment that failed never moved production, but a test may have.
        let balancer = self.stage.load_balancer();
        balancer.forward(Listener::Production, Colour::Blue);
        balancer.forward(Listener::Test, rests_on);
        self.tell_event(StoryEvent::RolledBack {
            test: rests_on.into(),
        });
    }

    fn start_event(&mut self, event: LifecycleEvent) {
        self.event_began = Instant::now();
        self.set_event_status(event, EventStatus::InProgress);
        self.tell_event(StoryEvent::EventStarted { event });
    }

    fn end_event(&mut self, event: LifecycleEvent, status: EventStatus) {
        self.set_event_status(event, status);
        let after = self.event_began.elapsed();
        self.tell_event(StoryEvent::EventEnded {
            event,
            status,
            after,
        });
    }

    /// Begins and ends an event in which nothing happens here.
    fn pass_event(&mut self, event: LifecycleEvent) {
        self.start_event(event);
        self.end_event(event, EventStatus::Succeeded);
    }

    fn set_event_status(&self, event: LifecycleEvent, status: EventStatus) {
        let id = &self.registered.deployment_id;
        self.stage.codedeploy().set_event_status(id, event, status);
    }

    /// Ends the deployment in CodeDeploy's API.
    fn finish_deployment(&self, status: DeploymentStatus, verdict: Option<Verdict>) {
        let error = match (status, verdict) {
            (DeploymentStatus::Succeeded, _) => None,
            (_, Some(_)) => Some((
                "HOOK_EXECUTION_FAILURE",
                "The AfterAllowTestTraffic hook reported Failed.".to_owned(),
            )),
            (_, None) => Some((
                "TIMEOUT",
                "No verdict in time from the AfterAllowTestTraffic hook.".to_owned(),
            )),
        };
        let id = &self.registered.deployment_id;
        self.stage.codedeploy().finish_deployment(id, status, error);
    }
}
