//! The proof of green: what is tested is what the deployment deploys.
//!
//! | file | what it is for |
//! |---|---|
//! | `facts` | deployment → service → green task set → target group |
//! | `subject` | what is tested: a deployment, or nothing that can be proven |
//! | `versions` | task definition → image, variables; of green, and of blue |
//! | `listener` | the target is the listener, which leads to green alone |
//! | `dialled` | the addresses that are dialled are the load balancer's |
//! | `rules` | what a listener's rules do with the requests of the checks |
//! | `routes` | where the rules lead a request that was sent |
//! | `conditions`, `words` | whether a request meets a rule's conditions; a rule in words |
//! | `targets` | green is healthy |
//! | `bound` | how long a proof may take, how long it pauses, and why it failed |
//! | `identity` | each address of the load balancer says that it is green |
//! | `nodes` | those addresses, and one answer of each |
//!
//! All of it takes place in the time of the run, beside what else is to be
//! done before the first check, and once more after the last. What was learned
//! is there for check files as `deployment.*`.
//!
//! Invariant: without a proof there is no check, and so no `Succeeded`.

mod bound;
mod conditions;
mod dialled;
mod facts;
mod identity;
mod listener;
mod nodes;
mod routes;
mod rules;
mod subject;
mod targets;
mod versions;
mod words;

use std::fmt;
use std::time::Duration;

use client::connection::Connection;
use client::hosts::Hosts;
use futures_util::future::try_join;
use runner::release;
use serde_json::{Map, Value};
use tokio::time::Instant;

use self::bound::Pauses;
pub(crate) use self::bound::{Bound, Unproven};
use self::identity::Question;
pub(crate) use self::identity::{Expected, Identity, Origin};
pub(crate) use self::listener::Proven;
pub(crate) use self::subject::Subject;
pub(crate) use self::versions::Versions;
use crate::codedeploy::Reads;
use crate::deadlines::Closing;
use crate::ecs::Ecs;
use crate::environment::Environment;
use crate::event::Hook;
use crate::load_balancer::LoadBalancer;

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

    /// Learns what is deployed, and until when CodeDeploy waits. What the
    /// deployment is called is told as soon as it is `heard`.
    ///
    /// # Errors
    /// Why that cannot be known.
    pub(crate) async fn learn(
        &self,
        hook: Option<&Hook>,
        bound: Bound,
        closing: &Closing,
        heard: impl Fn(Map<String, Value>),
    ) -> Result<Subject, Unproven> {
        let Some(hook) = hook else {
            return Ok(Subject::ByHand);
        };
        let deployment_id = hook.deployment_id.clone();
        if self.settings.mode == Mode::Off {
            return Ok(Subject::Unexamined { deployment_id });
        }
        let clients = self.clients()?;
        let facts = facts::learn(clients, deployment_id, bound, closing, heard).await?;
        Ok(Subject::Deployed(Box::new(facts)))
    }

    /// Learns what green runs, and blue, if they are to be compared.
    ///
    /// # Errors
    /// Why that cannot be known, or why there is nothing to tell them apart.
    pub(crate) async fn versions(
        &self,
        subject: &Subject,
        bound: Bound,
    ) -> Result<Versions, Unproven> {
        let Some((_, green)) = subject.green() else {
            return Ok(Versions::default());
        };
        let ecs = &self.clients()?.ecs;
        versions::ask(ecs, green, self.identity().is_some(), bound).await
    }

    /// Proves what AWS can say: that the target is the listener, and leads to
    /// green alone.
    ///
    /// # Errors
    /// Why it is not proven.
    pub(crate) async fn listener(
        &self,
        subject: &Subject,
        connection: &Connection,
        bound: Bound,
    ) -> Result<Proven, Unproven> {
        let Some((facts, green)) = subject.green() else {
            return Ok(Proven {
                notes: subject.why_unproven().into_iter().collect(),
                ..Proven::default()
            });
        };
        if self.settings.mode == Mode::Identity {
            return Ok(Proven::default());
        }
        let proof = listener::prove(self.clients()?, facts, green, connection, bound);
        Box::pin(proof).await
    }

    /// Notes on hosts that checks may ask, and of which nothing is proven.
    pub(crate) async fn doors(
        &self,
        subject: &Subject,
        connection: &Connection,
        hosts: &Hosts,
        bound: Bound,
    ) -> Vec<String> {
        match subject.green() {
            Some(_) => dialled::unproven_doors(hosts, connection, bound).await,
            None => Vec::new(),
        }
    }

    /// Proves what the app can say: that each address of the load balancer
    /// answers as green. Returns notes for the report.
    ///
    /// # Errors
    /// Why it is not proven.
    pub(crate) async fn app(
        &self,
        subject: &Subject,
        versions: &Versions,
        connection: &Connection,
        proven: &Proven,
        bound: Bound,
    ) -> Result<Vec<String>, Unproven> {
        let (Some(_), Some(identity)) = (subject.green(), self.identity()) else {
            return Ok(Vec::new());
        };
        let question = Question::new(identity, &versions.green, connection)?;
        let note = match identity::shared(identity, versions) {
            Some(shared) if self.settings.mode == Mode::Identity => {
                return Err(Unproven::new(
                    format!(
                        "blue has the same identity as green, `{shared}`: it tells nothing apart"
                    ),
                    "give each release a tag of its own, set `SMOKE_IDENTITY_IS` to what differs, \
                     or `SMOKE_PROOF` to `full`",
                ));
            }
            Some(shared) => Some(format!(
                "the identity `{shared}` is blue's as well, and proves nothing: only the listener \
                 tells green from blue"
            )),
            None => None,
        };
        let own = proven.load_balancer.as_deref();
        let mut notes = identity::prove(&question, connection, own, bound).await?;
        notes.extend(note);
        Ok(notes)
    }

    /// Says that all of it is proven.
    pub(crate) fn announce(&self, subject: &Subject, versions: &Versions, bound: Bound) {
        let Some((_, green)) = subject.green() else {
            return;
        };
        let mode = self.settings.mode;
        let image = versions.green.image.as_deref();
        tracing::info!(
            proof = %mode,
            proof_ms = u64::try_from(bound.taken().as_millis()).unwrap_or(u64::MAX),
            task_set = green.set.id,
            task_definition = green.set.task_definition,
            target_group = green.target_group,
            image,
            "the target serves green: {}",
            image.unwrap_or(&green.set.task_definition),
        );
    }

    /// Looks once more, after the checks: they say nothing of green if the
    /// listener was moved while they ran.
    ///
    /// # Errors
    /// Why it is not proven any more.
    pub(crate) async fn look_again(
        &self,
        subject: &Subject,
        versions: &Versions,
        connection: &Connection,
        proven: &Proven,
        bound: Bound,
    ) -> Result<(), Unproven> {
        let Some((facts, green)) = subject.green() else {
            return Ok(());
        };
        let listener = async {
            if self.settings.mode == Mode::Identity {
                return Ok(());
            }
            let load_balancer = &self.clients()?.load_balancer;
            let before = proven.routes.as_ref();
            listener::again(load_balancer, facts, green, connection, before, bound).await
        };
        let app = async {
            let Some(identity) = self.identity() else {
                return Ok(());
            };
            let question = Question::new(identity, &versions.green, connection)?;
            let own = proven.load_balancer.as_deref();
            identity::again(&question, connection, own, bound).await
        };
        // What AWS says of a listener that moved is said at once; an app that
        // still answers as blue is waited for.
        Box::pin(try_join(listener, app)).await.map(drop)
    }

    /// How an answer of green tells that it is green's. Nothing if no answer
    /// is to be asked for it.
    ///
    /// # Errors
    /// Why no answer could be held against it.
    pub(crate) fn release_identity(
        &self,
        subject: &Subject,
        versions: &Versions,
    ) -> Result<Option<release::Identity>, Unproven> {
        let (Some(_), Some(identity)) = (subject.green(), self.identity()) else {
            return Ok(None);
        };
        identity::release_identity(identity, &versions.green).map(Some)
    }

    /// How long other versions may go on to answer once the checks run.
    pub(crate) fn patience(&self) -> Duration {
        self.settings.timeout
    }

    /// How to ask the app, if it is to be asked.
    fn identity(&self) -> Option<&Identity> {
        let asks = matches!(self.settings.mode, Mode::Full | Mode::Identity);
        self.settings.identity.as_ref().filter(|_| asks)
    }

    fn clients(&self) -> Result<&Clients, Unproven> {
        self.clients.as_ref().map_err(|reason| {
            Unproven::new(
                reason.clone(),
                "run the function on Lambda; for a run by hand, send `{}`",
            )
        })
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
