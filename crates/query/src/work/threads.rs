//! Threads for work that cannot be interrupted: a pattern over a large text, a
//! document that is hard to read. They are few, and one whose work does not end
//! in time is left alone: it ends with the work, or with the process.

use std::any::Any;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicIsize, Ordering};
use std::thread::Builder;
use std::time::Duration;

use tokio::sync::{Notify, Semaphore, oneshot};
use tokio::time::Instant;

use super::budget::{self, AT_MOST, Budget};

/// The most threads of this kind in a process, those that were left alone
/// included.
pub const MOST_THREADS: usize = 4;
/// The same number, to compare with those that were left alone.
const MOST_LOST: isize = MOST_THREADS.cast_signed();

/// The stack of a thread: what the budget allows, and room for what does not
/// count itself, such as freeing what was built.
const STACK: usize = AT_MOST.stack + 32 * 1024 * 1024;

static FREE: Semaphore = Semaphore::const_new(MOST_THREADS);
/// How many threads were left alone and have not ended. One that ends in the
/// moment in which it is left alone may be taken away before it is counted.
static LOST: AtomicIsize = AtomicIsize::new(0);
static ALL_LOST: Notify = Notify::const_new();

/// Why work was not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undone {
    /// It did not end in time.
    Late,
    /// All threads do work that was given up.
    NoThread,
    /// The system started no thread.
    NotStarted,
}

/// Does the work on a thread, for no longer than `most` once it has begun, and
/// not beyond `end`. A panic in it goes on in the caller.
pub async fn run<T: Send + 'static>(
    most: Duration,
    end: Option<Instant>,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Undone> {
    let over = async {
        match end {
            Some(end) => tokio::time::sleep_until(end).await,
            None => std::future::pending().await,
        }
    };
    let all_lost = ALL_LOST.notified();
    if LOST.load(Ordering::SeqCst) >= MOST_LOST {
        return Err(Undone::NoThread);
    }
    let permit = tokio::select! {
        biased;
        permit = FREE.acquire() => permit.map_err(|_| Undone::NoThread)?,
        () = all_lost => return Err(Undone::NoThread),
        () = over => return Err(Undone::Late),
    };
    let settled = Arc::new(AtomicBool::new(false));
    let (tell, told) = oneshot::channel();
    let by_thread = Arc::clone(&settled);
    let thread = Builder::new().name("judge".to_owned()).stack_size(STACK);
    let spawned = thread.spawn(move || {
        let done = catch_unwind(AssertUnwindSafe(work));
        let was_left = by_thread.swap(true, Ordering::SeqCst);
        if was_left {
            LOST.fetch_sub(1, Ordering::SeqCst);
        }
        drop(permit);
        // Nobody listens if it was given up.
        let _ = tell.send(done);
    });
    if spawned.is_err() {
        return Err(Undone::NotStarted);
    }
    let late = Instant::now() + most;
    let late = end.map_or(late, |end| end.min(late));
    tokio::select! {
        biased;
        done = told => return taken(done.unwrap_or_else(|_| Err(Box::new("a thread that died")))),
        () = tokio::time::sleep_until(late) => {}
    }
    let has_ended = settled.swap(true, Ordering::SeqCst);
    if !has_ended && LOST.fetch_add(1, Ordering::SeqCst) + 1 >= MOST_LOST {
        ALL_LOST.notify_waiters();
    }
    Err(Undone::Late)
}

fn taken<T>(done: Result<T, Box<dyn Any + Send>>) -> Result<T, Undone> {
    done.map_err(|panic| resume_unwind(panic))
}

/// Does the work here and now, but with the stack of these threads: for what is
/// read before a run, where nothing waits. A panic in it goes on.
///
/// # Errors
/// The system starts no thread.
pub fn with_room<T: Send>(work: impl FnOnce() -> T + Send) -> io::Result<T> {
    // What is left of the steps counts there too.
    let left = budget::left().map(|left| Budget {
        stack: AT_MOST.stack,
        ..left
    });
    let work = move || match left {
        Some(left) => budget::within(left, work),
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
