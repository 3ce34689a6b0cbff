//! The work of a gate: prove that the target is green and plan the checks, at
//! the same time; run them; look once more.

use std::collections::BTreeMap;
use std::future::pending;

use client::connection::Connection;
use client::http::Client;
use diagnostic::Problems;
use diagnostic::units::counted;
use futures_util::future::{LocalBoxFuture, join, try_join};
use http::{HeaderMap, Method};
use report::Report;
use report::verdict::{self, Verdict};
use runner::plan::{self, Plan};
use runner::release::{self, Release, Route};
use runner::run;
use runner::settings::{Limits, Selection};
use serde_json::Value;
use tokio::sync::oneshot;
use tokio::time::Instant;
use url::Url;

use super::{Ready, progress};
use crate::checks::{self, Gathered};
use crate::deadlines::Closing;
use crate::decision::{Decision, Learned, Problem};
use crate::event::Hook;
use crate::proof::{Bound, Proven, Subject, Unproven, Versions};
use crate::remote;
use crate::secrets;

/// What is known of the deployment, for check files.
type Context = BTreeMap<String, Value>;

/// One invocation's work.
pub(super) struct Work<'a> {
    ready: &'a Ready,
    client: &'a Client,
    hook: Option<&'a Hook>,
    closing: &'a Closing,
    learned: &'a Learned,
    connection: Connection,
    bound: Bound,
}

/// What was proven.
struct Proof {
    subject: Subject,
    versions: Versions,
    proven: Proven,
}

impl<'a> Work<'a> {
    pub(super) fn new(
        ready: &'a Ready,
        client: &'a Client,
        hook: Option<&'a Hook>,
        closing: &'a Closing,
        learned: &'a Learned,
    ) -> Self {
        Self {
            ready,
            client,
            hook,
            closing,
            learned,
            connection: ready.settings.connection(client.target().clone()),
            bound: ready.prover.bound(closing.checks()),
        }
    }

    /// Does it all. Nothing of it waits for what it does not need: whatever
    /// fails first ends the rest.
    pub(super) async fn done(self) -> Decision {
        let (known, context) = oneshot::channel();
        let both = try_join(self.prove(known), self.plan(context));
        let (proof, (plan, note)) = match Box::pin(both).await {
            Ok(both) => both,
            Err(decision) => return decision,
        };
        let mut report = match self.run(&plan, &proof).await {
            Ok(report) => report,
            Err(unproven) => return Decision::unproven(unproven),
        };
        report.about.notes.extend(note);
        report
            .about
            .notes
            .extend(proof.proven.notes.iter().cloned());
        if verdict::judge(&report) == Verdict::Succeeded
            && let Err(unproven) = self.look_again(&proof).await
        {
            return Decision::withdrawn(report, unproven);
        }
        Decision::of(report)
    }

    /// Proves that the target is green. What is deployed is made known as soon
    /// as AWS has said it.
    async fn prove(&self, known: oneshot::Sender<Context>) -> Result<Proof, Decision> {
        let proof = self.proof(known).await;
        if proof.as_ref().map_or(true, |it| it.subject.is_provable()) {
            let _ = self.learned.proof.set(self.bound.taken());
        }
        proof.map_err(Decision::unproven)
    }

    async fn proof(&self, known: oneshot::Sender<Context>) -> Result<Proof, Unproven> {
        let prover = &self.ready.prover;
        let heard = |deployment| self.learned.hear(deployment);
        let learning = prover.learn(self.hook, self.bound, self.closing, heard);
        let subject = Box::pin(learning).await?;
        // CodeDeploy may have less of its hour left.
        let bound = self.bound.at_most(self.closing.checks());
        let hosts = &self.ready.settings.selection.hosts;
        let listener = prover.listener(&subject, &self.connection, bound);
        let versions = async {
            let versions = prover.versions(&subject, bound).await?;
            let context = subject.context(&versions);
            if let Some(Value::Object(deployment)) = context.get("deployment") {
                self.learned.hear(deployment.clone());
            }
            // Nobody is there any more if there is no plan.
            let _ = known.send(context);
            Ok(versions)
        };
        let (mut by_aws, versions) = Box::pin(try_join(listener, versions)).await?;
        let app = prover.app(&subject, &versions, &self.connection, &by_aws, bound);
        let doors = prover.doors(&subject, &self.connection, hosts, bound);
        let (notes, doors) = Box::pin(join(app, doors)).await;
        by_aws.notes.extend(doors.into_iter().chain(notes?));
        prover.announce(&subject, &versions, bound);
        Ok(Proof {
            subject,
            versions,
            proven: by_aws,
        })
    }

    /// Plans the checks. Of the files, what is wrong with them is said only
    /// once it is known that there is a deployment to test.
    async fn plan(
        &self,
        context: oneshot::Receiver<Context>,
    ) -> Result<(Plan, Option<String>), Decision> {
        let settings = &self.ready.settings;
        let access = || self.ready.environment.aws();
        // Where they are is perhaps known before what is deployed.
        let early = async {
            if settings.checks.need_deployment() {
                return None;
            }
            Some(checks::gather(&settings.checks, None, access, self.closing.checks()).await)
        };
        let (early, context) = join(early, context).await;
        let Ok(context) = context else {
            // There is none, and the proof says why.
            return pending().await;
        };
        let until = self.closing.checks();
        let gathered = if let Some(gathered) = early {
            gathered
        } else {
            let deployment = context.get("deployment");
            checks::gather(&settings.checks, deployment, access, until).await
        };
        let Gathered { sources, note, .. } = &gathered?;
        let selection = Selection {
            context,
            ..settings.selection.clone()
        };
        let refuse = |problems: &Problems| {
            let problems = problems.diagnostics().iter().map(Problem::from);
            Decision::refuse("the check files", problems)
        };
        let lookup = |name: &str| self.ready.environment.get(name).map(str::to_owned);
        // What is wrong with the files is said before anybody is asked.
        let remotes = plan::remotes(sources, &selection, &lookup).map_err(|all| refuse(&all))?;
        let fetched = remote::fetch(access, remotes, until).await;
        let plan = plan::plan_with(sources, &selection, &lookup, &fetched);
        let plan = plan.map_err(|all| refuse(&all))?;
        secrets::know_plan(&plan);
        Ok((plan, note.clone()))
    }

    /// Runs the checks, and takes the answers of green alone.
    async fn run(&self, plan: &Plan, proof: &Proof) -> Result<Report, Unproven> {
        let Ready {
            settings, prover, ..
        } = self.ready;
        let patience = prover.patience();
        let identity = prover.release_identity(&proof.subject, &proof.versions)?;
        let longest = plan.worst_case_at(settings.jobs, settings.rate);
        let longest = identity.as_ref().map_or(longest, |_| longest + patience);
        tracing::info!(
            checks = plan.checks(),
            files = plan.files(),
            longest_ms = u64::try_from(longest.as_millis()).unwrap_or(u64::MAX),
            "running {} of {}",
            counted(plan.checks(), "check"),
            counted(plan.files(), "file")
        );
        let left = self.closing.checks();
        let limits = Limits {
            jobs: settings.jobs,
            fail_fast: settings.fail_fast,
            rate: settings.rate,
            deadline: Some(left.saturating_duration_since(Instant::now())),
        };
        if !proof.subject.is_provable() {
            return Ok(run::run(plan, self.client, limits, &progress::tell).await);
        }
        let release = Release {
            identity: identity.as_ref(),
            patience,
            proof: &Renewal { work: self, proof },
        };
        Ok(run::run_on(release, plan, self.client, limits, &progress::tell).await)
    }

    /// Proves what was proven before the checks, once more, while they run.
    async fn prove_again(&self, proof: &Proof, until: Instant) -> Result<(), Unproven> {
        let prover = &self.ready.prover;
        let Proof {
            subject, versions, ..
        } = proof;
        let bound = prover.bound(until);
        let listener = prover.listener(subject, &self.connection, bound);
        let by_aws = listener.await?;
        let app = prover.app(subject, versions, &self.connection, &by_aws, bound);
        app.await.map(drop)
    }

    /// Whether the target was green until now.
    async fn look_again(&self, proof: &Proof) -> Result<(), Unproven> {
        let prover = &self.ready.prover;
        let bound = prover.bound(self.closing.last_look());
        let Proof {
            subject,
            versions,
            proven,
        } = proof;
        prover
            .look_again(subject, versions, &self.connection, proven, bound)
            .await
    }
}

/// The proof, as the checks ask for it while they run.
struct Renewal<'a> {
    work: &'a Work<'a>,
    proof: &'a Proof,
}

impl release::Proof for Renewal<'_> {
    fn route(&self, method: &Method, url: &Url, headers: &HeaderMap) -> Route {
        let routes = self.proof.proven.routes.as_ref();
        routes.map_or(Route::Release, |routes| routes.route(method, url, headers))
    }

    fn renew(&self, until: Instant) -> LocalBoxFuture<'_, Result<(), String>> {
        let proof = self.work.prove_again(self.proof, until);
        Box::pin(async move { proof.await.map_err(|unproven| unproven.reason) })
    }
}
