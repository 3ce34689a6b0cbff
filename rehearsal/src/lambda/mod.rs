//! A Lambda function on loopback: a real process behind a real Runtime API.
//!
//! The process is the `bootstrap` that would be deployed. It gets the
//! environment that Lambda gives and nothing of the caller's, is kept warm
//! between invocations, and is killed when its time is over or its memory is
//! used up.

mod memory;
mod outcome;
mod process;
mod runtime_api;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::Mutex;
use tokio::time::Instant;

pub use self::outcome::{Exit, Invocation, InvocationOutcome, LogLine, Output};
use self::process::{OnLine, Process};
use crate::error::StageError;

/// The function's name. CodeDeploy's narrower managed roles may only invoke
/// functions whose names begin with `CodeDeployHook_`.
pub const FUNCTION_NAME: &str = "CodeDeployHook_greenlight";

/// How long a process may take to ask for its first event, as on Lambda.
const INIT_LIMIT: Duration = Duration::from_secs(10);

pub(crate) fn function_arn() -> String {
    format!("arn:aws:lambda:eu-central-1:111122223333:function:{FUNCTION_NAME}")
}

/// What the function is and may use.
#[derive(Clone, Debug)]
pub struct FunctionOptions {
    /// The executable.
    pub bootstrap: PathBuf,
    /// Environment variables beside those of Lambda; they win over them.
    pub settings: Vec<(String, String)>,
    /// The time limit of an invocation: at most 15 minutes on Lambda.
    pub timeout: Duration,
    /// The memory that the function has, in MB; with more it is killed.
    pub memory_mb: u32,
}

impl FunctionOptions {
    /// A function with Greenlight's defaults: one minute and 256 MB.
    pub fn new(bootstrap: impl Into<PathBuf>) -> Self {
        Self {
            bootstrap: bootstrap.into(),
            settings: Vec::new(),
            timeout: Duration::from_mins(1),
            memory_mb: 256,
        }
    }
}

/// A deployed function. Its process is started with it, and again when an
/// invocation finds none; it is killed when this value is dropped.
pub struct Function {
    options: FunctionOptions,
    codedeploy_url: String,
    on_line: OnLine,
    /// One process handles one event at a time.
    process: Mutex<Option<Process>>,
    /// The id of the last process that was started; 0 if the system told none.
    pid: AtomicU32,
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Function")
            .field("bootstrap", &self.options.bootstrap)
            .finish_non_exhaustive()
    }
}

impl Function {
    pub(crate) async fn start(
        options: FunctionOptions,
        codedeploy_url: String,
        on_line: impl Fn(&LogLine) + Send + Sync + 'static,
    ) -> Result<Self, StageError> {
        let on_line: OnLine = Arc::new(on_line);
        let process = Process::start(&options, &codedeploy_url, &on_line).await?;
        Ok(Self {
            options,
            codedeploy_url,
            on_line,
            pid: AtomicU32::new(process.id()),
            process: Mutex::new(Some(process)),
        })
    }

    /// The id of the function's process, for whoever wants to stop or kill it.
    pub fn pid(&self) -> Option<u32> {
        let id = self.pid.load(Ordering::Relaxed);
        (id != 0).then_some(id)
    }

    /// Invokes the function with this event and waits for its end.
    pub async fn invoke(&self, event: Value) -> Invocation {
        let request_id = crate::random::uuid();
        let mut slot = self.process.lock().await;
        if slot.as_mut().is_none_or(Process::has_ended_between_events) {
            *slot = None;
            match Process::start(&self.options, &self.codedeploy_url, &self.on_line).await {
                Ok(process) => {
                    self.pid.store(process.id(), Ordering::Relaxed);
                    *slot = Some(process);
                }
                Err(error) => return never_started(error.to_string(), request_id),
            }
        }
        let Some(process) = slot.as_mut() else {
            return never_started("no process".to_owned(), request_id);
        };
        let cold = process.init.is_none();
        let (outcome, init, duration) = match initialised(process).await {
            Err(reason) => {
                process.kill().await;
                let failed = InvocationOutcome::InitFailed { reason };
                (failed, None, Duration::ZERO)
            }
            Ok(init) => {
                let began = Instant::now();
                let outcome = run(process, &request_id, &event, &self.options).await;
                (outcome, Some(init).filter(|_| cold), began.elapsed())
            }
        };
        let lines = process.take_lines().await;
        let ended = !matches!(
            outcome,
            InvocationOutcome::Returned(_) | InvocationOutcome::Errored { .. }
        );
        if ended {
            *slot = None;
        }
        Invocation {
            outcome,
            lines,
            duration,
            init,
            request_id,
        }
    }

    /// How long the process took from its start to its first request for an
    /// event, or why it did not get there.
    pub async fn init(&self) -> Result<Duration, String> {
        match self.process.lock().await.as_mut() {
            Some(process) => initialised(process).await,
            None => Err("the process has ended".to_owned()),
        }
    }
}

fn never_started(reason: String, request_id: String) -> Invocation {
    Invocation {
        outcome: InvocationOutcome::InitFailed { reason },
        lines: Vec::new(),
        duration: Duration::ZERO,
        init: None,
        request_id,
    }
}

/// Waits until the process asks for its first event.
async fn initialised(process: &mut Process) -> Result<Duration, String> {
    if let Some(init) = process.init {
        return Ok(init);
    }
    let Process { api, child, .. } = process;
    tokio::select! {
        biased;
        () = api.asked() => {}
        reason = api.init_error() => return Err(reason),
        exit = process::exit(child) => return Err(format!("the process ended with {exit}")),
        () = tokio::time::sleep(INIT_LIMIT) => {
            return Err(format!("no request for an event within {} s", INIT_LIMIT.as_secs()));
        }
    }
    let init = process.api.first_asked().unwrap_or(process.started) - process.started;
    process.init = Some(init);
    Ok(init)
}

async fn run(
    process: &mut Process,
    request_id: &str,
    event: &Value,
    options: &FunctionOptions,
) -> InvocationOutcome {
    let (limit, megabytes) = (options.timeout, options.memory_mb);
    let id = process.id();
    let Process { api, child, .. } = process;
    let answered = api.hand_out(request_id, event, limit);
    tokio::select! {
        // A process that answers and ends at once has answered.
        biased;
        Ok(outcome) = answered => outcome,
        exit = process::exit(child) => InvocationOutcome::Died { exit },
        () = tokio::time::sleep(limit) => {
            process.kill().await;
            InvocationOutcome::TimedOut
        }
        () = memory::exceeded(id, megabytes) => {
            process.kill().await;
            InvocationOutcome::OutOfMemory
        }
    }
}
