//! ECS's part: the service with its task sets, and the task definitions.
//!
//! Source: [DescribeServices](https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServices.html),
//! [DescribeTaskDefinition](https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeTaskDefinition.html).

use serde_json::{Value, json};

use super::Book;
use super::deployment::{Deployment, seconds};
use super::error::{self, ApiError};
use super::fleet::{self, TargetHealth};
use super::words::{ComputePlatform, DeploymentStatus};
use crate::colour::Colour;

/// The output of `DescribeServices`.
pub(super) fn services(book: &Book, input: &Value) -> Result<Value, ApiError> {
    let cluster = input.get("cluster").and_then(Value::as_str);
    if !matches!(cluster, Some(fleet::CLUSTER | fleet::CLUSTER_ARN)) {
        return Err(error::CLUSTER_NOT_FOUND);
    }
    let asked = input.get("services").and_then(Value::as_array);
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for service in asked.into_iter().flatten().filter_map(Value::as_str) {
        if matches!(service, fleet::SERVICE | fleet::SERVICE_ARN) {
            found.push(the_service(book));
        } else {
            let arn = format!("arn:aws:ecs:eu-central-1:111122223333:service/shop/{service}");
            failures.push(json!({"arn": arn, "reason": "MISSING"}));
        }
    }
    Ok(json!({"services": found, "failures": failures}))
}

fn the_service(book: &Book) -> Value {
    let mut deployments: Vec<&Deployment> = book
        .deployments
        .values()
        .filter(|each| {
            each.platform == ComputePlatform::Ecs && each.status == DeploymentStatus::InProgress
        })
        .collect();
    deployments.sort_by_key(|each| each.created);
    let created = deployments.first().map(|each| seconds(each.created));
    let mut sets = vec![task_set(book, Colour::Blue, None)];
    if !book.fleet.green_hidden {
        let green = deployments.into_iter();
        sets.extend(green.map(|each| task_set(book, Colour::Green, Some(each))));
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

/// Blue was made with the service, green by a deployment.
fn task_set(book: &Book, colour: Colour, deployment: Option<&Deployment>) -> Value {
    let targets = book.fleet.targets(colour);
    let (wanted, running) = book.fleet.tasks(colour);
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
            Some(_) if book.fleet.green_drains => "DRAINING",
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
        set["createdAt"] = seconds(deployment.created);
    }
    set
}

/// The output of `DescribeTaskDefinition`.
pub(super) fn task_definition(book: &Book, input: &Value) -> Result<Value, ApiError> {
    let asked = input.get("taskDefinition").and_then(Value::as_str);
    let colour = fleet::known(
        &fleet::COLOURS,
        fleet::task_definition_arn,
        asked.unwrap_or_default(),
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
                "name": "sidecar",
                "image": "public.ecr.aws/sidecar:1",
                "essential": false,
                "environment": [],
            },
            {
                "name": fleet::CONTAINER,
                "image": book.fleet.image(colour),
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
