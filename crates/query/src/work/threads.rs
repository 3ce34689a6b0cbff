//! Threads for work that cannot be interrupted: a pattern over a large text, a
//! document that is hard to read.
//!
//! They are few, and stand in two lanes, so that what is little never waits for
//! what is much:
//!
//! 1. Work begins in the *short lane*, with a budget for some milliseconds. What
//!    takes more ends there, and begins again in the long lane.
//! 2. In the *long lane* it has all that an expectation may take. It gets there
//!    behind all that waits for the short one.
//!
//! The short budget counts the worst that work may come to, so that it ends soon
//! by the clock, too. What still holds a thread of the short lane for longer than
//! a `SLICE` does what nobody counts: it gives its place to the next, and takes
//! one of the long lane as soon as there is one.
//!
//! Work that does not end in time is left alone. Its thread keeps its place until
//! the work ends, or the process does, so that both lanes together never have
//! more than twice [`THREADS_OF_LANE`].

use std::convert::Infallible;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread::Builder;
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit, oneshot, watch};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::budget::{self, AT_MOST, Budget, Exhausted};

/// The most threads of a lane, those that were left alone included.
pub const THREADS_OF_LANE: usize = 4;
/// How long work may hold a thread of the short lane.
const SLICE: Duration = Duration::from_millis(250);

/// The stack of a thread: what the budget allows, and room for what does not
/// count itself, such as freeing what was built.
const STACK: usize = AT_MOST.stack + 32 * 1024 * 1024;

static LANES: LazyLock<Lanes> = LazyLock::new(Lanes::default);

/// Why a thread gave no result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ThreadError {
    /// The work did not end in time.
    #[error("the work did not end in time")]
    Late,
    /// All threads do work that was given up.
    #[error("all threads do work that was given up")]
    NoThread,
    /// The system started no thread.
    #[error("the system started no thread")]
    NotStarted,
}

/// Does the work on a thread, for no longer than `most` once it has begun in a
/// lane, and not beyond `end`. The work gets its budget, and may begin twice;
/// `answer` is how many bytes it reads. A panic in it goes on in the caller.
pub async fn run<T: Send + 'static>(
    answer: usize,
    most: Duration,
    end: Option<Instant>,
    work: impl Fn(Budget) -> Result<T, Exhausted> + Send + Sync + 'static,
) -> Result<Result<T, Exhausted>, ThreadError> {
    LANES.run(answer, most, end, work).await
}

#[derive(Default)]
struct Lanes {
    short: Lane,
    long: Lane,
}

impl Lanes {
    async fn run<T: Send + 'static>(
        &'static self,
        answer: usize,
        most: Duration,
        end: Option<Instant>,
        work: impl Fn(Budget) -> Result<T, Exhausted> + Send + Sync + 'static,
    ) -> Result<Result<T, Exhausted>, ThreadError> {
        let over = async {
            match end {
                // The runtime's timer rounds up to the next millisecond.
                Some(end) if Instant::now() >= end => {}
                Some(end) => sleep_until(end).await,
                None => std::future::pending().await,
            }
        };
        let work = Arc::new(work);
        let in_lanes = async {
            let within = |budget| {
                let work = Arc::clone(&work);
                move || work(budget)
            };
            let short =
                RunningWork::start(&self.short, within(budget::short_budget(answer))).await?;
            let place = Arc::clone(&short.place);
            let done = tokio::select! {
                biased;
                done = short.wait(most) => done?,
                never = place.change_lane(&self.long) => match never {},
            };
            if done.is_ok() {
                return Ok(done);
            }
            // Work that waits for the short lane goes first, because it is likely to
            // be shorter than this.
            drop(self.short.enter().await);
            let long = RunningWork::start(&self.long, within(AT_MOST)).await?;
            long.wait(most).await
        };
        tokio::select! {
            // The deadline comes first, so that no work begins after it.
            biased;
            () = over => Err(ThreadError::Late),
            done = in_lanes => done,
        }
    }
}

/// Threads for work of one kind.
struct Lane {
    free: Semaphore,
    /// How many of its threads were left alone and have not ended.
    lost: watch::Sender<usize>,
}

impl Default for Lane {
    fn default() -> Self {
        Self {
            free: Semaphore::new(THREADS_OF_LANE),
            lost: watch::Sender::new(0),
        }
    }
}

impl Lane {
    async fn enter(&self) -> Result<SemaphorePermit<'_>, ThreadError> {
        let mut lost = self.lost.subscribe();
        tokio::select! {
            biased;
            permit = self.free.acquire() => permit.map_err(|_| ThreadError::NoThread),
            _ = lost.wait_for(|lost| *lost >= THREADS_OF_LANE) => Err(ThreadError::NoThread),
        }
    }
}

/// The place of a thread in a lane, until its work ends.
struct LanePlace(Mutex<Option<Occupancy>>);

/// What a thread holds of a lane while it works.
struct Occupancy {
    lane: &'static Lane,
    /// Gives the place back when it is dropped.
    permit: SemaphorePermit<'static>,
    /// Whether the caller has given the work up.
    is_lost: bool,
}

impl LanePlace {
    fn lock(&self) -> MutexGuard<'_, Option<Occupancy>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives the place back, because the work has ended.
    fn leave(&self) {
        let held = self.lock().take();
        if let Some(held) = held.filter(|held| held.is_lost) {
            held.lane.lost.send_modify(|lost| *lost -= 1);
        }
    }

    /// Counts the thread as lost to its lane until its work ends.
    fn abandon(&self) {
        if let Some(held) = self.lock().as_mut() {
            held.is_lost = true;
            held.lane.lost.send_modify(|lost| *lost += 1);
        }
    }

    /// Moves over to the long lane once the time in the short one is over.
    async fn change_lane(&self, long: &'static Lane) -> Infallible {
        sleep(SLICE).await;
        if let Ok(permit) = long.enter().await
            && let Some(held) = self.lock().as_mut()
        {
            held.lane = long;
            held.permit = permit;
        }
        std::future::pending().await
    }
}

/// Work on a thread. Dropping this gives the work up: the thread goes on, because
/// nothing can interrupt it.
struct RunningWork<T> {
    place: Arc<LanePlace>,
    end: oneshot::Receiver<std::thread::Result<T>>,
}

impl<T: Send + 'static> RunningWork<T> {
    async fn start(
        lane: &'static Lane,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<Self, ThreadError> {
        let permit = lane.enter().await?;
        let place = Arc::new(LanePlace(Mutex::new(Some(Occupancy {
            lane,
            permit,
            is_lost: false,
        }))));
        let (tell, end) = oneshot::channel();
        let of_thread = Arc::clone(&place);
        let thread = Builder::new().name("judge".to_owned()).stack_size(STACK);
        let started = thread.spawn(move || {
            let ended = catch_unwind(AssertUnwindSafe(work));
            of_thread.leave();
            // The receiver is gone if the caller gave the work up.
            let _ = tell.send(ended);
        });
        if started.is_err() {
            place.leave();
            return Err(ThreadError::NotStarted);
        }
        Ok(Self { place, end })
    }

    async fn wait(mut self, most: Duration) -> Result<T, ThreadError> {
        match timeout(most, &mut self.end).await {
            Ok(Ok(Ok(done))) => Ok(done),
            Ok(Ok(Err(panic))) => resume_unwind(panic),
            Ok(Err(_)) => resume_unwind(Box::new("a thread that died")),
            Err(_) => Err(ThreadError::Late),
        }
    }
}

impl<T> Drop for RunningWork<T> {
    fn drop(&mut self) {
        self.place.abandon();
    }
}

/// Does the work here and now, but with the stack of these threads: for what is
/// read before a run, where nothing waits. A panic in it goes on.
///
/// # Errors
/// The system starts no thread.
pub fn run_with_room<T: Send>(work: impl FnOnce() -> T + Send) -> io::Result<T> {
    // What is left of the steps counts there too.
    let left = budget::remaining().map(|left| Budget {
        stack: AT_MOST.stack,
        ..left
    });
    let work = move || match left {
        Some(left) => budget::run_within(left, work),
        None => Ok(work()),
    };
    std::thread::scope(|scope| {
        let thread = Builder::new().stack_size(STACK);
        let thread = thread.spawn_scoped(scope, work)?;
        match thread.join() {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(exhausted)) => resume_unwind(Box::new(exhausted)),
            Err(panic) => resume_unwind(panic),
        }
    })
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use futures_util::future::join_all;

    use super::*;

    const LONG_ENOUGH: Duration = Duration::from_mins(1);

    /// What a test lets go on.
    struct Gate(Mutex<mpsc::Receiver<()>>);

    impl Gate {
        fn new() -> (mpsc::Sender<()>, Arc<Self>) {
            let (open, wait) = mpsc::channel();
            (open, Arc::new(Self(Mutex::new(wait))))
        }

        /// Waits until the gate is opened by dropping what opens it.
        fn wait(&self) {
            let wait = self.0.lock().unwrap();
            assert!(wait.recv().is_err());
        }
    }

    fn lanes() -> &'static Lanes {
        Box::leak(Box::default())
    }

    async fn do_little(lanes: &'static Lanes) -> Result<Result<(), Exhausted>, ThreadError> {
        lanes
            .run(0, LONG_ENOUGH, None, |budget| {
                budget::run_within(budget, || budget::spend(1))
            })
            .await
    }

    #[tokio::test]
    async fn what_is_little_waits_for_nothing_that_is_much() {
        for expensive in [7, 40] {
            let lanes = lanes();
            let (open, gate) = Gate::new();
            let much = move |budget: Budget| {
                budget::run_within(budget, || {
                    budget::spend(AT_MOST.steps);
                    gate.wait();
                })
            };
            let much = Arc::new(much);
            let running: Vec<_> = (0..expensive)
                .map(|_| {
                    let much = Arc::clone(&much);
                    tokio::spawn(lanes.run(0, LONG_ENOUGH, None, move |budget| much(budget)))
                })
                .collect();
            let little = join_all((0..5).map(|_| do_little(lanes))).await;
            assert_eq!(little, [Ok(Ok(())); 5]);
            drop(open);
            for running in running {
                assert_eq!(running.await.unwrap(), Ok(Ok(())));
            }
        }
    }

    #[tokio::test]
    async fn what_nobody_counts_leaves_the_short_lane() {
        let lanes = lanes();
        let (open, gate) = Gate::new();
        let running: Vec<_> = (0..THREADS_OF_LANE)
            .map(|_| {
                let gate = Arc::clone(&gate);
                let uncounted = move |_| {
                    gate.wait();
                    Ok(())
                };
                tokio::spawn(lanes.run(0, LONG_ENOUGH, None, uncounted))
            })
            .collect();
        tokio::task::yield_now().await;
        assert_eq!(do_little(lanes).await, Ok(Ok(())));
        drop(open);
        for running in running {
            assert_eq!(running.await.unwrap(), Ok(Ok(())));
        }
    }

    #[tokio::test]
    async fn lost_threads_end_the_long_lane_and_not_the_short_one() {
        let lanes = lanes();
        let (open, gate) = Gate::new();
        let much = move |budget: Budget| {
            budget::run_within(budget, || {
                budget::spend(AT_MOST.steps);
                gate.wait();
            })
        };
        let much = Arc::new(much);
        let run = |most| {
            let much = Arc::clone(&much);
            lanes.run(0, most, None, move |budget| much(budget))
        };
        while *lanes.long.lost.borrow() < THREADS_OF_LANE {
            assert_eq!(run(Duration::from_millis(50)).await, Err(ThreadError::Late));
        }
        assert_eq!(run(LONG_ENOUGH).await, Err(ThreadError::NoThread));
        assert_eq!(do_little(lanes).await, Ok(Ok(())));
        drop(open);
        // They are there again as soon as the work that was lost has ended.
        lanes
            .long
            .lost
            .subscribe()
            .wait_for(|lost| *lost == 0)
            .await
            .unwrap();
        drop(lanes.long.free.acquire_many(4).await.unwrap());
    }

    #[tokio::test]
    async fn nothing_begins_once_the_time_is_over() {
        let over = Some(Instant::now());
        let begun = lanes().run(0, LONG_ENOUGH, over, |_| -> Result<(), _> {
            panic!("it began")
        });
        assert_eq!(begun.await, Err(ThreadError::Late));
    }
}
