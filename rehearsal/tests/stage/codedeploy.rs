//! The CodeDeploy API from outside: each operation, each error, each fault.

use std::time::{Duration, Instant};

use rehearsal::{Answer, ApiFault, ComputePlatform, RegisteredDeployment, Stage, Verdict};
use reqwest::Response;
use serde_json::{Value, json};

use crate::common::{http1_client, parse_json, start_stage};

const PUT: &str = "PutLifecycleEventHookExecutionStatus";

fn authorization_header() -> String {
    format!(
        "AWS4-HMAC-SHA256 Credential=AKID/20260101/eu-central-1/codedeploy/aws4_request, \
         SignedHeaders=host;x-amz-date, Signature={}",
        "0".repeat(64)
    )
}

async fn try_call(
    stage: &Stage,
    operation: &str,
    input: &Value,
) -> Result<Response, reqwest::Error> {
    http1_client(stage)
        .post(stage.codedeploy().url())
        .header("content-type", "application/x-amz-json-1.1")
        .header("x-amz-target", format!("CodeDeploy_20141006.{operation}"))
        .header("x-amz-date", "20260101T000000Z")
        .header("authorization", authorization_header())
        .body(input.to_string())
        .send()
        .await
}

/// Status, error type and body of a call.
async fn call(stage: &Stage, operation: &str, input: &Value) -> (u16, String, Value) {
    let response = try_call(stage, operation, input).await.unwrap();
    assert!(response.headers().contains_key("x-amzn-requestid"));
    let error = response
        .headers()
        .get("x-amzn-errortype")
        .map(|value| value.to_str().unwrap().to_owned())
        .unwrap_or_default();
    let status = response.status().as_u16();
    (status, error, parse_json(&response.text().await.unwrap()))
}

fn verdict_input(registered: &RegisteredDeployment, status: &str) -> Value {
    json!({
        "deploymentId": registered.deployment_id,
        "lifecycleEventHookExecutionId": registered.execution_id,
        "status": status,
    })
}

#[track_caller]
fn assert_error(answer: &(u16, String, Value), status: u16, code: &str) {
    assert_eq!((answer.0, answer.1.as_str()), (status, code));
    assert_eq!(answer.2["__type"], code);
    assert!(answer.2["message"].is_string());
}

#[tokio::test]
async fn a_verdict_is_accepted_once() {
    let stage = start_stage().await;
    let api = stage.codedeploy();
    let registered = api.register();
    let input = verdict_input(&registered, "Succeeded");
    let (status, _, output) = call(&stage, PUT, &input).await;
    assert_eq!(status, 200);
    assert_eq!(
        output,
        json!({"lifecycleEventHookExecutionId": registered.execution_id})
    );
    let again = call(&stage, PUT, &verdict_input(&registered, "Failed")).await;
    assert_error(&again, 400, "LifecycleEventAlreadyCompletedException");
    let id = &registered.deployment_id;
    assert_eq!(api.verdict(id), Some(Verdict::Succeeded));
    assert_eq!(api.wait_for_verdict(id).await, Verdict::Succeeded);
    let calls = api.calls();
    assert_eq!(calls.len(), 2);
    assert_eq!(calls[0].operation, PUT);
    assert_eq!(calls[0].status.as_deref(), Some("Succeeded"));
    assert_eq!(calls[0].answer, Answer::Accepted);
    assert_eq!(
        calls[1].answer,
        Answer::Error("LifecycleEventAlreadyCompletedException")
    );
}

#[tokio::test]
async fn every_error_has_its_code_and_comes_in_its_order() {
    let stage = start_stage().await;
    let api = stage.codedeploy();
    let registered = api.register();
    let other = api.register();
    let server = api.register_on(ComputePlatform::Server);
    let stopped = api.register();
    api.stop(&stopped.deployment_id);
    let without = |member: &str| {
        let mut input = verdict_input(&registered, "Failed");
        input.as_object_mut().unwrap().remove(member);
        input
    };
    let with = |member: &str, value: &str| {
        let mut input = verdict_input(&registered, "Failed");
        input[member] = json!(value);
        input
    };
    for (input, code) in [
        (without("deploymentId"), "DeploymentIdRequiredException"),
        (with("deploymentId", ""), "DeploymentIdRequiredException"),
        (with("deploymentId", "x"), "InvalidDeploymentIdException"),
        (
            with("deploymentId", "d-12345678é"),
            "InvalidDeploymentIdException",
        ),
        (
            with("deploymentId", "d-000000000"),
            "DeploymentDoesNotExistException",
        ),
        (
            verdict_input(&server, "Failed"),
            "UnsupportedActionForDeploymentTypeException",
        ),
        (
            with("status", "Skipped"),
            "InvalidLifecycleEventHookExecutionStatusException",
        ),
        (
            without("status"),
            "InvalidLifecycleEventHookExecutionStatusException",
        ),
        (
            with("lifecycleEventHookExecutionId", &other.execution_id),
            "InvalidLifecycleEventHookExecutionIdException",
        ),
        (
            without("lifecycleEventHookExecutionId"),
            "InvalidLifecycleEventHookExecutionIdException",
        ),
        (
            verdict_input(&stopped, "Succeeded"),
            "LifecycleEventAlreadyCompletedException",
        ),
        (json!([1]), "SerializationException"),
    ] {
        assert_error(&call(&stage, PUT, &input).await, 400, code);
    }
    let unknown = call(&stage, "Explode", &json!({})).await;
    assert_error(&unknown, 400, "UnknownOperationException");
    assert_eq!(api.verdict(&registered.deployment_id), None);
}

#[tokio::test]
async fn a_call_without_a_signature_is_refused() {
    let stage = start_stage().await;
    let client = http1_client(&stage);
    for (authorization, code) in [
        (None, "MissingAuthenticationTokenException"),
        (Some("Bearer x"), "MissingAuthenticationTokenException"),
        (Some("AWS4-HMAC-SHA256 x"), "IncompleteSignatureException"),
    ] {
        let mut request = client
            .post(stage.codedeploy().url())
            .header("x-amz-target", "CodeDeploy_20141006.GetDeployment")
            .body("{}");
        if let Some(value) = authorization {
            request = request.header("authorization", value);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 400);
        assert_eq!(response.headers()["x-amzn-errortype"], code);
    }
}

#[tokio::test]
async fn a_deployment_and_its_target_can_be_read() {
    let stage = start_stage().await;
    let api = stage.codedeploy();
    let registered = api.register();
    let id = json!({"deploymentId": registered.deployment_id});
    let (_, _, output) = call(&stage, "GetDeployment", &id).await;
    let info = &output["deploymentInfo"];
    assert_eq!(info["status"], "InProgress");
    assert_eq!(info["computePlatform"], "ECS");
    assert!(info["createTime"].is_f64());
    let (_, _, targets) = call(&stage, "ListDeploymentTargets", &id).await;
    let target = targets["targetIds"][0].as_str().unwrap();
    let mut input = id.clone();
    let missing = call(&stage, "GetDeploymentTarget", &input).await;
    assert_error(&missing, 400, "DeploymentTargetIdRequiredException");
    input["targetId"] = json!("x");
    let unknown = call(&stage, "GetDeploymentTarget", &input).await;
    assert_error(&unknown, 400, "DeploymentTargetDoesNotExistException");
    input["targetId"] = json!(target);
    let (_, _, output) = call(&stage, "GetDeploymentTarget", &input).await;
    let target = &output["deploymentTarget"]["ecsTarget"];
    let running: Vec<&Value> = target["lifecycleEvents"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|event| event["status"] == "InProgress")
        .map(|event| &event["lifecycleEventName"])
        .collect();
    assert_eq!(running, ["AfterAllowTestTraffic"]);
    assert_eq!(
        target["taskSetsInfo"][1]["identifer"],
        "ecs-svc/1000000000000000002"
    );
}

#[tokio::test]
async fn faults_are_met_one_by_one_and_then_it_works() {
    let stage = start_stage().await;
    let api = stage.codedeploy();
    let input = verdict_input(&api.register(), "Failed");
    api.fail_next(2, ApiFault::Throttled);
    api.fail_next(1, ApiFault::ServerError);
    api.fail_next(1, ApiFault::AccessDenied);
    api.fail_next(1, ApiFault::ExpiredToken);
    for (status, code) in [
        (400, "ThrottlingException"),
        (400, "ThrottlingException"),
        (500, "InternalFailure"),
        (400, "AccessDeniedException"),
        (400, "ExpiredTokenException"),
    ] {
        assert_error(&call(&stage, PUT, &input).await, status, code);
    }
    assert_eq!(call(&stage, PUT, &input).await.0, 200);
}

#[tokio::test]
async fn a_dropped_connection_did_nothing_and_a_lost_answer_did() {
    let stage = start_stage().await;
    let api = stage.codedeploy();
    let registered = api.register();
    let input = verdict_input(&registered, "Failed");
    api.fail_next(1, ApiFault::ConnectionDropped);
    assert!(try_call(&stage, PUT, &input).await.is_err());
    assert_eq!(api.verdict(&registered.deployment_id), None);
    api.fail_next(1, ApiFault::AnswerLost);
    assert!(try_call(&stage, PUT, &input).await.is_err());
    let id = &registered.deployment_id;
    assert_eq!(api.verdict(id), Some(Verdict::Failed));
    let again = call(&stage, PUT, &input).await;
    assert_error(&again, 400, "LifecycleEventAlreadyCompletedException");
    assert_eq!(api.calls()[0].answer, Answer::Dropped);
}

#[tokio::test]
async fn an_answer_can_be_slow_or_garbage() {
    let stage = start_stage().await;
    let api = stage.codedeploy();
    let registered = api.register();
    let by = Duration::from_millis(80);
    api.fail_next(1, ApiFault::Garbage);
    api.fail_next(1, ApiFault::Slow { by });
    let input = verdict_input(&registered, "Succeeded");
    let garbage = try_call(&stage, PUT, &input).await.unwrap();
    assert_eq!(garbage.status(), 200);
    assert_eq!(garbage.text().await.unwrap(), "<!doctype");
    assert_eq!(api.verdict(&registered.deployment_id), None);
    let began = Instant::now();
    assert_eq!(call(&stage, PUT, &input).await.0, 200);
    assert!(began.elapsed() >= by);
}

#[tokio::test]
async fn ids_look_like_those_of_codedeploy() {
    let stage = start_stage().await;
    let (one, two) = (stage.codedeploy().register(), stage.codedeploy().register());
    assert_eq!(one.deployment_id.len(), "d-XXXXXXXXX".len());
    assert!(one.deployment_id.starts_with("d-"));
    assert!(one.execution_id.len() > 200);
    assert_ne!(one, two);
    assert_eq!(one.event().as_object().unwrap().len(), 2);
}

#[tokio::test]
async fn an_answer_may_come_later_than_its_call_is_carried_out() {
    let stage = start_stage().await;
    let api = stage.codedeploy();
    let registered = api.register();
    let by = Duration::from_mins(10);
    api.fail_next(2, ApiFault::SlowAnswer { by });
    for operation in [PUT, "GetDeployment"] {
        let input = verdict_input(&registered, "Succeeded");
        let calling = try_call(&stage, operation, &input);
        // Nobody waits for the answer.
        let carried_out = async {
            while api.calls_of(operation).is_empty() {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            answer = calling => panic!("{answer:?}"),
            () = carried_out => {}
        }
    }
    let verdict = api.verdict(&registered.deployment_id);
    assert_eq!(verdict, Some(Verdict::Succeeded));
    // Whoever asks again finds it done.
    let again = call(&stage, PUT, &verdict_input(&registered, "Succeeded")).await;
    assert_error(&again, 400, "LifecycleEventAlreadyCompletedException");
}
