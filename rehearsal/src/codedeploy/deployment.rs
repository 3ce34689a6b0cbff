//! A deployment as CodeDeploy keeps it, and as its API shows it.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::error::{self, ApiError};
use super::fleet;
use crate::colour::Colour;
use crate::load_balancer::Listener;

/// The target of an ECS deployment: `cluster:service`.
pub(super) const TARGET_ID: &str = "shop:storefront";
const APPLICATION: &str = "storefront";
const GROUP: &str = "storefront-blue-green";

/// What the hook tells CodeDeploy. Nothing else is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    /// Production may move to green.
    Succeeded,
    /// The deployment has to be rolled back.
    Failed,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
        })
    }
}

/// Where CodeDeploy deploys to; only ECS and Lambda deployments have hooks
/// that are functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum ComputePlatform {
    /// Amazon ECS.
    #[serde(rename = "ECS")]
    Ecs,
    /// AWS Lambda.
    Lambda,
    /// EC2 and on-premises: its hooks are scripts.
    Server,
}

/// The lifecycle events of an ECS deployment, in their order.
///
/// Source: [AppSpec hooks](https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-hooks.html).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum LifecycleEvent {
    /// Before the green task set exists.
    BeforeInstall,
    /// Green starts.
    Install,
    /// Green runs and has no traffic.
    AfterInstall,
    /// The test listener moves to green.
    AllowTestTraffic,
    /// The hook: this is Greenlight.
    AfterAllowTestTraffic,
    /// Before customers reach green.
    BeforeAllowTraffic,
    /// The production listener moves to green.
    AllowTraffic,
    /// Customers use green.
    AfterAllowTraffic,
}

impl LifecycleEvent {
    /// All events, in their order.
    pub const ALL: [Self; 8] = [
        Self::BeforeInstall,
        Self::Install,
        Self::AfterInstall,
        Self::AllowTestTraffic,
        Self::AfterAllowTestTraffic,
        Self::BeforeAllowTraffic,
        Self::AllowTraffic,
        Self::AfterAllowTraffic,
    ];
}

impl fmt::Display for LifecycleEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::BeforeInstall => "BeforeInstall",
            Self::Install => "Install",
            Self::AfterInstall => "AfterInstall",
            Self::AllowTestTraffic => "AllowTestTraffic",
            Self::AfterAllowTestTraffic => "AfterAllowTestTraffic",
            Self::BeforeAllowTraffic => "BeforeAllowTraffic",
            Self::AllowTraffic => "AllowTraffic",
            Self::AfterAllowTraffic => "AfterAllowTraffic",
        })
    }
}

/// How far a lifecycle event is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum EventStatus {
    /// Not begun.
    Pending,
    /// Going on.
    InProgress,
    /// Ended well.
    Succeeded,
    /// Ended badly.
    Failed,
    /// Left out, because an event before it failed.
    Skipped,
}

impl fmt::Display for EventStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Pending => "Pending",
            Self::InProgress => "InProgress",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
            Self::Skipped => "Skipped",
        })
    }
}

/// How far a deployment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum DeploymentStatus {
    /// Going on.
    InProgress,
    /// Production is on green.
    Succeeded,
    /// Rolled back.
    Failed,
    /// Stopped by a person or an alarm.
    Stopped,
}

impl fmt::Display for DeploymentStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::InProgress => "InProgress",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
            Self::Stopped => "Stopped",
        })
    }
}

/// One deployment.
#[derive(Clone, Debug)]
pub(super) struct Deployment {
    pub(super) id: String,
    pub(super) execution_id: String,
    pub(super) platform: ComputePlatform,
    pub(super) status: DeploymentStatus,
    pub(super) verdict: Option<Verdict>,
    pub(super) error: Option<(&'static str, String)>,
    pub(super) created: Timestamp,
    completed: Option<Timestamp>,
    events: [EventRecord; 8],
}

#[derive(Clone, Copy, Debug)]
struct EventRecord {
    status: EventStatus,
    start: Option<Timestamp>,
    end: Option<Timestamp>,
}

impl Deployment {
    pub(super) fn new(id: String, execution_id: String, platform: ComputePlatform) -> Self {
        Self {
            id,
            execution_id,
            platform,
            status: DeploymentStatus::InProgress,
            verdict: None,
            error: None,
            created: Timestamp::now(),
            completed: None,
            events: [EventRecord {
                status: EventStatus::Pending,
                start: None,
                end: None,
            }; 8],
        }
    }

    pub(super) fn event(&self, event: LifecycleEvent) -> EventStatus {
        self.events[event as usize].status
    }

    pub(super) fn set_event(&mut self, event: LifecycleEvent, status: EventStatus) {
        let record = &mut self.events[event as usize];
        record.status = status;
        match status {
            EventStatus::Pending => {}
            EventStatus::InProgress => record.start = Some(Timestamp::now()),
            EventStatus::Succeeded | EventStatus::Failed | EventStatus::Skipped => {
                record.end = Some(Timestamp::now());
            }
        }
    }

    pub(super) fn end(&mut self, status: DeploymentStatus) {
        self.status = status;
        self.completed = Some(Timestamp::now());
        for event in LifecycleEvent::ALL {
            if self.event(event) == EventStatus::Pending {
                self.set_event(event, EventStatus::Skipped);
            }
        }
    }

    /// `DeploymentInfo` of the model, without the members that an ECS
    /// deployment leaves out.
    pub(super) fn info(&self) -> Value {
        let mut info = json!({
            "applicationName": APPLICATION,
            "deploymentGroupName": GROUP,
            "deploymentConfigName": "CodeDeployDefault.ECSAllAtOnce",
            "deploymentId": self.id,
            "revision": {
                "revisionType": "S3",
                "s3Location": {
                    "bucket": "rehearsal-artifacts",
                    "key": "storefront/appspec.yaml",
                    "bundleType": "YAML",
                },
            },
            "status": self.status,
            "createTime": seconds(self.created),
            "startTime": seconds(self.created),
            "creator": "user",
            "ignoreApplicationStopFailures": false,
            "autoRollbackConfiguration": {
                "enabled": true,
                "events": ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"],
            },
            "updateOutdatedInstancesOnly": false,
            "deploymentStyle": {
                "deploymentType": "BLUE_GREEN",
                "deploymentOption": "WITH_TRAFFIC_CONTROL",
            },
            "instanceTerminationWaitTimeStarted": false,
            "blueGreenDeploymentConfiguration": {
                "terminateBlueInstancesOnDeploymentSuccess": {
                    "action": "TERMINATE",
                    "terminationWaitTimeInMinutes": 5,
                },
                "deploymentReadyOption": {
                    "actionOnTimeout": "CONTINUE_DEPLOYMENT",
                    "waitTimeInMinutes": 0,
                },
            },
            "deploymentStatusMessages": [],
            "computePlatform": self.platform,
        });
        if self.platform == ComputePlatform::Ecs {
            info["loadBalancerInfo"] = load_balancer_info();
        }
        if let Some(completed) = self.completed {
            info["completeTime"] = seconds(completed);
        }
        if let Some((code, message)) = &self.error {
            info["errorInformation"] = json!({"code": code, "message": message});
        }
        info
    }

    /// `DeploymentTarget` of the model. The key `identifer` is spelled as AWS
    /// spells it.
    pub(super) fn target(&self) -> Value {
        let done = self.event(LifecycleEvent::AllowTraffic) == EventStatus::Succeeded;
        let (blue, green) = if done { (0.0, 100.0) } else { (100.0, 0.0) };
        let events: Vec<Value> = LifecycleEvent::ALL
            .into_iter()
            .map(|event| self.event_json(event))
            .collect();
        json!({
            "deploymentTargetType": "ECSTarget",
            "ecsTarget": {
                "deploymentId": self.id,
                "targetId": TARGET_ID,
                "targetArn": fleet::SERVICE_ARN,
                "lastUpdatedAt": seconds(Timestamp::now()),
                "status": self.status,
                "lifecycleEvents": events,
                "taskSetsInfo": [
                    task_set(fleet::task_set_id(Colour::Blue), "PRIMARY", "Blue", blue),
                    task_set(fleet::task_set_id(Colour::Green), "ACTIVE", "Green", green),
                ],
            },
        })
    }

    fn event_json(&self, event: LifecycleEvent) -> Value {
        let record = self.events[event as usize];
        let mut json = json!({"lifecycleEventName": event, "status": record.status});
        if let Some(start) = record.start {
            json["startTime"] = seconds(start);
        }
        if let Some(end) = record.end {
            json["endTime"] = seconds(end);
        }
        json
    }
}

fn task_set(id: &str, status: &str, label: &str, weight: f64) -> Value {
    json!({
        "identifer": id,
        "desiredCount": 1,
        "pendingCount": 0,
        "runningCount": 1,
        "status": status,
        "trafficWeight": weight,
        "targetGroup": {"name": format!("storefront-{}", label.to_lowercase())},
        "taskSetLabel": label,
    })
}

fn load_balancer_info() -> Value {
    let route = |listener| json!({"listenerArns": [fleet::listener_arn(listener)]});
    json!({
        "targetGroupPairInfoList": [{
            "targetGroups": [
                {"name": fleet::target_group_name(Colour::Blue)},
                {"name": fleet::target_group_name(Colour::Green)},
            ],
            "prodTrafficRoute": route(Listener::Production),
            "testTrafficRoute": route(Listener::Test),
        }],
    })
}

/// The output of `GetDeploymentGroup`.
pub(super) fn group(input: &Value) -> Result<Value, ApiError> {
    let named = |member| input.get(member).and_then(Value::as_str);
    if named("applicationName") != Some(APPLICATION) {
        return Err(error::APPLICATION_DOES_NOT_EXIST);
    }
    if named("deploymentGroupName") != Some(GROUP) {
        return Err(error::DEPLOYMENT_GROUP_DOES_NOT_EXIST);
    }
    Ok(json!({"deploymentGroupInfo": {
        "applicationName": APPLICATION,
        "deploymentGroupId": "7c9e6679-7425-40de-944b-e07fc1f90ae7",
        "deploymentGroupName": GROUP,
        "deploymentConfigName": "CodeDeployDefault.ECSAllAtOnce",
        "serviceRoleArn": "arn:aws:iam::111122223333:role/codedeploy",
        "deploymentStyle": {
            "deploymentType": "BLUE_GREEN",
            "deploymentOption": "WITH_TRAFFIC_CONTROL",
        },
        "loadBalancerInfo": load_balancer_info(),
        "computePlatform": "ECS",
        "ecsServices": [{"serviceName": fleet::SERVICE, "clusterName": fleet::CLUSTER}],
    }}))
}

/// Time as AWS JSON 1.1 writes it: seconds since 1970, with a fraction.
pub(super) fn seconds(time: Timestamp) -> Value {
    #[expect(
        clippy::cast_precision_loss,
        reason = "milliseconds since 1970 fit into 52 bits for the next 140,000 years"
    )]
    let seconds = time.as_millisecond() as f64 / 1000.0;
    json!(seconds)
}
