//! Checks that wait for others, and checks that are selected or skipped.

use std::num::NonZeroUsize;
use std::time::Duration;

use diagnostic::Source;
use rehearsal::Listener;
use report::verdict::{Verdict, judge};
use report::{NotRun, Outcome};
use runner::plan::{Plan, plan};
use runner::settings::{DEFAULT_JOBS, Limits, Selection, Tags};

use crate::support::{find, report, report_within, stage};

fn planned(text: &str, tags: &[&str]) -> Result<Plan, String> {
    let selection = Selection {
        tags: Tags::parse(tags.iter().copied()).unwrap(),
        ..Selection::default()
    };
    plan(&[Source::new("shop.yaml", text)], &selection, &|_| None)
        .map_err(|problems| problems.to_string())
}

#[tokio::test]
async fn a_check_waits_for_what_it_needs_even_with_one_slot() {
    let text = "
checks:
  - { name: c, needs: [a, b], get: /healthz }
  - { name: b, needs: a, get: /healthz }
  - { name: a, get: /healthz }
  - { name: broken, get: /status/500 }
  - { name: waits, needs: broken, get: /healthz }
  - { name: waits more, needs: waits, get: /healthz }
";
    let limits = Limits {
        jobs: NonZeroUsize::MIN,
        ..Limits::default()
    };
    let report = report_within(&stage().await, text, limits).await;
    let need = Outcome::NotRun(NotRun::Need);
    let found: Vec<_> = report.checks.iter().map(|check| check.outcome).collect();
    let passed = Outcome::Passed;
    assert_eq!(found, [passed, passed, passed, Outcome::Failed, need, need]);
}

#[test]
fn a_tag_selects_what_the_check_needs_too() {
    let text = "
setup: [{ get: / }]
checks:
  - { name: a, get: / }
  - { name: b, needs: a, tags: [critical], get: / }
  - { name: c, get: / }
";
    assert_eq!(planned(text, &["critical"]).unwrap().check_count(), 2);
}

#[test]
fn needs_that_lead_nowhere_or_in_a_circle_are_errors() {
    let said = planned("checks: [{ name: a, needs: [b], get: / }]", &[]).unwrap_err();
    assert!(said.contains("no check is named `b`"), "{said}");
    let circle = "checks: [{ name: a, needs: b, get: / }, { name: b, needs: a, get: / }]";
    let said = planned(circle, &[]).unwrap_err();
    assert!(said.contains("checks that wait for each other"), "{said}");
}

#[test]
fn a_long_line_of_needs_is_planned_in_no_time_and_a_flood_of_rows_is_refused() {
    let mut chain = String::from("checks:\n  - { name: c0, get: / }\n");
    for n in 1..9_000 {
        chain.push_str(&format!(
            "  - {{ name: c{n}, needs: c{}, get: / }}\n",
            n - 1
        ));
    }
    let plan = planned(&chain, &[]).unwrap();
    assert!(plan.worst_case(DEFAULT_JOBS, None) > Duration::from_hours(20));
    let closed = chain.replace("{ name: c0,", "{ name: c0, needs: c8999,");
    let said = planned(&closed, &[]).unwrap_err();
    assert!(said.contains("checks that wait for each other"));
    let rows = "{ a: 1 }, ".repeat(900);
    let mut flood = String::from("checks:\n");
    for n in 0..30 {
        flood.push_str(&format!("  - {{ name: c{n}, each: [{rows}], get: / }}\n"));
    }
    let said = planned(&flood, &[]).unwrap_err();
    assert!(said.contains("too many checks in one run"), "{said}");
}

#[tokio::test]
async fn skipped_checks_send_nothing_and_do_not_fail_the_verdict() {
    let stage = stage().await;
    let text = "
variables: { stage: test }
checks:
  - { name: a, get: /healthz }
  - { name: b, skip: the printer is out, get: /status/500 }
  - { name: c, when: \"{{ stage == 'production' }}\", get: /status/500 }
  - { name: d, when: \"{{ stage == 'test' }}\", get: /healthz }
";
    let report = report(&stage, text).await;
    assert_eq!(judge(&report), Verdict::Succeeded);
    assert_eq!(
        find(&report, "b").remark.as_deref(),
        Some("the printer is out")
    );
    assert_eq!(find(&report, "c").outcome, Outcome::NotRun(NotRun::Skipped));
    assert_eq!(find(&report, "d").outcome, Outcome::Passed);
    assert_eq!(stage.load_balancer().requests(Listener::Test), 2);
}

#[tokio::test]
async fn a_quarantine_is_borne_until_its_date_and_not_beyond() {
    let text = "
checks:
  - { name: fine, get: /healthz }
  - { name: a, get: /status/500, quarantine: { until: UNTIL, owner: shop, reason: known } }
";
    let stage = stage().await;
    let borne = report(&stage, &text.replace("UNTIL", "2999-01-01")).await;
    assert_eq!(find(&borne, "a").outcome, Outcome::Warned);
    assert_eq!(judge(&borne), Verdict::Succeeded);
    let over = report(&stage, &text.replace("UNTIL", "2020-01-01")).await;
    assert_eq!(find(&over, "a").outcome, Outcome::Failed);
    assert_eq!(
        find(&over, "a").remark.as_deref(),
        Some("its quarantine ended on 2020-01-01, shop: known")
    );
}

#[test]
fn the_worst_case_is_every_request_timing_out_and_every_retry_used_up() {
    let worst = |text: &str| {
        planned(text, &[])
            .unwrap()
            .worst_case(DEFAULT_JOBS, None)
            .as_secs()
    };
    // One chain of ten seconds, and as much shared by eight at a time.
    assert_eq!(worst("checks: [{ name: a, get: /, timeout: 8s }]"), 9);
    let retry = "checks: [{ name: a, get: /, timeout: 2s, retry: { for: 30s } }]";
    assert_eq!(worst(retry), 36);
    assert_eq!(
        worst("checks: [{ name: a, get: /, timeout: 8s, delay: 3s }]"),
        12
    );
    let counted = "checks: [{ name: a, get: /, timeout: 2s, retry: { times: 3, every: 1s } }]";
    assert_eq!(worst(counted), 9);
    let chain =
        "checks: [{ name: a, get: /, timeout: 8s }, { name: b, needs: a, get: /, timeout: 8s }]";
    assert_eq!(worst(chain), 18);
}
