//! The operations of all services, by name, and those of CodeDeploy.

use serde_json::{Value, json};

use super::deployment::{self, Deployment, TARGET_ID};
use super::error::{self, ApiError};
use super::lifecycle::{ComputePlatform, Verdict};
use super::{AwsState, VERDICT_OPERATION, ecs, elb, storage, text_member};

type Operation = fn(&AwsState, &Value) -> Result<Value, ApiError>;

/// Every operation that is served, by its name.
const OPERATIONS: [(&str, Operation); 18] = [
    (VERDICT_OPERATION, AwsState::put_hook_status),
    ("GetDeployment", AwsState::get_deployment),
    ("ListDeploymentTargets", |state, input| {
        state.with_deployment(input, |_| Ok(json!({"targetIds": [TARGET_ID]})))
    }),
    ("GetDeploymentTarget", AwsState::get_deployment_target),
    ("GetDeploymentGroup", |_, input| {
        deployment::get_deployment_group(input)
    }),
    ("DescribeServices", |state, input| {
        ecs::describe_services(&state.lock(), input)
    }),
    ("DescribeTaskDefinition", |state, input| {
        ecs::describe_task_definition(&state.lock(), input)
    }),
    ("DescribeListeners", elb::describe_listeners),
    ("DescribeRules", elb::describe_rules),
    ("DescribeTargetHealth", elb::describe_target_health),
    ("DescribeTargetGroups", |_, input| {
        elb::describe_target_groups(input)
    }),
    ("DescribeLoadBalancers", elb::describe_load_balancers),
    ("ListObjectsV2", storage::list_objects),
    ("GetObject", storage::get_object),
    ("PutObject", storage::put_object),
    ("Publish", storage::publish_message),
    ("GetSecretValue", storage::get_secret),
    ("GetParameters", storage::get_parameters),
];

/// The names of the operations that are served.
pub fn operations() -> impl Iterator<Item = &'static str> {
    OPERATIONS.into_iter().map(|(name, _)| name)
}

impl AwsState {
    /// Carries out an operation by its name.
    pub(super) fn execute(&self, operation: &str, input: &Value) -> Result<Value, ApiError> {
        let found = OPERATIONS.iter().find(|(name, _)| *name == operation);
        let (_, operation) = found.ok_or(error::UNKNOWN_OPERATION)?;
        operation(self, input)
    }

    /// The output of `GetDeployment`.
    fn get_deployment(&self, input: &Value) -> Result<Value, ApiError> {
        let mut info = self.with_deployment(input, |found| Ok(found.deployment_info()))?;
        // A test may let moto describe the listeners, by ARNs of its own.
        let test_listener = self.lock().test_listener.clone();
        let pair = info.pointer_mut("/loadBalancerInfo/targetGroupPairInfoList/0");
        if let (Some(pair), Some(arn)) = (pair, test_listener) {
            pair["testTrafficRoute"] = json!({"listenerArns": [arn]});
        }
        Ok(json!({"deploymentInfo": info}))
    }

    /// The output of `GetDeploymentTarget`.
    fn get_deployment_target(&self, input: &Value) -> Result<Value, ApiError> {
        let target = text_member(input, "targetId");
        self.with_deployment(input, |found| match target {
            None | Some("") => Err(error::TARGET_ID_REQUIRED),
            Some(TARGET_ID) => Ok(json!({"deploymentTarget": found.deployment_target()})),
            Some(_) => Err(error::TARGET_DOES_NOT_EXIST),
        })
    }

    /// Finds the deployment that a call names, and applies `operate` to it. The
    /// errors come in CodeDeploy's order: no id, no valid id, no deployment.
    fn with_deployment<T>(
        &self,
        input: &Value,
        operate: impl FnOnce(&mut Deployment) -> Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        let id = match text_member(input, "deploymentId") {
            None | Some("") => return Err(error::DEPLOYMENT_ID_REQUIRED),
            Some(id) if !is_deployment_id(id) => return Err(error::INVALID_DEPLOYMENT_ID),
            Some(id) => id,
        };
        let mut records = self.lock();
        let deployment = records
            .deployments
            .get_mut(id)
            .ok_or(error::DEPLOYMENT_DOES_NOT_EXIST)?;
        // Nothing runs when the hour is over, so each call looks at the clock.
        deployment.fail_if_overdue();
        operate(deployment)
    }

    /// Takes the verdict of a hook; the output of
    /// `PutLifecycleEventHookExecutionStatus`.
    fn put_hook_status(&self, input: &Value) -> Result<Value, ApiError> {
        let output = self.with_deployment(input, |deployment| {
            if deployment.platform == ComputePlatform::Server {
                return Err(error::UNSUPPORTED_ACTION);
            }
            let verdict = match text_member(input, "status") {
                Some("Succeeded") => Verdict::Succeeded,
                Some("Failed") => Verdict::Failed,
                _ => return Err(error::INVALID_STATUS),
            };
            let execution_id = text_member(input, "lifecycleEventHookExecutionId");
            if execution_id != Some(&deployment.execution_id) {
                return Err(error::INVALID_EXECUTION_ID);
            }
            if !deployment.waits_for_verdict() {
                return Err(error::ALREADY_COMPLETED);
            }
            deployment.verdict = Some(verdict);
            Ok(json!({"lifecycleEventHookExecutionId": execution_id}))
        })?;
        // This change did not go through `AwsState::change`, which would have woken
        // the tests that wait for a verdict.
        self.changes.send_modify(|count| *count += 1);
        Ok(output)
    }
}

/// Whether this is the shape of a deployment's id: `d-` and nine letters or
/// digits.
fn is_deployment_id(id: &str) -> bool {
    id.strip_prefix("d-").is_some_and(|rest| {
        rest.len() == 9 && rest.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}
