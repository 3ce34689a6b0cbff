//! The proof of green: what is tested is what the deployment deploys. A file
//! may use what stands above it here, never what stands below it.
//!
//! | file | what it is for |
//! |---|---|
//! | `versions` | task definition → image, variables; of green, and of blue |
//! | `words` | a rule of a listener in words |
//! | `targets` | green is healthy |
//! | `conditions` | whether a request meets the conditions of a rule |
//! | `rules` | what a listener's rules do with the requests of the checks |
//! | `routes` | where the rules lead a request that was sent |
//! | `addresses` | the addresses that are dialled are the load balancer's |
//! | `listener` | the target is the listener, which leads to green alone |
//! | `question` | how the app is asked for its version |
//! | `nodes` | the addresses of the load balancer, and one answer of each |
//! | `identity` | each address says that it is green |
//!
//! All of it takes place in the time of the run, beside what else has to
//! happen before the first check, and once more after the last.
//!
//! Invariant: without a proof there is no check, and so no `Succeeded`.

mod addresses;
mod conditions;

mod identity;
mod listener;
mod nodes;
mod question;
mod routes;
mod rules;
mod targets;
mod versions;
mod words;

use std::sync::Arc;

use aws::Access;
use client::connection::Connection;
use client::hosts::Hosts;
use futures_util::future::{join, try_join};
use runner::green::ExpectedIdentity;

use self::listener::ListenerProof;
use self::question::Question;
use self::versions::Versions;
use crate::deployment::{BlueGreen, Deployment, Green};
use crate::ecs::Ecs;
use crate::findings::Recorder;
use crate::load_balancer::LoadBalancer;
use crate::settings::{Mode, ProofSettings};
use crate::time_limit::{TimeLimit, Unproven};

pub(crate) use self::routes::Routes;

/// Proves that a target serves green, by what AWS and the app say.
///
/// Its clients share no connection with the one that reports: whatever hangs
/// here hangs alone.
#[derive(Debug)]
pub(crate) struct Prover {
    settings: ProofSettings,
    ecs: Arc<Ecs>,
    load_balancer: LoadBalancer,
}

/// What was proven.
#[derive(Debug)]
pub(crate) struct Proof {
    /// Absent for what nothing can be proven of, such as a run by hand.
    pub(crate) evidence: Option<Evidence>,
    /// What a reader of any output has to know.
    pub(crate) notes: Vec<String>,
}

/// What was learned by a proof of green, to hold later answers against it.
#[derive(Debug)]
pub(crate) struct Evidence {
    both: Box<BlueGreen>,
    versions: Versions,
    listener: ListenerProof,
}

impl Proof {
    /// What there is instead of a proof where none can be made, or none is
    /// wanted. Who runs the checks by hand needs no note of it.
    pub(crate) fn without_evidence(deployment: &Deployment) -> Self {
        let note = match deployment {
            Deployment::BlueGreen(_) => None,
            Deployment::ByHand => {
                tracing::info!("a run by hand: there is no deployment, and nothing to prove");
                None
            }
            Deployment::Unexamined => {
                Some("nothing proves that the target is green: `SMOKE_PROOF` is `off`")
            }
            Deployment::WithoutListener => Some(
                "nothing proves that the new version was tested: a deployment of Lambda has no \
                 listener",
            ),
        };
        if let Some(note) = note {
            tracing::warn!("{note}");
        }
        Self {
            evidence: None,
            notes: note.map(str::to_owned).into_iter().collect(),
        }
    }
}

impl Evidence {
    /// Where the listener leads requests, if its rules were read.
    pub(crate) fn routes(&self) -> Option<&Routes> {
        self.listener.routes.as_ref()
    }
}

impl Prover {
    pub(crate) fn new(settings: ProofSettings, access: &Access, ecs: Arc<Ecs>) -> Self {
        Self {
            settings,
            ecs,
            load_balancer: LoadBalancer::new(access),
        }
    }

    /// Proves that the target serves green, and records what green runs as
    /// soon as that is known. `count_tasks` says how many of green's tasks run
    /// now, as far as that is known.
    ///
    /// # Errors
    /// Why it is not proven.
    pub(crate) async fn prove(
        &self,
        both: Box<BlueGreen>,
        connection: &Connection,
        hosts: &Hosts,
        count_tasks: impl AsyncFn(&Green, TimeLimit) -> Result<Option<usize>, Unproven>,
        recorder: &Recorder,
        limit: TimeLimit,
    ) -> Result<Proof, Unproven> {
        let versions = async {
            let compared = self.settings.app_identity().is_some();
            let versions = versions::fetch(&self.ecs, &both, compared, limit).await?;
            recorder.record_deployment(versions.members());
            recorder.complete_deployment();
            Ok(versions)
        };
        let listener = self.prove_listener(&both, connection, count_tasks, limit);
        let (mut listener, versions) = Box::pin(try_join(listener, versions)).await?;
        let app = self.prove_app(&versions, connection, &listener, limit);
        let other_ports = addresses::note_other_ports(hosts, connection, limit);
        let (app, other_ports) = Box::pin(join(app, other_ports)).await;
        let mut notes = std::mem::take(&mut listener.notes);
        notes.extend(other_ports.into_iter().chain(app?));
        self.announce(&both, &versions, limit);
        let evidence = Evidence {
            both,
            versions,
            listener,
        };
        Ok(Proof {
            evidence: Some(evidence),
            notes,
        })
    }

    /// Proves once more what was proven before the checks, while they run.
    ///
    /// # Errors
    /// Why it is not proven any more.
    pub(crate) async fn renew(
        &self,
        evidence: &Evidence,
        connection: &Connection,
        count_tasks: impl AsyncFn(&Green, TimeLimit) -> Result<Option<usize>, Unproven>,
        limit: TimeLimit,
    ) -> Result<(), Unproven> {
        let Evidence { both, versions, .. } = evidence;
        let listener = self.prove_listener(both, connection, count_tasks, limit);
        let listener = listener.await?;
        let app = self.prove_app(versions, connection, &listener, limit);
        app.await.map(drop)
    }

    /// Looks once more, after the checks: they say nothing of green if the
    /// listener was moved while they ran.
    ///
    /// # Errors
    /// Why it is not proven any more.
    pub(crate) async fn look_again(
        &self,
        evidence: &Evidence,
        connection: &Connection,
        limit: TimeLimit,
    ) -> Result<(), Unproven> {
        let listener = async {
            if self.settings.mode == Mode::Identity {
                return Ok(());
            }
            let before = evidence.routes();
            listener::look_again(
                &self.load_balancer,
                &evidence.both,
                connection,
                before,
                limit,
            )
            .await
        };
        let app = async {
            let Some(identity) = self.settings.app_identity() else {
                return Ok(());
            };
            let question = Question::new(identity, &evidence.versions.green, connection)?;
            let own = evidence.listener.load_balancer.as_deref();
            identity::look_again(&question, connection, own, limit).await
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
        evidence: &Evidence,
    ) -> Result<Option<ExpectedIdentity>, Unproven> {
        let identity = self.settings.app_identity();
        let expect = |identity| identity::to_release_identity(identity, &evidence.versions.green);
        identity.map(expect).transpose()
    }

    /// Proves what AWS can say: that the target is the listener, and leads to
    /// green alone.
    async fn prove_listener(
        &self,
        both: &BlueGreen,
        connection: &Connection,
        count_tasks: impl AsyncFn(&Green, TimeLimit) -> Result<Option<usize>, Unproven>,
        limit: TimeLimit,
    ) -> Result<ListenerProof, Unproven> {
        // Something may stand before the listener then, which AWS does not know.
        if self.settings.mode == Mode::Identity {
            return Ok(ListenerProof::default());
        }
        let proof = listener::prove(&self.load_balancer, both, connection, count_tasks, limit);
        Box::pin(proof).await
    }

    /// Proves what the app can say: that each address of the load balancer
    /// answers as green. Returns notes for the report.
    async fn prove_app(
        &self,
        versions: &Versions,
        connection: &Connection,
        listener: &ListenerProof,
        limit: TimeLimit,
    ) -> Result<Vec<String>, Unproven> {
        let Some(identity) = self.settings.app_identity() else {
            return Ok(Vec::new());
        };
        let question = Question::new(identity, &versions.green, connection)?;
        let note = match identity::find_shared(identity, versions) {
            Some(shared) if self.settings.mode == Mode::Identity => {
                return Err(Unproven::new(
                    format!(
                        "blue has the same identity as green, `{shared}`: it tells nothing apart"
                    ),
                    "give each release a tag of its own, set `SMOKE_IDENTITY_IS` to what differs, \
                     or `SMOKE_PROOF` to `full`",
                ));
            }
            // The listener has proven green, so that the checks may run.
            Some(shared) => Some(format!(
                "the identity `{shared}` is blue's as well, and proves nothing: only the listener \
                 tells green from blue"
            )),
            None => None,
        };
        let own = listener.load_balancer.as_deref();
        let mut notes = identity::prove(&question, connection, own, limit).await?;
        notes.extend(note);
        Ok(notes)
    }

    /// Says that all of it is proven.
    fn announce(&self, both: &BlueGreen, versions: &Versions, limit: TimeLimit) {
        let mode = self.settings.mode;
        let BlueGreen { green, .. } = both;
        let image = versions.green.image.as_deref();
        tracing::info!(
            proof = %mode,
            proof_ms = u64::try_from(limit.elapsed_time().as_millis()).unwrap_or(u64::MAX),
            task_set = green.task_set,
            task_definition = green.version.task_definition,
            target_group = green.target_group,
            image,
            "the target serves green: {}",
            image.unwrap_or(&green.version.task_definition),
        );
    }
}
