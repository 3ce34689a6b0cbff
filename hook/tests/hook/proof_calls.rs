//! The calls of the proof: which they are, and what becomes of them when AWS
//! does not answer as it should.

use std::time::Duration;

use rehearsal::{ApiFault, Colour, Listener};

use crate::proof::{asking, assert_unproven, impatient, succeeds};
use crate::support::Trial;

/// Every call of a proof, with the permission that it needs.
pub(crate) const READS: [(&str, &str); 9] = [
    ("GetDeployment", "codedeploy:GetDeployment"),
    ("ListDeploymentTargets", "codedeploy:ListDeploymentTargets"),
    ("GetDeploymentTarget", "codedeploy:GetDeploymentTarget"),
    ("DescribeServices", "ecs:DescribeServices"),
    ("DescribeTaskDefinition", "ecs:DescribeTaskDefinition"),
    (
        "DescribeListeners",
        "elasticloadbalancing:DescribeListeners",
    ),
    (
        "DescribeLoadBalancers",
        "elasticloadbalancing:DescribeLoadBalancers",
    ),
    ("DescribeRules", "elasticloadbalancing:DescribeRules"),
    (
        "DescribeTargetHealth",
        "elasticloadbalancing:DescribeTargetHealth",
    ),
];

#[tokio::test]
async fn each_call_of_the_proof_is_made_once_and_the_rules_are_read_again_after_the_checks() {
    let trial = Trial::new().await;
    let invoked = succeeds(&trial).await;
    let mut reads = trial.reads();
    reads.sort();
    let mut expected = READS.map(|(operation, _)| operation).to_vec();
    expected.push("DescribeRules");
    expected.sort_unstable();
    assert_eq!(reads, expected);
    let line = invoked.line("proof", "full");
    assert_eq!(line["task_set"], "ecs-svc/1000000000000000002");
    let image = line["image"].as_str().unwrap();
    assert!(image.contains("/storefront:green-1.1.0@sha256:"), "{image}");
}

#[tokio::test]
async fn twenty_checks_need_no_call_that_one_check_does_not() {
    let of_codedeploy = READS.map(|(operation, _)| operation);
    // The rules are read again after the checks, and blue's task definition
    // only where its identity matters.
    for (proof, expected, more) in [
        (
            "full",
            &of_codedeploy[..],
            &["DescribeRules", "DescribeTaskDefinition"][..],
        ),
        ("listener", &of_codedeploy[..], &["DescribeRules"]),
        // Who the listener forwards to does not matter here.
        ("identity", &of_codedeploy[..5], &["DescribeTaskDefinition"]),
        ("off", &[], &[]),
    ] {
        let mut expected = expected.to_vec();
        expected.extend(more);
        expected.sort_unstable();
        for checks in [1, 20] {
            let trial = asking().await.set("SMOKE_PROOF", proof).many_checks(checks);
            let invoked = succeeds(&trial).await;
            assert_eq!(invoked.answer()["report"]["counts"]["passed"], checks);
            let mut reads = trial.reads();
            reads.sort();
            assert_eq!(reads, expected, "{proof} {checks}");
        }
    }
}

#[tokio::test]
async fn calls_that_do_not_need_each_other_are_made_at_the_same_time() {
    let trial = Trial::new().await;
    let by = Duration::from_millis(500);
    let api = trial.stage.codedeploy();
    for (operation, _) in READS {
        api.fail(operation, 1, ApiFault::Slow { by });
    }
    succeeds(&trial).await;
    let call = |operation: &str| api.calls_of(operation).remove(0);
    for (one, other) in [
        ("GetDeployment", "ListDeploymentTargets"),
        ("GetDeploymentTarget", "DescribeServices"),
        ("DescribeListeners", "DescribeRules"),
        ("DescribeListeners", "DescribeTargetHealth"),
        ("DescribeRules", "DescribeTargetHealth"),
        ("DescribeTaskDefinition", "DescribeListeners"),
        ("DescribeTaskDefinition", "DescribeRules"),
    ] {
        assert!(call(one).overlaps(&call(other)), "{one} and {other}");
    }
    // What needs an answer waits for it.
    for (first, then) in [
        ("ListDeploymentTargets", "DescribeServices"),
        ("DescribeServices", "DescribeTaskDefinition"),
        ("GetDeploymentTarget", "DescribeRules"),
        ("DescribeServices", "DescribeRules"),
        ("DescribeListeners", "DescribeLoadBalancers"),
    ] {
        assert!(
            call(first).ended <= call(then).began,
            "{first}, then {then}"
        );
    }
}

#[tokio::test]
async fn a_listener_that_is_waited_for_is_asked_more_and_more_seldom() {
    let trial = Trial::new().await.set("SMOKE_PROOF_TIMEOUT", "4s");
    let balancer = trial.stage.load_balancer();
    balancer.forward(Listener::Test, Colour::Blue);
    let outcome = trial.gate().await;
    assert_unproven(&trial, &outcome, "the test listener still forwards to blue");
    let api = trial.stage.codedeploy();
    for operation in ["DescribeRules", "DescribeTargetHealth"] {
        let looks = api.calls_of(operation);
        assert!(looks.len() >= 4, "{looks:?}");
        let mut pauses = looks.windows(2).map(|pair| pair[1].began - pair[0].began);
        let due = [250, 500, 1000].map(Duration::from_millis);
        for least in due {
            let pause = pauses.next().unwrap();
            assert!(pause >= least, "{pause:?} {least:?}");
        }
        // At the end of the time the pauses are shortened.
        assert!(pauses.count() <= 4, "{looks:?}");
    }
    // What cannot change is asked for once.
    assert_eq!(api.calls_of("DescribeListeners").len(), 1);
}

#[tokio::test]
async fn faults_of_aws_that_pass_are_waited_out_at_each_call() {
    for (operation, _) in READS {
        for fault in [
            ApiFault::Throttled,
            ApiFault::ServerError,
            ApiFault::ConnectionDropped,
            ApiFault::Garbage,
        ] {
            let trial = Trial::new().await;
            trial.stage.codedeploy().fail(operation, 2, fault);
            succeeds(&trial).await;
        }
    }
}

#[tokio::test]
async fn a_missing_permission_is_named_at_each_call() {
    for (operation, action) in READS {
        let trial = Trial::new().await;
        let api = trial.stage.codedeploy();
        api.fail(operation, 1, ApiFault::AccessDenied);
        let outcome = trial.gate().await;
        assert_unproven(&trial, &outcome, &format!("`{action}`: AccessDenied"));
        let problem = outcome.1.answer()["problems"][0].as_str().unwrap();
        let help = format!("; allow `{action}` on ");
        assert!(problem.contains(&help), "{problem}");
        assert_eq!(trial.requests(), 0);
    }
}

#[tokio::test]
async fn credentials_that_are_not_known_yet_are_waited_for_and_no_longer() {
    for (times, known) in [(2, true), (1000, false)] {
        let trial = Trial::new().await;
        let api = trial.stage.codedeploy();
        api.fail("DescribeServices", times, ApiFault::ExpiredToken);
        api.fail("DescribeRules", times, ApiFault::UnknownToken);
        if known {
            succeeds(&trial).await;
            continue;
        }
        let outcome = trial.gate().await;
        let why = "`ecs:DescribeServices`: ExpiredTokenException";
        assert_unproven(&trial, &outcome, why);
        assert!(outcome.1.0.duration < Duration::from_secs(20));
    }
}

#[tokio::test]
async fn an_aws_that_stays_away_is_no_proof() {
    for (operation, action) in READS {
        let trial = impatient().await;
        let api = trial.stage.codedeploy();
        api.fail(operation, 1000, ApiFault::Throttled);
        let outcome = trial.gate().await;
        assert_unproven(&trial, &outcome, "AWS could not be asked for ");
        trial.assert_failed(&outcome, action);
        assert!(outcome.1.0.duration < Duration::from_secs(10));
    }
}

/// An answer that says nothing must not be taken for one that says all is
/// well.
#[tokio::test]
async fn an_empty_answer_is_no_proof() {
    for (operation, why) in [
        ("GetDeployment", "the deployment group has no test listener"),
        ("ListDeploymentTargets", "CodeDeploy names no service"),
        ("DescribeServices", "ECS knows no service `storefront`"),
        (
            "DescribeListeners",
            "the load balancer does not know the test listener",
        ),
        (
            "DescribeLoadBalancers",
            "the load balancer of the test listener has no name",
        ),
        ("DescribeRules", "the test listener forwards to nobody"),
        (
            "DescribeTargetHealth",
            "green's target group has no targets",
        ),
    ] {
        let trial = impatient().await;
        let api = trial.stage.codedeploy();
        api.fail(operation, 1000, ApiFault::Empty);
        let outcome = trial.gate().await;
        assert_unproven(&trial, &outcome, why);
        assert_eq!(trial.requests(), 0);
    }
    // Without an image there is nothing to compare an identity with.
    let trial = asking().await;
    let api = trial.stage.codedeploy();
    api.fail("DescribeTaskDefinition", 2, ApiFault::Empty);
    let outcome = trial.gate().await;
    assert_unproven(&trial, &outcome, "expected an image with a tag");
}
