//! One deployment: its state in CodeDeploy, and how CodeDeploy's API shows it.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::error::{self, ApiError};
use super::lifecycle::{ComputePlatform, DeploymentStatus, EventStatus, LifecycleEvent, Verdict};
use super::{fleet, text_member};
use crate::colour::Colour;
use crate::load_balancer::Listener;

/// The target of an ECS deployment: `cluster:service`.
pub(super) const TARGET_ID: &str = "shop:storefront";
const APPLICATION: &str = "storefront";
const GROUP: &str = "storefront-blue-green";

/// How long CodeDeploy waits for the verdict on a lifecycle event.
///
/// Source: [CodeDeploy quotas](https://docs.aws.amazon.com/codedeploy/latest/userguide/limits.html).
const VERDICT_TIMEOUT: Duration = Duration::from_hours(1);

/// One deployment.
#[derive(Clone, Debug)]
pub(super) struct Deployment {
    pub(super) id: String,
    pub(super) execution_id: String,
    pub(super) platform: ComputePlatform,
    /// The event whose hook is asked for a verdict.
    pub(super) hook: LifecycleEvent,
    pub(super) status: DeploymentStatus,
    pub(super) verdict: Option<Verdict>,
    pub(super) error: Option<(&'static str, String)>,
    /// The deployment that this one rolls back.
    pub(super) rolls_back: Option<String>,
    pub(super) created: Timestamp,
    completed: Option<Timestamp>,
    /// By the order of [`LifecycleEvent::ALL`].
    events: [EventRecord; 8],
}

/// How far one lifecycle event is, and since when.
#[derive(Clone, Copy, Debug)]
struct EventRecord {
    status: EventStatus,
    start: Option<Timestamp>,
    end: Option<Timestamp>,
}

impl Deployment {
    /// A deployment whose events are all pending.
    pub(super) fn new(id: String, execution_id: String, platform: ComputePlatform) -> Self {
        Self {
            id,
            execution_id,
            platform,
            hook: LifecycleEvent::AfterAllowTestTraffic,
            status: DeploymentStatus::InProgress,
            verdict: None,
            error: None,
            rolls_back: None,
            created: Timestamp::now(),
            completed: None,
            events: [EventRecord {
                status: EventStatus::Pending,
                start: None,
                end: None,
            }; 8],
        }
    }

    /// How far a lifecycle event is.
    pub(super) fn event_status(&self, event: LifecycleEvent) -> EventStatus {
        self.events[event as usize].status
    }

    /// Moves a lifecycle event on, and notes when.
    pub(super) fn set_event_status(&mut self, event: LifecycleEvent, status: EventStatus) {
        let record = &mut self.events[event as usize];
        record.status = status;
        match status {
            // Nothing has happened yet that would have a time.
            EventStatus::Pending => {}
            EventStatus::InProgress => record.start = Some(Timestamp::now()),
            EventStatus::Succeeded | EventStatus::Failed | EventStatus::Skipped => {
                record.end = Some(Timestamp::now());
            }
        }
    }

    /// Whether CodeDeploy still accepts a verdict.
    pub(super) fn waits_for_verdict(&self) -> bool {
        self.event_status(self.hook) == EventStatus::InProgress
            && self.status == DeploymentStatus::InProgress
            && self.verdict.is_none()
    }

    /// Completes the events before the hook's, and begins the hook's.
    pub(super) fn advance_to(&mut self, hook: LifecycleEvent) {
        self.hook = hook;
        for event in LifecycleEvent::ALL.into_iter().take_while(|it| *it != hook) {
            self.set_event_status(event, EventStatus::InProgress);
            self.set_event_status(event, EventStatus::Succeeded);
        }
        self.set_event_status(hook, EventStatus::InProgress);
    }

    /// Moves the start of the hook's event into the past, so that `left` remains of
    /// the hour.
    pub(super) fn set_time_left(&mut self, left: Duration) {
        self.events[self.hook as usize].start = Some(Timestamp::now() + left - VERDICT_TIMEOUT);
        self.fail_if_overdue();
    }

    /// Fails the deployment if its hour has passed without a verdict.
    pub(super) fn fail_if_overdue(&mut self) {
        let begun = self.events[self.hook as usize].start;
        if self.waits_for_verdict()
            && begun.is_some_and(|begun| begun + VERDICT_TIMEOUT <= Timestamp::now())
        {
            self.set_event_status(self.hook, EventStatus::Failed);
            self.error = Some(("TIMEOUT", format!("No verdict on {} in time.", self.hook)));
            self.finish(DeploymentStatus::Failed);
        }
    }

    /// Ends the hook's event by its verdict. After `Succeeded` the events go on up
    /// to `AllowTraffic`; after `Failed` the deployment has failed.
    pub(super) fn act_on_verdict(&mut self) {
        match self.verdict {
            Some(Verdict::Succeeded) => {
                self.set_event_status(self.hook, EventStatus::Succeeded);
                let next = self.hook as usize + 1;
                for event in LifecycleEvent::ALL.into_iter().skip(next) {
                    self.set_event_status(event, EventStatus::InProgress);
                    // The traffic is about to move: this event stays in progress.
                    if event == LifecycleEvent::AllowTraffic {
                        break;
                    }
                    self.set_event_status(event, EventStatus::Succeeded);
                }
            }
            Some(Verdict::Failed) => {
                self.set_event_status(self.hook, EventStatus::Failed);
                self.finish(DeploymentStatus::Failed);
            }
            None => {}
        }
    }

    /// Ends the deployment; events that have not begun are skipped.
    pub(super) fn finish(&mut self, status: DeploymentStatus) {
        self.status = status;
        self.completed = Some(Timestamp::now());
        for event in LifecycleEvent::ALL {
            // What was under way keeps its status.
            if self.event_status(event) == EventStatus::Pending {
                self.set_event_status(event, EventStatus::Skipped);
            }
        }
    }

    /// `DeploymentInfo` of the model, without the members that an ECS
    /// deployment leaves out.
    pub(super) fn deployment_info(&self) -> Value {
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
            "createTime": unix_seconds(self.created),
            "startTime": unix_seconds(self.created),
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
        // Deployments to Lambda and to servers have no target groups.
        if self.platform == ComputePlatform::Ecs {
            info["loadBalancerInfo"] = render_load_balancer_info();
        }
        // CodeDeploy itself creates the deployment that rolls another back.
        if let Some(failed) = &self.rolls_back {
            info["creator"] = json!("codeDeployRollback");
            info["rollbackInfo"] = json!({
                "rollbackDeploymentId": self.id,
                "rollbackTriggeringDeploymentId": failed,
                "rollbackMessage": format!("Deployment {failed} failed."),
            });
        }
        if let Some(completed) = self.completed {
            info["completeTime"] = unix_seconds(completed);
        }
        if let Some((code, message)) = &self.error {
            info["errorInformation"] = json!({"code": code, "message": message});
        }
        info
    }

    /// `DeploymentTarget` of the model.
    pub(super) fn deployment_target(&self) -> Value {
        let has_moved = self.event_status(LifecycleEvent::AllowTraffic) == EventStatus::Succeeded;
        let (blue, green) = if has_moved {
            (0.0, 100.0)
        } else {
            (100.0, 0.0)
        };
        let events: Vec<Value> = LifecycleEvent::ALL
            .into_iter()
            .map(|event| self.render_lifecycle_event(event))
            .collect();
        // A target of Lambda has no task sets.
        if self.platform == ComputePlatform::Lambda {
            return json!({
                "deploymentTargetType": "LambdaTarget",
                "lambdaTarget": {
                    "deploymentId": self.id,
                    "targetId": TARGET_ID,
                    "lastUpdatedAt": unix_seconds(Timestamp::now()),
                    "status": self.status,
                    "lifecycleEvents": events,
                },
            });
        }
        json!({
            "deploymentTargetType": "ECSTarget",
            "ecsTarget": {
                "deploymentId": self.id,
                "targetId": TARGET_ID,
                "targetArn": fleet::SERVICE_ARN,
                "lastUpdatedAt": unix_seconds(Timestamp::now()),
                "status": self.status,
                "lifecycleEvents": events,
                "taskSetsInfo": [
                    render_task_set(fleet::task_set_id(Colour::Blue), "PRIMARY", "Blue", blue),
                    render_task_set(fleet::task_set_id(Colour::Green), "ACTIVE", "Green", green),
                ],
            },
        })
    }

    /// `LifecycleEvent` of the model.
    fn render_lifecycle_event(&self, event: LifecycleEvent) -> Value {
        let record = self.events[event as usize];
        let mut json = json!({"lifecycleEventName": event, "status": record.status});
        if let Some(start) = record.start {
            json["startTime"] = unix_seconds(start);
        }
        if let Some(end) = record.end {
            json["endTime"] = unix_seconds(end);
        }
        json
    }
}

/// `ECSTaskSet` of the model. The key `identifer` is spelled as AWS spells it.
fn render_task_set(id: &str, status: &str, label: &str, weight: f64) -> Value {
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

/// `LoadBalancerInfo` of the model.
fn render_load_balancer_info() -> Value {
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
pub(super) fn get_deployment_group(input: &Value) -> Result<Value, ApiError> {
    let member = |name| text_member(input, name);
    if member("applicationName") != Some(APPLICATION) {
        return Err(error::APPLICATION_DOES_NOT_EXIST);
    }
    if member("deploymentGroupName") != Some(GROUP) {
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
        "loadBalancerInfo": render_load_balancer_info(),
        "computePlatform": "ECS",
        "ecsServices": [{"serviceName": fleet::SERVICE, "clusterName": fleet::CLUSTER}],
    }}))
}

/// Time as AWS JSON 1.1 writes it: seconds since 1970, with a fraction.
pub(super) fn unix_seconds(time: Timestamp) -> Value {
    #[expect(
        clippy::cast_precision_loss,
        reason = "milliseconds since 1970 fit into 52 bits for the next 140,000 years"
    )]
    let seconds = time.as_millisecond() as f64 / 1000.0;
    json!(seconds)
}
