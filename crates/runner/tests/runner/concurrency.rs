//! How many requests are under way at the same time.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use client::connection::Connection;
use report::Outcome;
use report::verdict::{Verdict, judge};
use runner::settings::Limits;
use tokio::sync::Barrier;

use crate::support::server::{Reply, serve};
use crate::support::{check, report, report_of, stage};

/// The most requests that are under way at once, of which each waits until so
/// many others are: fewer would wait for ever.
async fn most(text: &str, jobs: usize, together: usize) -> usize {
    let under_way: Arc<AtomicUsize> = Arc::default();
    let most: Arc<AtomicUsize> = Arc::default();
    let seen = Arc::clone(&most);
    let barrier = Arc::new(Barrier::new(together));
    let url = serve(move |_| {
        let now = under_way.fetch_add(1, Ordering::SeqCst) + 1;
        most.fetch_max(now, Ordering::SeqCst);
        let (under_way, barrier) = (Arc::clone(&under_way), Arc::clone(&barrier));
        async move {
            barrier.wait().await;
            under_way.fetch_sub(1, Ordering::SeqCst);
            Reply::Answer(200, String::new())
        }
    })
    .await;
    let connection = Connection {
        target: url.parse().unwrap(),
        connect_to: None,
        cacert: None,
    };
    let limits = Limits {
        jobs: NonZeroUsize::new(jobs).unwrap(),
        ..Limits::default()
    };
    let report = report_of(&connection, text, limits).await;
    for check in &report.checks {
        assert_eq!(check.outcome, Outcome::Passed, "{check:#?}");
    }
    seen.load(Ordering::SeqCst)
}

#[tokio::test]
async fn as_many_checks_run_at_the_same_time_as_may() {
    let checks = |many: usize| {
        let lines = (0..many).map(|n| format!("  - {{ name: c{n}, get: /{n} }}\n"));
        format!("checks:\n{}", lines.collect::<String>())
    };
    assert_eq!(most(&checks(12), 1, 1).await, 1);
    assert_eq!(most(&checks(12), 3, 3).await, 3);
    // The default of the command and of the hook.
    let default = runner::settings::DEFAULT_JOBS.get();
    assert_eq!(most(&checks(5 * default), default, default).await, default);
    // Fewer checks than jobs.
    assert_eq!(most(&checks(4), 256, 4).await, 4);
}

#[tokio::test]
async fn as_many_repetitions_run_at_the_same_time_as_may() {
    let repeated = |jobs| check(&format!("get: /\nrepeat: {{ times: 12, jobs: {jobs} }}"));
    assert_eq!(most(&repeated(1), 8, 1).await, 1);
    assert_eq!(most(&repeated(4), 1, 4).await, 4);
}

#[tokio::test]
async fn rows_setups_and_teardowns_are_among_those_that_run_at_the_same_time() {
    let text = "
setup: [{ get: /setup }]
checks: [{ name: a, each: [{ n: 1 }, { n: 2 }, { n: 3 }, { n: 4 }], get: '/{{ n }}' }]
teardown: [{ get: /teardown }]
";
    assert_eq!(most(text, 1, 1).await, 1);
}

#[tokio::test]
async fn checks_run_at_the_same_time() {
    let stage = stage().await;
    let mut text = String::from("checks:\n");
    for n in 0..8 {
        text.push_str(&format!("  - {{ name: c{n}, get: /slow?ms=400 }}\n"));
    }
    let report = report(&stage, &text).await;
    assert_eq!(judge(&report), Verdict::Succeeded);
    let sum: Duration = report.checks.iter().map(|check| check.duration).sum();
    assert!(
        report.duration * 2 < sum,
        "{:?} of {sum:?}",
        report.duration
    );
}
