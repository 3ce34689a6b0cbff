//! Reporting, with a scripted CodeDeploy and paused time.

use std::cell::RefCell;
use std::time::Duration;

use super::*;

/// Answers with these, then with silence.
struct Scripted(RefCell<Vec<Result<(), PutError>>>);

impl Deployments for Scripted {
    async fn put(&self, _: &Hook, _: Verdict) -> Result<(), PutError> {
        let next = self.0.borrow_mut().pop();
        match next {
            Some(answer) => answer,
            None => std::future::pending().await,
        }
    }
}

async fn told(answers: &[Result<(), PutError>], left: u64) -> (Duration, Result<Reported, String>) {
    let script = Scripted(RefCell::new(answers.iter().rev().cloned().collect()));
    let hook = Hook {
        deployment_id: "d-1".to_owned(),
        execution_id: "e".to_owned(),
    };
    let begun = Instant::now();
    let until = begun + Duration::from_secs(left);
    let reported = report(&script, &hook, Verdict::Failed, until).await;
    (begun.elapsed(), reported.map_err(|error| error.to_string()))
}

fn throttled() -> Result<(), PutError> {
    Err(PutError::Passing(
        "ThrottlingException: Rate exceeded".to_owned(),
    ))
}

#[tokio::test(start_paused = true)]
async fn what_passes_is_tried_again() {
    let answers = [throttled(), throttled(), Ok(())];
    assert_eq!(told(&answers, 60).await.1, Ok(Reported::Accepted));
}

#[tokio::test(start_paused = true)]
async fn what_lasts_is_not_tried_again() {
    let denied = Err(PutError::Lasting {
        reason: "AccessDeniedException".to_owned(),
        help: None,
    });
    let (took, said) = told(&[denied, Ok(())], 60).await;
    assert_eq!(took, Duration::ZERO);
    let said = said.unwrap_err();
    assert!(
        said.ends_with("(attempt 1): AccessDeniedException"),
        "{said}"
    );
}

#[tokio::test(start_paused = true)]
async fn credentials_have_a_moment_to_become_known() {
    let unknown = || {
        Err(PutError::Unrecognized(
            "UnrecognizedClientException".to_owned(),
        ))
    };
    let answers = [unknown(), unknown(), Ok(())];
    assert_eq!(told(&answers, 60).await.1, Ok(Reported::Accepted));
    let (took, said) = told(&vec![unknown(); 1000], 60).await;
    assert!(said.is_err());
    assert!(took >= PATIENCE && took < PATIENCE * 2, "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_completed_event_is_done() {
    let answers = [throttled(), Err(PutError::AlreadyCompleted)];
    let ours_perhaps = true;
    let reported = Ok(Reported::AlreadyCompleted { ours_perhaps });
    assert_eq!(told(&answers, 60).await.1, reported);
}

#[tokio::test(start_paused = true)]
async fn attempts_go_on_until_the_time_is_over_and_no_longer() {
    for left in [0, 1, 10, 60] {
        let (took, said) = told(&vec![throttled(); 1000], left).await;
        assert!(said.is_err());
        let end = Duration::from_secs(left);
        assert!(took <= end && took + LEAST >= end, "{left} {took:?}");
        let (took, said) = told(&[], left).await;
        assert!(said.is_err());
        assert!(took <= end + LEAST, "{left} {took:?}");
    }
}
