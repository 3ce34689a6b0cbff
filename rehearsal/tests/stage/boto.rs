//! AWS's own clients judge the shapes and the errors of every operation that
//! the stage serves.

use rehearsal::{Answer, ApiFault, Colour, ComputePlatform, Stage, Verdict, operations};

use crate::common::start_stage;

/// Runs a script of this folder with the endpoint and these arguments.
async fn run_script(stage: &Stage, python: &std::path::Path, script: &str, arguments: &[&str]) {
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
    let Some(python) = rehearsal::find_tool("python3").unwrap() else {
        return;
    };
    let stage = start_stage().await;
    let api = stage.codedeploy();
    let registered = api.register();
    for fault in [ApiFault::UnknownToken, ApiFault::WrongSignature] {
        api.fail("GetDeployment", 1, fault);
    }
    let on_lambda = api.register_on(ComputePlatform::Lambda);
    let arguments = [
        &registered.deployment_id,
        &registered.execution_id,
        &on_lambda.deployment_id,
    ];
    run_script(&stage, &python, "boto.py", &arguments.map(String::as_str)).await;
    assert_eq!(
        api.verdict(&registered.deployment_id),
        Some(Verdict::Succeeded)
    );

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
    run_script(
        &stage,
        &python,
        "boto_reads.py",
        &[&described.deployment_id, &port],
    )
    .await;

    check_storage(&stage, &python).await;

    for operation in operations() {
        let calls = api.calls_of(operation);
        let judged = calls.iter().any(|call| call.answer == Answer::Accepted);
        assert!(judged, "no script asks for {operation}");
    }
}

/// What the stage keeps, before and after a script used it.
async fn check_storage(stage: &Stage, python: &std::path::Path) {
    let api = stage.codedeploy();
    let topic = api.make_topic("shop");
    api.make_bucket("shop", &[("z", "")]);
    api.make_bucket("many", &[("z", "")]);
    api.keep_secret("shop/key", "s3cret");
    api.keep_parameter("/shop/key", "k3y");
    for (operation, fault) in [
        ("ListObjectsV2", ApiFault::Throttled),
        ("GetObject", ApiFault::AccessDenied),
        ("PutObject", ApiFault::ExpiredToken),
        ("Publish", ApiFault::AccessDenied),
        ("GetSecretValue", ApiFault::AccessDenied),
        ("GetParameters", ApiFault::Throttled),
    ] {
        api.fail(operation, 1, fault);
    }
    run_script(stage, python, "boto_keeps.py", &[&topic]).await;
    let keys = api.objects("shop").into_iter().map(|(key, _)| key);
    let expected = ["a/one & two.yaml", "b.yaml", "c.yaml", "z"];
    assert_eq!(keys.collect::<Vec<_>>(), expected);
    assert_eq!(api.messages(), ["s\n<m> & more"]);
}
