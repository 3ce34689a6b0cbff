//! The event: what CodeDeploy, Lambda or a person at a terminal invokes the
//! function with.

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::Value;

/// What is asked of the function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Event {
    /// Nobody waits for a verdict: a run by hand.
    Local {
        /// The base URL to test, where the settings leave it open.
        target: Option<String>,
    },
    /// CodeDeploy waits for a verdict.
    ///
    /// Source: [AppSpec hooks](https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-hooks.html).
    Hook(Hook),
    /// An earlier invocation of the gate died before it could report, and
    /// Lambda's on-failure destination says so.
    ///
    /// Source: [records of asynchronous invocations](https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html).
    Aftermath {
        /// What that invocation was asked.
        hook: Hook,
        /// How it ended, as a clause.
        end: String,
    },
}

/// The execution of a lifecycle event's hook that CodeDeploy waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hook {
    /// The deployment.
    pub(crate) deployment_id: String,
    /// A long text without meaning, not to be logged.
    pub(crate) execution_id: String,
}

/// Why an event cannot be acted on, nor reported.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum EventError {
    /// The event, or the payload of a failed invocation, is not an object.
    #[error(
        "expected an event such as `{{\"DeploymentId\": \"…\", \"LifecycleEventHookExecutionId\": \"…\"}}`, found {found}"
    )]
    NotAnObject {
        /// What it is.
        found: &'static str,
    },
    /// A member is something other than text.
    #[error("expected text as `{member}` of the event, found {found}")]
    NotText {
        /// The member.
        member: &'static str,
        /// What it is.
        found: &'static str,
    },
    /// There is a deployment, and no way to report to it.
    #[error(
        "expected `{EXECUTION_ID}` beside the `{DEPLOYMENT_ID}` `{deployment_id}` of the event, found none: CodeDeploy cannot be told"
    )]
    NoExecutionId {
        /// The deployment.
        deployment_id: String,
    },
}

const DEPLOYMENT_ID: &str = "DeploymentId";
const EXECUTION_ID: &str = "LifecycleEventHookExecutionId";
const TARGET: &str = "target";

impl Event {
    /// Who waits for a verdict.
    pub(crate) fn hook(&self) -> Option<&Hook> {
        match self {
            Self::Local { .. } => None,
            Self::Hook(hook) | Self::Aftermath { hook, .. } => Some(hook),
        }
    }

    /// Reads an event. Unknown members are ignored, and an id has no shape
    /// that could be checked: AWS documents none.
    pub(crate) fn read(payload: &Value) -> Result<Self, EventError> {
        if let Some(end) = aftermath(payload) {
            let asked = payload.get("requestPayload").unwrap_or(&Value::Null);
            return Ok(match Self::read(asked)? {
                Self::Hook(hook) => Self::Aftermath { hook, end },
                other => other,
            });
        }
        if !payload.is_object() {
            return Err(EventError::NotAnObject {
                found: kind(payload),
            });
        }
        let Some(deployment_id) = text(payload, DEPLOYMENT_ID)? else {
            let target = text(payload, TARGET)?;
            return Ok(Self::Local { target });
        };
        match text(payload, EXECUTION_ID)? {
            Some(execution_id) => Ok(Self::Hook(Hook {
                deployment_id,
                execution_id,
            })),
            None => Err(EventError::NoExecutionId { deployment_id }),
        }
    }
}

/// The deployment and a short hash of the execution id, which is as good as a
/// password while the deployment waits.
impl fmt::Display for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.deployment_id, self.fingerprint())
    }
}

impl Hook {
    /// Eight hexadecimal digits that tell two execution ids apart.
    pub(crate) fn fingerprint(&self) -> String {
        let mut hasher = DefaultHasher::new();
        self.execution_id.hash(&mut hasher);
        format!("{:08x}", hasher.finish() >> 32)
    }
}

/// How the invocation ended that Lambda's record is about, if it is one.
fn aftermath(payload: &Value) -> Option<String> {
    let context = payload.get("requestContext")?;
    payload.get("requestPayload")?;
    let condition = context.get("condition")?.as_str()?;
    let message = payload
        .pointer("/responsePayload/errorMessage")
        .and_then(Value::as_str);
    Some(match message {
        Some(message) => format!("{condition}: {message}"),
        None => condition.to_owned(),
    })
}

fn text(payload: &Value, member: &'static str) -> Result<Option<String>, EventError> {
    match payload.get(member) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.is_empty() => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(other) => Err(EventError::NotText {
            member,
            found: kind(other),
        }),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn hook() -> Hook {
        Hook {
            deployment_id: "d-1".to_owned(),
            execution_id: "e".to_owned(),
        }
    }

    #[test]
    fn an_event_is_read_by_its_two_ids() {
        let check = |payload: Value, event: Event| {
            assert_eq!(Event::read(&payload), Ok(event), "{payload}");
        };
        let local = Event::Local { target: None };
        check(json!({}), local.clone());
        check(json!({"DeploymentId": ""}), local.clone());
        check(json!({"DeploymentId": null, "Other": [1]}), local);
        let target = Some("https://localhost".to_owned());
        check(
            json!({"target": "https://localhost"}),
            Event::Local { target },
        );
        check(
            json!({"DeploymentId": "d-1", "LifecycleEventHookExecutionId": "e", "Combined": 1}),
            Event::Hook(hook()),
        );
    }

    #[test]
    fn a_record_of_a_failed_invocation_is_not_a_run_by_hand() {
        let record = json!({
            "version": "1.0",
            "requestContext": {"condition": "RetriesExhausted", "approximateInvokeCount": 1},
            "requestPayload": {"DeploymentId": "d-1", "LifecycleEventHookExecutionId": "e"},
            "responsePayload": {"errorType": "x", "errorMessage": "timed out"},
        });
        let end = "RetriesExhausted: timed out".to_owned();
        assert_eq!(
            Event::read(&record),
            Ok(Event::Aftermath { hook: hook(), end })
        );
    }

    #[test]
    fn an_event_that_cannot_be_acted_on_is_an_error() {
        let check = |payload: Value, said: &str| {
            let error = Event::read(&payload).unwrap_err().to_string();
            assert!(error.ends_with(said), "{error}");
        };
        check(json!([]), "found a list");
        check(json!("d-1"), "found text");
        check(json!(null), "found null");
        check(
            json!({"DeploymentId": 5}),
            "expected text as `DeploymentId` of the event, found a number",
        );
        check(
            json!({"DeploymentId": "d-1"}),
            "of the event, found none: CodeDeploy cannot be told",
        );
    }

    #[test]
    fn the_execution_id_is_never_shown_whole() {
        let hook = Hook {
            execution_id: "eyJlbmNyeXB0ZWREYXRhIjoi".to_owned(),
            ..hook()
        };
        let shown = hook.to_string();
        assert!(!shown.contains("eyJ"), "{shown}");
        assert_eq!(hook.fingerprint().len(), 8);
    }
}
