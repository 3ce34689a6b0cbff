//! The work on a thread of its own: a check that never yields, or that
//! panics, keeps nobody from reporting.

use std::any::Any;

use report::Report;
use tokio::sync::watch;
use tokio::task::JoinError;
use tokio::time::Instant;

use crate::error::Error;
use crate::findings::Findings;

/// Does the work on another thread and waits for its end, no longer than the
/// deadlines allow. Without what it takes there is no work.
pub(super) async fn supervise<T: Send + 'static>(
    findings: &mut watch::Receiver<Findings>,
    input: Result<T, Error>,
    work: impl AsyncFnOnce(T) -> Result<Report, Error> + Send + 'static,
) -> Result<Report, Error> {
    let input = input?;
    let started = Instant::now();
    let mut thread = tokio::task::spawn_blocking(|| block_on(input, work));
    loop {
        let until = findings.borrow_and_update().deadlines.gate;
        tokio::select! {
            biased;
            ended = &mut thread => return ended.unwrap_or_else(|error| Err(explain_death(error))),
            () = tokio::time::sleep_until(until) => {
                return Err(Error::Overdue { after: started.elapsed() });
            }
            // The deadlines may have come closer. Once the work has dropped
            // its half of the channel, only the other two are waited for.
            Ok(()) = findings.changed() => {}
        }
    }
}

/// Does the work in this thread.
fn block_on<T>(
    input: T,
    work: impl AsyncFnOnce(T) -> Result<Report, Error>,
) -> Result<Report, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|source| Error::NoRuntime { source })?;
    let outcome = runtime.block_on(work(input));
    // A name that never resolves must not hold up the report.
    runtime.shutdown_background();
    outcome
}

fn explain_death(error: JoinError) -> Error {
    match error.try_into_panic() {
        Ok(panic) => Error::Panicked {
            message: read_message(&*panic).to_owned(),
        },
        Err(error) => Error::RunDied {
            reason: error.to_string(),
        },
    }
}

/// The message of a panic.
fn read_message(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without words")
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;
    use crate::deadlines::Deadlines;
    use crate::findings::Recorder;

    /// The channel of a gate that ends after this long.
    fn channel(millis: u64) -> (Recorder, watch::Receiver<Findings>) {
        let left = Duration::from_millis(millis);
        Recorder::new(Deadlines::new(Instant::now(), left, Duration::ZERO, None))
    }

    fn reason(outcome: Result<Report, Error>) -> String {
        outcome.map(|report| report.target).unwrap_err().to_string()
    }

    /// What a run that should have been left to itself comes to in the end.
    fn released() -> Result<Report, Error> {
        Err(Error::GateDied {
            end: "released".to_owned(),
        })
    }

    #[tokio::test]
    async fn a_run_that_panics_fails() {
        let (_recorder, mut later) = channel(60_000);
        let outcome = supervise(&mut later, Ok(()), async |()| panic!("a {}", "bug")).await;
        assert_eq!(reason(outcome), "Greenlight panicked: a bug");
    }

    #[tokio::test]
    async fn a_run_that_blocks_its_thread_fails_in_time() {
        let (release, blocked) = mpsc::channel::<()>();
        let (_recorder, mut soon) = channel(20);
        let outcome = supervise(&mut soon, Ok(()), async move |()| {
            let _ = blocked.recv();
            released()
        })
        .await;
        assert!(reason(outcome).starts_with("the run did not end within"));
        drop(release);
    }

    #[tokio::test]
    async fn a_run_that_learns_that_it_has_less_time_fails_in_that_time() {
        let (release, blocked) = mpsc::channel::<()>();
        let (recorder, mut later) = channel(60_000);
        let outcome = supervise(&mut later, Ok(()), async move |()| {
            recorder.shorten_deadlines(Duration::from_millis(20));
            let _ = blocked.recv();
            released()
        })
        .await;
        assert!(reason(outcome).starts_with("the run did not end within"));
        drop(release);
    }

    #[tokio::test]
    async fn what_was_recorded_is_known_after_a_panic() {
        let (recorder, mut findings) = channel(60_000);
        let outcome = supervise(&mut findings, Ok(()), async move |()| {
            recorder.record_deployment([("application", "shop")]);
            panic!("a bug")
        })
        .await;
        assert_eq!(reason(outcome), "Greenlight panicked: a bug");
        let application = findings
            .borrow()
            .deployment_text("application")
            .map(str::to_owned);
        assert_eq!(application.as_deref(), Some("shop"));
    }
}
