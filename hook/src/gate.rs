//! The gate: from the event of an invocation to its answer. A file may use what
//! stands above it here, never what stands below it.
//!
//! | file | what it is for |
//! |---|---|
//! | `setup` | what outlives an invocation |
//! | `progress` | a line of the log for each check |
//! | `inspection` | the steps between the event and the report |
//! | `supervisor` | their thread: what becomes of a panic and of a hang |
//!
//! Invariant: every way through [`Gate::handle`] ends in a verdict that
//! CodeDeploy has, or in an error that Lambda has.

mod inspection;
mod progress;
mod setup;
mod supervisor;

use std::sync::Arc;
use std::time::SystemTime;

use futures_util::future::try_join;
use jiff::Timestamp;
use lambda_runtime::LambdaEvent;
use report::Problem;
use report::verdict::Verdict;
use serde_json::Value;
use tokio::time::Instant;

use self::inspection::Inspection;
use self::setup::Setup;
use self::supervisor::supervise;
use crate::codedeploy::{self, CodeDeploy, Hook, ReportError, Reported};
use crate::deadlines::{Deadlines, remaining_time};
use crate::decision::Decision;
use crate::environment::Environment;
use crate::error::{Error, Input};
use crate::event::{Event, EventError};
use crate::findings::{Findings, Recorder};
use crate::log;
use crate::response::{Failure, Response};
use crate::secrets;
use crate::settings::Time;
use crate::sinks::{Invocation, Sinks};

/// Everything that outlives an invocation.
pub(crate) struct Gate {
    /// Or what is wrong with the settings: the reason for each verdict then.
    setup: Result<Arc<Setup>, Vec<Problem>>,
    codedeploy: CodeDeploy,
    sinks: Sinks,
}

impl Gate {
    /// Reads the settings and makes the clients, once for all invocations.
    pub(crate) fn new(environment: Environment) -> Self {
        Self {
            codedeploy: CodeDeploy::new(&environment),
            sinks: Sinks::new(&environment),
            setup: Setup::new(environment).map(Arc::new),
        }
    }

    /// One invocation:
    /// learn → prove → plan → run → look again → report → tell.
    ///
    /// # Errors
    /// What nobody but Lambda can be told.
    pub(crate) async fn handle(&self, event: LambdaEvent<Value>) -> Result<Response, Failure> {
        let (started_at, started) = (Timestamp::now(), Instant::now());
        let deadlines = self.divide_time(started, event.context.deadline());
        let request_id = event.context.request_id;
        log::set_request_id(&request_id);
        let event = Event::read(&event.payload);
        let hook = event.as_ref().ok().and_then(Event::hook);
        secrets::remember_execution(hook.map(|hook| hook.execution_id.as_str()));

        let (recorder, mut findings) = Recorder::new(deadlines);
        let inspection = self.prepare(event.as_ref(), recorder);
        let work = async |inspection: Inspection| {
            // The plan waits for the names of what is deployed, and for no
            // more of the proof; whatever fails first ends the other.
            let plan = inspection.plan();
            let proof = async { inspection.prove(inspection.learn().await?).await };
            let (proof, plan) = try_join(Box::pin(proof), Box::pin(plan)).await?;
            let report = inspection.run(&plan, &proof).await?;
            inspection.look_again(&proof, report).await
        };
        let outcome = supervise(&mut findings, inspection, work).await;
        let decision = Decision::from(outcome).redact();
        decision.log();

        // CodeDeploy comes before everybody else: no sink may delay it.
        let (verdict, until) = (decision.verdict, deadlines.report);
        let reported = self
            .report_to_codedeploy(event.as_ref(), verdict, until)
            .await;
        let known = findings.borrow().clone();
        let invocation = Invocation {
            request_id: &request_id,
            deployment_id: hook.map(|hook| hook.deployment_id.as_str()),
            is_watchdog: matches!(event, Ok(Event::Watchdog { .. })),
            decision: &decision,
            findings: &self.complete_findings(known, event.as_ref()).await,
            reported: &reported,
            target: self.target(),
            started_at,
            duration: started.elapsed(),
        };
        let notified = self.sinks.notify(&invocation, until).await;
        event.map_err(Failure::Event)?;
        let reported = reported.map_err(Failure::Report)?;
        Ok(Response::new(&decision, reported, notified))
    }

    /// When what has to end, for an invocation that Lambda ends at `deadline`.
    fn divide_time(&self, started: Instant, deadline: SystemTime) -> Deadlines {
        let setup = self.setup.as_ref();
        let time = setup.map_or_else(|_| Time::default(), |setup| setup.settings.time);
        let left = remaining_time(SystemTime::now(), deadline);
        Deadlines::new(started, left, time.reserve, time.most)
    }

    /// The base URL under test, as far as the settings say it.
    fn target(&self) -> Option<String> {
        let setup = self.setup.as_ref().ok()?;
        Some(setup.settings.target.as_ref()?.to_string())
    }

    /// What an event asks to be inspected.
    ///
    /// # Errors
    /// Why nothing can be inspected, which decides against the deployment.
    fn prepare(
        &self,
        event: Result<&Event, &EventError>,
        recorder: Recorder,
    ) -> Result<Inspection, Error> {
        let event = event.map_err(EventError::clone)?;
        self.announce(event);
        let (hook, event_target) = match event {
            Event::Local { target } => (None, target.as_deref()),
            Event::Hook(hook) => (Some(hook.clone()), None),
            // CodeDeploy waits, so that this is a verdict and no error.
            Event::Contradictory { error, .. } => return Err(error.clone().into()),
            // The checks may be what the gate died of.
            Event::Watchdog { end, .. } => return Err(Error::GateDied { end: end.clone() }),
        };
        let setup = self.setup.as_ref();
        let setup =
            setup.map_err(|problems| Error::refuse(Input::Settings, problems.iter().cloned()))?;
        let client = setup.choose_client(event_target)?;
        Ok(Inspection::new(Arc::clone(setup), client, hook, recorder))
    }

    /// The first line of an invocation.
    fn announce(&self, event: &Event) {
        let hook = event.hook();
        let event_target = match event {
            Event::Local { target } => target.clone(),
            Event::Hook(_) | Event::Contradictory { .. } | Event::Watchdog { .. } => None,
        };
        tracing::info!(
            deployment = hook.map(|hook| hook.deployment_id.as_str()),
            execution = hook.map(Hook::fingerprint),
            target = event_target.or_else(|| self.target()),
            version = env!("CARGO_PKG_VERSION"),
            "Greenlight {} for {}",
            env!("CARGO_PKG_VERSION"),
            hook.map_or_else(|| "a run by hand".to_owned(), ToString::to_string),
        );
    }

    /// Tells CodeDeploy the verdict, if it waits for one.
    async fn report_to_codedeploy(
        &self,
        event: Result<&Event, &EventError>,
        verdict: Verdict,
        until: Instant,
    ) -> Result<Reported, ReportError> {
        let Some(hook) = event.ok().and_then(Event::hook) else {
            // An event that is not understood is an error, and Lambda logs it.
            if event.is_ok() {
                tracing::info!("the event names no deployment: nothing is reported");
            }
            return Ok(Reported::NothingToReportTo);
        };
        let reported = codedeploy::report(&self.codedeploy, hook, verdict, until).await;
        reported.inspect_err(|error| {
            tracing::error!(
                reported = "not-accepted",
                attempts = error.attempts,
                reason = error.reason,
                help = error.help,
                "{error}"
            );
        })
    }

    /// Adds what a gate that died has kept to itself.
    async fn complete_findings(
        &self,
        mut findings: Findings,
        event: Result<&Event, &EventError>,
    ) -> Findings {
        if let Ok(Event::Watchdog {
            hook: Some(hook), ..
        }) = event
        {
            let until = findings.deadlines.report;
            let members = self.codedeploy.recall(hook, until).await;
            findings.deployment.extend(members);
        }
        findings
    }
}
