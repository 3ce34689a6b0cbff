//! Values of an answer that become variables, and what is expected of them.

use crate::support::{fails, passes, report, stage};

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
async fn something_can_be_expected_of_what_is_captured() {
    let stage = stage().await;
    passes(
        &stage,
        r#"
post: /json-echo
json: { id: ord-7, again: ord-7, tags: "a, b", at: "2030-01-31T00:00:00Z" }
capture:
  id: { json: $.id }
  number: { json: $.id, transform: "{{ value | regex('ord-([0-9]+)') | int }}" }
  tags: { json: $.tags, transform: "{{ value | split(', ') }}" }
  again: { json: $.again, secret: true }
expect:
  variables:
    number: { type: integer, above: 6 }
    tags: { count: 2, each: { matches: "^[ab]$" } }
    id: "{{ again }}"
"#,
    )
    .await;
    let said = fails(
        &stage,
        r#"
post: /json-echo
json: { pin: 4711-4711, tags: "a, b" }
capture:
  pin: { json: $.pin, secret: true }
  tags: { json: $.tags, transform: "{{ value | split(', ') }}" }
expect:
  variables:
    pin: { starts_with: x }
    tags: { count: 3 }
"#,
    )
    .await;
    insta::assert_snapshot!(said);
    // What was not captured is said once, by the capture.
    let said = fails(
        &stage,
        "get: /catalogue\ncapture: { a: { json: $.nowhere } }\nexpect: { variables: { a: 1 } }",
    )
    .await;
    insta::assert_snapshot!(said);
}

#[tokio::test]
async fn what_can_be_expected_of_the_whole_answer_can_be_captured() {
    let stage = stage().await;
    let text = "steps:
  - get: /healthz
    http: '1.1'
    capture: { version: version, size: size, sha256: sha256, took: latency, half: { from: size, transform: '{{ value / 2 }}' } }
  - get: /healthz
    expect: { size: '{{ size }}', sha256: '{{ sha256 }}' }
  - post: /json-echo
    json: { version: '{{ version }}', took: '{{ took }}', size: '{{ size }}', half: '{{ half }}' }
    expect:
      json:
        $.version: '1.1'
        $.took: { type: number, above: 0 }
        $.size: { type: integer, above: 0 }
        $.half: { above: 0, below: '{{ size }}' }";
    passes(&stage, text).await;
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
