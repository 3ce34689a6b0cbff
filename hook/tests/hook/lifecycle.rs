//! The lifecycle event says which listener has to serve green.

use rehearsal::{Colour, LifecycleEvent, Listener, RegisteredDeployment, Verdict};

use crate::proof::{assert_unproven, impatient};
use crate::support::{Invoked, Trial};

/// Invokes the function as the hook of this event.
async fn at(trial: &Trial, event: LifecycleEvent) -> (RegisteredDeployment, Invoked) {
    let api = trial.stage.codedeploy();
    let registered = api.register();
    api.advance_to(&registered, event);
    let invoked = trial.invoke(registered.event()).await;
    (registered, invoked)
}

/// A trial whose target is the production listener.
async fn in_production() -> Trial {
    let trial = impatient().await;
    let port = trial.stage.production_port();
    trial
        .set("SMOKE_TARGET", &format!("https://shop.example.test:{port}"))
        .set("SMOKE_CONNECT_TO", &format!("127.0.0.1:{port}"))
}

#[tokio::test]
async fn before_traffic_moves_the_test_listener_has_to_serve_green() {
    for event in [
        LifecycleEvent::AfterAllowTestTraffic,
        LifecycleEvent::BeforeAllowTraffic,
    ] {
        let trial = impatient().await;
        let (registered, invoked) = at(&trial, event).await;
        let verdict = trial.verdict(&registered);
        assert_eq!(verdict, Some(Verdict::Succeeded), "{}", invoked.output());
        let balancer = trial.stage.load_balancer();
        assert_eq!(balancer.requests(Listener::Production), 0);
        balancer.forward(Listener::Test, Colour::Blue);
        let outcome = at(&trial, event).await;
        let answer = outcome.1.answer()["reason"].as_str().unwrap().to_owned();
        assert!(
            answer.contains("the test listener still forwards to blue"),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn after_traffic_has_moved_the_production_listener_has_to_serve_green() {
    let event = LifecycleEvent::AfterAllowTraffic;
    let trial = in_production().await;
    let outcome = at(&trial, event).await;
    let why = "the production listener still forwards to blue (`storefront-blue`)";
    assert_unproven(&trial, &outcome, why);

    let trial = in_production().await;
    let balancer = trial.stage.load_balancer();
    balancer.forward(Listener::Production, Colour::Green);
    let (registered, invoked) = at(&trial, event).await;
    let verdict = trial.verdict(&registered);
    assert_eq!(verdict, Some(Verdict::Succeeded), "{}", invoked.output());
    assert_eq!(balancer.requests(Listener::Test), 0);
}

#[tokio::test]
async fn the_test_listener_proves_nothing_of_production() {
    let trial = impatient().await;
    let balancer = trial.stage.load_balancer();
    balancer.forward(Listener::Production, Colour::Green);
    let outcome = at(&trial, LifecycleEvent::AfterAllowTraffic).await;
    assert_unproven(&trial, &outcome, "the target `https://");
    trial.assert_failed(&outcome, "and the production listener has port");
}

#[tokio::test]
async fn before_the_test_listener_moves_there_is_nothing_to_prove_it_with() {
    for (event, proof) in [
        (LifecycleEvent::BeforeInstall, "full"),
        (LifecycleEvent::AfterInstall, "full"),
        (LifecycleEvent::AfterInstall, "listener"),
        (LifecycleEvent::AfterInstall, "identity"),
    ] {
        let trial = impatient().await.set("SMOKE_PROOF", proof);
        let trial = trial.set("SMOKE_IDENTITY", "header:x-app-version");
        let outcome = at(&trial, event).await;
        let why = format!("the hook runs in `{event}`, before the test listener serves green");
        assert_unproven(&trial, &outcome, &why);
        assert_eq!(trial.requests(), 0);
    }
}
