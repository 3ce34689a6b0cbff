//! CodeDeploy waits for an hour from the beginning of the lifecycle event,
//! however late and however often the function is invoked for it. The stage
//! refuses a verdict after that hour; its events can have begun earlier.

use std::time::Duration;

use rehearsal::{Colour, DeploymentStatus, Fault, Listener, RegisteredDeployment, Verdict};

use crate::support::{Invoked, Trial};

/// A deployment whose hour is over after this long.
fn late(trial: &Trial, left: Duration) -> RegisteredDeployment {
    let registered = trial.stage.codedeploy().register();
    trial.stage.codedeploy().set_time_left(&registered, left);
    registered
}

async fn invoke(
    trial: &Trial,
    registered: RegisteredDeployment,
) -> (RegisteredDeployment, Invoked) {
    let invoked = trial.invoke(registered.event()).await;
    (registered, invoked)
}

#[tokio::test]
async fn checks_that_begin_late_are_cut_so_that_the_report_is_in() {
    let trial = Trial::new().await;
    let balancer = trial.stage.load_balancer();
    balancer.set_fault(Listener::Test, Some(Fault::NoAnswer));
    let registered = late(&trial, Duration::from_secs(5));
    let outcome = invoke(&trial, registered).await;
    trial.assert_failed(&outcome, "checks failed");
    assert!(outcome.1.answer()["report"].is_object());
    assert!(trial.requests() > 0);
}

#[tokio::test]
async fn a_proof_that_begins_late_is_cut_so_that_the_report_is_in() {
    let trial = Trial::new().await;
    let balancer = trial.stage.load_balancer();
    balancer.forward(Listener::Test, Colour::Blue);
    let registered = late(&trial, Duration::from_secs(5));
    let outcome = invoke(&trial, registered).await;
    trial.assert_failed(&outcome, "the test listener still forwards to blue");
}

#[tokio::test]
async fn a_late_run_that_ends_in_time_succeeds() {
    let trial = Trial::new().await;
    let registered = late(&trial, Duration::from_secs(20));
    let (registered, invoked) = invoke(&trial, registered).await;
    let verdict = trial.verdict(&registered);
    assert_eq!(verdict, Some(Verdict::Succeeded), "{}", invoked.output());
}

#[tokio::test]
async fn a_deployment_whose_hour_is_over_is_not_tested() {
    let trial = Trial::new().await;
    let (registered, invoked) = invoke(&trial, late(&trial, Duration::ZERO)).await;
    let api = trial.stage.codedeploy();
    let status = api.status(&registered.deployment_id);
    assert_eq!(status, Some(DeploymentStatus::Failed));
    let answer = invoked.answer();
    assert_eq!(answer["reported"], "already-completed");
    assert_eq!(
        answer["reason"],
        "green is not proven: the deployment is over: its status is `Failed`"
    );
    assert_eq!(trial.requests(), 0);
}

#[tokio::test]
async fn an_event_that_comes_again_after_its_verdict_is_not_tested_again() {
    for broken in [false, true] {
        let trial = Trial::new().await;
        if broken {
            let app = trial.stage.green_app();
            app.break_with(rehearsal::Defect::OrdersAreEmpty);
        }
        let function = trial.function().await;
        let registered = trial.stage.codedeploy().register();
        function.invoke(registered.event()).await;
        let verdict = trial.verdict(&registered);
        trial
            .stage
            .codedeploy()
            .act_on_verdict(&registered.deployment_id);
        let requests = trial.requests();
        let again = Invoked(function.invoke(registered.event()).await);
        let answer = again.answer();
        assert_eq!(answer["reported"], "already-completed");
        let why = if broken {
            "the deployment is over: its status is `Failed`"
        } else {
            "CodeDeploy waits for no hook: the deployment has gone on to `AllowTraffic`"
        };
        assert_eq!(answer["reason"], format!("green is not proven: {why}"));
        assert_eq!(trial.requests(), requests);
        assert_eq!(trial.verdict(&registered), verdict);
    }
}

#[tokio::test]
async fn a_retry_has_what_the_first_attempt_has_left_of_the_hour() {
    let trial = Trial::new().await;
    let balancer = trial.stage.load_balancer();
    balancer.set_fault(Listener::Test, Some(Fault::NoAnswer));
    let registered = trial.stage.codedeploy().register();
    let function = trial.function().await;
    let pid = function.pid().unwrap().to_string();
    let killing = async {
        while trial.requests() == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let mut kill = tokio::process::Command::new("kill");
        assert!(kill.args(["-KILL", &pid]).status().await.unwrap().success());
    };
    let (first, ()) = tokio::join!(function.invoke(registered.event()), killing);
    assert!(first.failure_record(&registered.event()).is_some());
    // Lambda tries again, late.
    let left = Duration::from_secs(5);
    trial.stage.codedeploy().set_time_left(&registered, left);
    let again = Invoked(function.invoke(registered.event()).await);
    trial.assert_failed(&(registered, again), "checks failed");
}

#[tokio::test]
async fn the_hour_holds_for_a_deployment_of_lambda_too() {
    let trial = Trial::new().await;
    let balancer = trial.stage.load_balancer();
    balancer.set_fault(Listener::Test, Some(Fault::NoAnswer));
    let api = trial.stage.codedeploy();
    let registered = api.register_on(rehearsal::ComputePlatform::Lambda);
    api.set_time_left(&registered, Duration::from_secs(5));
    let outcome = invoke(&trial, registered).await;
    trial.assert_failed(&outcome, "checks failed");
}
