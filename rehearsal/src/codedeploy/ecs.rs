//! ECS's operations: they describe the service with its task sets, and the task
//! definitions.
//!
//! Source: [DescribeServices](https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServices.html),
//! [DescribeTaskDefinition](https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeTaskDefinition.html).

use serde_json::{Value, json};

use super::deployment::{Deployment, unix_seconds};
use super::error::{self, ApiError};
use super::fleet::{self, TargetHealth};
use super::lifecycle::{ComputePlatform, DeploymentStatus};
use super::{Records, text_member};
use crate::colour::Colour;

/// The output of `DescribeServices`.
pub(super) fn describe_services(records: &Records, input: &Value) -> Result<Value, ApiError> {
    let cluster = text_member(input, "cluster");
    // ECS takes names and ARNs alike.
    if !matches!(cluster, Some(fleet::CLUSTER | fleet::CLUSTER_ARN)) {
        return Err(error::CLUSTER_NOT_FOUND);
    }
    let names = input.get("services").and_then(Value::as_array);
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for service in names.into_iter().flatten().filter_map(Value::as_str) {
        if matches!(service, fleet::SERVICE | fleet::SERVICE_ARN) {
            found.push(describe_storefront(records));
        } else {
            // ECS reports a missing service beside the others, not as an error.
            let arn = format!("arn:aws:ecs:eu-central-1:111122223333:service/shop/{service}");
            failures.push(json!({"arn": arn, "reason": "MISSING"}));
        }
    }
    Ok(json!({"services": found, "failures": failures}))
}

/// The only service: blue, and a green task set for each deployment in progress.
fn describe_storefront(records: &Records) -> Value {
    let mut deployments: Vec<&Deployment> = records
        .deployments
        .values()
        .filter(|each| {
            each.platform == ComputePlatform::Ecs && each.status == DeploymentStatus::InProgress
        })
        .collect();
    deployments.sort_by_key(|each| each.created);
    let created = deployments.first().map(|each| unix_seconds(each.created));
    let mut sets = vec![describe_task_set(records, Colour::Blue, None)];
    // A test hides green to be at a moment before the installation.
    if !records.fleet.green_hidden {
        let green = deployments.into_iter();
        sets.extend(green.map(|each| describe_task_set(records, Colour::Green, Some(each))));
    }
    json!({
        "serviceArn": fleet::SERVICE_ARN,
        "serviceName": fleet::SERVICE,
        "clusterArn": fleet::CLUSTER_ARN,
        "loadBalancers": [],
        "serviceRegistries": [],
        "status": "ACTIVE",
        "desiredCount": 1,
        "runningCount": sets.len(),
        "pendingCount": 0,
        "launchType": "FARGATE",
        "platformVersion": "LATEST",
        "taskDefinition": fleet::task_definition_arn(Colour::Blue),
        "taskSets": sets,
        "deployments": [],
        "events": [],
        "createdAt": created,
        "schedulingStrategy": "REPLICA",
        "deploymentController": {"type": "CODE_DEPLOY"},
        "enableECSManagedTags": false,
        "propagateTags": "NONE",
    })
}

/// A task set. Blue was created with the service, green by a deployment.
fn describe_task_set(records: &Records, colour: Colour, deployment: Option<&Deployment>) -> Value {
    let targets = records.fleet.targets(colour);
    let (wanted, running) = records.fleet.task_counts(colour);
    let healthy = targets.iter().all(|each| *each == TargetHealth::Healthy);
    let steady = healthy && wanted == running;
    let id = fleet::task_set_id(colour);
    let mut set = json!({
        "id": id,
        "taskSetArn": format!(
            "arn:aws:ecs:eu-central-1:111122223333:task-set/shop/storefront/{id}"
        ),
        "serviceArn": fleet::SERVICE_ARN,
        "clusterArn": fleet::CLUSTER_ARN,
        "status": match deployment {
            None => "PRIMARY",
            Some(_) if records.fleet.green_drains => "DRAINING",
            Some(_) => "ACTIVE",
        },
        "taskDefinition": fleet::task_definition_arn(colour),
        "computedDesiredCount": wanted,
        "pendingCount": wanted.saturating_sub(running),
        "runningCount": running,
        "launchType": "FARGATE",
        "platformVersion": "1.4.0",
        "loadBalancers": [{
            "targetGroupArn": fleet::target_group_arn(colour),
            "containerName": fleet::CONTAINER,
            "containerPort": fleet::CONTAINER_PORT,
        }],
        "serviceRegistries": [],
        "scale": {"value": 100.0, "unit": "PERCENT"},
        "stabilityStatus": if steady { "STEADY_STATE" } else { "STABILIZING" },
        "tags": [],
    });
    if let Some(deployment) = deployment {
        set["startedBy"] = json!("CODE_DEPLOY");
        set["externalId"] = json!(deployment.id);
        set["createdAt"] = unix_seconds(deployment.created);
    }
    set
}

/// The output of `DescribeTaskDefinition`.
pub(super) fn describe_task_definition(
    records: &Records,
    input: &Value,
) -> Result<Value, ApiError> {
    let name = text_member(input, "taskDefinition");
    let colour = fleet::find_by_name(
        &fleet::COLOURS,
        fleet::task_definition_arn,
        name.unwrap_or_default(),
        error::NO_TASK_DEFINITION,
    )?;
    let arn = fleet::task_definition_arn(colour);
    let revision = arn.rsplit(':').next().and_then(|it| it.parse::<u32>().ok());
    Ok(json!({"taskDefinition": {
        "taskDefinitionArn": arn,
        "family": "storefront",
        "revision": revision,
        "status": "ACTIVE",
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "compatibilities": ["EC2", "FARGATE"],
        "cpu": "256",
        "memory": "512",
        "volumes": [],
        "placementConstraints": [],
        "containerDefinitions": [
            {
                // The first container is not the app's: a client must choose by name.
                "name": "sidecar",
                "image": "public.ecr.aws/sidecar:1",
                "essential": false,
                "environment": [],
            },
            {
                "name": fleet::CONTAINER,
                "image": records.fleet.image(colour),
                "cpu": 0,
                "essential": true,
                "portMappings": [{"containerPort": fleet::CONTAINER_PORT, "protocol": "tcp"}],
                "environment": [{"name": "APP_VERSION", "value": colour.version()}],
                "mountPoints": [],
                "volumesFrom": [],
            },
        ],
    }}))
}
