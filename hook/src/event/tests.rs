//! Events that are known, and those that are not.

use serde_json::json;

use super::*;

fn hook() -> Hook {
    Hook {
        deployment_id: "d-1".to_owned(),
        execution_id: "e".to_owned(),
    }
}

fn ids() -> Value {
    json!({"DeploymentId": "d-1", "LifecycleEventHookExecutionId": "e"})
}

fn with(mut event: Value, more: &Value) -> Value {
    let more = more.as_object().unwrap().clone();
    event.as_object_mut().unwrap().extend(more);
    event
}

/// As in the documentation of Lambda.
fn record_of(payload: &Value) -> Value {
    json!({
        "version": "1.0",
        "timestamp": "2026-11-14T18:16:05.568Z",
        "requestContext": {
            "requestId": "e4b46cbf-b738-xmpl-8880-a18cdf61200e",
            "functionArn": "arn:aws:lambda:eu-central-1:111122223333:function:gate:$LATEST",
            "condition": "RetriesExhausted",
            "approximateInvokeCount": 1,
        },
        "requestPayload": payload,
        "responseContext": {"statusCode": 200, "functionError": "Unhandled"},
        "responsePayload": {"errorType": "x", "errorMessage": "timed out"},
    })
}

#[test]
fn an_event_is_read_by_its_two_ids_whatever_codedeploy_sends_beside_them() {
    assert_eq!(Event::read(&ids()), Ok(Event::Hook(hook())));
    for more in [
        json!({"Combined": 1}),
        json!({"version": "2", "hookName": null, "other": {"list": [1]}}),
        json!({"target": "https://elsewhere.example"}),
    ] {
        assert_eq!(
            Event::read(&with(ids(), &more)),
            Ok(Event::Hook(hook())),
            "{more}"
        );
    }
}

#[test]
fn a_run_by_hand_is_nothing_or_a_target_and_nothing_else() {
    let local = |target: Option<&str>| {
        let target = target.map(str::to_owned);
        Ok(Event::Local { target })
    };
    assert_eq!(Event::read(&json!({})), local(None));
    let target = "https://localhost";
    assert_eq!(Event::read(&json!({"target": target})), local(Some(target)));
}

#[test]
fn a_record_of_a_failed_invocation_is_not_a_run_by_hand() {
    let end = || "RetriesExhausted: timed out".to_owned();
    let check = |payload: &Value, hook: Option<Hook>| {
        let event = Event::read(&record_of(payload));
        assert_eq!(event, Ok(Event::Watchdog { hook, end: end() }), "{payload}");
    };
    check(&ids(), Some(hook()));
    check(&with(ids(), &json!({"executionDetails": {}})), Some(hook()));
    // The watchdog's own.
    check(&record_of(&ids()), Some(hook()));
    check(&json!({}), None);
    check(&json!({"target": "https://localhost"}), None);
    let found = |payload: &Value| Event::read(&record_of(payload)).unwrap_err().to_string();
    let begins = "`requestPayload` of Lambda's record: expected an event of CodeDeploy";
    let wrong = found(&json!({"LifecycleEventHookExecutionId": "e"}));
    assert!(wrong.starts_with(begins), "{wrong}");
    let wrong = found(&Value::Null);
    assert!(
        wrong.starts_with(begins) && wrong.contains("found null"),
        "{wrong}"
    );
}

/// What is found in an event that is none, and what to do.
fn found(payload: &Value) -> String {
    let error = Event::read(payload).unwrap_err().to_string();
    let begin = format!("expected {EXPECTED}, found ");
    error.strip_prefix(&begin).unwrap().to_owned()
}

#[test]
fn an_event_that_is_none_is_an_error_that_names_what_was_found() {
    for (payload, kind) in [
        (json!([]), "a list"),
        (json!([ids()]), "a list"),
        (json!("d-1"), "text"),
        (json!(null), "null"),
        (json!(7), "a number"),
        (json!(true), "a boolean"),
    ] {
        assert_eq!(found(&payload), format!("{kind}; {HELP}"));
    }
    let check = |payload: Value, names: &str, help: &str| {
        assert_eq!(
            found(&payload),
            format!("an object with {names}; {help}"),
            "{payload}"
        );
    };
    // A part of a hook, and misspelt members.
    check(json!({"DeploymentId": "d-1"}), "`DeploymentId`", HELP_PART);
    check(
        json!({"LifecycleEventHookExecutionId": "e"}),
        "`LifecycleEventHookExecutionId`",
        HELP_PART,
    );
    check(
        json!({"LifecycleEventHookExecutionId": "e", "deploymentId": "d-1"}),
        "`LifecycleEventHookExecutionId` and `deploymentId`",
        HELP_PART,
    );
    check(
        json!({"DeploymentId": 5, "LifecycleEventHookExecutionId": "e", "target": "t"}),
        "`DeploymentId` (a number), `LifecycleEventHookExecutionId` and `target`",
        HELP_PART,
    );
    for (value, kind) in [
        (json!(""), "empty"),
        (json!(" "), "empty"),
        (json!(null), "null"),
    ] {
        let names = format!("`DeploymentId` ({kind})");
        check(json!({ "DeploymentId": value }), &names, HELP_PART);
        let names = format!("`target` ({kind})");
        check(json!({ "target": value }), &names, HELP);
    }
    check(json!({"Target": "https://localhost"}), "`Target`", HELP);
    check(
        json!({"target": "https://localhost", "tag": "slow"}),
        "`target` and `tag`",
        HELP,
    );
    // Others' events.
    check(
        json!({"executionId": "3a0345ba", "lifecycleStage": "POST_TEST_TRAFFIC_SHIFT",
            "resourceArn": "arn:aws:ecs", "executionDetails": {"serviceArn": "arn:aws:ecs"}}),
        "`lifecycleStage`, `executionDetails`, `executionId` and `resourceArn`",
        HELP_ECS,
    );
    check(
        json!({"CodePipeline.job": {"id": "1"}}),
        "`CodePipeline.job`",
        FOREIGN[3].1,
    );
    check(json!({"Records": [{"Sns": {}}]}), "`Records`", HELP);
    check(json!({"greenlight": "ready"}), "`greenlight`", FOREIGN[0].1);
    check(
        json!({"requestContext": {"http": {}}}),
        "`requestContext`",
        HELP_RECORD,
    );
    let mut record = record_of(&json!({}));
    record["requestContext"]["condition"] = json!("Success");
    assert!(found(&record).ends_with(HELP_RECORD));
}

#[test]
fn names_of_members_are_bounded_and_values_are_never_said() {
    let many = (0..5000).map(|number| (format!("m{number:04}"), json!("v4lue")));
    let many = Value::Object(
        many.chain([("DeploymentId".to_owned(), json!("v4lue"))])
            .collect(),
    );
    let error = found(&many);
    let names = "`DeploymentId`, `m0000`, `m0001`, `m0002`, `m0003`, `m0004`, `m0005`, `m0006` and 4993 more";
    assert_eq!(error, format!("an object with {names}; {HELP_PART}"));
    let odd = found(&json!({ format!("a\n`b\u{202e}{}", "ü".repeat(100)): "v4lue" }));
    let name = format!("`a\\n`b\\u{{202e}}{}…`", "ü".repeat(LONGEST_NAME - 5));
    assert_eq!(odd, format!("an object with {name}; {HELP}"));
}

#[test]
fn an_event_of_two_minds_is_answered_and_not_acted_on() {
    for more in [
        json!({"executionDetails": {}}),
        json!({"executionId": "3a0345ba", "lifecycleStage": "POST_TEST_TRAFFIC_SHIFT"}),
        json!({"greenlight": {}}),
        json!({"CodePipeline.job": {}}),
        record_of(&ids()),
    ] {
        let event = Event::read(&with(ids(), &more)).unwrap();
        assert_eq!(event.hook(), Some(&hook()), "{more}");
        let Event::Contradictory { error, .. } = event else {
            panic!("{event:?}");
        };
        let said = error.to_string();
        assert!(
            said.contains("`DeploymentId`, `LifecycleEventHookExecutionId`"),
            "{said}"
        );
    }
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
