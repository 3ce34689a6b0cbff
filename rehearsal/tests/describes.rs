//! What the stage says of ECS and ELB.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod common;

use common::{h1, stage};
use rehearsal::{ApiFault, Colour};

/// AWS's own clients judge the shapes and the errors.
#[tokio::test(flavor = "multi_thread")]
async fn boto3_understands_what_ecs_and_elb_say() {
    let Some(python) = rehearsal::tool("python3").unwrap() else {
        return;
    };
    let stage = stage().await;
    let api = stage.codedeploy();
    let registered = api.register();
    api.set_test_rule(Colour::Green);
    for (operation, fault) in [
        ("DescribeServices", ApiFault::AccessDenied),
        ("DescribeRules", ApiFault::Throttled),
        ("DescribeLoadBalancers", ApiFault::ServerError),
        ("DescribeTargetGroups", ApiFault::AccessDenied),
    ] {
        api.fail(operation, 1, fault);
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/boto_reads.py");
    let status = tokio::process::Command::new(python)
        .args([script, &api.url(), &registered.deployment_id])
        .arg(stage.test_port().to_string())
        .status()
        .await
        .unwrap();
    assert!(status.success());
}

#[tokio::test]
async fn a_query_that_is_not_signed_for_the_service_is_refused() {
    let stage = stage().await;
    let answer = h1(&stage)
        .post(stage.codedeploy().url())
        .header("content-type", "application/x-www-form-urlencoded")
        .body("Action=DescribeListeners&Version=2015-12-01")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 403);
    let body = answer.text().await.unwrap();
    assert!(
        body.contains("<Code>MissingAuthenticationToken</Code>"),
        "{body}"
    );
}
