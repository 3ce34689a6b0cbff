//! The report to CodeDeploy: the verdict is sent until it is accepted, refused
//! for good, or Lambda's time is over. `hook` reads who waits for it,
//! `deployments` has the calls that only read, and `learn` makes of them what
//! the proof has to know.

mod deployments;
mod hook;
mod learn;
#[cfg(test)]
mod tests;

use std::fmt;
use std::time::Duration;

use aws_sdk_codedeploy::Client;
use aws_sdk_codedeploy::error::SdkError;
use aws_sdk_codedeploy::types::LifecycleEventStatus;
use report::verdict::Verdict;
use serde_json::{Map, Value};
use tokio::time::Instant;

use crate::environment::Environment;
use aws::Access;
use aws::calls::{AttemptError, repeat};

use self::deployments::Deployments as Reads;
pub(crate) use self::hook::{Hook, read_text};
pub(crate) use self::learn::Learner;

/// The longest that it may take to learn what a deployment is called, once
/// its verdict is told.
const RECALL: Duration = Duration::from_secs(2);
/// Stands where the code of an error is, if no call could be made.
const NO_ACCESS: &str = "NoAccess";

/// What became of a verdict, if nothing went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reported {
    /// CodeDeploy took it.
    Accepted,
    /// CodeDeploy has a verdict already, or waits no longer.
    AlreadyCompleted {
        /// It may be this one, sent by an attempt whose answer was lost.
        ours_perhaps: bool,
    },
    /// The event named no deployment.
    NothingToReportTo,
}

impl fmt::Display for Reported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Accepted => "accepted",
            Self::AlreadyCompleted { .. } => "already-completed",
            Self::NothingToReportTo => "nothing-to-report-to",
        })
    }
}

/// CodeDeploy could not be told.
#[derive(Debug, thiserror::Error)]
#[error(
    "CodeDeploy could not be told `{verdict}` for {deployment_id} (attempt {attempts}): {reason}"
)]
pub(crate) struct ReportError {
    /// The deployment that now waits in vain.
    pub(crate) deployment_id: String,
    /// What it should have been told.
    pub(crate) verdict: Verdict,
    /// How often it was tried.
    pub(crate) attempts: u32,
    /// What the last attempt met.
    pub(crate) reason: String,
    /// What to do.
    pub(crate) help: Option<&'static str>,
}

/// The one call to CodeDeploy.
pub(crate) trait Deployments {
    /// Sends the verdict once.
    ///
    /// Source: [PutLifecycleEventHookExecutionStatus](https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_PutLifecycleEventHookExecutionStatus.html).
    async fn put(&self, hook: &Hook, verdict: Verdict) -> Result<Put, AttemptError>;
}

/// What CodeDeploy answers to a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Put {
    Accepted,
    /// It has a verdict already, or waits no longer.
    AlreadyCompleted,
}

/// Tells CodeDeploy the verdict, with as many attempts as fit before `until`.
/// One that hangs stays under way: it is the same verdict, and whichever
/// attempt comes first is the one that counts.
///
/// # Errors
/// What kept CodeDeploy from being told.
pub(crate) async fn report(
    deployments: &impl Deployments,
    hook: &Hook,
    verdict: Verdict,
    until: Instant,
) -> Result<Reported, ReportError> {
    let call = || deployments.put(hook, verdict);
    let again = |attempt, reason: &str| {
        tracing::warn!(attempt, reason, "CodeDeploy was not reached; trying again");
    };
    let (answer, attempts) = repeat(until, usize::MAX, call, again).await;
    match answer {
        Ok(Put::Accepted) => Ok(log_report(Reported::Accepted, attempts)),
        Ok(Put::AlreadyCompleted) => {
            let ours_perhaps = attempts > 1;
            Ok(log_report(
                Reported::AlreadyCompleted { ours_perhaps },
                attempts,
            ))
        }
        Err(error) => Err(ReportError {
            deployment_id: hook.deployment_id.clone(),
            verdict,
            attempts,
            help: help(&error.code),
            reason: error.reason,
        }),
    }
}

/// Logs what came of the report to CodeDeploy.
fn log_report(reported: Reported, attempts: u32) -> Reported {
    tracing::info!(
        reported = %reported,
        attempts,
        "{}",
        match reported {
            Reported::AlreadyCompleted { .. } => "CodeDeploy waits no longer: it has a verdict already",
            _ => "CodeDeploy was told",
        }
    );
    reported
}

/// CodeDeploy itself, or why it cannot be called.
pub(crate) struct CodeDeploy(Result<Client, aws::Error>);

impl CodeDeploy {
    /// Makes the client, once for all invocations. Whatever is wrong is kept
    /// for the moment when CodeDeploy has to be called.
    pub(crate) fn new(environment: &Environment) -> Self {
        Self(environment.aws().map(|access| client(&access)))
    }

    /// What reports, messages and metrics say of a deployment, as far as
    /// CodeDeploy tells it in a moment. Nothing depends on it.
    pub(crate) async fn recall(&self, hook: &Hook, until: Instant) -> Map<String, Value> {
        let Ok(client) = &self.0 else {
            return Map::new();
        };
        let until = until.min(Instant::now() + RECALL);
        let reads = Reads::from_client(client.clone());
        match reads.deployment(&hook.deployment_id, until).await {
            Ok(deployment) => deployment
                .members()
                .map(|(name, value)| (name.to_owned(), Value::from(value)))
                .collect(),
            Err(error) => {
                let help = error.help();
                tracing::warn!(help, "what the deployment is called is not known: {error}");
                Map::new()
            }
        }
    }
}

fn client(access: &Access) -> Client {
    Client::new(access.config())
}

impl Deployments for CodeDeploy {
    async fn put(&self, hook: &Hook, verdict: Verdict) -> Result<Put, AttemptError> {
        let client = self.0.as_ref().map_err(|error| AttemptError {
            code: NO_ACCESS.to_owned(),
            reason: error.to_string(),
            passes: false,
        })?;
        let status = match verdict {
            Verdict::Succeeded => LifecycleEventStatus::Succeeded,
            Verdict::Failed => LifecycleEventStatus::Failed,
        };
        let call = client
            .put_lifecycle_event_hook_execution_status()
            .deployment_id(&hook.deployment_id)
            .lifecycle_event_hook_execution_id(&hook.execution_id)
            .status(status);
        match call.send().await {
            Ok(_) => Ok(Put::Accepted),
            Err(SdkError::ServiceError(answer))
                if answer
                    .err()
                    .is_lifecycle_event_already_completed_exception() =>
            {
                Ok(Put::AlreadyCompleted)
            }
            Err(error) => Err(AttemptError::from_sdk(&error)),
        }
    }
}

fn help(code: &str) -> Option<&'static str> {
    Some(match code {
        NO_ACCESS => "run the function on Lambda; for a run by hand, send `{}`",
        "AccessDeniedException" => {
            "allow `codedeploy:PutLifecycleEventHookExecutionStatus` on the deployment group to the function's role"
        }
        "DeploymentDoesNotExistException" => {
            "run the function in the account and Region of the deployment"
        }
        "UnsupportedActionForDeploymentTypeException" => {
            "use the function as a hook of an ECS or Lambda deployment"
        }
        _ => return None,
    })
}
