//! The gate: from settings to a decision, which is `Failed` whatever goes
//! wrong on the way.
//!
//! | file | what it is for |
//! |---|---|
//! | `work` | proof, check files, plan, run, and one more look |
//! | `progress` | a line of the log for each check |

mod progress;
mod work;

use std::any::Any;
use std::sync::Arc;

use client::http::Client;
use client::target::Target;
use diagnostic::units::human_duration;
use tokio::sync::watch;
use tokio::task::JoinError;
use tokio::time::Instant;

use crate::deadlines::{Closing, Deadlines};
use crate::decision::{Decision, Learned, Problem};
use crate::environment::Environment;
use crate::event::Hook;
use crate::proof::Prover;
use crate::settings::{SettingError, Settings, Time};

use self::work::Work;

/// Everything that outlives an invocation.
pub(crate) struct Gate(Result<Arc<Ready>, Decision>);

/// A gate with settings that are fine.
struct Ready {
    environment: Environment,
    settings: Settings,
    prover: Prover,
    /// Absent if the settings leave the target to the event.
    client: Option<Client>,
}

impl Gate {
    /// Reads the settings and makes the client, once for all invocations.
    /// What is wrong with them becomes the decision of every invocation.
    pub(crate) fn new(environment: Environment) -> Self {
        let ready = Settings::read(&environment)
            .map_err(|errors| Decision::refuse("the settings", errors.iter().map(Problem::from)))
            .and_then(|settings| {
                let client = settings
                    .target
                    .clone()
                    .map(|target| connect(&settings, target));
                let client = client.transpose()?;
                Ok(Arc::new(Ready {
                    prover: Prover::new(settings.proof.clone(), &environment),
                    environment,
                    settings,
                    client,
                }))
            });
        Self(ready)
    }

    /// How an invocation's time is divided.
    pub(crate) fn time(&self) -> Time {
        self.0
            .as_ref()
            .map_or_else(|_| Time::default(), |ready| ready.settings.time)
    }

    /// The base URL under test, as far as the settings say it.
    pub(crate) fn target(&self) -> Option<String> {
        let ready = self.0.as_ref().ok()?;
        Some(ready.settings.target.as_ref()?.to_string())
    }

    /// Proves green, runs the checks and decides. `named` is the target that
    /// the event of a run by hand names, `hook` who waits otherwise.
    ///
    /// They run on a thread of their own: a check that never yields, or that
    /// panics, keeps nobody from reporting.
    pub(crate) async fn decide(
        &self,
        named: Option<&str>,
        hook: Option<&Hook>,
        deadlines: Deadlines,
    ) -> Decision {
        let ready = match &self.0 {
            Ok(ready) => Arc::clone(ready),
            Err(refused) => return refused.clone(),
        };
        let client = match ready.client(named) {
            Ok(client) => client,
            Err(refused) => return refused,
        };
        let (closing, deadlines) = Closing::new(deadlines);
        let hook = hook.cloned();
        let learned = Arc::new(Learned::default());
        let learning = Arc::clone(&learned);
        let work = move || examine(&ready, &client, hook.as_ref(), &closing, &learning);
        Decision {
            learned,
            ..watched(deadlines, work).await
        }
    }
}

impl Ready {
    /// The client for the target of the settings, or else of the event. An
    /// event cannot turn a deployed gate to another target.
    fn client(&self, named: Option<&str>) -> Result<Client, Decision> {
        match (&self.client, named) {
            (Some(client), None) => Ok(client.clone()),
            (Some(_), Some(_)) => Err(Decision::refuse(
                "the event",
                [Problem {
                    text: "expected the target from `SMOKE_TARGET` alone, found one in the event"
                        .to_owned(),
                    help: Some("remove one of the two".to_owned()),
                }],
            )),
            (None, Some(named)) => {
                let target = named.parse().map_err(|problem| {
                    let text = format!("`target` of the event: {problem}");
                    Decision::refuse("the event", [Problem { text, help: None }])
                })?;
                connect(&self.settings, target)
            }
            (None, None) => Err(Decision::refuse(
                "the settings",
                [Problem::from(&SettingError::no_target())],
            )),
        }
    }
}

fn connect(settings: &Settings, target: Target) -> Result<Client, Decision> {
    Client::new(&settings.connection(target)).map_err(|error| {
        let problem = Problem {
            text: error.to_string(),
            help: None,
        };
        Decision::refuse("the settings", [problem])
    })
}

/// Does the work on another thread and waits for its decision, no longer than
/// the deadlines allow.
async fn watched(
    mut deadlines: watch::Receiver<Deadlines>,
    work: impl FnOnce() -> Decision + Send + 'static,
) -> Decision {
    let begun = Instant::now();
    let mut working = tokio::task::spawn_blocking(work);
    loop {
        let until = deadlines.borrow_and_update().gate;
        tokio::select! {
            biased;
            done = &mut working => return done.unwrap_or_else(died),
            () = tokio::time::sleep_until(until) => return Decision::failed(format!(
                "the run did not end within {}",
                human_duration(begun.elapsed())
            )),
            // They have come closer; once nobody can change them any more,
            // this is out of the game.
            Ok(()) = deadlines.changed() => {}
        }
    }
}

/// What is decided if the work died.
fn died(died: JoinError) -> Decision {
    Decision::failed(match died.try_into_panic() {
        Ok(panic) => format!("Greenlight panicked: {}", said(&*panic)),
        Err(died) => format!("the run died: {died}"),
    })
}

/// The whole gate, from the check files on, in this thread.
fn examine(
    ready: &Ready,
    client: &Client,
    hook: Option<&Hook>,
    closing: &Closing,
    learned: &Learned,
) -> Decision {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return Decision::failed(format!("no runtime for the checks: {error}")),
    };
    let decision = runtime.block_on(Work::new(ready, client, hook, closing, learned).done());
    // A name that never resolves must not hold up the report.
    runtime.shutdown_background();
    decision
}

/// What a panic said.
fn said(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without words")
}

#[cfg(test)]
mod tests;
