//! A step that asks many times, against a real TLS load balancer on loopback.

use std::num::NonZeroUsize;
use std::time::Duration;

use diagnostic::Source;
use diagnostic::snippet::Colour;
use rehearsal::{Fault, Listener};
use report::render;
use report::{Class, Outcome};
use runner::plan::plan;
use runner::settings::{Limits, Selection};

use crate::support::{check, fails, passes, report, report_within, stage};

#[tokio::test]
async fn every_repetition_is_judged() {
    let stage = stage().await;
    let text = "get: /flaky?key=a&fail=3\nrepeat: 20\nexpect: { json: { $.status: ok } }";
    let report = report(&stage, &check(text)).await;
    let step = &report.checks[0].steps[0];
    assert_eq!(report.checks[0].outcome, Outcome::Failed);
    let series = step.series.unwrap();
    assert_eq!((series.times, series.done, series.failed), (20, 20, 3));
    assert_eq!(step.status, Some(503), "the first that failed is shown");
    insta::assert_snapshot!(fails(&stage, "get: /flaky?key=b&fail=3\nrepeat: 20").await, @r#"
    error[wrong-answer]: repetitions that failed
     --> shop.yaml:3:5
      |
    3 |     get: /flaky?key=b&fail=3
      |     ^^^^^^^^^^^^^^^^^^^^^^^^ expected all of them to pass, found 3 of 20 repetitions that failed, first number 1
    error[wrong-answer]: unexpected status
     --> shop.yaml:3:5
      |
    3 |     get: /flaky?key=b&fail=3
      |     ^^^^^^^^^^^^^^^^^^^^^^^^ expected 2xx, found 503
      |
      = note: GET https://localhost:PORT/flaky?key=b&fail=3 answered 503 (N time)
      = note: the answer begins: {"error":{"status":503,"message":"not yet"}}
    "#);
}

#[tokio::test]
async fn some_may_fail_where_the_error_rate_says_so() {
    let stage = stage().await;
    passes(
        &stage,
        "get: /flaky?key=c&fail=2\nrepeat: 20\nexpect: { error_rate: { at_most: 0.1 } }",
    )
    .await;
    insta::assert_snapshot!(
        fails(&stage, "get: /flaky?key=d&fail=3\nrepeat: 20\nexpect: { error_rate: { at_most: 0.1 } }").await,
        @r#"
    error[wrong-answer]: unexpected error rate
     --> shop.yaml:5:29
      |
    5 |     expect: { error_rate: { at_most: 0.1 } }
      |                             ^^^^^^^^^^^^ expected at most `0.1`, found `0.15`
    error[wrong-answer]: unexpected status
     --> shop.yaml:3:5
      |
    3 |     get: /flaky?key=d&fail=3
      |     ^^^^^^^^^^^^^^^^^^^^^^^^ expected 2xx, found 503
      |
      = note: GET https://localhost:PORT/flaky?key=d&fail=3 answered 503 (N time)
      = note: the answer begins: {"error":{"status":503,"message":"not yet"}}
    "#
    );
}

#[tokio::test]
async fn percentiles_can_be_limited() {
    let stage = stage().await;
    passes(
        &stage,
        "get: /healthz\nrepeat: { times: 40, jobs: 4 }\nexpect: { latency: { total: { below: 10s }, p50: { below: 5s }, p90: { below: 5s }, p95: { below: 5s }, p99: { below: 5s } } }",
    )
    .await;
    insta::assert_snapshot!(
        fails(&stage, "get: /slow?ms=60\nrepeat: 3\nexpect: { latency: { p50: { below: 50ms }, p99: { at_least: 50ms } } }").await,
        @"
    error[wrong-answer]: unexpected latency at p50
     --> shop.yaml:5:33
      |
    5 |     expect: { latency: { p50: { below: 50ms }, p99: { at_least: 50ms } } }
      |                                 ^^^^^^^^^^^ expected below N time, found N time
      |
      = note: GET https://localhost:PORT/slow?ms=60 answered 200 (N time)
    "
    );
}

#[tokio::test]
async fn repetitions_run_at_the_same_time() {
    let stage = stage().await;
    let text = check("get: /slow?ms=200\nrepeat: { times: 32, jobs: 16 }");
    let report = report(&stage, &text).await;
    assert_eq!(report.checks[0].outcome, Outcome::Passed);
    // One after the other they would take 6.4 s.
    assert!(
        report.duration < Duration::from_secs(4),
        "{:?}",
        report.duration
    );
}

#[tokio::test]
async fn the_end_of_the_run_cuts_repetitions_short() {
    let stage = stage().await;
    let limits = Limits {
        deadline: Some(Duration::from_millis(700)),
        ..Limits::default()
    };
    let text = check("get: /slow?ms=100\nrepeat: 1000");
    let report = report_within(&stage, &text, limits).await;
    assert!(report.duration < Duration::from_secs(5));
    let cut = report.checks[0].failures().any(|failure| {
        failure.class == Class::CutShort
            && failure.diagnostic.expected.as_deref() == Some("1000 repetitions")
    });
    assert!(cut, "{:#?}", report.checks[0]);
}

#[tokio::test]
async fn repetitions_without_any_answer_have_no_percentiles() {
    let stage = stage().await;
    stage
        .load_balancer()
        .set_fault(Listener::Test, Some(Fault::Refuse));
    let text = check("get: /healthz\nrepeat: 3\nexpect: { latency: { p95: { below: 1s } } }");
    let report = report(&stage, &text).await;
    let found: Vec<_> = report.checks[0]
        .failures()
        .map(|failure| (failure.class, failure.diagnostic.found.clone().unwrap()))
        .collect();
    let failed = "3 of 3 repetitions that failed, first number 1".to_owned();
    assert_eq!(found[0], (Class::CouldNotAsk, failed));
    assert_eq!(found[1], (Class::WrongAnswer, "nothing".to_owned()));
    let series = report.checks[0].steps[0].series.unwrap();
    assert_eq!(series.error_rate(), Some(1.0));
}

#[tokio::test]
async fn later_steps_know_what_the_first_good_repetition_learned() {
    let stage = stage().await;
    passes(
        &stage,
        r#"
steps:
  - post: /login
    json: { email: demo@example.com, password: correct-horse }
    repeat: { times: 5, jobs: 5 }
    capture: { token: { json: $.token } }
  - get: /account
    auth: { bearer: "{{ token }}" }
  - get: /echo
    expect: { json: { $.headers.cookie: "session={{ token }}" } }
"#,
    )
    .await;
}

#[tokio::test]
async fn the_figures_stand_in_the_reports() {
    let stage = stage().await;
    let text = "get: /flaky?key=e&fail=1\nrepeat: 4\nexpect: { error_rate: { below: 0.5 } }";
    let report = report(&stage, &check(text)).await;
    let json = serde_json::to_value(render::json::JsonReport::new(&report)).unwrap();
    let series = &json["checks"][0]["steps"][0]["series"];
    assert_eq!(series["times"], 4);
    assert_eq!(series["failed"], 1);
    assert_eq!(series["error_rate"], 0.25);
    assert!(series["p95_ms"].is_number());
    let line = render::text::render_line(&report.checks[0], Colour::Never);
    assert!(line.contains("; 4 times, 1 failed, p50 "), "{line}");
    assert!(render::html::render(&report).contains("4 times, 1 failed, p50 "));
}

#[test]
fn repetitions_count_in_the_longest_time() {
    let longest = |repeat: &str| {
        let text = check(&format!("get: /\ntimeout: 2s\n{repeat}"));
        let plan = plan(
            &[Source::new("a.yaml", text)],
            &Selection::default(),
            &|_| None,
        );
        plan.unwrap().worst_case(NonZeroUsize::MAX, None).as_secs()
    };
    let once = longest("repeat: 1");
    assert_eq!(longest("repeat: 10"), once * 10);
    assert_eq!(longest("repeat: { times: 10, jobs: 4 }"), once * 3);
}
