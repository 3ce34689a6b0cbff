//! Attempts of a step and of a whole check.

use report::{Outcome, Report};

use crate::support::{check, report, stage};

#[tokio::test]
async fn a_step_is_repeated_until_it_passes() {
    let stage = stage().await;
    let report = report(
        &stage,
        &check("get: /flaky\nquery: { key: a, fail: 3 }\nretry: { for: 20s, every: 10ms }"),
    )
    .await;
    assert_eq!(report.checks[0].outcome, Outcome::Passed);
    assert_eq!(report.checks[0].steps[0].attempts, 4);
}

#[tokio::test]
async fn a_check_of_steps_is_repeated_from_its_first_step() {
    let stage = stage().await;
    let text = check(
        "retry: { for: 20s, every: 10ms }\nsteps:\n  - get: /healthz\n  - get: /flaky?key=b&fail=2",
    );
    let report = report(&stage, &text).await;
    assert_eq!(report.checks[0].outcome, Outcome::Passed);
    assert_eq!(report.checks[0].attempts, 3);
}

#[tokio::test]
async fn a_retry_ends_when_its_time_is_over() {
    let stage = stage().await;
    let text = check("get: /status/503\nretry: { for: 1200ms, every: 400ms }");
    let report = report(&stage, &text).await;
    assert_eq!(report.checks[0].outcome, Outcome::Failed);
    assert!((2..=4).contains(&report.checks[0].steps[0].attempts));
}

#[tokio::test]
async fn retries_can_be_counted_and_kept_to_what_may_heal() {
    let stage = stage().await;
    let attempts = |report: &Report| report.checks[0].steps[0].attempts;
    let counted = report(
        &stage,
        &check("get: /status/503\nretry: { times: 3, every: 1ms, backoff: 2 }"),
    )
    .await;
    assert_eq!(attempts(&counted), 3);
    let lasting = "get: /status/404\nretry: { times: 5, every: 1ms, while: [could_not_ask, 5xx] }";
    assert_eq!(attempts(&report(&stage, &check(lasting)).await), 1);
    let passing = "get: /status/503\nretry: { times: 5, every: 1ms, while: [could_not_ask, 5xx] }";
    assert_eq!(attempts(&report(&stage, &check(passing)).await), 5);
}
