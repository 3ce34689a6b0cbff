//! The operations: which there are, and what each does.

use serde_json::{Value, json};

use super::deployment::{self, Deployment, TARGET_ID};
use super::error::{self, ApiError};
use super::words::{ComputePlatform, Verdict};
use super::{State, VERDICT, account, ecs, elb};

type Operation = fn(&State, &Value) -> Result<Value, ApiError>;

/// Every operation that is served, by its name.
const OPERATIONS: [(&str, Operation); 18] = [
    (VERDICT, State::put_status),
    ("GetDeployment", State::deployment),
    ("ListDeploymentTargets", |state, input| {
        state.with(input, |_| Ok(json!({"targetIds": [TARGET_ID]})))
    }),
    ("GetDeploymentTarget", State::target),
    ("GetDeploymentGroup", |_, input| deployment::group(input)),
    ("DescribeServices", |state, input| {
        ecs::services(&state.lock(), input)
    }),
    ("DescribeTaskDefinition", |state, input| {
        ecs::task_definition(&state.lock(), input)
    }),
    ("DescribeListeners", elb::listeners),
    ("DescribeRules", elb::rules),
    ("DescribeTargetHealth", elb::target_health),
    ("DescribeTargetGroups", |_, input| elb::target_groups(input)),
    ("DescribeLoadBalancers", elb::load_balancers),
    ("ListObjectsV2", account::list),
    ("GetObject", account::get),
    ("PutObject", account::put),
    ("Publish", account::publish),
    ("GetSecretValue", account::secret),
    ("GetParameters", account::parameters),
];

/// The names of the operations that are served.
pub fn operations() -> impl Iterator<Item = &'static str> {
    OPERATIONS.into_iter().map(|(name, _)| name)
}

impl State {
    pub(super) fn carry_out(&self, operation: &str, input: &Value) -> Result<Value, ApiError> {
        let found = OPERATIONS.iter().find(|(name, _)| *name == operation);
        let (_, operation) = found.ok_or(error::UNKNOWN_OPERATION)?;
        operation(self, input)
    }

    fn deployment(&self, input: &Value) -> Result<Value, ApiError> {
        let mut info = self.with(input, |found| Ok(found.info()))?;
        let named = self.lock().test_listener.clone();
        let pair = info.pointer_mut("/loadBalancerInfo/targetGroupPairInfoList/0");
        if let (Some(pair), Some(arn)) = (pair, named) {
            pair["testTrafficRoute"] = json!({"listenerArns": [arn]});
        }
        Ok(json!({"deploymentInfo": info}))
    }

    fn target(&self, input: &Value) -> Result<Value, ApiError> {
        let target = input.get("targetId").and_then(Value::as_str);
        self.with(input, |found| match target {
            None | Some("") => Err(error::TARGET_ID_REQUIRED),
            Some(TARGET_ID) => Ok(json!({"deploymentTarget": found.target()})),
            Some(_) => Err(error::TARGET_DOES_NOT_EXIST),
        })
    }

    /// Finds the deployment of a request, with the errors in CodeDeploy's
    /// order: no id, no valid id, no such deployment.
    fn with<T>(
        &self,
        input: &Value,
        use_it: impl FnOnce(&mut Deployment) -> Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        let id = match input.get("deploymentId").and_then(Value::as_str) {
            None | Some("") => return Err(error::DEPLOYMENT_ID_REQUIRED),
            Some(id) if !well_formed(id) => return Err(error::INVALID_DEPLOYMENT_ID),
            Some(id) => id,
        };
        let mut book = self.lock();
        let deployment = book
            .deployments
            .get_mut(id)
            .ok_or(error::DEPLOYMENT_DOES_NOT_EXIST)?;
        deployment.expire();
        use_it(deployment)
    }

    fn put_status(&self, input: &Value) -> Result<Value, ApiError> {
        let output = self.with(input, |deployment| {
            if deployment.platform == ComputePlatform::Server {
                return Err(error::UNSUPPORTED_ACTION);
            }
            let verdict = match input.get("status").and_then(Value::as_str) {
                Some("Succeeded") => Verdict::Succeeded,
                Some("Failed") => Verdict::Failed,
                _ => return Err(error::INVALID_STATUS),
            };
            let execution_id = input
                .get("lifecycleEventHookExecutionId")
                .and_then(Value::as_str);
            if execution_id != Some(&deployment.execution_id) {
                return Err(error::INVALID_EXECUTION_ID);
            }
            if !deployment.waits() {
                return Err(error::ALREADY_COMPLETED);
            }
            deployment.verdict = Some(verdict);
            Ok(json!({"lifecycleEventHookExecutionId": execution_id}))
        })?;
        self.changes.send_modify(|count| *count += 1);
        Ok(output)
    }
}

/// `d-` and nine letters or digits.
fn well_formed(id: &str) -> bool {
    id.strip_prefix("d-").is_some_and(|rest| {
        rest.len() == 9 && rest.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}
