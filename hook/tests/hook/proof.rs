//! Green is proven before the first check runs.

use std::time::Duration;

use rehearsal::{Colour, ComputePlatform, Fault, Listener, TargetHealth, Verdict, Weights};

use crate::support::{Invoked, Trial};

/// A trial whose proof gives up soon.
pub(crate) async fn impatient() -> Trial {
    Trial::new().await.set("SMOKE_PROOF_TIMEOUT", "3s")
}

/// A trial that asks the app for its version as well.
pub(crate) async fn asking() -> Trial {
    impatient()
        .await
        .set("SMOKE_IDENTITY", "header:x-app-version")
}

/// `Failed`, without a check, and with a line of help that holds this.
#[track_caller]
pub(crate) fn assert_unproven(
    trial: &Trial,
    outcome: &(rehearsal::RegisteredDeployment, Invoked),
    why: &str,
) {
    trial.assert_failed(outcome, &format!("green is not proven: {why}"));
    assert!(outcome.1.answer()["report"].is_null());
}

/// The reason and the report say this beside what came of the checks.
#[track_caller]
pub(crate) fn assert_note(invoked: &Invoked, note: &str) {
    let answer = invoked.answer();
    let reason = answer["reason"].as_str().unwrap();
    assert!(reason.contains(&format!("; {note}")), "{reason}");
    let notes = answer["report"]["notes"].as_array().unwrap();
    let mut notes = notes.iter().filter_map(|it| it.as_str());
    assert!(notes.any(|it| it.contains(note)), "{answer}");
}

pub(crate) async fn succeeds(trial: &Trial) -> Invoked {
    let (registered, invoked) = trial.gate().await;
    let verdict = trial.verdict(&registered);
    assert_eq!(verdict, Some(Verdict::Succeeded), "{}", invoked.output());
    assert_eq!(trial.verdicts().len(), 1);
    invoked
}

#[tokio::test]
async fn a_listener_that_flips_late_is_waited_for_and_no_check_reaches_blue() {
    for (proof, reaches_blue) in [("full", false), ("off", true)] {
        let trial = Trial::new().await.set("SMOKE_PROOF", proof);
        let balancer = trial.stage.load_balancer();
        balancer.forward(Listener::Test, Colour::Blue);
        let by = Duration::from_millis(900);
        balancer.set_fault(Listener::Test, Some(Fault::LateFlip { by }));
        balancer.forward(Listener::Test, Colour::Green);
        succeeds(&trial).await;
        let blue = balancer.target_requests(Colour::Blue);
        assert_eq!(blue > 0, reaches_blue, "{proof}");
    }
}

#[tokio::test]
async fn a_listener_that_stays_on_blue_fails() {
    let trial = impatient().await;
    let balancer = trial.stage.load_balancer();
    balancer.forward(Listener::Test, Colour::Blue);
    let outcome = trial.gate().await;
    let why = "the test listener still forwards to blue (`storefront-blue`) after ";
    assert_unproven(&trial, &outcome, why);
    assert_eq!(trial.requests(), 0);
    assert!(outcome.1.0.duration < Duration::from_secs(10));
}

#[tokio::test]
async fn a_listener_that_serves_both_fails() {
    let trial = impatient().await;
    let weights = Weights {
        blue: 90,
        green: 10,
    };
    trial.stage.load_balancer().forward(Listener::Test, weights);
    let outcome = trial.gate().await;
    let why = "the test listener forwards to green with weight 10 and still to blue (`storefront-blue`) with weight 90 after ";
    assert_unproven(&trial, &outcome, why);
    assert_eq!(trial.requests(), 0);
}

#[tokio::test]
async fn a_listener_that_serves_nobody_fails() {
    let trial = impatient().await;
    let nobody = Weights::default();
    trial.stage.load_balancer().forward(Listener::Test, nobody);
    let outcome = trial.gate().await;
    assert_unproven(&trial, &outcome, "the test listener forwards to nobody");
}

#[tokio::test]
async fn a_rule_that_leads_to_blue_fails() {
    let trial = impatient().await;
    trial.stage.codedeploy().set_test_rule(Colour::Blue);
    let outcome = trial.gate().await;
    let why = "the test listener still has a rule that does not lead to green alone: priority 1, path `/api/*`: blue (`storefront-blue`) after ";
    assert_unproven(&trial, &outcome, why);
}

/// Once the listener was looked at this often, green is led to.
async fn turned_green_after(looks: usize, trial: &Trial) {
    let api = trial.stage.codedeploy();
    while api.calls_of("DescribeRules").len() < looks {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let balancer = trial.stage.load_balancer();
    balancer.forward(Listener::Test, Colour::Green);
}

#[tokio::test]
async fn a_listener_that_turns_green_at_the_end_of_the_time_is_seen() {
    // Looks at 0, 0.25, 0.75 and 1.75 s; the next would be too late.
    let trial = impatient().await.set("SMOKE_PROOF_TIMEOUT", "3700ms");
    let balancer = trial.stage.load_balancer();
    balancer.forward(Listener::Test, Colour::Blue);
    let (invoked, ()) = tokio::join!(succeeds(&trial), turned_green_after(4, &trial));
    assert_eq!(balancer.target_requests(Colour::Blue), 0);
    assert!(
        invoked
            .output()
            .contains("waiting: the test listener still")
    );
}

#[tokio::test]
async fn an_app_that_turns_green_at_the_end_of_the_time_is_heard() {
    let trial = asking().await.set("SMOKE_PROOF", "identity");
    let trial = trial
        .set("SMOKE_PROOF_TIMEOUT", "3700ms")
        .set("SMOKE_IDENTITY_TIMES", "1");
    let balancer = trial.stage.load_balancer();
    balancer.forward(Listener::Test, Colour::Blue);
    let turning = async {
        while balancer.target_requests(Colour::Blue) < 4 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        balancer.forward(Listener::Test, Colour::Green);
    };
    let (_, ()) = tokio::join!(succeeds(&trial), turning);
    assert_eq!(balancer.target_requests(Colour::Blue), 4);
}

#[tokio::test]
async fn a_short_time_is_used_to_its_end() {
    // Of three seconds the checks have two: looks at 0, 0.25, 0.75 and 1.75 s.
    let trial = Trial::new().await.timeout(Duration::from_secs(3));
    let balancer = trial.stage.load_balancer();
    balancer.forward(Listener::Test, Colour::Blue);
    let outcome = trial.gate().await;
    assert_unproven(&trial, &outcome, "the test listener still forwards to blue");
    let looks = trial.stage.codedeploy().calls_of("DescribeRules").len();
    assert!(looks >= 4, "{looks}");
}

#[tokio::test]
async fn targets_that_are_not_healthy_fail() {
    use TargetHealth::{Draining, Healthy, Initial, Unhealthy};
    for (targets, why) in [
        (&[][..], "green's target group has no targets after "),
        (&[Draining], "green's target group has no targets after "),
        (
            &[Healthy, Unhealthy],
            "1 of 2 targets of green are healthy: 1 unhealthy (Target.ResponseCodeMismatch)",
        ),
        (
            &[Initial],
            "0 of 1 targets of green are healthy: 1 initial (Elb.InitialHealthChecking)",
        ),
    ] {
        let trial = impatient().await;
        let api = trial.stage.codedeploy();
        api.set_targets(Colour::Green, targets);
        let outcome = trial.gate().await;
        assert_unproven(&trial, &outcome, why);
        assert_eq!(trial.requests(), 0);
    }
}

#[tokio::test]
async fn a_node_that_missed_the_change_is_caught_by_asking_the_app() {
    for (proof, caught) in [("full", true), ("identity", true), ("listener", false)] {
        let trial = asking().await.set("SMOKE_PROOF", proof);
        let balancer = trial.stage.load_balancer();
        balancer.forward(Listener::Test, Colour::Blue);
        balancer.forward(Listener::Test, Colour::Green);
        balancer.set_fault(Listener::Test, Some(Fault::StaleNode { one_in: 3 }));
        if caught {
            let outcome = trial.gate().await;
            assert_unproven(&trial, &outcome, "the target does not answer as green");
            assert!(outcome.1.output().contains("blue-1.0.0"));
        } else {
            // Which is why it is worth asking.
            succeeds(&trial).await;
            assert!(balancer.target_requests(Colour::Blue) > 0);
        }
    }
}

#[tokio::test]
async fn an_app_that_tells_its_version_is_asked_over_fresh_connections() {
    for (identity, is) in [
        ("header:x-app-version", "tag"),
        ("json:$.version", "tag"),
        ("json:$.version", "env:APP_VERSION"),
    ] {
        let trial = asking()
            .await
            .set("SMOKE_IDENTITY", identity)
            .set("SMOKE_IDENTITY_PATH", "/version")
            .set("SMOKE_IDENTITY_IS", is)
            .set("SMOKE_IDENTITY_TIMES", "4");
        succeeds(&trial).await;
        let connections = trial.stage.load_balancer().connections(Listener::Test);
        assert!(connections > 4, "{connections}");
    }
}

#[tokio::test]
async fn an_identity_that_is_not_greens_fails() {
    let trial = asking().await.set("SMOKE_IDENTITY_IS", "digest");
    let outcome = trial.gate().await;
    assert_unproven(&trial, &outcome, "the target does not answer as green");
    trial.assert_failed(&outcome, "green-1.1.0");
}

#[tokio::test]
async fn an_identity_that_the_task_definition_does_not_know_fails() {
    let trial = asking().await.set("SMOKE_IDENTITY_IS", "env:NOWHERE");
    let outcome = trial.gate().await;
    assert_unproven(
        &trial,
        &outcome,
        "expected the environment variable `NOWHERE`",
    );
}

#[tokio::test]
async fn the_listener_alone_does_not_ask_the_app_and_the_app_alone_not_the_listener() {
    let trial = asking().await.set("SMOKE_PROOF", "identity");
    succeeds(&trial).await;
    let of_elb = |name: &String| name.starts_with("Describe") && !name.contains("Serv");
    let asked: Vec<_> = trial.reads().into_iter().filter(of_elb).collect();
    // Green's, and blue's.
    assert_eq!(asked, ["DescribeTaskDefinition"; 2]);
}

#[tokio::test]
async fn the_proof_ends_in_time_for_the_report() {
    let trial = Trial::new().await.timeout(Duration::from_secs(3));
    let balancer = trial.stage.load_balancer();
    balancer.forward(Listener::Test, Colour::Blue);
    let outcome = trial.gate().await;
    assert_unproven(&trial, &outcome, "the test listener still forwards to blue");
    assert!(outcome.1.0.duration < Duration::from_secs(3));
}

#[tokio::test]
async fn a_green_that_ecs_does_not_know_fails() {
    let trial = impatient().await;
    trial.stage.codedeploy().hide_green();
    let outcome = trial.gate().await;
    assert_unproven(&trial, &outcome, "ECS knows no task set of d-");
}

#[tokio::test]
async fn a_target_that_is_not_the_listener_of_the_deployment_fails() {
    let trial = impatient().await;
    let port = trial.stage.production_port();
    let trial = trial.set("SMOKE_CONNECT_TO", &format!("127.0.0.1:{port}"));
    let outcome = trial.gate().await;
    assert_unproven(&trial, &outcome, "the target `https://");
    trial.assert_failed(&outcome, &format!("is reached on port {port}"));
}

#[tokio::test]
async fn a_deployment_that_is_over_is_not_tested() {
    let trial = Trial::new().await;
    let registered = trial.stage.codedeploy().register();
    trial.stage.codedeploy().stop(&registered.deployment_id);
    let invoked = trial.invoke(registered.event()).await;
    assert_eq!(invoked.answer()["reported"], "already-completed");
    assert_eq!(
        invoked.answer()["reason"],
        "green is not proven: the deployment is over: its status is `Stopped`"
    );
    assert_eq!(trial.reads().len(), 2);
    assert_eq!(trial.requests(), 0);
}

#[tokio::test]
async fn a_deployment_of_lambda_has_nothing_to_prove() {
    let trial = Trial::new().await;
    let api = trial.stage.codedeploy();
    let registered = api.register_on(ComputePlatform::Lambda);
    let invoked = trial.invoke(registered.event()).await;
    assert_eq!(trial.verdict(&registered), Some(Verdict::Succeeded));
    assert_note(
        &invoked,
        "nothing proves that the new version was tested: a deployment of Lambda has no listener",
    );
    let mut reads = trial.reads();
    reads.sort();
    // Only what says until when CodeDeploy waits.
    let expected = [
        "GetDeployment",
        "GetDeploymentTarget",
        "ListDeploymentTargets",
    ];
    assert_eq!(reads, expected);
}

#[tokio::test]
async fn a_proof_that_is_switched_off_asks_nobody_and_says_so() {
    let trial = Trial::new().await.set("SMOKE_PROOF", "off");
    let invoked = succeeds(&trial).await;
    assert!(trial.reads().is_empty());
    assert_note(
        &invoked,
        "nothing proves that the target is green: `SMOKE_PROOF` is `off`",
    );
}

#[tokio::test]
async fn check_files_know_the_deployment() {
    let trial = Trial::new().await;
    let file = trial.stage.folder().join("release.yaml");
    let text = r#"
checks:
  - name: the release is the one that is deployed
    get: "/version?{{ deployment.id }}&{{ deployment.application }}&{{ deployment.group }}"
    headers:
      x-digest: "{{ deployment.digest }}"
      x-image: "{{ deployment.image }}"
      x-definition: "{{ deployment.task_definition }}"
      x-group: "{{ deployment.target_group }}"
      x-event: "{{ deployment.lifecycle_event }}"
      x-revision: "{{ deployment.revision }}"
      x-creator: "{{ deployment.creator }}"
    expect:
      json: { $.version: "{{ deployment.tag }}" }
"#;
    std::fs::write(&file, text).unwrap();
    let trial = trial.set("SMOKE_CHECKS", &file.display().to_string());
    succeeds(&trial).await;
    // By hand there is none, and that is found before any request.
    let before = trial.requests();
    let invoked = trial.invoke(serde_json::json!({})).await;
    let reason = invoked.answer()["reason"].as_str().unwrap();
    assert!(reason.contains("unknown variable `deployment`"), "{reason}");
    assert_eq!(trial.requests(), before);
}
