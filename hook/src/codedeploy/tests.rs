//! Reporting, with a scripted CodeDeploy and paused time.

use std::cell::RefCell;
use std::time::Duration;

use aws::calls::{LEAST, PATIENCE};

use super::*;
use crate::deadlines::{Deadlines, RESERVE};

type Answer = Result<Put, AttemptError>;

/// Answers with these, each after its time, then with silence.
struct Scripted(RefCell<Vec<(Duration, Answer)>>);

impl Deployments for Scripted {
    async fn put(&self, _: &Hook, _: Verdict) -> Answer {
        let next = self.0.borrow_mut().pop();
        let Some((after, answer)) = next else {
            return std::future::pending().await;
        };
        tokio::time::sleep(after).await;
        answer
    }
}

async fn told(answers: &[Answer], left: u64) -> (Duration, Result<Reported, String>) {
    let at_once = answers.iter().cloned();
    told_slowly(at_once.map(|answer| (Duration::ZERO, answer)), left).await
}

async fn told_slowly(
    answers: impl DoubleEndedIterator<Item = (Duration, Answer)>,
    left: u64,
) -> (Duration, Result<Reported, String>) {
    let script = Scripted(RefCell::new(answers.rev().collect()));
    let hook = Hook {
        deployment_id: "d-1".to_owned(),
        execution_id: "e".to_owned(),
    };
    let begun = Instant::now();
    let until = begun + Duration::from_secs(left);
    let reported = report(&script, &hook, Verdict::Failed, until).await;
    (begun.elapsed(), reported.map_err(|error| error.to_string()))
}

fn met(code: &str, passes: bool) -> Answer {
    Err(AttemptError {
        code: code.to_owned(),
        reason: code.to_owned(),
        passes,
    })
}

fn throttled() -> Answer {
    met("ThrottlingException", true)
}

#[tokio::test(start_paused = true)]
async fn what_passes_is_tried_again() {
    let answers = [throttled(), throttled(), Ok(Put::Accepted)];
    assert_eq!(told(&answers, 60).await.1, Ok(Reported::Accepted));
}

#[tokio::test(start_paused = true)]
async fn what_lasts_is_not_tried_again() {
    let denied = met("AccessDeniedException", false);
    let (took, said) = told(&[denied, Ok(Put::Accepted)], 60).await;
    assert_eq!(took, Duration::ZERO);
    let said = said.unwrap_err();
    assert!(
        said.ends_with("(attempt 1): AccessDeniedException"),
        "{said}"
    );
}

#[tokio::test(start_paused = true)]
async fn credentials_have_a_moment_to_become_known() {
    let unknown = || met("UnrecognizedClientException", false);
    let answers = [unknown(), unknown(), Ok(Put::Accepted)];
    assert_eq!(told(&answers, 60).await.1, Ok(Reported::Accepted));
    let (took, said) = told(&vec![unknown(); 1000], 60).await;
    assert!(said.is_err());
    assert!(took >= PATIENCE && took < PATIENCE * 2, "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_completed_event_is_done() {
    let answers = [throttled(), Ok(Put::AlreadyCompleted)];
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

/// However much of the reserve there is, a verdict that CodeDeploy takes its
/// time for is heard.
#[tokio::test(start_paused = true)]
async fn a_slow_codedeploy_is_heard() {
    for (takes, left) in [(5, 6), (6, 7), (8, 9), (11, 12), (29, 30)] {
        let slow = (Duration::from_secs(takes), Ok(Put::Accepted));
        let (took, said) = told_slowly(vec![slow; 100].into_iter(), left).await;
        assert_eq!(said, Ok(Reported::Accepted), "{takes} of {left}");
        assert_eq!(took, Duration::from_secs(takes));
    }
}

/// The first attempt was taken, and its answer is late: the second one hears
/// that there is a verdict already.
#[tokio::test(start_paused = true)]
async fn an_attempt_beside_one_that_hangs_may_find_its_verdict_taken() {
    let late = (Duration::from_secs(30), Ok(Put::Accepted));
    let second = (Duration::ZERO, Ok(Put::AlreadyCompleted));
    let (_, said) = told_slowly([late, second].into_iter(), 60).await;
    let ours_perhaps = true;
    assert_eq!(said, Ok(Reported::AlreadyCompleted { ours_perhaps }));
}

/// All that is left is what is kept for reporting: the checks took the rest.
#[tokio::test(start_paused = true)]
async fn what_is_kept_is_enough_for_a_codedeploy_that_takes_six_seconds() {
    for lambda in [30, 60, 900] {
        let left = Duration::from_secs(lambda);
        let deadlines = Deadlines::new(Instant::now(), left, RESERVE, None);
        let kept = (deadlines.report - deadlines.gate).as_secs();
        let slow = (Duration::from_secs(6), Ok(Put::Accepted));
        let (_, said) = told_slowly(vec![slow; 100].into_iter(), kept).await;
        assert_eq!(said, Ok(Reported::Accepted), "{lambda} {kept}");
    }
}
