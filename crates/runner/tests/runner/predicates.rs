//! What an answer must be like, and what a failure says of it.

use report::Class;

use crate::support::{self, check, fails, passes, report, stage};

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

#[tokio::test]
async fn every_value_of_a_header_can_be_judged() {
    let stage = stage().await;
    passes(
        &stage,
        "get: /cookies\nexpect: { headers: { link: { count: 2, each: { ends_with: rel=preload }, contains: 'style.css>; rel=preload, <' }, vary: { exists: false, count: 0 } } }",
    )
    .await;
    insta::assert_snapshot!(
        fails(
            &stage,
            "get: /cookies\nexpect: { headers: { link: { count: 1, each: { contains: style } } } }"
        )
        .await, @r#"
    error[wrong-answer]: unexpected values of the header `link`
     --> shop.yaml:4:34
      |
    4 |     expect: { headers: { link: { count: 1, each: { contains: style } } } }
      |                                  ^^^^^^^^ expected a count of `1`, found 2
    error[wrong-answer]: unexpected values of the header `link`
     --> shop.yaml:4:44
      |
    4 |     expect: { headers: { link: { count: 1, each: { contains: style } } } }
      |                                            ^^^^^^^^^^^^^^^^^^^^^^^^^ expected of each element: something that contains `"style"`, found `"</script.js>; rel=preload"` at index 1
      |
      = note: GET https://localhost:PORT/cookies answered 200 (N time)
    "#);
}

#[tokio::test]
async fn the_elements_of_a_list_can_be_unique_and_sorted() {
    let stage = stage().await;
    passes(
        &stage,
        r#"
post: /json-echo
json: { none: [], one: [{}], ids: [a, b, ä], prices: [24, 12.5, 12.5, 1], more: [1, "1", 1.5] }
expect:
  headers: { content-type: { unique: true, sorted: asc } }
  json:
    $.none: { unique: true, sorted: asc }
    $.one: { unique: true, sorted: desc }
    $.ids: { unique: true, sorted: asc, not: { sorted: desc } }
    $.prices: { unique: false, sorted: desc }
    "$.prices[0:2]": { unique: true }
    $.more: { unique: true, not: { sorted: asc } }
"#,
    )
    .await;
    let said = fails(
        &stage,
        r#"
post: /json-echo
json: { ids: [cup, mug, pot, mug], prices: [3, 10, 9], mixed: [1, "2"], maps: [{}, {}], text: cup }
expect:
  json:
    $.ids: { unique: true, sorted: asc }
    $.prices: { sorted: asc, unique: false }
    "$.prices[1:]": { sorted: asc }
    $.mixed: { sorted: asc }
    $.maps: { sorted: desc, unique: true }
    $.text: { sorted: asc, unique: true }
    $.nowhere: { sorted: asc }
"#,
    )
    .await;
    insta::assert_snapshot!(said);
    passes(
        &stage,
        r#"
get: /orders.html
expect: { css: { "ul.orders > li": { unique: true } }, xpath: { "//li/a/@href": { sorted: asc } } }
"#,
    )
    .await;
}
