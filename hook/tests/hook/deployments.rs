//! Whole deployments.

use std::time::Duration;

use rehearsal::{
    Colour, Defect, DeploymentOptions, DeploymentStatus, Outcome, VERDICT_OPERATION, Verdict,
};

use crate::support::{BOOTSTRAP, Trial};

async fn deploy(trial: &Trial, change: impl FnOnce(&mut DeploymentOptions)) -> Outcome {
    let mut options = DeploymentOptions::new(BOOTSTRAP.as_str());
    options.settings = trial.options().settings;
    change(&mut options);
    trial.stage.deploy(options, |_| {}).await.unwrap()
}

#[tokio::test]
async fn a_healthy_version_reaches_production() {
    let trial = Trial::new().await;
    let outcome = deploy(&trial, |_| {}).await;
    assert_eq!(outcome.verdict, Some(Verdict::Succeeded));
    assert_eq!(outcome.production_serves, Colour::Green);
    assert_eq!(outcome.deployment_status, DeploymentStatus::Succeeded);
    let verdicts = outcome.calls.iter();
    let verdicts = verdicts.filter(|call| call.operation == VERDICT_OPERATION);
    assert_eq!(verdicts.count(), 1);
}

#[tokio::test]
async fn a_broken_version_never_reaches_production() {
    for defect in [
        Defect::OrdersAreEmpty,
        Defect::LoginFails,
        Defect::Unhealthy,
    ] {
        let trial = Trial::new().await;
        let outcome = deploy(&trial, |options| options.defect = Some(defect)).await;
        assert_eq!(outcome.verdict, Some(Verdict::Failed), "{defect}");
        assert_eq!(outcome.production_serves, Colour::Blue, "{defect}");
        assert_eq!(
            outcome.deployment_status,
            DeploymentStatus::Failed,
            "{defect}"
        );
    }
}

#[tokio::test]
async fn an_event_that_is_delivered_twice_moves_production_once() {
    let trial = Trial::new().await;
    let outcome = deploy(&trial, |options| options.deliveries = 2).await;
    assert_eq!(outcome.verdict, Some(Verdict::Succeeded));
    assert_eq!(outcome.production_serves, Colour::Green);
}

#[tokio::test]
async fn the_watchdog_reports_for_a_function_that_could_not() {
    let trial = Trial::new().await;
    // The first reporting is refused for good, the watchdog's is not.
    let codedeploy = trial.stage.codedeploy();
    codedeploy.fail(VERDICT_OPERATION, 1, rehearsal::ApiFault::AccessDenied);
    let outcome = deploy(&trial, |options| {
        options.watchdog = true;
        options.verdict_within = Duration::from_secs(30);
    })
    .await;
    assert_eq!(outcome.verdict, Some(Verdict::Failed));
    assert_eq!(outcome.production_serves, Colour::Blue);
}
