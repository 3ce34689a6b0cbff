//! What the function is invoked with.

use rehearsal::Verdict;
use serde_json::{Value, json};

use crate::support::{Invoked, Trial};

#[tokio::test]
async fn a_run_by_hand_runs_the_checks_and_reports_nothing() {
    let trial = Trial::new().await;
    let event = include_str!("../../events/local.json");
    let invoked = trial.invoke(serde_json::from_str(event).unwrap()).await;
    let answer = invoked.answer();
    assert_eq!(answer["verdict"], "Succeeded");
    assert_eq!(answer["reported"], "nothing-to-report-to");
    assert!(answer["report"].is_object());
    assert!(trial.stage.codedeploy().calls().is_empty());
    assert!(invoked.output().contains("nothing is reported"));
}

#[tokio::test]
async fn the_sample_event_has_the_shape_of_codedeploys() {
    let sample: Value = serde_json::from_str(include_str!("../../events/codedeploy.json")).unwrap();
    let trial = Trial::new().await;
    let real = trial.stage.codedeploy().register().event();
    let members =
        |event: &Value| -> Vec<String> { event.as_object().unwrap().keys().cloned().collect() };
    assert_eq!(members(&sample), members(&real));
    let invoked = trial.invoke(sample).await;
    assert!(invoked.error().contains("DeploymentDoesNotExistException"));
}

#[tokio::test]
async fn what_codedeploy_sends_beside_both_ids_is_ignored() {
    let trial = Trial::new().await;
    let registered = trial.stage.codedeploy().register();
    let mut event = registered.event();
    event["Combined"] = json!({"new": [1, 2]});
    trial.invoke(event).await.answer();
    assert_eq!(trial.verdict(&registered), Some(Verdict::Succeeded));
}

#[tokio::test]
async fn an_event_that_cannot_be_reported_is_an_error_of_the_function() {
    let trial = Trial::new().await;
    let id = trial.stage.codedeploy().register().execution_id;
    for (event, found) in [
        (
            json!({"DeploymentId": "d-ABCDEF123"}),
            "found an object with `DeploymentId`; ",
        ),
        (
            json!({"LifecycleEventHookExecutionId": id}),
            "found an object with `LifecycleEventHookExecutionId`; ",
        ),
        (
            json!({"LifecycleEventHookExecutionId": id, "deploymentId": "d-ABCDEF123"}),
            "found an object with `LifecycleEventHookExecutionId` and `deploymentId`; ",
        ),
        (
            json!({"DeploymentId": 7, "LifecycleEventHookExecutionId": id}),
            "found an object with `DeploymentId` (a number) and ",
        ),
        (json!({"DeploymentId": ""}), "`DeploymentId` (empty); "),
        (
            json!({"executionId": "3a0345ba", "lifecycleStage": "POST_TEST_TRAFFIC_SHIFT",
                "resourceArn": "arn:aws:ecs", "executionDetails": {}}),
            "found an object with `lifecycleStage`, `executionDetails`, ",
        ),
        (
            json!({"CodePipeline.job": {"id": "11111111"}}),
            "found an object with `CodePipeline.job`; ",
        ),
        (
            json!({"greenlight": {}}),
            "found an object with `greenlight`; ",
        ),
        (
            json!({"target": "https://shop.example", "tag": "slow"}),
            "found an object with `target` and `tag`; ",
        ),
        (json!({"target": null}), "`target` (null); "),
        (json!([1]), "found a list; "),
        (json!("text"), "found text; "),
        (json!(null), "found null; "),
        (
            record_of(&json!({"DeploymentId": "d-1"})),
            "`DeploymentId`; ",
        ),
    ] {
        let invoked = trial.invoke(event).await;
        let error = invoked.error();
        assert!(error.contains("expected an event of CodeDeploy"), "{error}");
        assert!(error.contains(found), "{error}");
        assert!(
            !error.contains(&id) && !error.contains("11111111"),
            "{error}"
        );
        assert_eq!(invoked.line("verdict", "Failed")["reason"], error);
    }
    assert!(trial.stage.codedeploy().calls().is_empty());
    assert_eq!(trial.requests(), 0);
}

#[tokio::test]
async fn an_event_that_asks_for_something_else_as_well_is_told_failed_to_codedeploy() {
    for (member, value) in [
        ("executionDetails", json!({"serviceArn": "arn:aws:ecs"})),
        ("greenlight", json!("ready")),
        ("requestPayload", json!({})),
    ] {
        let trial = Trial::new().await;
        let registered = trial.stage.codedeploy().register();
        let mut event = registered.event();
        event[member] = value;
        let invoked = trial.invoke(event).await;
        let found = format!("`LifecycleEventHookExecutionId` and `{member}`; ");
        trial.assert_failed(&(registered, invoked), &found);
        assert_eq!(trial.requests(), 0);
    }
}

/// Nobody waits, and the checks are not run a second time.
#[tokio::test]
async fn the_record_of_a_run_by_hand_runs_nothing() {
    let trial = Trial::new().await;
    let answer = trial.invoke(record_of(&json!({}))).await.answer().clone();
    assert_eq!(answer["verdict"], "Failed");
    assert_eq!(answer["reported"], "nothing-to-report-to");
    assert_eq!(trial.requests(), 0);
}

#[tokio::test]
async fn a_warm_function_judges_each_deployment_by_itself() {
    let trial = Trial::new().await;
    let function = trial.function().await;
    let first = trial.stage.codedeploy().register();
    Invoked(function.invoke(first.event()).await).answer();
    trial
        .stage
        .green_app()
        .break_with(rehearsal::Defect::OrdersAreEmpty);
    let second = trial.stage.codedeploy().register();
    let invoked = Invoked(function.invoke(second.event()).await);
    invoked.answer();
    assert!(invoked.0.init.is_none(), "the process was not warm");
    assert_eq!(trial.verdict(&first), Some(Verdict::Succeeded));
    assert_eq!(trial.verdict(&second), Some(Verdict::Failed));
}

#[tokio::test]
async fn an_event_that_is_delivered_twice_has_one_verdict() {
    let trial = Trial::new().await;
    let function = trial.function().await;
    let registered = trial.stage.codedeploy().register();
    let mut reported = Vec::new();
    for _ in 0..2 {
        let invoked = Invoked(function.invoke(registered.event()).await);
        reported.push(invoked.answer()["reported"].clone());
    }
    assert_eq!(reported, ["accepted", "already-completed"]);
    assert_eq!(trial.verdict(&registered), Some(Verdict::Succeeded));
}

#[tokio::test]
async fn the_record_of_a_dead_invocation_is_reported_without_a_run() {
    let trial = Trial::new().await;
    let registered = trial.stage.codedeploy().register();
    let record = json!({
        "version": "1.0",
        "requestContext": {"condition": "RetriesExhausted", "approximateInvokeCount": 1},
        "requestPayload": registered.event(),
        "responsePayload": {"errorType": "Sandbox.Timedout", "errorMessage": "Task timed out"},
    });
    let invoked = trial.invoke(record).await;
    trial.assert_failed(
        &(registered, invoked),
        "died before it could report: RetriesExhausted: Task timed out",
    );
    assert_eq!(trial.requests(), 0);
}

/// Lambda's record of an invocation that failed.
fn record(registered: &rehearsal::RegisteredDeployment) -> Value {
    record_of(&registered.event())
}

fn record_of(payload: &Value) -> Value {
    json!({
        "version": "1.0",
        "requestContext": {"condition": "RetriesExhausted", "approximateInvokeCount": 1},
        "requestPayload": payload,
        "responsePayload": {"errorType": "Sandbox.Timedout", "errorMessage": "Task timed out"},
    })
}

/// A trial that tells a topic of its verdicts.
async fn telling() -> Trial {
    let trial = Trial::new().await;
    let topic = trial.stage.codedeploy().make_topic("shop");
    trial.set("SMOKE_NOTIFY", &topic)
}

#[tokio::test]
async fn a_record_that_is_delivered_twice_has_one_verdict_and_is_told_each_time() {
    let trial = telling().await;
    let api = trial.stage.codedeploy();
    let registered = api.register();
    let function = trial.function().await;
    let mut reported = Vec::new();
    for _ in 0..2 {
        let invoked = Invoked(function.invoke(record(&registered)).await);
        reported.push(invoked.answer()["reported"].clone());
        // What the deployment is called is asked once the verdict is told.
        let line = invoked
            .log()
            .into_iter()
            .find(|line| !line["_aws"].is_null());
        assert_eq!(line.unwrap()["Application"], "storefront");
    }
    assert_eq!(reported, ["accepted", "already-completed"]);
    let calls: Vec<_> = api
        .calls()
        .into_iter()
        .map(|call| call.operation)
        .filter(|operation| operation != "Publish")
        .collect();
    let each = ["PutLifecycleEventHookExecutionStatus", "GetDeployment"];
    assert_eq!(calls, [each, each].concat());
    let messages = api.messages();
    assert_eq!(messages.len(), 2);
    let belated = "CodeDeploy has a verdict already, which may be the gate's";
    assert!(!messages[0].contains(belated) && messages[1].contains(belated));
    assert!(
        messages[0].contains("storefront-blue-green"),
        "{messages:?}"
    );
}

/// The gate was killed after CodeDeploy had taken its verdict, and before it
/// could tell anybody else.
#[tokio::test]
async fn the_watchdog_tells_also_if_codedeploy_has_the_gates_verdict() {
    let trial = telling().await;
    let api = trial.stage.codedeploy();
    let registered = api.register();
    trial.invoke(registered.event()).await.answer();
    assert!(api.messages().is_empty());
    // Who does not know what the deployment is called tells it all the same.
    api.fail("GetDeployment", 1, rehearsal::ApiFault::AccessDenied);
    let invoked = trial.invoke(record(&registered)).await;
    assert_eq!(invoked.answer()["reported"], "already-completed");
    assert_eq!(trial.verdict(&registered), Some(Verdict::Succeeded));
    let messages = api.messages();
    assert_eq!(messages.len(), 1);
    assert!(
        messages[0].contains("this may be told twice"),
        "{messages:?}"
    );
}

#[tokio::test]
async fn a_run_by_hand_may_name_the_target_that_the_settings_leave_open() {
    let trial = Trial::new().await;
    let target = trial.stage.test_url();
    let trial = trial.unset("SMOKE_TARGET").unset("SMOKE_CONNECT_TO");
    let answer = trial
        .invoke(json!({ "target": target }))
        .await
        .answer()
        .clone();
    assert_eq!(answer["verdict"], "Succeeded");
    let nothing = trial.invoke(json!({})).await.answer().clone();
    assert_eq!(nothing["verdict"], "Failed");
    let reason = nothing["reason"].as_str().unwrap();
    assert!(
        reason.contains("`SMOKE_TARGET`: expected a URL"),
        "{reason}"
    );
    let wrong = trial
        .invoke(json!({"target": "shop"}))
        .await
        .answer()
        .clone();
    let reason = wrong["reason"].as_str().unwrap();
    assert!(
        reason.contains("`target` of the event: expected a URL"),
        "{reason}"
    );
}

#[tokio::test]
async fn an_event_cannot_turn_a_gate_to_another_target() {
    let trial = Trial::new().await;
    let event = json!({"target": "https://elsewhere.example"});
    let answer = trial.invoke(event).await.answer().clone();
    assert_eq!(answer["verdict"], "Failed");
    assert!(
        answer["reason"]
            .as_str()
            .unwrap()
            .contains("found one in the event")
    );
    // For CodeDeploy's own events the settings alone count.
    let trial = trial.unset("SMOKE_TARGET");
    let registered = trial.stage.codedeploy().register();
    let mut event = registered.event();
    event["target"] = trial.stage.test_url().into();
    trial.invoke(event).await;
    assert_eq!(trial.verdict(&registered), Some(Verdict::Failed));
}
