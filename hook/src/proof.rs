//! The proof of green: what is tested is what the deployment deploys.
//!
//! | file | what it is for |
//! |---|---|
//! | `facts` | deployment → service → green task set → target group, image |
//! | `listener` | the listener forwards to green alone, and green is healthy |
//! | `identity` | each address of the load balancer says that it is green |
//!
//! All of it takes place in the time of the run. What was learned is there
//! for check files as `deployment.*`.
//!
//! Invariant: without a proof there is no check, and so no `Succeeded`.

mod facts;
mod identity;
mod listener;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde_json::{Value, json};
use smoke_tests::settings::Connection;
use smoke_tests::units::human_duration;
use tokio::time::Instant;

use self::facts::Facts;
pub(crate) use self::identity::{Expected, Identity, Origin};
use crate::codedeploy::Reads;
use crate::ecs::Ecs;
use crate::environment::Environment;
use crate::event::Hook;
use crate::load_balancer::LoadBalancer;
use aws::calls::CallError;

/// How long the proof may take if nothing else is said.
pub(crate) const TIMEOUT: Duration = Duration::from_mins(1);

/// How much is proven.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Mode {
    /// The listener, and the identity if the settings say how to ask for it.
    #[default]
    Full,
    /// What the APIs of AWS say.
    Listener,
    /// What the app says.
    Identity,
    /// Nothing.
    Off,
}

/// What the settings say of the proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ProofSettings {
    pub(crate) mode: Mode,
    /// The longest that it may take.
    pub(crate) timeout: Duration,
    /// How to ask the app which version it is.
    pub(crate) identity: Option<Identity>,
}

impl Default for ProofSettings {
    fn default() -> Self {
        Self {
            mode: Mode::default(),
            timeout: TIMEOUT,
            identity: None,
        }
    }
}

/// Why green is not proven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unproven {
    /// In one line.
    pub(crate) reason: String,
    /// What to do.
    pub(crate) help: Option<String>,
}

impl Unproven {
    fn new(reason: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            help: Some(help.into()),
        }
    }
}

/// The clients that the proof needs, or why there are none.
///
/// They share no connection with the one that reports: whatever hangs here
/// hangs alone.
#[derive(Debug)]
pub(crate) struct Prover {
    settings: ProofSettings,
    clients: Result<Clients, String>,
}

#[derive(Debug)]
struct Clients {
    codedeploy: Reads,
    ecs: Ecs,
    load_balancer: LoadBalancer,
}

/// What is tested.
#[derive(Debug)]
pub(crate) enum Subject {
    /// Nobody deploys.
    ByHand,
    /// A deployment of which nothing is to be proven.
    Unexamined { deployment_id: String },
    /// A deployment, and what AWS knows of it.
    Deployed(Box<Facts>),
}

/// The time of a proof.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bound {
    begun: Instant,
    until: Instant,
}

impl Bound {
    /// Whether there is time for a pause and another look.
    fn allows(self, pause: Duration) -> bool {
        Instant::now() + pause < self.until
    }

    /// How long it has been.
    pub(crate) fn taken(self) -> Duration {
        self.begun.elapsed()
    }

    /// How long it has been, in words.
    fn elapsed(self) -> String {
        let elapsed = self.begun.elapsed();
        match elapsed.as_secs() {
            0 => human_duration(elapsed),
            seconds => format!("{seconds} s"),
        }
    }

    /// What to say of a call that did not succeed.
    fn failed(self, error: &CallError) -> Unproven {
        let reason = if error.passes() {
            format!("AWS could not be asked for {}: {error}", self.elapsed())
        } else {
            error.to_string()
        };
        Unproven {
            reason,
            help: error.help(),
        }
    }
}

impl Prover {
    /// Makes the clients, unless nothing is to be proven.
    pub(crate) fn new(settings: ProofSettings, environment: &Environment) -> Self {
        let clients = if settings.mode == Mode::Off {
            Err("the proof is switched off".to_owned())
        } else {
            environment.aws().map(|access| Clients {
                codedeploy: Reads::new(&access),
                ecs: Ecs::new(&access),
                load_balancer: LoadBalancer::new(&access),
            })
        };
        Self { settings, clients }
    }

    /// By when the proof has to be there, for a run that begins now and ends
    /// `until` then.
    pub(crate) fn bound(&self, until: Instant) -> Bound {
        let begun = Instant::now();
        Bound {
            begun,
            until: until.min(begun + self.settings.timeout),
        }
    }

    /// Learns what is deployed.
    ///
    /// # Errors
    /// Why that cannot be known.
    pub(crate) async fn learn(
        &self,
        hook: Option<&Hook>,
        bound: Bound,
    ) -> Result<Subject, Unproven> {
        let Some(hook) = hook else {
            return Ok(Subject::ByHand);
        };
        let deployment_id = hook.deployment_id.clone();
        if self.settings.mode == Mode::Off {
            return Ok(Subject::Unexamined { deployment_id });
        }
        let clients = self.clients()?;
        let facts = facts::learn(clients, deployment_id, bound).await?;
        Ok(Subject::Deployed(Box::new(facts)))
    }

    /// Proves that the target serves green.
    ///
    /// # Errors
    /// Why that is not so, or not known.
    pub(crate) async fn prove(
        &self,
        subject: &Subject,
        connection: &Connection,
        bound: Bound,
    ) -> Result<(), Unproven> {
        let facts = match subject {
            Subject::Deployed(facts) => facts,
            Subject::Unexamined { .. } => {
                tracing::warn!("`SMOKE_PROOF` is `off`: nothing proves that the target is green");
                return Ok(());
            }
            Subject::ByHand => {
                tracing::info!("a run by hand: there is no deployment, and nothing to prove");
                return Ok(());
            }
        };
        let Some(green) = &facts.green else {
            tracing::info!("a deployment of Lambda: it has no listener, and nothing to prove");
            return Ok(());
        };
        let mode = self.settings.mode;
        if matches!(mode, Mode::Full | Mode::Listener) {
            let load_balancer = &self.clients()?.load_balancer;
            let proof = listener::prove(load_balancer, facts, green, connection, bound);
            Box::pin(proof).await?;
        }
        match &self.settings.identity {
            Some(identity) if matches!(mode, Mode::Full | Mode::Identity) => {
                identity::prove(identity, green, connection, bound).await?;
            }
            _ => {}
        }
        let proof_ms = u64::try_from(bound.taken().as_millis()).unwrap_or(u64::MAX);
        tracing::info!(
            proof = %mode,
            proof_ms,
            task_set = green.task_set,
            task_definition = green.task_definition,
            target_group = green.target_group,
            image = green.image,
            "the target serves green: {}",
            green.image.as_deref().unwrap_or(&green.task_definition),
        );
        Ok(())
    }

    fn clients(&self) -> Result<&Clients, Unproven> {
        self.clients.as_ref().map_err(|reason| {
            Unproven::new(
                reason.clone(),
                "run the function on Lambda, or leave `DeploymentId` out of the event",
            )
        })
    }
}

impl Subject {
    /// Whether there is something to prove of it.
    pub(crate) fn is_provable(&self) -> bool {
        matches!(self, Self::Deployed(facts) if facts.green.is_some())
    }

    /// The values for check files: `deployment`, with what is known of it.
    pub(crate) fn context(&self) -> BTreeMap<String, Value> {
        let deployment = match self {
            Self::ByHand => return BTreeMap::new(),
            Self::Unexamined { deployment_id } => json!({"id": deployment_id}),
            Self::Deployed(facts) => facts.context(),
        };
        BTreeMap::from([("deployment".to_owned(), deployment)])
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "full",
            Self::Listener => "listener",
            Self::Identity => "identity",
            Self::Off => "off",
        })
    }
}
