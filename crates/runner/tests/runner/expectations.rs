//! What can be expected beside status, headers and body, against a real TLS
//! load balancer on loopback.

use std::time::Duration;

use client::connection::Connection;
use rehearsal::{Colour, Fault, Listener};
use report::{Class, Outcome};
use runner::settings::Limits;

use crate::support::{check, connection, fails, passes, report, report_of, said, stage};

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

#[tokio::test]
async fn another_host_can_be_named_in_each_version_of_http() {
    let stage = stage().await;
    for version in ["1.1", "2"] {
        passes(
            &stage,
            &format!(
                "get: /redirect-to?url=/echo\nfollow_redirects: true\nhttp: '{version}'\nheaders: {{ host: admin.example.com }}\nexpect: {{ version: '{version}', json: {{ $.headers.host: admin.example.com }} }}"
            ),
        )
        .await;
    }
    // Others still share the connection of the target.
    passes(
        &stage,
        "get: /echo\nexpect: { json: { $.headers.host: { starts_with: localhost } } }",
    )
    .await;
    let unfit = "steps:\n- get: /catalogue\n  capture: { a: { json: '$.items[0].name' } }\n- get: /echo\n  headers: { host: '{{ a }}' }";
    insta::assert_snapshot!(fails(&stage, unfit).await);
}

#[tokio::test]
async fn the_certificate_and_the_version_of_tls_can_be_expected() {
    let stage = stage().await;
    passes(
        &stage,
        r#"
get: /echo
expect:
  version: "2"
  tls:
    version: "1.3"
    issuer: { contains: rehearsal authority, starts_with: CN= }
    subject: { exists: true }
    names: { contains: shop.example.test, count: { at_least: 2 } }
    expires_in: { above: 14d, below: 60d }
"#,
    )
    .await;
    let said = fails(
        &stage,
        r#"
get: /healthz
expect:
  tls:
    version: "1.2"
    names: { contains: other.example.test }
    expires_in: { above: 400d }
"#,
    )
    .await;
    // How long that is depends on the hour.
    let (before, after) = said.split_once("above 400 d, found ").unwrap();
    let after = &after[after.find('\n').unwrap()..];
    let said = format!("{before}above 400 d, found DAYS d HOURS h{after}");
    insta::assert_snapshot!(said, @r#"
    error[wrong-answer]: unexpected version of TLS
     --> shop.yaml:6:18
      |
    6 |         version: "1.2"
      |                  ^^^^^ expected `"1.2"`, found `"1.3"`
    error[wrong-answer]: unexpected names in the certificate
     --> shop.yaml:7:18
      |
    7 |         names: { contains: other.example.test }
      |                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ expected something that contains `"other.example.test"`, found `["localhost","127.0.0.1","shop.example.test","green.example.test"]`
    error[wrong-answer]: unexpected time until the certificate expires
     --> shop.yaml:8:23
      |
    8 |         expires_in: { above: 400d }
      |                       ^^^^^^^^^^^ expected above 400 d, found DAYS d HOURS h
      |
      = note: GET https://localhost:PORT/healthz answered 200 (N time)
      = note: the answer begins: {"status":"ok"}
    "#);
}

#[tokio::test]
async fn without_tls_nothing_can_be_expected_of_it() {
    let stage = stage().await;
    let plain = Connection {
        target: stage.app_url(Colour::Green).parse().unwrap(),
        connect_to: None,
        cacert: None,
    };
    let text = check(
        "get: /healthz\nexpect: { tls: { version: '1.3' }, latency: { tls: { below: 1s }, total: { below: 10s } } }",
    );
    let report = report_of(&plain, &text, Limits::default()).await;
    let found: Vec<_> = report.checks[0]
        .failures()
        .map(|failure| failure.diagnostic.found.clone().unwrap())
        .collect();
    assert_eq!(found, ["a connection without it", "nothing"]);
}

#[tokio::test]
async fn latency_can_be_limited_by_phase() {
    let stage = stage().await;
    let slow = Fault::Slow {
        by: Duration::from_millis(300),
    };
    stage.load_balancer().set_fault(Listener::Test, Some(slow));
    let text = "get: /healthz\nexpect: { latency: { dns: { below: 5s }, connect: { below: 250ms }, tls: { below: 5s }, first_byte: { at_least: 300ms }, total: { at_least: 300ms } } }";
    let report = report(&stage, &check(text)).await;
    assert_eq!(report.checks[0].outcome, Outcome::Passed);
    let timing = report.checks[0].steps[0].timing.unwrap();
    assert!(timing.first_byte >= Duration::from_millis(300));
    assert!(timing.total >= timing.first_byte + timing.connect + timing.tls.unwrap());
    insta::assert_snapshot!(
        fails(
            &stage,
            "get: /healthz\nexpect: { latency: { first_byte: { below: 200ms } } }"
        )
        .await, @r#"
    error[wrong-answer]: unexpected latency of the first byte
     --> shop.yaml:4:40
      |
    4 |     expect: { latency: { first_byte: { below: 200ms } } }
      |                                        ^^^^^^^^^^^^ expected below N time, found N time
      |
      = note: GET https://localhost:PORT/healthz answered 200 (N time)
      = note: the answer begins: {"status":"ok"}
    "#);
}

#[tokio::test]
async fn a_request_over_its_own_connection_is_as_any_other() {
    let stage = stage().await;
    let before = stage.load_balancer().connections(Listener::Test);
    passes(
        &stage,
        r#"
steps:
  - post: /login
    json: { email: demo@example.com, password: correct-horse }
  - post: /echo?a=b
    json: { n: 1 }
    expect:
      latency: { connect: { below: 10s } }
      json:
        $.body: '{"n":1}'
        $.query.a: b
        $.headers.cookie: { starts_with: session= }
        $.headers['user-agent']: { starts_with: greenlight/ }
        $.headers.host: { starts_with: "localhost:" }
  - get: /redirect/2
    follow_redirects: true
    expect: { tls: { version: "1.3" }, json: { $.redirected: true } }
"#,
    )
    .await;
    // One for the login, and one for each request after it.
    let opened = stage.load_balancer().connections(Listener::Test) - before;
    assert_eq!(opened, 1 + 1 + 3);
}

#[tokio::test]
async fn what_goes_wrong_over_an_own_connection_is_said_in_the_same_words() {
    let stage = stage().await;
    for (fault, class) in [
        (Fault::Refuse, Class::CouldNotAsk),
        (Fault::BrokenTls, Class::CouldNotAsk),
        (Fault::NoAnswer, Class::CouldNotAsk),
        (Fault::ShortBody, Class::CouldNotAsk),
        (Fault::EndlessBody, Class::WrongAnswer),
        (Fault::BlackHole, Class::CouldNotAsk),
    ] {
        stage.load_balancer().set_fault(Listener::Test, Some(fault));
        // What is too large is found however long that takes.
        let timeout = match class {
            Class::WrongAnswer => "50s",
            _ => "300ms",
        };
        let mut words = Vec::new();
        for expect in ["version: '2'", "latency: { dns: { below: 10s } }"] {
            let text = format!("get: /healthz\ntimeout: {timeout}\nexpect: {{ {expect} }}");
            let report = report(&stage, &check(&text)).await;
            let failure = report.checks[0].failures().next().unwrap();
            assert_eq!(failure.class, class, "{fault:?}");
            let diagnostic = &failure.diagnostic;
            words.push((diagnostic.title.clone(), diagnostic.found.clone()));
        }
        assert_eq!(words[0], words[1], "{fault:?}");
    }
}

#[tokio::test]
async fn a_cookie_s_attributes_can_be_expected() {
    let stage = stage().await;
    passes(
        &stage,
        "
get: /cookies
expect:
  cookies:
    session:
      value: abc
      secure: true
      http_only: true
      same_site: lax
      path: /
      domain: localhost
      max_age: { above: 1h, at_most: 2h }
    theme: { path: /shop, secure: false, max_age: { exists: false }, domain: { exists: false } }
    other: { path: { exists: false } }
",
    )
    .await;
    insta::assert_snapshot!(
        fails(
            &stage,
            "
get: /cookies
expect:
  cookies:
    session: { same_site: strict, max_age: { above: 30d } }
    theme: { secure: true }
    other: { http_only: true }
"
        )
        .await, @r#"
    error[wrong-answer]: unexpected `same_site` of the cookie `session`
     --> shop.yaml:6:31
      |
    6 |         session: { same_site: strict, max_age: { above: 30d } }
      |                               ^^^^^^ expected `"strict"`, found `"lax"`
    error[wrong-answer]: unexpected `max_age` of the cookie `session`
     --> shop.yaml:6:50
      |
    6 |         session: { same_site: strict, max_age: { above: 30d } }
      |                                                  ^^^^^^^^^^ expected above 30 d, found 2 h 00 m
    error[wrong-answer]: unexpected `secure` of the cookie `theme`
     --> shop.yaml:7:26
      |
    7 |         theme: { secure: true }
      |                          ^^^^ expected `true`, found `false`
    error[wrong-answer]: unexpected `http_only` of the cookie `other`
     --> shop.yaml:8:29
      |
    8 |         other: { http_only: true }
      |                             ^^^^ expected `true`, found nothing
      |
      = note: GET https://localhost:PORT/cookies answered 200 (N time)
    "#);
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
async fn the_way_through_redirects_can_be_expected_and_captured() {
    let stage = stage().await;
    passes(
        &stage,
        r#"
steps:
  - get: /redirect/2
    follow_redirects: true
    expect:
      redirects: [/redirect/1, /redirect/0]
      url: /redirect/0
    capture: { landed: url, issuer: { tls: issuer } }
  - get: "{{ landed }}"
    headers: { x-issuer: "{{ issuer }}" }
    expect: { redirects: { count: 0 }, url: "{{ landed }}" }
"#,
    )
    .await;
    insta::assert_snapshot!(fails(&stage, "get: /old-shop\nfollow_redirects: true\nexpect: { redirects: { contains: /login }, url: { ends_with: /login } }").await, @r#"
    error[wrong-answer]: unexpected redirects
     --> shop.yaml:5:28
      |
    5 |     expect: { redirects: { contains: /login }, url: { ends_with: /login } }
      |                            ^^^^^^^^^^^^^^^^ expected something that contains `"/login"`, found `["/catalogue"]`
    error[wrong-answer]: unexpected URL
     --> shop.yaml:5:55
      |
    5 |     expect: { redirects: { contains: /login }, url: { ends_with: /login } }
      |                                                       ^^^^^^^^^^^^^^^^^ expected text that ends with `"/login"`, found `"/catalogue"`
      |
      = note: GET https://localhost:PORT/catalogue answered 200 (N time)
      = note: the answer begins: {"count":8,"items":[{"id":"espresso-cup","name":"Espresso cup","price_cents":1250,"currency":"EUR","category":"cups","in_stock":true,"tags":["porcelain","small"]},{"id":"cappuccino-cup","name":"Cappuccino cup","price_cents":1490,"currency":"EUR","category":"cups","in_stock":true,"tags":["porcelain"]},{"id":"travel-mug","name":"Travel mug","price_cents":2400,"currency":"EUR","category":"cups","in_s…
    "#);
}

#[tokio::test]
async fn the_phases_stand_in_the_reports() {
    let stage = stage().await;
    let report = report(
        &stage,
        &check("get: /healthz\nexpect: { latency: { tls: { below: 10s } } }"),
    )
    .await;
    let json = serde_json::to_value(report::render::json::JsonReport::new(&report)).unwrap();
    let timing = &json["checks"][0]["steps"][0]["timing"];
    for phase in [
        "dns_ms",
        "connect_ms",
        "tls_ms",
        "first_byte_ms",
        "total_ms",
    ] {
        assert!(timing[phase].is_number(), "{json}");
    }
    let html = report::render::html::render(&report);
    assert!(html.contains("<div class=\"phases\">"));
    assert!(html.contains("first byte "));
}

#[tokio::test]
async fn another_address_is_dialled_for_an_own_connection_too() {
    let stage = stage().await;
    let detoured = Connection {
        target: "https://shop.example.test".parse().unwrap(),
        connect_to: Some(format!("127.0.0.1:{}", stage.test_port()).parse().unwrap()),
        ..connection(&stage)
    };
    let text = check(
        "get: /echo\nexpect: { tls: { version: '1.2' }, json: { $.headers.host: shop.example.test } }",
    );
    let report = report_of(&detoured, &text, Limits::default()).await;
    let said = said(&stage, &report);
    assert!(
        said.contains("version of TLS") && !said.contains("JSON at"),
        "{said}"
    );
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
