//! Why an attempt at a call, and why a call, did not succeed.

use std::error::Error;
use std::time::Duration;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError as SmithyError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use tokio::time::Instant;

/// What the SDK says of a call that did not succeed.
pub type SdkError<E> = SmithyError<E, HttpResponse>;

/// How long credentials that AWS does not know are tried again: those of a
/// function that was just made may not have reached every part of AWS.
///
/// Source: [IAM's eventual consistency](https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency).
pub const PATIENCE: Duration = Duration::from_secs(3);
/// The most of AWS's message that is repeated, in characters.
const MOST_WORDS: usize = 400;

/// One attempt did not succeed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct AttemptError {
    /// The error's code; empty if AWS gave none.
    pub code: String,
    /// What AWS answered, or why there is no answer.
    pub reason: String,
    /// Whether another attempt may succeed.
    pub passes: bool,
}

impl AttemptError {
    /// Reads the error of an SDK.
    pub fn from_sdk<E>(error: &SdkError<E>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        match error {
            SdkError::ServiceError(answer) => Self::from_answer(
                answer.raw().status().as_u16(),
                answer.err().code().unwrap_or_default(),
                answer.err().message().unwrap_or_default(),
            ),
            // Something on the way that is not AWS, or AWS in trouble: the same
            // call may be answered by AWS itself in a moment.
            SdkError::ResponseError(answer) => Self {
                passes: true,
                ..Self::from_answer(answer.raw().status().as_u16(), "", "")
            },
            SdkError::ConstructionFailure(_) => Self::from_request(error),
            // The SDK found no endpoint or could not sign, before the HTTP
            // client was asked for anything.
            SdkError::DispatchFailure(failure) if failure.is_other() => Self::from_request(error),
            // What the HTTP client calls the user's fault, such as an answer of
            // a size that is not read, would be the same again.
            SdkError::DispatchFailure(failure) => Self::from_silence(error, !failure.is_user()),
            error => Self::from_silence(error, true),
        }
    }

    /// An answer of the service that is none that was asked for. Without a
    /// code it is not the service's own.
    pub(crate) fn from_answer(status: u16, code: &str, message: &str) -> Self {
        let reason = match (code, message) {
            ("", _) => format!("status {status} and a body that is not AWS's"),
            (code, "") => format!("{code} (status {status})"),
            (code, message) => format!("{code}: {}", first_line(message)),
        };
        Self {
            code: code.to_owned(),
            reason,
            passes: passes(status, code),
        }
    }

    /// No request could be made, and none could be in a moment.
    pub(crate) fn from_request(error: &dyn Error) -> Self {
        Self {
            code: String::new(),
            reason: format!("no request: {}", innermost(error)),
            passes: false,
        }
    }

    /// No answer, or one that is not read.
    pub(crate) fn from_silence(error: &dyn Error, passes: bool) -> Self {
        Self {
            code: String::new(),
            reason: format!("no answer: {}", innermost(error)),
            passes,
        }
    }

    /// Whether AWS does not take the credentials, or no longer.
    pub fn is_of_credentials(&self) -> bool {
        matches!(
            self.code.as_str(),
            "UnrecognizedClientException"
                | "InvalidClientTokenId"
                | "InvalidAccessKeyId"
                | "InvalidToken"
                | "ExpiredTokenException"
                | "ExpiredToken"
        )
    }

    /// Whether another attempt is in vain, for somebody who has tried since
    /// `begun`.
    pub(super) fn lasts(&self, begun: Instant) -> bool {
        let patient = self.is_of_credentials() && begun.elapsed() < PATIENCE;
        !(self.passes || patient)
    }

    pub(super) fn timeout() -> Self {
        Self {
            code: String::new(),
            reason: "no answer in time".to_owned(),
            passes: true,
        }
    }

    fn endless() -> Self {
        Self {
            code: String::new(),
            reason: "expected a list that ends, found pages without an end".to_owned(),
            passes: false,
        }
    }
}

/// A call did not succeed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{action}`: {attempt}")]
pub struct CallError {
    action: &'static str,
    resource: String,
    attempt: AttemptError,
}

impl CallError {
    /// A call of which this was the last attempt. `action` and `resource` are
    /// those of an IAM policy.
    pub(crate) fn new(action: &'static str, resource: &str, attempt: AttemptError) -> Self {
        Self {
            action,
            resource: resource.to_owned(),
            attempt,
        }
    }

    /// A call whose answers did not come to an end in time.
    pub fn late(action: &'static str, resource: &str) -> Self {
        Self::new(action, resource, AttemptError::timeout())
    }

    pub(super) fn endless(action: &'static str, resource: &str) -> Self {
        Self::new(action, resource, AttemptError::endless())
    }

    /// The code of the error, as AWS gave it; empty if it gave none.
    pub fn code(&self) -> &str {
        &self.attempt.code
    }

    /// Whether it could have gone better a moment later.
    pub fn passes(&self) -> bool {
        self.attempt.passes
    }

    /// What to do.
    pub fn help(&self) -> Option<String> {
        let (action, resource) = (self.action, &self.resource);
        match self.attempt.code.as_str() {
            // Who may read a value may not therefore decrypt it.
            "AccessDeniedException" | "AccessDenied"
                if self.attempt.reason.contains("kms:Decrypt")
                    || self.attempt.reason.contains("KMS") =>
            {
                Some("allow `kms:Decrypt` on the key to the function's role".to_owned())
            }
            // The last one is what SNS says.
            "AccessDeniedException" | "AccessDenied" | "AuthorizationError" => Some(format!(
                "allow `{action}` on {resource} to the function's role"
            )),
            "KMSAccessDenied" => Some(format!(
                "allow `kms:GenerateDataKey` and `kms:Decrypt` on the key of {resource} to the function's role"
            )),
            "DeploymentDoesNotExistException" => {
                Some("run the function in the account and Region of the deployment".to_owned())
            }
            "PermanentRedirect" | "AuthorizationHeaderMalformed" => {
                Some("name a bucket in the Region of the function".to_owned())
            }
            _ => None,
        }
    }
}

/// Whether the same call may be answered differently in a moment. A success
/// whose body cannot be read was perhaps none.
fn passes(status: u16, code: &str) -> bool {
    !(300..500).contains(&status)
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

/// The first line of a message, which says what is wrong. Further ones may
/// repeat the request: where a signature is refused, with the session token.
fn first_line(message: &str) -> String {
    let line = message.lines().next().unwrap_or_default();
    match line.char_indices().nth(MOST_WORDS) {
        // What follows the cut is perhaps the rest of a secret; the sign tells
        // the redactor to look for the beginning of one.
        Some((cut, _)) => format!("{}…", &line[..cut]),
        None => line.to_owned(),
    }
}

/// The innermost reason of an error, which the layers above only announce.
fn innermost(error: &dyn Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_message_only_the_first_line_is_repeated() {
        let message =
            "The signature does not match.\n\nIt should have been\n'x-amz-security-token:";
        let attempt = AttemptError::from_answer(403, "SignatureDoesNotMatch", message);
        insta::assert_snapshot!(attempt.reason, @"SignatureDoesNotMatch: The signature does not match.");
        let attempt = AttemptError::from_answer(403, "Denied", &"x".repeat(MOST_WORDS + 1));
        assert_eq!(
            attempt.reason,
            format!("Denied: {}…", "x".repeat(MOST_WORDS))
        );
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
        // A bucket of another Region.
        assert!(!passes(301, "PermanentRedirect"));
    }

    #[test]
    fn credentials_are_unknown_by_the_name_that_each_service_gives_it() {
        for code in [
            "UnrecognizedClientException",
            "InvalidClientTokenId",
            "InvalidAccessKeyId",
            "InvalidToken",
        ] {
            assert!(
                AttemptError::from_answer(403, code, "").is_of_credentials(),
                "{code}"
            );
        }
        assert!(!AttemptError::from_answer(403, "AccessDenied", "").is_of_credentials());
    }

    #[test]
    fn a_missing_permission_is_named_with_its_action_and_its_resource() {
        let error = CallError {
            action: "ecs:DescribeServices",
            resource: "the service `shop/storefront`".to_owned(),
            attempt: AttemptError {
                code: "AccessDeniedException".to_owned(),
                reason: "AccessDeniedException: not authorized".to_owned(),
                passes: false,
            },
        };
        insta::assert_snapshot!(
            error,
            @"`ecs:DescribeServices`: AccessDeniedException: not authorized"
        );
        insta::assert_snapshot!(
            error.help().unwrap(),
            @"allow `ecs:DescribeServices` on the service `shop/storefront` to the function's role"
        );
    }
}
