//! What becomes of a run that panics or hangs.

use std::sync::mpsc;
use std::time::Duration;

use report::verdict::Verdict;

use super::*;

/// Deadlines of a gate that ends after this long.
fn after(millis: u64) -> (Closing, watch::Receiver<Deadlines>) {
    let left = Duration::from_millis(millis);
    Closing::new(Deadlines::new(Instant::now(), left, Duration::ZERO, None))
}

#[tokio::test]
async fn a_run_that_panics_fails() {
    let (_closing, later) = after(60_000);
    let decision = watched(later, || panic!("a {}", "bug")).await;
    assert_eq!(decision.verdict, Verdict::Failed);
    assert_eq!(decision.reason, "Greenlight panicked: a bug");
}

#[tokio::test]
async fn a_run_that_blocks_its_thread_fails_in_time() {
    let (release, blocked) = mpsc::channel::<()>();
    let (_closing, soon) = after(20);
    let decision = watched(soon, move || {
        let _ = blocked.recv();
        Decision::failed("released")
    })
    .await;
    assert!(decision.reason.starts_with("the run did not end within"));
    drop(release);
}

#[tokio::test]
async fn a_run_that_learns_that_it_has_less_time_fails_in_that_time() {
    let (release, blocked) = mpsc::channel::<()>();
    let (closing, later) = after(60_000);
    let decision = watched(later, move || {
        closing.within(Duration::from_millis(20));
        let _ = blocked.recv();
        Decision::failed("released")
    })
    .await;
    assert!(decision.reason.starts_with("the run did not end within"));
    drop(release);
}
