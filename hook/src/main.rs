//! The Lambda of Greenlight: CodeDeploy invokes it when the test listener
//! serves green; it runs the checks and tells CodeDeploy the verdict.
//!
//! | file | what it is for |
//! |---|---|
//! | `event` | what the function is invoked with |
//! | `environment` | the one reader of the environment |
//! | `settings` | what the team has to say about its gate |
//! | `deadlines` | by when what has to be done |
//! | `checks` | the check files, from the package or from S3 |
//! | `gate` | from settings to a decision |
//! | `decision` | what CodeDeploy is told, why, and what was learned |
//! | `remote` | values of variables that AWS keeps |
//! | `proof` | evidence that the target serves green |
//! | `codedeploy` | the report to CodeDeploy, and what it knows of a deployment |
//! | `ecs`, `load_balancer` | what they know of green |
//! | `sinks` | who is told beside CodeDeploy: metrics, reports in S3, a message |
//! | `secrets` | what nobody may say, and the place that all go through who say something |
//! | `response` | the function's answer |
//! | `log` | JSON lines that Lambda's filter understands |
//!
//! Invariant: every way through [`invocation`] ends in a verdict that
//! CodeDeploy has, or in an error that Lambda has.

mod checks;
mod codedeploy;
mod deadlines;
mod decision;
mod ecs;
mod environment;
mod event;
mod gate;
mod load_balancer;
mod log;
mod proof;
mod remote;
mod response;
mod secrets;
mod settings;
mod sinks;

use std::fmt;
use std::process::ExitCode;
use std::sync::LazyLock;
use std::time::SystemTime;

use jiff::Timestamp;
use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use serde_json::Value;
use tokio::time::Instant;

use crate::codedeploy::{CodeDeploy, ReportError, Reported};
use crate::deadlines::Deadlines;
use crate::decision::Decision;
use crate::environment::Environment;
use crate::event::{Event, EventError};
use crate::gate::Gate;
use crate::response::Response;
use crate::sinks::{Account, Sinks};

fn main() -> ExitCode {
    let environment = Environment::of_process();
    secrets::know_environment(&environment);
    log::start(environment.log_level());
    if !environment.is_lambda() {
        tracing::error!(
            "expected to be started by Lambda, found no `AWS_LAMBDA_RUNTIME_API`; \
             use `cargo lambda watch`, or the `smoke` command"
        );
        return ExitCode::FAILURE;
    }
    // Made for the first event, not before it is asked for: reading all
    // certificate authorities takes several times as long as starting.
    let desk = LazyLock::new(|| Desk::new(environment));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let served = match runtime {
        Ok(runtime) => runtime.block_on(serve(&desk)),
        Err(error) => Err(error.into()),
    };
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("Lambda's Runtime API is gone: {error}");
            ExitCode::FAILURE
        }
    }
}

/// What outlives an invocation.
struct Desk {
    gate: Gate,
    codedeploy: CodeDeploy,
    sinks: Sinks,
}

impl Desk {
    fn new(environment: Environment) -> Self {
        Self {
            codedeploy: CodeDeploy::new(&environment),
            sinks: Sinks::new(&environment),
            gate: Gate::new(environment),
        }
    }
}

/// Takes events until Lambda has no more use for this environment.
async fn serve(desk: &LazyLock<Desk, impl FnOnce() -> Desk>) -> Result<(), lambda_runtime::Error> {
    let handler = service_fn(|event| invocation(desk, event));
    lambda_runtime::Runtime::new(handler).run().await
}

/// One invocation: decide, report, and only then tell everybody else.
async fn invocation(desk: &Desk, event: LambdaEvent<Value>) -> Result<Response, Failure> {
    let Desk {
        gate,
        codedeploy,
        sinks,
    } = desk;
    let deadline = event.context.deadline();
    let request_id = event.context.request_id;
    log::begin(&request_id);
    let (started_at, begun) = (Timestamp::now(), Instant::now());
    let left = deadlines::left(SystemTime::now(), deadline);
    let time = gate.time();
    let deadlines = Deadlines::new(begun, left, time.reserve, time.most);
    let event = Event::read(&event.payload);
    secrets::know_hook(event.as_ref().ok().and_then(Event::hook));
    let mut decision = decide(gate, &event, deadlines).await;
    secrets::redact_decision(&mut decision);
    decision.log();
    let reported = report(codedeploy, event.as_ref().ok(), &decision, deadlines).await;
    let is_aftermath = matches!(event, Ok(Event::Aftermath { .. }));
    if let Some(hook) = event.as_ref().ok().and_then(Event::hook)
        && is_aftermath
    {
        // The gate that died has kept to itself what it had learned.
        let known = codedeploy.recall(hook, deadlines.report).await;
        decision.learned.hear(known);
    }
    let account = Account {
        request_id: &request_id,
        hook: event.as_ref().ok().and_then(Event::hook),
        is_aftermath,
        decision: &decision,
        reported: &reported,
        target: gate.target(),
        started_at,
        took: begun.elapsed(),
    };
    let told = sinks.tell(&account, deadlines.report).await;
    event.map_err(Failure::Event)?;
    let reported = reported.map_err(Failure::Report)?;
    Ok(Response::new(&decision, reported, told))
}

async fn decide(gate: &Gate, event: &Result<Event, EventError>, deadlines: Deadlines) -> Decision {
    let event = match event {
        Ok(event) => event,
        Err(error) => return Decision::failed(error.to_string()),
    };
    announce(event, gate);
    match event {
        Event::Local { target } => gate.decide(target.as_deref(), None, deadlines).await,
        Event::Hook(hook) => gate.decide(None, Some(hook), deadlines).await,
        Event::Contradictory { error, .. } => Decision::failed(error.to_string()),
        Event::Aftermath { end, .. } => {
            Decision::failed(format!("the gate died before it could report: {end}"))
        }
    }
}

/// Tells CodeDeploy, if it waits.
async fn report(
    codedeploy: &CodeDeploy,
    event: Option<&Event>,
    decision: &Decision,
    deadlines: Deadlines,
) -> Result<Reported, ReportError> {
    let Some(hook) = event.and_then(Event::hook) else {
        if event.is_some() {
            tracing::info!("the event names no deployment: nothing is reported");
        }
        return Ok(Reported::NothingToReportTo);
    };
    codedeploy::report(codedeploy, hook, decision.verdict, deadlines.report)
        .await
        .inspect_err(|error| {
            tracing::error!(
                reported = "not-accepted",
                attempts = error.attempts,
                reason = error.reason,
                help = error.help,
                "{error}"
            );
        })
}

/// The first line of an invocation.
fn announce(event: &Event, gate: &Gate) {
    let hook = event.hook();
    let named = match event {
        Event::Local { target } => target.clone(),
        Event::Hook(_) | Event::Contradictory { .. } | Event::Aftermath { .. } => None,
    };
    tracing::info!(
        deployment = hook.map(|hook| hook.deployment_id.as_str()),
        execution = hook.map(event::Hook::fingerprint),
        target = named.or_else(|| gate.target()),
        version = env!("CARGO_PKG_VERSION"),
        "Greenlight {} for {}",
        env!("CARGO_PKG_VERSION"),
        hook.map_or_else(|| "a run by hand".to_owned(), ToString::to_string),
    );
}

/// Why Lambda sees a failed invocation: there is nobody else who could be
/// told.
enum Failure {
    Event(EventError),
    Report(ReportError),
}

/// The runtime logs this form.
impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Event(error) => error.fmt(f),
            Self::Report(error) => error.fmt(f),
        }
    }
}

impl From<Failure> for Diagnostic {
    fn from(failure: Failure) -> Self {
        Self {
            error_type: match failure {
                Failure::Event(_) => "EventError".to_owned(),
                Failure::Report(_) => "ReportError".to_owned(),
            },
            error_message: secrets::redacted(match failure {
                Failure::Event(error) => error.to_string(),
                Failure::Report(error) => error.to_string(),
            }),
        }
    }
}
