//! The errors that the services answer with, by their names in their models.
//!
//! Source: the service models in botocore, and
//! [Common Errors](https://docs.aws.amazon.com/codedeploy/latest/APIReference/CommonErrors.html).

use std::borrow::Cow;
use std::fmt::Write as _;

use http::{HeaderMap, StatusCode};

/// An error answer: its name on the wire, its message and its HTTP status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ApiError {
    pub(super) code: &'static str,
    pub(super) message: Cow<'static, str>,
    pub(super) status: StatusCode,
}

const fn error_with_status(
    status: StatusCode,
    code: &'static str,
    message: &'static str,
) -> ApiError {
    ApiError {
        code,
        message: Cow::Borrowed(message),
        status,
    }
}

const fn client_error(code: &'static str, message: &'static str) -> ApiError {
    error_with_status(StatusCode::BAD_REQUEST, code, message)
}

pub(super) const DEPLOYMENT_ID_REQUIRED: ApiError = client_error(
    "DeploymentIdRequiredException",
    "At least one deployment ID must be specified.",
);
pub(super) const INVALID_DEPLOYMENT_ID: ApiError = client_error(
    "InvalidDeploymentIdException",
    "At least one of the deployment IDs was specified in an invalid format.",
);
pub(super) const DEPLOYMENT_DOES_NOT_EXIST: ApiError = client_error(
    "DeploymentDoesNotExistException",
    "The deployment with the user or Amazon Web Services account does not exist.",
);
pub(super) const UNSUPPORTED_ACTION: ApiError = client_error(
    "UnsupportedActionForDeploymentTypeException",
    "A call was submitted that is not supported for the specified deployment type.",
);
pub(super) const INVALID_STATUS: ApiError = client_error(
    "InvalidLifecycleEventHookExecutionStatusException",
    "The result of a Lambda validation function that verifies a lifecycle event is invalid. \
     It should return Succeeded or Failed.",
);
pub(super) const INVALID_EXECUTION_ID: ApiError = client_error(
    "InvalidLifecycleEventHookExecutionIdException",
    "A lifecycle event hook is invalid. Review the hooks section in your AppSpec file to ensure \
     the lifecycle events and hooks functions are valid.",
);
pub(super) const ALREADY_COMPLETED: ApiError = client_error(
    "LifecycleEventAlreadyCompletedException",
    "An attempt to return the status of an already completed lifecycle event occurred.",
);
pub(super) const TARGET_ID_REQUIRED: ApiError = client_error(
    "DeploymentTargetIdRequiredException",
    "A deployment target ID was not provided.",
);
pub(super) const TARGET_DOES_NOT_EXIST: ApiError = client_error(
    "DeploymentTargetDoesNotExistException",
    "The provided target ID does not belong to the attempted deployment.",
);
pub(super) const UNKNOWN_OPERATION: ApiError = client_error("UnknownOperationException", "");
pub(super) const SERIALIZATION: ApiError = client_error("SerializationException", "");
pub(super) const MISSING_TOKEN: ApiError = client_error(
    "MissingAuthenticationTokenException",
    "Missing Authentication Token",
);
pub(super) const INCOMPLETE_SIGNATURE: ApiError = client_error(
    "IncompleteSignatureException",
    "Authorization header requires 'Credential', 'SignedHeaders' and 'Signature' parameters, \
     and a date in 'X-Amz-Date'.",
);
pub(super) const THROTTLING: ApiError = client_error("ThrottlingException", "Rate exceeded");
/// The role lacks the permission for this operation.
pub(super) fn access_denied(service: &str, operation: &str) -> ApiError {
    let action = format!("{service}:{operation}");
    ApiError {
        message: Cow::Owned(format!(
            "User: arn:aws:sts::111122223333:assumed-role/greenlight-hook/greenlight is not \
             authorized to perform: {action} because no identity-based policy allows the {action} \
             action"
        )),
        ..client_error("AccessDeniedException", "")
    }
}
pub(super) const EXPIRED_TOKEN: ApiError = client_error(
    "ExpiredTokenException",
    "The security token included in the request is expired",
);
pub(super) const UNKNOWN_TOKEN: ApiError = client_error(
    "UnrecognizedClientException",
    "The security token included in the request is invalid.",
);
/// The signature is not the one that the request should have. As on AWS, the
/// message repeats what had to be signed.
pub(super) fn wrong_signature(headers: &HeaderMap) -> ApiError {
    let mut canonical = String::new();
    for (name, value) in headers {
        let value = String::from_utf8_lossy(value.as_bytes());
        let _ = writeln!(canonical, "{name}:{value}");
    }
    ApiError {
        message: Cow::Owned(format!(
            "The request signature we calculated does not match the signature you provided. Check \
             your AWS Secret Access Key and signing method. Consult the service documentation for \
             details.\n\nThe Canonical String for this request should have been\n'POST\n/\n\n\
             {canonical}'"
        )),
        ..client_error("InvalidSignatureException", "")
    }
}
pub(super) const INTERNAL_FAILURE: ApiError = ApiError {
    code: "InternalFailure",
    message: Cow::Borrowed(""),
    status: StatusCode::INTERNAL_SERVER_ERROR,
};
pub(super) const APPLICATION_DOES_NOT_EXIST: ApiError = client_error(
    "ApplicationDoesNotExistException",
    "The application does not exist with the user or Amazon Web Services account.",
);
pub(super) const DEPLOYMENT_GROUP_DOES_NOT_EXIST: ApiError = client_error(
    "DeploymentGroupDoesNotExistException",
    "The named deployment group with the user or Amazon Web Services account does not exist.",
);
pub(super) const CLUSTER_NOT_FOUND: ApiError =
    client_error("ClusterNotFoundException", "Cluster not found.");
pub(super) const NO_TASK_DEFINITION: ApiError =
    client_error("ClientException", "Unable to describe task definition.");
pub(super) const LISTENER_NOT_FOUND: ApiError =
    client_error("ListenerNotFound", "One or more listeners not found");
pub(super) const TARGET_GROUP_NOT_FOUND: ApiError =
    client_error("TargetGroupNotFound", "One or more target groups not found");
pub(super) const LOAD_BALANCER_NOT_FOUND: ApiError = client_error(
    "LoadBalancerNotFound",
    "One or more load balancers not found",
);
pub(super) const NO_SUCH_BUCKET: ApiError = error_with_status(
    StatusCode::NOT_FOUND,
    "NoSuchBucket",
    "The specified bucket does not exist",
);
pub(super) const NO_SUCH_KEY: ApiError = error_with_status(
    StatusCode::NOT_FOUND,
    "NoSuchKey",
    "The specified key does not exist.",
);
pub(super) const PRECONDITION_FAILED: ApiError = error_with_status(
    StatusCode::PRECONDITION_FAILED,
    "PreconditionFailed",
    "At least one of the pre-conditions you specified did not hold",
);
pub(super) const NO_TOPIC: ApiError =
    error_with_status(StatusCode::NOT_FOUND, "NotFound", "Topic does not exist");
pub(super) const NO_SECRET: ApiError = client_error(
    "ResourceNotFoundException",
    "Secrets Manager can't find the specified secret.",
);
