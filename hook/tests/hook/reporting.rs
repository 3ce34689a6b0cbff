//! CodeDeploy is told, or Lambda is.

use std::time::Duration;

use rehearsal::{Answer, ApiFault, Verdict};

use crate::support::{Invoked, Trial};

/// The verdict arrives although the first calls meet this.
async fn survives(n: usize, fault: ApiFault) {
    let trial = Trial::new().await;
    trial.fail_verdicts(n, fault);
    let (registered, invoked) = trial.gate().await;
    assert_eq!(invoked.answer()["reported"], "accepted", "{fault:?}");
    assert_eq!(trial.verdict(&registered), Some(Verdict::Succeeded));
    assert_eq!(trial.verdicts().len(), n + 1);
    let line = invoked.line("reported", "accepted");
    assert_eq!(line["attempts"], n + 1);
}

#[tokio::test]
async fn throttling_is_waited_out() {
    survives(3, ApiFault::Throttled).await;
}

#[tokio::test]
async fn server_errors_are_waited_out() {
    survives(2, ApiFault::ServerError).await;
}

#[tokio::test]
async fn dropped_connections_are_tried_again() {
    survives(2, ApiFault::ConnectionDropped).await;
}

#[tokio::test]
async fn an_answer_that_is_not_codedeploys_is_tried_again() {
    survives(1, ApiFault::Garbage).await;
}

#[tokio::test]
async fn an_answer_that_is_lost_finds_a_completed_event() {
    let trial = Trial::new().await;
    trial.fail_verdicts(1, ApiFault::AnswerLost);
    let (registered, invoked) = trial.gate().await;
    assert_eq!(invoked.answer()["reported"], "already-completed");
    assert_eq!(trial.verdict(&registered), Some(Verdict::Succeeded));
}

#[tokio::test]
async fn a_deployment_that_was_stopped_is_done() {
    let trial = Trial::new().await;
    let registered = trial.stage.codedeploy().register();
    trial.stage.codedeploy().stop(&registered.deployment_id);
    let invoked = trial.invoke(registered.event()).await;
    assert_eq!(invoked.answer()["reported"], "already-completed");
}

/// What cannot heal is given up, and Lambda is told.
async fn gives_up(fault: ApiFault, code: &'static str) -> Invoked {
    let trial = Trial::new().await;
    trial.fail_verdicts(usize::from(u8::MAX), fault);
    let (registered, invoked) = trial.gate().await;
    let error = invoked.error();
    assert!(error.contains(code), "{error}");
    assert!(error.contains(&registered.deployment_id), "{error}");
    assert_eq!(trial.verdict(&registered), None);
    let calls = trial.verdicts();
    assert!(calls.iter().all(|call| call.answer == Answer::Error(code)));
    let line = invoked.line("reported", "not-accepted");
    assert_eq!(line["level"], "ERROR");
    assert_eq!(line["attempts"], calls.len());
    invoked
}

#[tokio::test]
async fn a_role_without_the_permission_is_an_error_at_once() {
    let invoked = gives_up(ApiFault::AccessDenied, "AccessDeniedException").await;
    assert_eq!(invoked.line("reported", "not-accepted")["attempts"], 1);
}

#[tokio::test]
async fn credentials_that_stay_unknown_are_an_error_soon() {
    for (fault, code) in [
        (ApiFault::ExpiredToken, "ExpiredTokenException"),
        (ApiFault::UnknownToken, "UnrecognizedClientException"),
    ] {
        let invoked = gives_up(fault, code).await;
        assert!(invoked.0.duration < Duration::from_secs(20));
    }
}

#[tokio::test]
async fn credentials_that_are_not_known_yet_are_waited_for() {
    survives(2, ApiFault::UnknownToken).await;
}

#[tokio::test]
async fn a_codedeploy_that_stays_away_is_an_error_before_lambda_ends_the_function() {
    let trial = Trial::new().await.timeout(Duration::from_secs(3));
    let faults = usize::from(u8::MAX);
    trial.fail_verdicts(faults, ApiFault::Throttled);
    let (_, invoked) = trial.gate().await;
    assert!(invoked.error().contains("ThrottlingException"));
    assert!(trial.verdicts().len() > 3);
}

#[tokio::test]
async fn an_execution_id_that_codedeploy_does_not_know_is_an_error() {
    let trial = Trial::new().await;
    let mut event = trial.stage.codedeploy().register().event();
    event["LifecycleEventHookExecutionId"] = "made-up".into();
    let invoked = trial.invoke(event).await;
    assert!(
        invoked
            .error()
            .contains("InvalidLifecycleEventHookExecutionIdException")
    );
    assert_eq!(trial.verdicts().len(), 1);
}

#[tokio::test]
async fn a_function_without_credentials_says_which_are_missing() {
    let trial = Trial::new().await.set("AWS_SECRET_ACCESS_KEY", "");
    let (_, invoked) = trial.gate().await;
    let error = invoked.error();
    assert!(
        error.contains("found no `AWS_SECRET_ACCESS_KEY`"),
        "{error}"
    );
    assert!(trial.stage.codedeploy().calls().is_empty());
}
