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

pub use self::outcome::{Exit, InitError, Invocation, InvocationOutcome, LogLine, Output};
use self::process::{LineCallback, Process};
use crate::error::StageError;

/// The function's name. CodeDeploy's narrower managed roles may only invoke
/// functions whose names begin with `CodeDeployHook_`.
pub const FUNCTION_NAME: &str = "CodeDeployHook_greenlight";

/// How long a process may take to request its first event, as on Lambda.
const INIT_TIMEOUT: Duration = Duration::from_secs(10);

/// The ARN of the function, without a version.
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
    on_line: LineCallback,
    /// One process handles one event at a time, so an invocation holds this lock.
    process: Mutex<Option<Process>>,
    /// The id of the last process that was started, which a caller may ask for
    /// while an invocation holds the lock; 0 if the process has ended.
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
    /// Starts the function's first process. `on_line` gets each line that a
    /// process writes; `codedeploy_url` is its endpoint for all of AWS.
    pub(crate) async fn start(
        options: FunctionOptions,
        codedeploy_url: String,
        on_line: impl Fn(&LogLine) + Send + Sync + 'static,
    ) -> Result<Self, StageError> {
        let on_line: LineCallback = Arc::new(on_line);
        let process = Process::start(&options, &codedeploy_url, &on_line).await?;
        Ok(Self {
            options,
            codedeploy_url,
            on_line,
            pid: AtomicU32::new(process.id()),
            process: Mutex::new(Some(process)),
        })
    }

    /// The id of the function's process, for a test that stops or kills it.
    pub fn pid(&self) -> Option<u32> {
        let id = self.pid.load(Ordering::Relaxed);
        (id != 0).then_some(id)
    }

    /// Invokes the function with this event and waits for its end.
    pub async fn invoke(&self, event: Value) -> Invocation {
        let request_id = crate::random::draw_uuid();
        let mut process_slot = self.process.lock().await;
        if process_slot
            .as_mut()
            .is_none_or(Process::has_ended_between_events)
        {
            // As on Lambda, an invocation that finds no process starts one. The
            // old value goes first, so that its readers end before.
            *process_slot = None;
            match Process::start(&self.options, &self.codedeploy_url, &self.on_line).await {
                Ok(process) => {
                    self.pid.store(process.id(), Ordering::Relaxed);
                    *process_slot = Some(process);
                }
                Err(error) => return failed_start(error.to_string(), request_id),
            }
        }
        // The slot is full by now; the compiler cannot know that.
        let Some(process) = process_slot.as_mut() else {
            return failed_start("no process".to_owned(), request_id);
        };
        // Only the invocation that waits for the start reports how long it took.
        let cold = process.init.is_none();
        let (outcome, init, duration) = match wait_until_ready(process).await {
            Err(error) => {
                // A process that is slow to start must not take a later event.
                process.kill().await;
                let reason = error.to_string();
                let failed = InvocationOutcome::InitFailed { reason };
                (failed, None, Duration::ZERO)
            }
            Ok(init) => {
                let began = Instant::now();
                let outcome = run_invocation(process, &request_id, &event, &self.options).await;
                (outcome, Some(init).filter(|_| cold), began.elapsed())
            }
        };
        let lines = process.take_lines().await;
        // A function that returns an error keeps its process, as on Lambda; every
        // other failure leaves none that could be used again.
        let has_ended = !matches!(
            outcome,
            InvocationOutcome::Returned(_) | InvocationOutcome::Errored { .. }
        );
        if has_ended {
            *process_slot = None;
        }
        Invocation {
            outcome,
            lines,
            duration,
            init,
            request_id,
        }
    }

    /// Waits until the process requests its first event; the result is how long
    /// that took from its start.
    ///
    /// # Errors
    /// The process does not get there.
    pub async fn wait_for_init(&self) -> Result<Duration, InitError> {
        match self.process.lock().await.as_mut() {
            Some(process) => wait_until_ready(process).await,
            None => Err(InitError::NoProcess),
        }
    }
}

/// The invocation of a function whose process could not be started.
fn failed_start(reason: String, request_id: String) -> Invocation {
    Invocation {
        outcome: InvocationOutcome::InitFailed { reason },
        lines: Vec::new(),
        duration: Duration::ZERO,
        init: None,
        request_id,
    }
}

/// Waits until the process requests its first event; the result is how long it
/// took from its start.
async fn wait_until_ready(process: &mut Process) -> Result<Duration, InitError> {
    if let Some(init) = process.init {
        return Ok(init);
    }
    let Process { api, child, .. } = process;
    tokio::select! {
        // A process that has requested an event is ready, even if it ends at once.
        biased;
        () = api.wait_for_first_request() => {}
        report = api.wait_for_init_error() => return Err(InitError::Reported { report }),
        exit = process::wait_for_exit(child) => return Err(InitError::Exited { exit }),
        () = tokio::time::sleep(INIT_TIMEOUT) => {
            return Err(InitError::TimedOut { seconds: INIT_TIMEOUT.as_secs() });
        }
    }
    // The moment is noted by the API, since this task may have come later.
    let init = process.api.first_request_at().unwrap_or(process.started) - process.started;
    process.init = Some(init);
    Ok(init)
}

/// Hands the event to a process that is ready, and waits for its answer, its end,
/// or one of its limits.
async fn run_invocation(
    process: &mut Process,
    request_id: &str,
    event: &Value,
    options: &FunctionOptions,
) -> InvocationOutcome {
    let (limit, megabytes) = (options.timeout, options.memory_mb);
    let id = process.id();
    let Process { api, child, .. } = process;
    let answer = api.hand_out_event(request_id, event, limit);
    tokio::select! {
        // A process that answers and ends at once has answered: the order of
        // these branches says so.
        biased;
        Ok(outcome) = answer => outcome,
        exit = process::wait_for_exit(child) => InvocationOutcome::Died { exit },
        () = tokio::time::sleep(limit) => {
            process.kill().await;
            InvocationOutcome::TimedOut
        }
        () = memory::wait_for_memory_excess(id, megabytes) => {
            process.kill().await;
            InvocationOutcome::OutOfMemory
        }
    }
}
