//! The listener is looked at once more when the checks have passed.

use std::time::Duration;

use rehearsal::{ApiFault, Colour, Defect, Fault, Listener, RegisteredDeployment, Verdict};

use crate::proof::{asking, impatient, succeeds};
use crate::support::{Invoked, Trial};

/// Invokes the function with one slow check, and does something while it runs:
/// once this many requests have come.
pub(crate) async fn amid(
    trial: Trial,
    requests: u64,
    act: impl FnOnce(&Trial),
) -> (Trial, (RegisteredDeployment, Invoked)) {
    let trial = trial.many_checks(1);
    let by = Duration::from_secs(2);
    let balancer = trial.stage.load_balancer();
    balancer.set_fault(Listener::Test, Some(Fault::Slow { by }));
    let acting = async {
        while trial.requests() < requests {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        act(&trial);
    };
    let (outcome, ()) = tokio::join!(trial.gate(), acting);
    (trial, outcome)
}

/// A trial whose app is asked once, and then only by the check.
pub(crate) async fn asking_once() -> Trial {
    let trial = asking().await.set("SMOKE_PROOF_TIMEOUT", "5s");
    let trial = trial.set("SMOKE_PROOF", "identity");
    trial.set("SMOKE_IDENTITY_TIMES", "1")
}

pub(crate) fn to_blue(trial: &Trial) {
    let balancer = trial.stage.load_balancer();
    balancer.forward(Listener::Test, Colour::Blue);
}

#[tokio::test]
async fn a_listener_that_moves_while_the_checks_run_fails_although_they_pass() {
    let (trial, outcome) = amid(Trial::new().await, 1, to_blue).await;
    let why = "green is not proven: after the checks, the test listener no longer forwards to green alone: the test listener forwards to blue (`storefront-blue`)";
    trial.assert_failed(&outcome, why);
    // What the checks said is there, and does not count.
    let report = &outcome.1.answer()["report"];
    assert_eq!(report["counts"]["passed"], 1);
    assert_eq!(report["verdict"], "Failed");
    assert!(report["reason"].as_str().unwrap().contains("no longer"));
}

#[tokio::test]
async fn an_app_that_answers_as_blue_after_the_checks_fails() {
    let (trial, outcome) = amid(asking_once().await, 2, to_blue).await;
    let why = "after the checks, the target no longer answers as green after ";
    trial.assert_failed(&outcome, why);
    trial.assert_failed(&outcome, "blue-1.0.0");
    assert_eq!(outcome.1.answer()["report"]["counts"]["passed"], 1);
}

#[tokio::test]
async fn a_last_look_that_cannot_be_had_fails() {
    for (fault, why) in [
        (ApiFault::AccessDenied, "AccessDenied"),
        (ApiFault::Throttled, "Throttling"),
    ] {
        let act = move |trial: &Trial| {
            let api = trial.stage.codedeploy();
            api.fail("DescribeRules", 1000, fault);
        };
        let (trial, outcome) = amid(impatient().await, 1, act).await;
        let looked = "after the checks, green could not be looked at again: `elasticloadbalancing:DescribeRules`: ";
        trial.assert_failed(&outcome, looked);
        trial.assert_failed(&outcome, why);
        assert!(outcome.1.0.duration < Duration::from_secs(30));
    }
}

#[tokio::test]
async fn a_last_look_is_tried_again() {
    for fault in [ApiFault::Throttled, ApiFault::ConnectionDropped] {
        let act = move |trial: &Trial| {
            trial.stage.codedeploy().fail("DescribeRules", 2, fault);
        };
        let (trial, (registered, invoked)) = amid(Trial::new().await, 1, act).await;
        let verdict = trial.verdict(&registered);
        assert_eq!(verdict, Some(Verdict::Succeeded), "{}", invoked.output());
    }
    // An app that is silent is asked again, too.
    let act = |trial: &Trial| {
        let balancer = trial.stage.load_balancer();
        balancer.set_fault(Listener::Test, Some(Fault::ResetOnRequest));
    };
    let silent = amid(asking_once().await.set("SMOKE_PROOF_TIMEOUT", "8s"), 2, act);
    let (trial, outcome) = silent.await;
    trial.assert_failed(
        &outcome,
        "after the checks, green could not be looked at again",
    );
}

#[tokio::test]
async fn the_look_after_the_checks_asks_as_often_as_the_one_before() {
    let trial = asking().await.set("SMOKE_PROOF", "identity");
    let trial = trial.set("SMOKE_IDENTITY_TIMES", "4").many_checks(1);
    succeeds(&trial).await;
    // Four, the check, and four.
    assert_eq!(trial.requests(), 9);
}

#[tokio::test]
async fn a_node_that_stays_blue_after_the_checks_fails() {
    let act = |trial: &Trial| {
        let balancer = trial.stage.load_balancer();
        balancer.forward(Listener::Test, Colour::Blue);
        balancer.forward(Listener::Test, Colour::Green);
        balancer.set_fault(Listener::Test, Some(Fault::StaleNode { one_in: 3 }));
    };
    let trial = asking().await.set("SMOKE_PROOF", "identity");
    let (trial, outcome) = amid(trial.set("SMOKE_PROOF_TIMEOUT", "10s"), 4, act).await;
    let why = "after the checks, the target no longer answers as green after ";
    trial.assert_failed(&outcome, why);
}

#[tokio::test]
async fn a_node_that_turns_green_after_the_checks_is_waited_for() {
    let act = |trial: &Trial| {
        let balancer = trial.stage.load_balancer();
        balancer.forward(Listener::Test, Colour::Blue);
        balancer.forward(Listener::Test, Colour::Green);
        balancer.set_fault_times(Listener::Test, Fault::StaleRequest { one_in: 1 }, 2);
    };
    let (trial, (registered, invoked)) = amid(asking_once().await, 2, act).await;
    let verdict = trial.verdict(&registered);
    assert_eq!(verdict, Some(Verdict::Succeeded), "{}", invoked.output());
    assert_eq!(trial.stage.load_balancer().target_requests(Colour::Blue), 2);
}

#[tokio::test]
async fn an_app_that_is_silent_after_the_checks_is_asked_until_the_end_of_the_time() {
    let trial = asking_once().await.set("SMOKE_PROOF_TIMEOUT", "4s");
    let trial = trial.many_checks(1);
    let balancer = trial.stage.load_balancer();
    let by = Duration::from_secs(1);
    balancer.set_fault(Listener::Test, Some(Fault::Slow { by }));
    let healing = async {
        for (requests, fault) in [(2, Some(Fault::ResetOnRequest)), (6, None)] {
            while trial.requests() < requests {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            balancer.set_fault(Listener::Test, fault);
        }
    };
    let (_, ()) = tokio::join!(succeeds(&trial), healing);
    assert_eq!(trial.requests(), 7);
}

#[tokio::test]
async fn who_has_failed_is_not_looked_at_again() {
    let trial = Trial::with_defect(Defect::OrdersAreEmpty).await;
    let outcome = trial.gate().await;
    trial.assert_failed(&outcome, "checks failed");
    assert_eq!(trial.stage.codedeploy().calls_of("DescribeRules").len(), 1);
}

#[tokio::test]
async fn a_proof_that_fails_waits_for_no_check_files() {
    let trial = impatient().await.set("SMOKE_CHECKS", "s3://shop/a.yaml");
    let api = trial.stage.codedeploy();
    let by = Duration::from_secs(50);
    api.fail("GetObject", 1, ApiFault::Slow { by });
    api.fail("DescribeServices", 1, ApiFault::AccessDenied);
    let outcome = trial.gate().await;
    trial.assert_failed(&outcome, "`ecs:DescribeServices`: AccessDenied");
    assert!(outcome.1.0.duration < Duration::from_secs(30));
    // What it is called was known before.
    let lines = outcome.1.log();
    let metrics = lines.iter().find(|line| !line["_aws"].is_null()).unwrap();
    assert_eq!(metrics["Application"], "storefront");
}

#[tokio::test]
async fn who_is_deployed_is_known_whatever_else_cannot_be_learned() {
    for operation in ["ListDeploymentTargets", "GetDeploymentTarget"] {
        let trial = impatient().await;
        let api = trial.stage.codedeploy();
        let topic = api.make_topic("shop");
        let trial = trial.set("SMOKE_NOTIFY", &topic);
        let api = trial.stage.codedeploy();
        api.fail(operation, 1, ApiFault::AccessDenied);
        let outcome = trial.gate().await;
        trial.assert_failed(&outcome, "AccessDenied");
        let [message] = &api.messages()[..] else {
            panic!("one message");
        };
        assert!(message.contains("storefront-blue-green"), "{message}");
    }
}

#[tokio::test]
async fn check_files_that_take_long_leave_the_proof_its_time() {
    for place in ["s3://shop/a.yaml", "s3://shop/{{ deployment.tag }}.yaml"] {
        let trial = Trial::new().await.set("SMOKE_PROOF_TIMEOUT", "4s");
        let trial = trial.set("SMOKE_CHECKS", place);
        let api = trial.stage.codedeploy();
        let file = "checks:\n  - name: up\n    get: /healthz\n";
        api.make_bucket("shop", &[("a.yaml", file), ("green-1.1.0.yaml", file)]);
        let by = Duration::from_millis(4500);
        api.fail("GetObject", 1, ApiFault::Slow { by });
        succeeds(&trial).await;
    }
}
