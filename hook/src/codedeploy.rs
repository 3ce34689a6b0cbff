//! The report to CodeDeploy: the verdict is sent until it is accepted, refused
//! for good, or Lambda's time is over.

use std::fmt;
use std::time::Duration;

use aws_sdk_codedeploy::Client;
use aws_sdk_codedeploy::config::retry::RetryConfig;
use aws_sdk_codedeploy::config::timeout::TimeoutConfig;
use aws_sdk_codedeploy::config::{BehaviorVersion, Config, Credentials, Region};
use aws_sdk_codedeploy::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_codedeploy::operation::put_lifecycle_event_hook_execution_status::PutLifecycleEventHookExecutionStatusError as CallError;
use aws_sdk_codedeploy::types::LifecycleEventStatus;
use smoke_tests::verdict::Verdict;
use tokio::time::Instant;

use crate::aws_http::AwsHttp;
use crate::environment::Environment;
use crate::event::Hook;

/// The longest that one attempt may take.
const ATTEMPT: Duration = Duration::from_secs(5);
/// The least that an attempt is given; with less left, none is begun.
const LEAST: Duration = Duration::from_millis(200);
/// The pause after the first attempt; it doubles from attempt to attempt.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(3);

/// What became of a verdict, if nothing went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reported {
    /// CodeDeploy took it.
    Accepted,
    /// CodeDeploy has a verdict already, or waits no longer.
    AlreadyCompleted,
    /// The event named no deployment.
    NothingToReportTo,
}

impl fmt::Display for Reported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Accepted => "accepted",
            Self::AlreadyCompleted => "already-completed",
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
    async fn put(&self, hook: &Hook, verdict: Verdict) -> Result<(), PutError>;
}

/// Why one call did not succeed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PutError {
    /// CodeDeploy has a verdict already, or waits no longer.
    AlreadyCompleted,
    /// Another attempt may succeed.
    Passing(String),
    /// No other attempt would.
    Lasting {
        /// What CodeDeploy said.
        reason: String,
        /// What to do.
        help: Option<&'static str>,
    },
}

/// Tells CodeDeploy the verdict, with as many attempts as fit before `until`.
///
/// # Errors
/// What kept CodeDeploy from being told.
pub(crate) async fn report(
    deployments: &impl Deployments,
    hook: &Hook,
    verdict: Verdict,
    until: Instant,
) -> Result<Reported, ReportError> {
    let mut attempts = 0;
    loop {
        attempts += 1;
        let left = until.saturating_duration_since(Instant::now());
        let put = deployments.put(hook, verdict);
        let answer = tokio::time::timeout(left.clamp(LEAST, ATTEMPT), put).await;
        let (reason, help, lasts) = match answer {
            Ok(Ok(())) => return Ok(said(Reported::Accepted, attempts)),
            Ok(Err(PutError::AlreadyCompleted)) => {
                return Ok(said(Reported::AlreadyCompleted, attempts));
            }
            Ok(Err(PutError::Lasting { reason, help })) => (reason, help, true),
            Ok(Err(PutError::Passing(reason))) => (reason, None, false),
            Err(_) => ("no answer in time".to_owned(), None, false),
        };
        let left = until.saturating_duration_since(Instant::now());
        if lasts || left < LEAST {
            return Err(ReportError {
                deployment_id: hook.deployment_id.clone(),
                verdict,
                attempts,
                reason,
                help,
            });
        }
        // Close to the end, two more attempts are worth more than one pause.
        let pause = pause(attempts, fastrand::f64()).min(left / 2);
        tracing::warn!(
            attempt = attempts,
            reason,
            pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX),
            "CodeDeploy was not reached; trying again"
        );
        tokio::time::sleep(pause).await;
    }
}

fn said(reported: Reported, attempts: u32) -> Reported {
    tracing::info!(
        reported = %reported,
        attempts,
        "{}",
        match reported {
            Reported::AlreadyCompleted => "CodeDeploy waits no longer: it has a verdict already",
            _ => "CodeDeploy was told",
        }
    );
    reported
}

/// The pause after an attempt: doubling, bounded, and somewhere in the upper
/// half, so that functions that were throttled together do not meet again.
fn pause(attempts: u32, jitter: f64) -> Duration {
    let doubled = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(attempts - 1));
    doubled.min(LONGEST_PAUSE).mul_f64(0.5 + jitter / 2.0)
}

/// CodeDeploy itself, or why it cannot be called.
pub(crate) struct CodeDeploy(Result<Client, String>);

impl CodeDeploy {
    /// Makes the client, once for all invocations. Whatever is wrong is kept
    /// for the moment when CodeDeploy has to be called.
    pub(crate) fn new(environment: &Environment) -> Self {
        Self(client(environment))
    }
}

fn client(environment: &Environment) -> Result<Client, String> {
    let aws = environment.aws()?;
    let http = AwsHttp::new().map_err(|error| format!("no HTTP client for AWS: {error}"))?;
    let credentials = Credentials::new(
        aws.access_key_id,
        aws.secret_access_key,
        aws.session_token,
        None,
        "environment",
    );
    let mut config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(aws.region))
        .credentials_provider(credentials)
        .http_client(http)
        // `report` is bounded by time where the SDK would count.
        .retry_config(RetryConfig::disabled())
        .timeout_config(TimeoutConfig::disabled());
    if let Some(url) = aws.endpoint_url {
        config = config.endpoint_url(url);
    }
    Ok(Client::from_conf(config.build()))
}

impl Deployments for CodeDeploy {
    async fn put(&self, hook: &Hook, verdict: Verdict) -> Result<(), PutError> {
        let client = self.0.as_ref().map_err(|reason| PutError::Lasting {
            reason: reason.clone(),
            help: Some("run the function on Lambda, or leave `DeploymentId` out of the event"),
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
            Ok(_) => Ok(()),
            Err(error) => Err(put_error(&error)),
        }
    }
}

fn put_error(error: &SdkError<CallError>) -> PutError {
    match error {
        SdkError::ServiceError(answer) => {
            let error = answer.err();
            if error.is_lifecycle_event_already_completed_exception() {
                return PutError::AlreadyCompleted;
            }
            let status = answer.raw().status().as_u16();
            let code = error.code().unwrap_or_default();
            let reason = match (code, error.message()) {
                ("", _) => format!("status {status} and a body that is not CodeDeploy's"),
                (code, None | Some("")) => format!("{code} (status {status})"),
                (code, Some(message)) => format!("{code}: {message}"),
            };
            if passes(status, code) {
                PutError::Passing(reason)
            } else {
                PutError::Lasting {
                    reason,
                    help: help(code),
                }
            }
        }
        SdkError::ConstructionFailure(_) => PutError::Lasting {
            reason: DisplayErrorContext(error).to_string(),
            help: None,
        },
        error => PutError::Passing(innermost(error)),
    }
}

/// Whether the same call may be answered differently in a moment. A success
/// whose body cannot be read was perhaps none.
fn passes(status: u16, code: &str) -> bool {
    !(400..500).contains(&status)
        || matches!(status, 408 | 429)
        || code.contains("Throttl")
        || matches!(
            code,
            "TooManyRequestsException"
                | "RequestLimitExceeded"
                | "SlowDown"
                | "RequestTimeout"
                | "RequestTimeoutException"
        )
}

fn help(code: &str) -> Option<&'static str> {
    Some(match code {
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

/// The innermost reason of an error, which the layers above only announce.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    format!("no answer: {innermost}")
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    /// Answers with these, then with silence.
    struct Scripted(RefCell<Vec<Result<(), PutError>>>);

    impl Deployments for Scripted {
        async fn put(&self, _: &Hook, _: Verdict) -> Result<(), PutError> {
            let next = self.0.borrow_mut().pop();
            match next {
                Some(answer) => answer,
                None => std::future::pending().await,
            }
        }
    }

    async fn told(
        answers: &[Result<(), PutError>],
        left: u64,
    ) -> (Duration, Result<Reported, String>) {
        let script = Scripted(RefCell::new(answers.iter().rev().cloned().collect()));
        let hook = Hook {
            deployment_id: "d-1".to_owned(),
            execution_id: "e".to_owned(),
        };
        let begun = Instant::now();
        let until = begun + Duration::from_secs(left);
        let reported = report(&script, &hook, Verdict::Failed, until).await;
        (begun.elapsed(), reported.map_err(|error| error.to_string()))
    }

    fn throttled() -> Result<(), PutError> {
        Err(PutError::Passing(
            "ThrottlingException: Rate exceeded".to_owned(),
        ))
    }

    #[tokio::test(start_paused = true)]
    async fn what_passes_is_tried_again() {
        let answers = [throttled(), throttled(), Ok(())];
        assert_eq!(told(&answers, 60).await.1, Ok(Reported::Accepted));
    }

    #[tokio::test(start_paused = true)]
    async fn what_lasts_is_not_tried_again() {
        let denied = Err(PutError::Lasting {
            reason: "AccessDeniedException".to_owned(),
            help: None,
        });
        let (took, said) = told(&[denied, Ok(())], 60).await;
        assert_eq!(took, Duration::ZERO);
        let said = said.unwrap_err();
        assert!(
            said.ends_with("(attempt 1): AccessDeniedException"),
            "{said}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_completed_event_is_done() {
        let answers = [throttled(), Err(PutError::AlreadyCompleted)];
        assert_eq!(told(&answers, 60).await.1, Ok(Reported::AlreadyCompleted));
    }

    #[tokio::test(start_paused = true)]
    async fn attempts_go_on_until_the_time_is_over_and_no_longer() {
        for left in [0, 1, 10, 60] {
            let (took, said) = told(&vec![throttled(); 1000], left).await;
            assert!(said.is_err());
            let end = Duration::from_secs(left);
            assert!(took <= end && took + LEAST >= end, "{left} {took:?}");
            let (took, said) = told(&[], left).await;
            assert!(said.is_err());
            assert!(took <= end + LEAST, "{left} {took:?}");
        }
    }

    #[test]
    fn pauses_double_up_to_a_bound() {
        let pauses = [1, 2, 3, 6, 7, 40].map(|attempts| pause(attempts, 1.0).as_millis());
        assert_eq!(pauses, [100, 200, 400, 3000, 3000, 3000]);
        assert_eq!(pause(1, 0.0), FIRST_PAUSE / 2);
    }

    #[test]
    fn only_what_may_heal_is_tried_again() {
        for (status, code) in [
            (400, "ThrottlingException"),
            (400, "Throttling"),
            (429, ""),
            (500, "InternalFailure"),
            (503, "ServiceUnavailable"),
            (200, ""),
        ] {
            assert!(passes(status, code), "{status} {code}");
        }
        for code in [
            "AccessDeniedException",
            "ExpiredTokenException",
            "UnrecognizedClientException",
            "InvalidLifecycleEventHookExecutionIdException",
            "DeploymentDoesNotExistException",
        ] {
            assert!(!passes(400, code), "{code}");
        }
    }
}
