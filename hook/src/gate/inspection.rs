//! The steps of one invocation between its event and its report, each of
//! which stands in [`Gate::handle`](super::Gate::handle) by its name.

use std::collections::BTreeMap;
use std::sync::Arc;

use client::connection::Connection;
use client::http::Client;
use diagnostic::Problems;
use diagnostic::units::pluralize;
use futures_util::future::{LocalBoxFuture, join};
use http::{HeaderMap, Method};
use report::verdict::{self, Verdict};
use report::{Problem, Refusal, Report};
use runner::green::{GreenProof, GreenVersion, NotProven, Route};
use runner::plan::{self, Plan};
use runner::run;
use runner::settings::{Limits, Selection};
use serde_json::{Map, Value};
use tokio::time::Instant;
use url::Url;

use super::progress::log_progress;
use super::setup::Setup;
use crate::checks::{self, CheckFiles};
use crate::codedeploy::Hook;
use crate::deployment::{Deployment, Green};
use crate::error::{Error, Input};
use crate::findings::Recorder;
use crate::proof::{Evidence, Proof};
use crate::remote;
use crate::secrets;
use crate::settings::{Mode, Settings};
use crate::time_limit::{TimeLimit, Unproven};

/// One invocation's work.
pub(super) struct Inspection {
    setup: Arc<Setup>,
    client: Client,
    connection: Connection,
    /// Absent for a run by hand.
    hook: Option<Hook>,
    recorder: Recorder,
    /// Of the proof before the checks.
    limit: TimeLimit,
}

/// The checks that will run.
pub(super) struct CheckPlan {
    plan: Plan,
    /// What a reader of any output must know of the check files.
    note: Option<String>,
}

impl Inspection {
    pub(super) fn new(
        setup: Arc<Setup>,
        client: Client,
        hook: Option<Hook>,
        recorder: Recorder,
    ) -> Self {
        let Settings { proof, .. } = &setup.settings;
        Self {
            limit: TimeLimit::start(proof.timeout, recorder.deadlines().checks),
            connection: setup.settings.connection(client.target().clone()),
            setup,
            client,
            hook,
            recorder,
        }
    }

    /// Learns what is deployed, and until when CodeDeploy waits.
    pub(super) async fn learn(&self) -> Result<Deployment, Error> {
        let Some(hook) = &self.hook else {
            return Ok(Deployment::ByHand);
        };
        let id = hook.deployment_id.as_str();
        // A function without permission to read works with the proof switched
        // off.
        if self.setup.settings.proof.mode == Mode::Off {
            self.recorder.record_deployment([("id", id)]);
            return Ok(Deployment::Unexamined);
        }
        let learning = Box::pin(async {
            let learner = &self.setup.clients()?.learner;
            learner.learn(id, self.limit, &self.recorder).await
        });
        let deployment = learning.await.inspect_err(|_| self.record_proof_time());
        Ok(deployment?)
    }

    /// Proves that the target serves green.
    pub(super) async fn prove(&self, deployment: Deployment) -> Result<Proof, Error> {
        let Deployment::BlueGreen(both) = deployment else {
            self.recorder.complete_deployment();
            return Ok(Proof::without_evidence(&deployment));
        };
        let Settings { selection, .. } = &self.setup.settings;
        let proof = self.setup.clients()?.prover.prove(
            both,
            &self.connection,
            &selection.hosts,
            async |green, limit| self.count_tasks(green, limit).await,
            &self.recorder,
            // The hour of CodeDeploy may end before the time of Lambda.
            self.limit.shorten_to(self.recorder.deadlines().checks),
        );
        let proof = Box::pin(proof).await;
        self.record_proof_time();
        Ok(proof?)
    }

    /// Plans the checks, beside the proof. Of the files, what is wrong with
    /// them is said only once it is known that there is a deployment to test.
    pub(super) async fn plan(&self) -> Result<CheckPlan, Error> {
        let Setup {
            settings,
            environment,
            ..
        } = &*self.setup;
        let access = || environment.aws();
        let load = async |deployment: Option<&Map<String, Value>>| {
            let until = self.recorder.deadlines().checks;
            checks::load(&settings.checks, deployment, access, until).await
        };
        let deployment = self.recorder.wait_for_deployment();
        let (files, deployment) = if settings.checks.need_deployment() {
            let deployment = deployment.await;
            (load(deployment.as_ref()).await, deployment)
        } else {
            // Where the files are is known before what is deployed, so that
            // neither waits for the other.
            join(load(None), deployment).await
        };
        let CheckFiles { sources, note, .. } = &files?;
        let deployment = deployment.map(|it| ("deployment".to_owned(), Value::Object(it)));
        let selection = Selection {
            context: BTreeMap::from_iter(deployment),
            ..settings.selection.clone()
        };
        let lookup = |name: &str| environment.get(name).map(str::to_owned);
        // What is wrong with the files is said before AWS is asked for secrets.
        let remotes = plan::find_remotes(sources, &selection, &lookup)
            .map_err(|problems| refuse(&problems))?;
        let until = self.recorder.deadlines().checks;
        let fetched = remote::fetch(access, remotes, until).await;
        let plan = plan::plan_with_values(sources, &selection, &lookup, &fetched)
            .map_err(|problems| refuse(&problems))?;
        secrets::remember_plan(&plan);
        Ok(CheckPlan {
            plan,
            note: note.clone(),
        })
    }

    /// Runs the checks, and takes the answers of green alone.
    pub(super) async fn run(&self, checks: &CheckPlan, proof: &Proof) -> Result<Report, Error> {
        let Settings {
            jobs,
            rate,
            fail_fast,
            proof: proof_settings,
            ..
        } = &self.setup.settings;
        let plan = &checks.plan;
        let identity = match &proof.evidence {
            Some(evidence) => self.setup.clients()?.prover.release_identity(evidence)?,
            None => None,
        };
        let patience = proof_settings.timeout;
        let longest = plan.worst_case(*jobs, *rate);
        // Where answers tell their version, a run may wait for green to answer.
        let longest = identity.as_ref().map_or(longest, |_| longest + patience);
        tracing::info!(
            checks = plan.check_count(),
            files = plan.file_count(),
            longest_ms = u64::try_from(longest.as_millis()).unwrap_or(u64::MAX),
            "running {} of {}",
            pluralize(plan.check_count(), "check"),
            pluralize(plan.file_count(), "file")
        );
        let until = self.recorder.deadlines().checks;
        let limits = Limits {
            jobs: *jobs,
            fail_fast: *fail_fast,
            rate: *rate,
            deadline: Some(until.saturating_duration_since(Instant::now())),
        };
        let mut report = match &proof.evidence {
            None => run::run(plan, &self.client, limits, &log_progress).await,
            Some(evidence) => {
                let green = GreenVersion {
                    identity: identity.as_ref(),
                    patience,
                    proof: &Renewal {
                        inspection: self,
                        evidence,
                    },
                };
                run::run_against(green, plan, &self.client, limits, &log_progress).await
            }
        };
        let notes = checks.note.iter().chain(&proof.notes).cloned();
        report.context.notes.extend(notes);
        Ok(report)
    }

    /// Looks whether the target was green until now: a report of checks that
    /// passed counts for nothing otherwise.
    pub(super) async fn look_again(
        &self,
        proof: &Proof,
        mut report: Report,
    ) -> Result<Report, Error> {
        let Some(evidence) = &proof.evidence else {
            return Ok(report);
        };
        // A verdict against the deployment needs no proof.
        if verdict::judge(&report) == Verdict::Failed {
            return Ok(report);
        }
        let prover = &self.setup.clients()?.prover;
        let limit = self.limit_until(self.recorder.deadlines().last_look());
        let look = prover.look_again(evidence, &self.connection, limit);
        if let Err(unproven) = look.await {
            report.refusal = Some(Refusal {
                reason: Error::from(unproven.clone()).to_string(),
                problems: vec![unproven.into()],
            });
        }
        Ok(report)
    }

    async fn count_tasks(
        &self,
        green: &Green,
        limit: TimeLimit,
    ) -> Result<Option<usize>, Unproven> {
        self.setup
            .clients()?
            .learner
            .count_tasks(green, limit)
            .await
    }

    fn limit_until(&self, until: Instant) -> TimeLimit {
        TimeLimit::start(self.setup.settings.proof.timeout, until)
    }

    fn record_proof_time(&self) {
        self.recorder.record_proof_time(self.limit.elapsed_time());
    }
}

fn refuse(problems: &Problems) -> Error {
    let problems = problems.diagnostics().iter().map(Problem::from);
    Error::refuse(Input::CheckFiles, problems)
}

/// The proof, as the checks ask for it while they run.
struct Renewal<'a> {
    inspection: &'a Inspection,
    evidence: &'a Evidence,
}

impl GreenProof for Renewal<'_> {
    fn route(&self, method: &Method, url: &Url, headers: &HeaderMap) -> Route {
        let routes = self.evidence.routes();
        routes.map_or(Route::Release, |routes| routes.route(method, url, headers))
    }

    /// Proves what was proven before the checks, once more, while they run.
    fn renew(&self, deadline: Instant) -> LocalBoxFuture<'_, Result<(), NotProven>> {
        let Self {
            inspection,
            evidence,
        } = *self;
        Box::pin(async move {
            let proof = async {
                let prover = &inspection.setup.clients()?.prover;
                let count = async |green: &Green, limit| inspection.count_tasks(green, limit).await;
                let limit = inspection.limit_until(deadline);
                prover
                    .renew(evidence, &inspection.connection, count, limit)
                    .await
            };
            proof.await.map_err(|unproven| NotProven {
                reason: unproven.reason,
            })
        })
    }
}
