//! Whether, when and how often checks run.

use std::num::NonZeroUsize;
use std::time::Duration;

use diagnostic::Source;
use rehearsal::Listener;
use report::verdict::{Verdict, judge};
use report::{CheckReport, NotRun, Outcome, Report, Role, StepOutcome};
use runner::plan::{Plan, plan};
use runner::settings::{DEFAULT_JOBS, Limits, Selection, Tags};

use crate::support::{self, check, report, report_within, stage};

fn find<'a>(report: &'a Report, name: &str) -> &'a CheckReport {
    let found = report.checks.iter().find(|check| check.name == name);
    found.unwrap_or_else(|| panic!("no `{name}` in {report:#?}"))
}

fn outcomes(report: &Report) -> Vec<(&str, Outcome)> {
    let checks = report.checks.iter();
    checks
        .map(|check| (check.name.as_str(), check.outcome))
        .collect()
}

#[tokio::test]
async fn a_setup_runs_first_and_the_checks_know_what_it_captures() {
    let text = "
setup:
  - post: /login
    json: { email: demo@example.com, password: correct-horse }
    capture: { token: { json: $.token } }
defaults: { auth: { bearer: '{{ token }}' } }
checks:
  - { name: a, get: /account }
  - { name: b, get: /orders }
teardown:
  - { get: /account }
";
    // The defaults hold for the setup as well, which has no token yet.
    let text = text.replace("  - post: /login\n", "  - post: /login\n    auth: none\n");
    let report = report(&stage().await, &text).await;
    assert_eq!(judge(&report), Verdict::Succeeded, "{report:#?}");
    assert_eq!(report.counts().passed, 2);
    let roles: Vec<_> = report.checks.iter().map(|check| check.role).collect();
    assert_eq!(
        roles,
        [Role::Setup, Role::Check, Role::Check, Role::Teardown]
    );
}

#[tokio::test]
async fn if_the_setup_fails_no_check_runs_and_the_teardown_does() {
    let text = "
setup: [{ get: /status/500 }]
checks: [{ name: a, get: /healthz }]
teardown: [{ get: /status/500 }, { get: /healthz }]
";
    let report = report(&stage().await, text).await;
    assert_eq!(
        outcomes(&report),
        [
            ("setup", Outcome::Failed),
            ("a", Outcome::NotRun(NotRun::Setup)),
            ("teardown", Outcome::Warned),
        ]
    );
    // Its steps run whatever comes of the others.
    let steps = &find(&report, "teardown").steps;
    assert_eq!(steps[0].outcome, StepOutcome::Failed);
    assert_eq!(steps[1].outcome, StepOutcome::Passed);
    assert_eq!(judge(&report), Verdict::Failed);
}

#[tokio::test]
async fn a_setup_that_passes_proves_nothing_alone() {
    let text = "
setup: [{ get: /healthz }]
checks: [{ name: a, skip: not today, get: /healthz }]
";
    let report = report(&stage().await, text).await;
    assert_eq!(judge(&report), Verdict::Failed);
}

#[tokio::test]
async fn time_is_kept_for_the_teardown() {
    let stage = stage().await;
    let text = "
checks: [{ name: a, get: '/slow?ms=30000', timeout: 30s }]
teardown: [{ get: /healthz, timeout: 2s }]
";
    let limits = Limits {
        deadline: Some(Duration::from_secs(2)),
        ..Limits::default()
    };
    let report = report_within(&stage, text, limits).await;
    assert_eq!(find(&report, "a").outcome, Outcome::Failed);
    assert_eq!(find(&report, "teardown").outcome, Outcome::Passed);
    assert!(report.duration < Duration::from_secs(10));
}

#[tokio::test]
async fn each_row_is_an_outcome_of_its_own() {
    let stage = stage().await;
    let text = "
checks:
  - name: costs {{ cents }}
    each:
      - { item: espresso-cup, cents: 1250 }
      - { item: travel-mug, cents: 1 }
    get: '/catalogue/{{ item }}'
    expect: { json: { $.price_cents: '{{ cents }}' } }
  - name: exists
    each: [{ item: moka-pot }]
    get: '/catalogue/{{ item }}'
";
    let report = report(&stage, text).await;
    assert_eq!(
        outcomes(&report),
        [
            ("costs 1250", Outcome::Passed),
            ("costs 1", Outcome::Failed),
            ("exists [moka-pot]", Outcome::Passed),
        ]
    );
}

#[tokio::test]
async fn rows_come_from_csv_and_json_files_too() {
    let stage = stage().await;
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write(
        "items.csv",
        "item, name\nespresso-cup, Espresso cup\ntravel-mug, Travel mug\n",
    );
    write("items.json", r#"[{"item": "moka-pot", "cents": 3490}]"#);
    write(
        "checks.yaml",
        "
checks:
  - name: csv
    each: { file: items.csv }
    get: '/catalogue/{{ item }}'
    expect: { json: { $.name: '{{ name }}' } }
  - name: json
    each: { file: items.json }
    get: '/catalogue/{{ item }}'
    expect: { json: { $.price_cents: '{{ cents }}' } }
",
    );
    let path = folder.path().join("checks.yaml");
    let sources = check_file::discover::read(&[path.to_string_lossy()]).unwrap();
    let plan = plan(&sources, &Selection::default(), &|_| None).unwrap();
    let client = client::http::Client::new(&support::connection(&stage)).unwrap();
    let report = runner::run::run(&plan, &client, Limits::default(), &|_| {}).await;
    let names: Vec<_> = report.checks.iter().map(|check| &check.name).collect();
    assert_eq!(
        names,
        ["csv [espresso-cup]", "csv [travel-mug]", "json [moka-pot]"]
    );
    assert_eq!(judge(&report), Verdict::Succeeded, "{report:#?}");
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

#[tokio::test]
async fn a_login_is_sent_as_basic_or_bearer() {
    let stage = stage().await;
    support::passes(
        &stage,
        "get: /echo\nauth: { basic: { user: Aladdin, password: 'open sesame' } }\nexpect: { json: { $.headers.authorization: 'Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==' } }",
    )
    .await;
    support::passes(
        &stage,
        "get: /echo\nauth: { bearer: abc }\nexpect: { json: { $.headers.authorization: Bearer abc } }",
    )
    .await;
}

#[tokio::test]
async fn the_whole_answer_can_be_expected() {
    let stage = stage().await;
    support::passes(
        &stage,
        "
post: /login
form: { email: demo@example.com, password: correct-horse }
expect:
  version: '2'
  size: { above: 10, below: 1000 }
  cookies: { session: { empty: false }, other: { exists: false } }
",
    )
    .await;
    support::passes(
        &stage,
        "get: /healthz\nexpect: { size: 15, sha256: a29ee2b15c494311c52521766e44af56a3ad2248e7a8ab465e5206463c13d288 }",
    )
    .await;
}

#[tokio::test]
async fn every_element_of_a_list_can_be_held_to_something() {
    let stage = stage().await;
    support::passes(
        &stage,
        "get: /catalogue\nexpect: { json: { '$.items[*].price_cents': { each: { above: 0, type: integer } } } }",
    )
    .await;
    insta::assert_snapshot!(support::fails(&stage, "get: /catalogue\nexpect: { json: { '$.items[*].price_cents': { each: { below: 2000 } }, '$.nothing[*]': { each: { exists: true } } } }").await.lines().filter(|line| line.contains('^')).collect::<Vec<_>>().join("\n"), @"
    |                ^^^^^^^^^^^^^^^^^^^^^ expected of each element: below `2000`, found `2400` at index 2
    |                  ^^^^^^^^^^^^^^^^^^^^^^ expected of each element: it to exist, found an empty list
    ");
}

fn planned(text: &str, tags: &[&str]) -> Result<Plan, String> {
    let selection = Selection {
        tags: Tags::parse(tags.iter().copied()).unwrap(),
        ..Selection::default()
    };
    plan(&[Source::new("shop.yaml", text)], &selection, &|_| None)
        .map_err(|problems| problems.to_string())
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

#[test]
fn variables_are_computed_from_those_above_them() {
    let text = "
variables: { id: '{{ uuid() }}', path: '/x/{{ id }}' }
checks: [{ name: a, get: '{{ path }}' }]
";
    assert!(planned(text, &[]).is_ok());
    let below = "variables: { path: '/{{ id }}', id: 1 }\nchecks: [{ name: a, get: '{{ path }}' }]";
    let said = planned(below, &[]).unwrap_err();
    assert!(said.contains("the variable `path` cannot be computed: expected variables that stand above it, found `id`"), "{said}");
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
