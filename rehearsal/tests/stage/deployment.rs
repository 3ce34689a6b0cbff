//! The lifecycle: success, failure, no verdict, and what customers see.

use std::time::Duration;

use rehearsal::{
    Answer, ApiFault, Colour, Defect, DeploymentOptions, DeploymentStatus, EventStatus, Fault,
    InvocationOutcome, LifecycleEvent, Listener, Outcome, Stage, StoryEvent, Verdict,
};

use crate::common::{self, get, get_colour, start_stage, unpooled_client};

fn deployment_options(mode: &str) -> DeploymentOptions {
    let mut options = DeploymentOptions::new(common::bootstrap_path());
    options.settings = common::function_settings(mode);
    options
}

async fn deploy(stage: &Stage, options: DeploymentOptions) -> (Outcome, Vec<StoryEvent>) {
    let mut story = Vec::new();
    let outcome = stage
        .deploy(options, |event| story.push(event))
        .await
        .unwrap();
    (outcome, story)
}

fn event_statuses(story: &[StoryEvent]) -> Vec<(LifecycleEvent, EventStatus)> {
    story
        .iter()
        .filter_map(|event| match event {
            StoryEvent::EventEnded { event, status, .. } => Some((*event, *status)),
            _ => None,
        })
        .collect()
}

#[tokio::test]
async fn a_good_verdict_moves_production_to_green() {
    let stage = start_stage().await;
    let (outcome, story) = deploy(&stage, deployment_options("Succeeded")).await;
    assert_eq!(outcome.verdict, Some(Verdict::Succeeded));
    assert_eq!(outcome.production_serves, Colour::Green);
    assert_eq!(outcome.deployment_status, DeploymentStatus::Succeeded);
    assert_eq!(outcome.calls.len(), 1);
    assert_eq!(outcome.calls[0].answer, Answer::Accepted);
    let invocation = outcome.invocation.unwrap();
    assert!(matches!(invocation.outcome, InvocationOutcome::Returned(_)));
    let expected = LifecycleEvent::ALL.map(|event| (event, EventStatus::Succeeded));
    assert_eq!(event_statuses(&story), expected);
    assert!(matches!(story.first(), Some(StoryEvent::StageUp { .. })));
    assert!(matches!(story.last(), Some(StoryEvent::Ended { .. })));
    assert!(story.iter().any(|event| matches!(
        event,
        StoryEvent::HookLine(line) if line.text.contains("the verdict is Succeeded")
    )));
    let id = &outcome.registered.deployment_id;
    assert_eq!(
        stage.codedeploy().status(id),
        Some(DeploymentStatus::Succeeded)
    );
}

#[tokio::test]
async fn a_bad_verdict_leaves_production_on_blue_and_empties_the_test_listener() {
    let stage = start_stage().await;
    let (outcome, story) = deploy(&stage, deployment_options("Failed")).await;
    assert_eq!(outcome.verdict, Some(Verdict::Failed));
    assert_eq!(outcome.production_serves, Colour::Blue);
    assert_eq!(outcome.deployment_status, DeploymentStatus::Failed);
    assert_eq!(
        get(&unpooled_client(&stage), &stage.test_url()).await.0,
        503
    );
    let ends = event_statuses(&story);
    assert_eq!(
        ends[4],
        (LifecycleEvent::AfterAllowTestTraffic, EventStatus::Failed)
    );
    assert!(
        ends[5..]
            .iter()
            .all(|(_, status)| *status == EventStatus::Skipped)
    );
    assert!(
        story
            .iter()
            .any(|event| matches!(event, StoryEvent::RolledBack { .. }))
    );
}

#[tokio::test]
async fn a_test_listener_that_rested_on_blue_returns_to_blue() {
    let stage = start_stage().await;
    let mut options = deployment_options("Failed");
    options.test_listener_rests_on = Some(Colour::Blue);
    deploy(&stage, options).await;
    assert_eq!(
        get_colour(&unpooled_client(&stage), &stage.test_url()).await,
        "blue"
    );
}

#[tokio::test]
async fn what_the_function_returns_is_no_verdict() {
    let stage = start_stage().await;
    for mode in ["return", "error", "die", "exit at start"] {
        let mut options = deployment_options(mode);
        // Long enough for a busy machine to start the function.
        options.verdict_within = Duration::from_secs(4);
        let (outcome, story) = deploy(&stage, options).await;
        assert_eq!(outcome.verdict, None);
        assert_eq!(outcome.production_serves, Colour::Blue);
        assert_eq!(outcome.deployment_status, DeploymentStatus::Failed);
        assert!(outcome.invocation.is_some(), "{mode}");
        assert!(
            story
                .iter()
                .any(|event| matches!(event, StoryEvent::NoVerdict { .. }))
        );
    }
}

#[tokio::test]
async fn a_late_verdict_finds_a_completed_event() {
    let stage = start_stage().await;
    let mut options = deployment_options("Succeeded");
    options.verdict_within = Duration::ZERO;
    let (outcome, _) = deploy(&stage, options).await;
    assert_eq!(outcome.verdict, None);
    let id = &outcome.registered.deployment_id;
    assert_eq!(
        stage.codedeploy().status(id),
        Some(DeploymentStatus::Failed)
    );
}

#[tokio::test]
async fn a_watchdog_reports_what_a_killed_function_cannot() {
    let stage = start_stage().await;
    let mut options = deployment_options("hang");
    options.function_timeout = Duration::from_millis(300);
    options.watchdog = true;
    let (outcome, story) = deploy(&stage, options).await;
    assert_eq!(outcome.verdict, Some(Verdict::Failed));
    let invocation = outcome.invocation.unwrap();
    assert_eq!(invocation.outcome, InvocationOutcome::TimedOut);
    assert!(
        story
            .iter()
            .any(|event| matches!(event, StoryEvent::WatchdogInvoked))
    );
}

#[tokio::test]
async fn an_event_that_is_delivered_twice_is_answered_twice_and_counted_once() {
    let stage = start_stage().await;
    let mut options = deployment_options("Succeeded");
    options.deliveries = 2;
    let (outcome, _) = deploy(&stage, options).await;
    assert_eq!(outcome.deployment_status, DeploymentStatus::Succeeded);
    let accepted = outcome
        .calls
        .iter()
        .filter(|call| call.answer == Answer::Accepted);
    assert_eq!(accepted.count(), 1);
    assert_eq!(outcome.calls.len(), 2);
}

#[tokio::test]
async fn a_defect_and_faults_hold_during_the_deployment() {
    let stage = start_stage().await;
    let by = Duration::from_mins(10);
    stage
        .load_balancer()
        .set_fault(Listener::Test, Some(Fault::LateFlip { by }));
    stage.codedeploy().fail_next(1, ApiFault::Throttled);
    let mut options = deployment_options("Failed");
    options.defect = Some(Defect::Unhealthy);
    options.verdict_within = Duration::from_secs(4);
    let (outcome, story) = deploy(&stage, options).await;
    assert_eq!(
        outcome.calls[0].answer,
        Answer::Error("ThrottlingException")
    );
    assert_eq!(
        get(&unpooled_client(&stage), &stage.test_url()).await.0,
        503
    );
    assert!(
        story
            .iter()
            .any(|event| matches!(event, StoryEvent::GreenStarted { health: 503 }))
    );
}

#[tokio::test]
async fn a_stage_can_be_used_again() {
    let stage = start_stage().await;
    let (first, _) = deploy(&stage, deployment_options("Succeeded")).await;
    let (second, _) = deploy(&stage, deployment_options("Failed")).await;
    assert_eq!(first.production_serves, Colour::Green);
    assert_eq!(second.production_serves, Colour::Blue);
    assert_eq!(second.calls.len(), 1);
}

#[tokio::test]
async fn a_production_listener_that_serves_both_is_not_called_green() {
    let stage = start_stage().await;
    let both = rehearsal::Weights { blue: 1, green: 1 };
    stage.load_balancer().forward(Listener::Production, both);
    let error = stage.observe(Listener::Production).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "expected the production listener to serve blue or green, found both"
    );
    stage.load_balancer().forward(Listener::Production, None);
    let error = stage.observe(Listener::Production).await.unwrap_err();
    assert!(error.to_string().ends_with("found HTTP 503"));
}
