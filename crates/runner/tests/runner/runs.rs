//! What a run does, against a real TLS load balancer on loopback.

use std::num::NonZeroUsize;
use std::time::Duration;

use report::verdict::{Verdict, judge};
use report::{Class, NotRun, Outcome, StepOutcome};
use runner::settings::Limits;

use crate::support::{self, check, fails, passes, report, report_within, said, stage};

#[tokio::test]
async fn the_checks_that_ship_pass_on_a_healthy_shop() {
    let text = include_str!("../../../../smoke-tests/checks/storefront.yaml");
    let report = report(&stage().await, text).await;
    let failed: Vec<_> = report
        .checks
        .iter()
        .filter(|check| check.outcome != Outcome::Passed)
        .collect();
    assert!(failed.is_empty(), "{failed:#?}");
    assert_eq!(judge(&report), Verdict::Succeeded);
}

#[tokio::test]
async fn every_method_can_be_sent() {
    let stage = stage().await;
    for method in ["get", "post", "put", "patch", "delete", "options"] {
        let upper = method.to_uppercase();
        passes(
            &stage,
            &format!("{method}: /echo\nexpect: {{ json: {{ $.method: {upper} }} }}"),
        )
        .await;
    }
    passes(&stage, "head: /healthz\nexpect: { body: '' }").await;
}

#[tokio::test]
async fn a_path_may_hold_what_a_function_gives() {
    passes(
        &stage().await,
        "get: /status/{{ random(204, 204) }}\nexpect: { status: 204 }",
    )
    .await;
}

#[tokio::test]
async fn every_part_of_a_request_arrives() {
    let stage = stage().await;
    passes(
        &stage,
        r#"
post: /echo
query: { a: 1, b: [x, "y z"] }
headers: { x-one: "1", x-two: two }
json: { n: 1, list: [true, null, "t"] }
expect:
  json:
    $.path: /echo
    $.headers['x-one']: "1"
    $.headers['x-two']: two
    $.headers['content-type']: application/json
    $.headers['user-agent']: { starts_with: greenlight/ }
    $.body: '{"n":1,"list":[true,null,"t"]}'
"#,
    )
    .await;
    passes(
        &stage,
        "post: /echo\nform: { a: b c, d: 'ü&' }\nexpect: { json: { $.body: a=b+c&d=%C3%BC%26, \"$.headers['content-type']\": application/x-www-form-urlencoded } }",
    )
    .await;
    passes(
        &stage,
        "post: /echo\ntext: plain words\nexpect: { json: { $.body: plain words } }",
    )
    .await;
}

#[tokio::test]
async fn a_file_is_sent_from_beside_the_check_file() {
    let stage = stage().await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("order.json"), "{\"from\": \"a file\"}").unwrap();
    let path = folder.path().join("checks.yaml");
    let text = check(
        "post: /echo\nfile: order.json\nheaders: { content-type: application/json }\nexpect: { json: { $.body: { contains: a file }, \"$.headers['content-type']\": application/json } }",
    );
    std::fs::write(&path, text).unwrap();
    let sources = check_file::discover::read(&[path.to_string_lossy()]).unwrap();
    let plan =
        runner::plan::plan(&sources, &runner::settings::Selection::default(), &|_| None).unwrap();
    let client = client::http::Client::new(&support::connection(&stage)).unwrap();
    let report = runner::run::run(&plan, &client, Limits::default(), &|_| {}).await;
    assert_eq!(judge(&report), Verdict::Succeeded);
}

#[tokio::test]
async fn every_predicate_accepts_what_it_should() {
    let stage = stage().await;
    passes(
        &stage,
        r#"
post: /echo?a=b
headers: { x-list: "a, b", x-number: "42" }
json: { n: 3, name: Ada, list: [1, 2, 3], none: null, empty: [], nested: { a: 1, b: 2 } }
expect:
  status: { one_of: [200, 3xx], not: 404, below: 300, at_least: 200 }
  headers:
    content-type: { contains: json, starts_with: application, ends_with: json, matches: '^app' }
    x-nowhere: { exists: false }
    content-length: { above: 10, below: 10000, not: { matches: '\D' } }
  body: { not: { empty: true }, contains: Ada }
  json:
    $.method: { equals: POST, one_of: [GET, POST], type: string, not: GET }
    $.headers: { type: object, not: { empty: true }, count: { at_least: 2 } }
    $.headers['x-number']: { at_least: 42, at_most: 42 }
    $.nowhere: { exists: false }
    "$.nowhere[*]": { count: 0, empty: true }
    $.method.length: { not: { exists: true } }
  latency: { below: 10s }
"#,
    )
    .await;
}

#[tokio::test]
async fn every_predicate_refuses_what_it_should() {
    let stage = stage().await;
    let request = "post: /echo\njson: { n: 3 }\nexpect: ";
    let mut said = String::new();
    for (expectation, problems) in [
        ("{ status: 201 }", 1),
        ("{ status: [201, 3xx] }", 1),
        ("{ status: { not: 2xx } }", 1),
        ("{ headers: { content-type: text/html, x-a: b } }", 2),
        ("{ headers: { content-type: { exists: false } } }", 1),
        ("{ headers: { x-a: { not: b } } }", 1),
        ("{ headers: { content-type: { above: 3 } } }", 1),
        ("{ body: { contains: zzz, empty: true, matches: '^$' } }", 3),
        (
            "{ json: { $.method: { equals: GET, type: number, count: 1 } } }",
            3,
        ),
        (
            "{ json: { $.method: { starts_with: G, ends_with: G, one_of: [A, B] } } }",
            3,
        ),
        ("{ json: { $.headers: { count: { above: 1000 } } } }", 1),
        ("{ json: { $.nowhere: { not: x } } }", 1),
        ("{ json: { $.nowhere: { exists: true } } }", 1),
        ("{ json: { '$..nowhere': { count: { at_least: 1 } } } }", 1),
        ("{ latency: { above: 10s } }", 1),
        (
            "{ json: { $.query: { empty: false }, $.method: { type: 'null' } } }",
            2,
        ),
        ("{ json: { '$..n': { each: { at_least: 1 } } } }", 1),
        ("{ json: { $.method: { each: { type: string } } } }", 1),
        (
            "{ json: { \"$['method', 'path']\": { each: { starts_with: P } } } }",
            1,
        ),
        (
            "{ json: { \"$.headers['content-length']\": { above: 7, below: 7, at_least: 8, at_most: 6 } } }",
            4,
        ),
        (
            "{ json: { $.method: { schema: { enum: [GET] }, not: { one_of: [POST, PUT] } } } }",
            2,
        ),
        (
            "{ json: { $.headers: { contains: { x-smoke: 'yes' } } } }",
            1,
        ),
    ] {
        let report = report(&stage, &check(&format!("{request}{expectation}"))).await;
        let found: Vec<_> = report.checks[0].failures().collect();
        assert_eq!(found.len(), problems, "{expectation}: {found:#?}");
        // The rest of an echo differs from run to run.
        let plain = |text: &Option<String>| text.clone().unwrap_or_default();
        said.push_str(expectation);
        for failure in &found {
            let diagnostic = &failure.diagnostic;
            let (expected, found) = (plain(&diagnostic.expected), plain(&diagnostic.found));
            let found = if found.contains(" ms") || found.len() > 100 {
                "…".to_owned()
            } else {
                found
            };
            said.push_str(&format!(
                "\n    {}: expected {expected}, found {found}",
                diagnostic.title
            ));
        }
        said.push_str("\n\n");
        assert!(
            found
                .iter()
                .all(|failure| failure.class == Class::WrongAnswer)
        );
    }
    insta::assert_snapshot!(said.trim_end());
}

#[tokio::test]
async fn a_step_that_says_nothing_of_the_status_expects_success() {
    let stage = stage().await;
    passes(&stage, "get: /healthz").await;
    insta::assert_snapshot!(fails(&stage, "get: /status/500").await, @r#"
    error[wrong-answer]: unexpected status
     --> shop.yaml:3:5
      |
    3 |     get: /status/500
      |     ^^^^^^^^^^^^^^^^ expected 2xx, found 500
      |
      = note: GET https://localhost:PORT/status/500 answered 500 (N time)
      = note: the answer begins: {"status":500}
    "#);
}

#[tokio::test]
async fn a_failed_expectation_points_at_the_line_that_demanded_it() {
    let stage = stage().await;
    insta::assert_snapshot!(fails(&stage, "
get: /healthz
expect:
  status: 204
  headers: { content-type: { contains: html } }
  json:
    $.status: { equals: ok, starts_with: up }
  body: { matches: '^no' }
").await, @r#"
    error[wrong-answer]: unexpected status
     --> shop.yaml:5:15
      |
    5 |       status: 204
      |               ^^^ expected 204, found 200
    error[wrong-answer]: unexpected header `content-type`
     --> shop.yaml:6:34
      |
    6 |       headers: { content-type: { contains: html } }
      |                                  ^^^^^^^^^^^^^^ expected something that contains `"html"`, found `"application/json"`
    error[wrong-answer]: unexpected JSON at `$.status`
     --> shop.yaml:8:33
      |
    8 |         $.status: { equals: ok, starts_with: up }
      |                                 ^^^^^^^^^^^^^^^ expected text that starts with `"up"`, found `"ok"`
    error[wrong-answer]: unexpected body
     --> shop.yaml:9:15
      |
    9 |       body: { matches: '^no' }
      |               ^^^^^^^^^^^^^^ expected text that matches `^no`, found `"{"status":"ok"}"`
      |
      = note: GET https://localhost:PORT/healthz answered 200 (N time)
      = note: the answer begins: {"status":"ok"}
    "#);
}

#[tokio::test]
async fn captures_from_every_source_reach_the_steps_that_follow() {
    let stage = stage().await;
    passes(
        &stage,
        r#"
steps:
  - post: /login
    json: { email: demo@example.com, password: correct-horse }
    capture:
      token: { json: $.token }
      kind: { header: content-type }
      session: { cookie: session }
      code: status
      all: body
      tier: { regex: '"tier":"(\w+)"' }
  - post: /echo
    json: { token: "{{ token }}", code: "{{ code }}", tier: "{{ tier }}", same: "{{ session == token }}", kind: "{{ kind }}", all: "{{ all | length > 10 }}" }
    expect:
      json:
        $.body: { contains: '"code":200,"tier":"gold","same":true,"kind":"application/json","all":true' }
"#,
    )
    .await;
    insta::assert_snapshot!(fails(&stage, "get: /healthz\ncapture: { token: { json: $.token } }").await, @r#"
    error[wrong-answer]: nothing to capture as `token`
     --> shop.yaml:4:16
      |
    4 |     capture: { token: { json: $.token } }
      |                ^^^^^^^^^^^^^^^^^^^^^^^^ expected JSON at `$.token`, found nothing
      |
      = note: GET https://localhost:PORT/healthz answered 200 (N time)
      = note: the answer begins: {"status":"ok"}
      = help: compare it with the answer, which may be of another kind than the step supposes
    "#);
    let unfit = "get: /healthz\ncapture: { code: { json: $.status, transform: \"{{ value | from_base64 }}\" } }";
    insta::assert_snapshot!(fails(&stage, unfit).await);
    let long = "post: /json-echo\ntext: \"{% for n in range(9000) %}x{% endfor %}\"\ncapture: { all: { from: body, secret: true } }";
    insta::assert_snapshot!(fails(&stage, long).await);
}

#[tokio::test]
async fn cookies_are_kept_within_a_check_and_not_beyond() {
    let stage = stage().await;
    let text = "
checks:
  - name: within
    writes: true
    steps:
      - post: /login
        form: { email: demo@example.com, password: correct-horse }
      - get: /account
        expect: { status: 200 }
  - name: beyond
    get: /account
    expect: { status: 401 }
";
    let limits = Limits {
        jobs: NonZeroUsize::MIN,
        ..Limits::default()
    };
    let report = report_within(&stage, text, limits).await;
    assert_eq!(judge(&report), Verdict::Succeeded, "{report:#?}");
}

#[tokio::test]
async fn a_redirect_is_not_followed_unless_asked() {
    let stage = stage().await;
    passes(
        &stage,
        "get: /old-shop\nexpect: { status: 302, headers: { location: /catalogue } }",
    )
    .await;
    passes(&stage, "get: /old-shop\nfollow_redirects: true").await;
}

#[tokio::test]
async fn a_redirect_loop_ends_in_a_failure() {
    insta::assert_snapshot!(fails(&stage().await, "get: /redirect-loop\nfollow_redirects: 5").await, @"
    error[wrong-answer]: too many redirects
     --> shop.yaml:3:5
      |
    3 |     get: /redirect-loop
      |     ^^^^^^^^^^^^^^^^^^^ expected at most 5, found another one to `/redirect-loop`
      |
      = note: GET https://localhost:PORT/redirect-loop answered 302 (N time)
      = help: raise `follow_redirects` if the way is that long, or expect the redirect's own status
    ");
}

#[tokio::test]
async fn a_redirect_to_another_host_is_not_followed() {
    insta::assert_snapshot!(fails(&stage().await, "get: /elsewhere\nfollow_redirects: true").await, @"
    error[wrong-answer]: a redirect that is not followed
     --> shop.yaml:3:5
      |
    3 |     get: /elsewhere
      |     ^^^^^^^^^^^^^^^ expected a redirect that stays on the target, found `https://example.com`, which is not on the target `https://localhost:PORT`
      |
      = note: GET https://localhost:PORT/elsewhere answered 302 (N time)
      = help: allow the host with `--allow-host` if it is yours to ask
    ");
}

#[tokio::test]
async fn a_captured_url_of_another_host_is_not_asked() {
    insta::assert_snapshot!(fails(&stage().await, "
steps:
  - get: /elsewhere
    expect: { status: 302 }
    capture: { next: { header: location } }
  - get: '{{ next }}'
").await, @"
    error[could-not-ask]: the URL cannot be made
     --> shop.yaml:7:9
      |
    7 |       - get: '{{ next }}'
      |         ^^^^^^^^^^^^^^^^^ expected values that fit into it, found `https://example.com`, which is not on the target `https://localhost:PORT`
      |
      = help: correct the value; allow the host with `--allow-host` if it is yours to ask
    ");
}

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
async fn steps_after_a_failed_one_do_not_run_and_are_in_the_report() {
    let stage = stage().await;
    let text = check("steps:\n  - get: /status/500\n  - get: /healthz");
    let report = report(&stage, &text).await;
    let steps: Vec<_> = report.checks[0]
        .steps
        .iter()
        .map(|step| step.outcome)
        .collect();
    assert_eq!(
        steps,
        [
            StepOutcome::Failed,
            StepOutcome::NotRun(NotRun::EarlierStep)
        ]
    );
}

#[tokio::test]
async fn a_warning_does_not_fail_the_verdict_but_cannot_carry_it_alone() {
    let stage = stage().await;
    let warn = "  - { name: w, severity: warn, get: /status/500 }\n";
    let pass = "  - { name: p, get: /healthz }\n";
    let alone = report(&stage, &format!("checks:\n{warn}")).await;
    assert_eq!(alone.checks[0].outcome, Outcome::Warned);
    assert_eq!(judge(&alone), Verdict::Failed);
    let beside = report(&stage, &format!("checks:\n{warn}{pass}")).await;
    assert_eq!(judge(&beside), Verdict::Succeeded);
}

#[tokio::test]
async fn fail_fast_begins_no_further_check() {
    let stage = stage().await;
    let text = "checks:\n  - { name: a, get: /status/500 }\n  - { name: b, get: /healthz }\n";
    let limits = Limits {
        jobs: NonZeroUsize::MIN,
        fail_fast: true,
        deadline: None,
        ..Limits::default()
    };
    let report = report_within(&stage, text, limits).await;
    assert_eq!(report.checks[1].outcome, Outcome::NotRun(NotRun::FailFast));
    assert_eq!(judge(&report), Verdict::Failed);
}

#[tokio::test]
async fn the_deadline_cuts_the_run_and_loses_no_check() {
    let stage = stage().await;
    let mut text = String::from("checks:\n");
    for n in 0..6 {
        text.push_str(&format!(
            "  - {{ name: c{n}, get: /slow?ms=20000, timeout: 30s }}\n"
        ));
    }
    let limits = Limits {
        jobs: NonZeroUsize::new(2).unwrap(),
        fail_fast: false,
        deadline: Some(Duration::from_millis(300)),
        ..Limits::default()
    };
    let report = report_within(&stage, &text, limits).await;
    assert!(report.duration < Duration::from_secs(10));
    let outcomes: Vec<_> = report.checks.iter().map(|check| check.outcome).collect();
    let out_of_time = Outcome::NotRun(NotRun::OutOfTime);
    assert_eq!(outcomes[..2], [Outcome::Failed, Outcome::Failed]);
    assert_eq!(outcomes[2..], [out_of_time; 4]);
    let classes: Vec<_> = report.checks[0]
        .failures()
        .map(|failure| failure.class)
        .collect();
    assert_eq!(classes, [Class::CutShort]);
    insta::assert_snapshot!(said(&stage, &report), @"
    error[cut-short]: cut short by the end of the run
     --> shop.yaml:2:17
      |
    2 |   - { name: c0, get: /slow?ms=20000, timeout: 30s }
      |                 ^^^^^^^^^^^^^^^^^^^ expected an answer before the run's time was over, found no answer within N time
      |
      = note: GET https://localhost:PORT/slow?ms=20000 was not answered (N time)
    ");
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

#[tokio::test]
async fn a_secret_is_in_no_part_of_the_report() {
    let stage = stage().await;
    let text = "
variables: { password: { env: SHOP_PASSWORD } }
checks:
  - name: it comes back in the answer and in the URL
    writes: true
    post: /echo
    query: { p: '{{ password }}' }
    json: { password: '{{ password }}' }
    expect: { status: 500, json: { $.body: nothing, $.query: '{{ password }}' } }
";
    let report = report(&stage, text).await;
    let json = serde_json::to_string(&report::render::json::JsonReport::new(&report)).unwrap();
    assert!(json.contains("***"));
    assert!(!json.contains("correct-horse"), "{json}");
    assert!(!format!("{report:?}").contains("correct-horse"));
}
