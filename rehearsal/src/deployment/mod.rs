//! The lifecycle of a blue/green deployment.
//!
//! It does what CodeDeploy does with an ECS service: start green, move the
//! test listener, invoke the hook without waiting for what it returns, wait
//! for the verdict that arrives through the API, and then move production or
//! roll back. What happens is told as [`StoryEvent`]s; how it ended is an
//! [`Outcome`].

mod event;
mod hook;

use std::path::PathBuf;
use std::time::Duration;

use tokio::time::Instant;

pub use self::event::StoryEvent;
use crate::ask;
use crate::codedeploy::{
    Call, ComputePlatform, DeploymentStatus, EventStatus, LifecycleEvent, Registered, Verdict,
};
use crate::colour::Colour;
use crate::error::StageError;
use crate::lambda::Invocation;
use crate::load_balancer::Listener;
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
    /// is nobody (503), as in a fresh service on AWS.
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
    pub registered: Registered,
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
    /// is an error, because then nobody can say what customers see.
    pub async fn deploy(
        &self,
        options: DeploymentOptions,
        tell: impl FnMut(StoryEvent),
    ) -> Result<Outcome, StageError> {
        let calls_before = self.codedeploy().calls().len();
        let mut deployment = Deployment {
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

struct Deployment<'a, T> {
    stage: &'a Stage,
    registered: Registered,
    options: DeploymentOptions,
    began: Instant,
    event_began: Instant,
    tell: T,
}

impl<T: FnMut(StoryEvent)> Deployment<'_, T> {
    async fn run(&mut self) -> Result<Outcome, StageError> {
        use LifecycleEvent::{
            AfterAllowTestTraffic, AfterAllowTraffic, AfterInstall, AllowTestTraffic, AllowTraffic,
            BeforeAllowTraffic, BeforeInstall, Install,
        };
        self.create();
        self.pass(BeforeInstall);
        self.start(Install);
        self.install().await?;
        self.end(Install, EventStatus::Succeeded);
        self.pass(AfterInstall);
        self.start(AllowTestTraffic);
        self.forward(Listener::Test, Some(Colour::Green));
        self.end(AllowTestTraffic, EventStatus::Succeeded);

        self.start(AfterAllowTestTraffic);
        let mut hook = self.invoke().await?;
        let (verdict, verdict_after) = self.wait(&mut hook).await;
        let status = if verdict == Some(Verdict::Succeeded) {
            self.end(AfterAllowTestTraffic, EventStatus::Succeeded);
            self.pass(BeforeAllowTraffic);
            self.start(AllowTraffic);
            self.forward(Listener::Production, Some(Colour::Green));
            let to = self.stage.observe(Listener::Production).await?;
            self.say(StoryEvent::ProductionMoved { to });
            self.end(AllowTraffic, EventStatus::Succeeded);
            self.pass(AfterAllowTraffic);
            DeploymentStatus::Succeeded
        } else {
            self.end(AfterAllowTestTraffic, EventStatus::Failed);
            for event in [BeforeAllowTraffic, AllowTraffic, AfterAllowTraffic] {
                self.event_began = Instant::now();
                self.end(event, EventStatus::Skipped);
            }
            self.roll_back();
            DeploymentStatus::Failed
        };
        self.complete(status, verdict);
        let production_serves = self.stage.observe(Listener::Production).await?;
        let invocation = self.last_words(hook, verdict.is_some()).await;
        self.say(StoryEvent::Ended {
            status,
            production_serves,
        });
        Ok(Outcome {
            registered: self.registered.clone(),
            verdict,
            production_serves,
            deployment_status: status,
            invocation,
            calls: Vec::new(),
            duration: self.began.elapsed(),
            verdict_after,
        })
    }

    fn say(&mut self, event: StoryEvent) {
        (self.tell)(event);
    }

    fn create(&mut self) {
        self.say(StoryEvent::StageUp {
            production_url: self.stage.production_url(),
            test_url: self.stage.test_url(),
        });
        self.say(StoryEvent::Created {
            deployment_id: self.registered.deployment_id.clone(),
            defect: self.options.defect,
        });
        let rests_on = self.options.test_listener_rests_on;
        for (listener, colour) in [
            (Listener::Production, Some(Colour::Blue)),
            (Listener::Test, rests_on),
        ] {
            self.stage.load_balancer().begin_with(listener, colour);
            self.say(StoryEvent::ListenerForwards {
                listener,
                to: colour.into(),
            });
        }
    }

    async fn install(&mut self) -> Result<(), StageError> {
        let green = self.stage.green_app();
        green.reinstall(self.options.defect);
        // A target that is not healthy does not stop the deployment here: a
        // load balancer whose targets are all unhealthy sends to all of them.
        let health = ask::plainly(green.port(), "/healthz")
            .await?
            .status
            .as_u16();
        self.say(StoryEvent::GreenStarted { health });
        Ok(())
    }

    fn forward(&mut self, listener: Listener, to: Option<Colour>) {
        self.stage.load_balancer().forward(listener, to);
        self.say(StoryEvent::ListenerForwards {
            listener,
            to: to.into(),
        });
    }

    fn roll_back(&mut self) {
        let rests_on = self.options.test_listener_rests_on;
        let balancer = self.stage.load_balancer();
        balancer.forward(Listener::Production, Colour::Blue);
        balancer.forward(Listener::Test, rests_on);
        self.say(StoryEvent::RolledBack {
            test: rests_on.into(),
        });
    }

    fn start(&mut self, event: LifecycleEvent) {
        self.event_began = Instant::now();
        self.set(event, EventStatus::InProgress);
        self.say(StoryEvent::EventStarted { event });
    }

    fn end(&mut self, event: LifecycleEvent, status: EventStatus) {
        self.set(event, status);
        let after = self.event_began.elapsed();
        self.say(StoryEvent::EventEnded {
            event,
            status,
            after,
        });
    }

    /// An event in which nothing happens here.
    fn pass(&mut self, event: LifecycleEvent) {
        self.start(event);
        self.end(event, EventStatus::Succeeded);
    }

    fn set(&self, event: LifecycleEvent, status: EventStatus) {
        let id = &self.registered.deployment_id;
        self.stage.codedeploy().set_event(id, event, status);
    }

    fn complete(&self, status: DeploymentStatus, verdict: Option<Verdict>) {
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
        self.stage.codedeploy().end(id, status, error);
    }
}
