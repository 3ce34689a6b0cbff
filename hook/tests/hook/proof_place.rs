//! What is dialled has to be the load balancer whose listener is proven.

use crate::proof::{asking, assert_note, assert_unproven, impatient, succeeds};

#[tokio::test]
async fn another_load_balancer_on_the_same_port_fails() {
    for (name, why) in [
        ("127.0.0.9", "`127.0.0.9`"),
        ("nowhere.invalid", "`nowhere.invalid` does not resolve"),
    ] {
        let trial = impatient().await;
        let api = trial.stage.codedeploy();
        api.set_load_balancer_name(name);
        let outcome = trial.gate().await;
        assert_unproven(&trial, &outcome, "the target `https://");
        let reached = "is reached at `127.0.0.1`, which is not known to be the load balancer of the test listener, ";
        trial.assert_failed(&outcome, reached);
        trial.assert_failed(&outcome, why);
        assert_eq!(trial.requests(), 0);
    }
}

#[tokio::test]
async fn the_load_balancers_own_name_needs_no_look_up() {
    let trial = impatient().await;
    let port = trial.stage.test_port();
    let api = trial.stage.codedeploy();
    api.set_load_balancer_name("localhost");
    let trial = trial.set("SMOKE_CONNECT_TO", &format!("LOCALHOST:{port}"));
    succeeds(&trial).await;
}

#[tokio::test]
async fn what_stands_before_the_load_balancer_is_for_the_app_to_prove() {
    let trial = asking().await.set("SMOKE_PROOF", "identity");
    let api = trial.stage.codedeploy();
    api.set_load_balancer_name("127.0.0.9");
    succeeds(&trial).await;
}

#[tokio::test]
async fn a_host_that_is_the_same_load_balancer_on_another_port_is_noted() {
    let trial = impatient().await;
    let port = trial.stage.production_port();
    let hosts = format!("localhost:{port},elsewhere.invalid");
    let trial = trial.set("SMOKE_ALLOW_HOSTS", &hosts);
    let invoked = succeeds(&trial).await;
    let note = format!(
        "checks may ask `localhost:{port}`, which is the target's load balancer on another port: nothing proves that green answers there"
    );
    assert_note(&invoked, &note);
    assert!(!invoked.output().contains("elsewhere.invalid"));
}

#[tokio::test]
async fn the_targets_own_name_on_another_port_keeps_nobody_from_asking_for_the_identity() {
    let trial = asking().await;
    let (target, other) = (trial.stage.test_url(), trial.stage.production_url());
    let trial = trial
        .set("SMOKE_TARGET", &target)
        .set("SMOKE_CONNECT_TO", "");
    succeeds(&trial.set("SMOKE_ALLOW_HOSTS", &other)).await;
}
