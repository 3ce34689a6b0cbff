//! How many requests a run sends in a time.

use std::time::Duration;

use diagnostic::Source;
use rehearsal::Listener;
use report::verdict::{Verdict, judge};
use report::{CheckReport, Class};
use runner::plan::plan;
use runner::settings::{DEFAULT_JOBS, Limits, Selection};

use crate::support::{self, check, stage};

#[tokio::test]
async fn the_requests_of_all_checks_are_kept_to_a_rate() {
    let stage = stage().await;
    let limits = Limits {
        rate: Some("40/s".parse().unwrap()),
        ..Limits::default()
    };
    // Six checks at once, one of them with three attempts, one with a redirect.
    let text = "
checks:
  - { name: a, each: [{ n: 1 }, { n: 2 }, { n: 3 }, { n: 4 }], get: /healthz }
  - { name: b, get: /status/503, severity: warn, retry: { times: 3, every: 1ms } }
  - { name: c, get: /redirect/1, follow_redirects: 1 }
";
    let report = support::report_within(&stage, text, limits).await;
    assert_eq!(stage.load_balancer().requests(Listener::Test), 9);
    assert!(
        report.duration >= Duration::from_millis(8 * 25),
        "{:?}",
        report.duration
    );
    assert_eq!(judge(&report), Verdict::Succeeded);
}

#[tokio::test]
async fn the_wait_for_a_turn_is_neither_latency_nor_time_out() {
    let stage = stage().await;
    let limits = Limits {
        rate: Some("4/s".parse().unwrap()),
        ..Limits::default()
    };
    let text = "checks: [{ name: a, each: [{ n: 1 }, { n: 2 }, { n: 3 }], get: /slow?ms=1, timeout: 200ms, retry: { times: 9, every: 1ms } }]";
    let report = support::report_within(&stage, text, limits).await;
    assert_eq!(judge(&report), Verdict::Succeeded, "{report:#?}");
}

#[tokio::test]
async fn the_end_of_the_run_does_not_wait_for_a_turn() {
    let stage = stage().await;
    let limits = Limits {
        rate: Some("1/m".parse().unwrap()),
        deadline: Some(Duration::from_millis(300)),
        ..Limits::default()
    };
    let text = "checks: [{ name: a, get: /healthz }, { name: b, get: /healthz }]";
    let report = support::report_within(&stage, text, limits).await;
    assert!(report.duration < Duration::from_secs(30));
    let cut = report.checks.iter().flat_map(CheckReport::failures);
    assert!(cut.map(|failure| failure.class).eq([Class::CutShort]));
}

#[test]
fn the_worst_case_counts_the_times_in_which_nobody_may_ask() {
    let worst = |text: &str, rate: Option<&str>| {
        let rate = rate.map(|rate| rate.parse().unwrap());
        let source = Source::new("shop.yaml", text);
        let plan = plan(&[source], &Selection::default(), &|_| None).unwrap();
        plan.worst_case(DEFAULT_JOBS, rate).as_secs()
    };
    let two = "checks: [{ name: a, get: /, timeout: 8s }, { name: b, get: /, timeout: 8s }]";
    assert_eq!(worst(two, None), 10);
    assert_eq!(worst(two, Some("1/s")), 12);
    let more = check("get: /\ntimeout: 8s\nfollow_redirects: 1\nretry: { times: 3, every: 1s }");
    assert_eq!(worst(&more, Some("60/m")) - worst(&more, None), 6);
    let by_time = check("get: /\ntimeout: 8s\nretry: { for: 10s, every: 1s }");
    assert_eq!(worst(&by_time, Some("1/s")) - worst(&by_time, None), 11);
}
