//! AWS's own clients judge the shapes and the errors of every operation that
//! the stage serves.

#![allow(
    clippy::unwrap_used,
    clippy::doc_markdown,
    reason = "a test may stop at the first surprise; CodeDeploy is a name"
)]

mod common;

use common::stage;
use rehearsal::{Answer, ApiFault, Colour, ComputePlatform, Stage, Verdict, operations};

/// Runs a script of this folder with the endpoint and these arguments.
async fn judge(stage: &Stage, python: &std::path::Path, script: &str, arguments: &[&str]) {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/");
    let status = tokio::process::Command::new(python)
        .arg(format!("{folder}{script}"))
        .arg(stage.codedeploy().url())
        .args(arguments)
        .status()
        .await
        .unwrap();
    assert!(status.success(), "{script}");
}

#[tokio::test(flavor = "multi_thread")]
async fn boto3_understands_every_operation() {
    let Some(python) = rehearsal::tool("python3").unwrap() else {
        return;
    };
    let stage = stage().await;
    let api = stage.codedeploy();
    let told = api.register();
    for fault in [ApiFault::UnknownToken, ApiFault::WrongSignature] {
        api.fail("GetDeployment", 1, fault);
    }
    let on_lambda = api.register_on(ComputePlatform::Lambda);
    let arguments = [
        &told.deployment_id,
        &told.execution_id,
        &on_lambda.deployment_id,
    ];
    judge(&stage, &python, "boto.py", &arguments.map(String::as_str)).await;
    assert_eq!(api.verdict(&told.deployment_id), Some(Verdict::Succeeded));

    let described = api.register();
    api.set_test_rule(Colour::Green);
    for (operation, fault) in [
        ("DescribeServices", ApiFault::AccessDenied),
        ("DescribeRules", ApiFault::Throttled),
        ("DescribeLoadBalancers", ApiFault::ServerError),
        ("DescribeTargetGroups", ApiFault::AccessDenied),
        ("DescribeListeners", ApiFault::UnknownToken),
        ("DescribeTargetHealth", ApiFault::WrongSignature),
    ] {
        api.fail(operation, 1, fault);
    }
    let port = stage.test_port().to_string();
    judge(
        &stage,
        &python,
        "boto_reads.py",
        &[&described.deployment_id, &port],
    )
    .await;

    for operation in operations() {
        let calls = api.calls_of(operation);
        let judged = calls.iter().any(|call| call.answer == Answer::Accepted);
        assert!(judged, "no script asks for {operation}");
    }
}
