//! What becomes of a run that panics or hangs.

use std::sync::mpsc;

use smoke_tests::verdict::Verdict;

use super::*;

fn soon() -> Instant {
    Instant::now() + Duration::from_millis(20)
}

#[tokio::test]
async fn a_run_that_panics_fails() {
    let later = Instant::now() + Duration::from_mins(1);
    let decision = watched(later, || panic!("a {}", "bug")).await;
    assert_eq!(decision.verdict, Verdict::Failed);
    assert_eq!(decision.reason, "Greenlight panicked: a bug");
}

#[tokio::test]
async fn a_run_that_blocks_its_thread_fails_in_time() {
    let (release, blocked) = mpsc::channel::<()>();
    let decision = watched(soon(), move || {
        let _ = blocked.recv();
        Decision::failed("released")
    })
    .await;
    assert!(decision.reason.starts_with("the run did not end within"));
    drop(release);
}
