//! The Lambda Runtime API and the process behind it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use rehearsal::{Exit, FUNCTION_NAME, InvocationOutcome, Output};
use serde_json::{Value, json};

use crate::common::{function_options, start_stage};

async fn invoke_in_mode(mode: &str) -> InvocationOutcome {
    let stage = start_stage().await;
    let function = stage.function(function_options(mode)).await.unwrap();
    function.invoke(json!({"a": 1})).await.outcome
}

async fn invoke_for_value(mode: &str) -> Value {
    match invoke_in_mode(mode).await {
        InvocationOutcome::Returned(value) => value,
        other => panic!("expected an answer, found {other:?}"),
    }
}

#[tokio::test]
async fn a_warm_process_serves_several_invocations_and_starts_once() {
    let stage = start_stage().await;
    let function = stage.function(function_options("return")).await.unwrap();
    let first = function.invoke(json!({"n": 1})).await;
    let second = function.invoke(json!({"n": 2})).await;
    let (InvocationOutcome::Returned(one), InvocationOutcome::Returned(two)) =
        (first.outcome, second.outcome)
    else {
        panic!("expected two answers");
    };
    assert_eq!(one["event"], json!({"n": 1}));
    assert_eq!(two["event"], json!({"n": 2}));
    assert_eq!(one["pid"], two["pid"]);
    assert!(first.init.is_some());
    assert_eq!(second.init, None);
    assert_eq!(function.wait_for_init().await.ok(), first.init);
}

#[tokio::test]
async fn the_environment_is_that_of_lambda_and_nothing_else() {
    let environment = invoke_for_value("environment").await;
    assert_eq!(environment["AWS_LAMBDA_FUNCTION_NAME"], FUNCTION_NAME);
    assert_eq!(environment["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"], "256");
    assert_eq!(environment["AWS_LAMBDA_LOG_FORMAT"], "JSON");
    assert_eq!(environment["MODE"], "environment");
    for name in [
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_ENDPOINT_URL",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_REGION",
        "LAMBDA_TASK_ROOT",
        "_HANDLER",
    ] {
        assert!(environment[name].is_string(), "{name}");
    }
    assert!(environment.get("HOME").is_none());
    assert!(environment.get("CARGO_MANIFEST_DIR").is_none());
}

#[tokio::test]
async fn an_event_comes_with_lambdas_headers() {
    let headers = invoke_for_value("headers").await;
    let text = |name: &str| headers[name].as_str().unwrap().to_owned();
    assert_eq!(text("lambda-runtime-aws-request-id").len(), 36);
    let deadline: u128 = text("lambda-runtime-deadline-ms").parse().unwrap();
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_millis();
    assert!(deadline > now && deadline < now + 60_001);
    assert!(text("lambda-runtime-invoked-function-arn").ends_with(FUNCTION_NAME));
    assert!(text("lambda-runtime-trace-id").starts_with("Root=1-"));
}

#[tokio::test]
async fn lines_are_collected_and_streamed() {
    let stage = start_stage().await;
    let seen = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&seen);
    let function = stage
        .function_with_log(function_options("logs"), move |line| {
            sink.lock().unwrap().push(line.clone());
        })
        .await
        .unwrap();
    let mut lines = function.invoke(json!({})).await.lines;
    lines.sort_by_key(|line| line.output == Output::Stderr);
    assert_eq!(lines.len(), 2);
    assert_eq!(
        lines[0].text,
        r#"{"level": "INFO", "message": "on stdout"}"#
    );
    assert_eq!(lines[1].text, "on stderr");
    assert_eq!(seen.lock().unwrap().len(), 2);
    let more = function.invoke(json!({})).await.lines;
    assert_eq!(more.len(), 2, "each invocation has its own lines");
}

#[tokio::test]
async fn an_error_is_told_with_type_and_message() {
    let expected = InvocationOutcome::Errored {
        error_type: "Oops".to_owned(),
        message: "it broke".to_owned(),
    };
    assert_eq!(invoke_in_mode("error").await, expected);
}

#[tokio::test]
async fn a_process_is_killed_at_its_time_limit_and_the_next_one_is_new() {
    let stage = start_stage().await;
    let mut options = function_options("hang");
    options.timeout = Duration::from_millis(200);
    let function = stage.function(options).await.unwrap();
    for _ in 0..2 {
        let invocation = function.invoke(json!({"DeploymentId": "d"})).await;
        assert_eq!(invocation.outcome, InvocationOutcome::TimedOut);
        assert_eq!(invocation.lines[0].text, "about to hang");
        assert!(invocation.init.is_some(), "the process is new");
        assert!(invocation.duration >= Duration::from_millis(200));
        let event = json!({"DeploymentId": "d"});
        let record = invocation.failure_record(&event).unwrap();
        assert_eq!(record["requestPayload"], event);
        assert_eq!(record["requestContext"]["requestId"], invocation.request_id);
        assert_eq!(record["responsePayload"]["errorType"], "Sandbox.Timedout");
    }
}

#[tokio::test]
async fn a_process_may_die_in_the_middle() {
    let exit = Exit::Code(3);
    assert_eq!(
        invoke_in_mode("die").await,
        InvocationOutcome::Died { exit }
    );
    let exit = Exit::Signal;
    assert_eq!(
        invoke_in_mode("kill").await,
        InvocationOutcome::Died { exit }
    );
}

#[tokio::test]
async fn a_process_may_fail_before_its_first_event() {
    for (mode, expected) in [
        ("exit at start", "the process ended with exit code 7"),
        ("init error", "Settings: no target"),
    ] {
        let reason = expected.to_owned();
        assert_eq!(
            invoke_in_mode(mode).await,
            InvocationOutcome::InitFailed { reason }
        );
    }
}

#[tokio::test]
async fn a_bootstrap_that_does_not_exist_is_an_error_of_the_stage() {
    let stage = start_stage().await;
    let mut options = function_options("return");
    options.bootstrap = stage.folder().join("bootstrap");
    let error = stage.function(options).await.unwrap_err();
    assert!(error.to_string().starts_with("cannot start the function"));
}

#[tokio::test]
async fn a_process_that_uses_more_memory_than_it_has_is_killed() {
    let stage = start_stage().await;
    let mut options = function_options("memory");
    options.memory_mb = 128;
    let function = stage.function(options).await.unwrap();
    let invocation = function.invoke(json!({"a": 1})).await;
    assert_eq!(invocation.outcome, InvocationOutcome::OutOfMemory);
    let record = invocation.failure_record(&json!({"a": 1})).unwrap();
    let payload = &record["responsePayload"];
    assert_eq!(payload["errorType"], "Runtime.ExitError");
    assert_eq!(
        payload["errorMessage"],
        "Runtime exited with error: signal: killed"
    );
    // The next event finds a new process.
    assert!(function.invoke(json!({"b": 1})).await.init.is_some());
}
