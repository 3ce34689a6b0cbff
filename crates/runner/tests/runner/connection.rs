//! What is known of a connection: its phases, TLS, the host and the address that
//! it leads to.

use std::time::Duration;

use client::connection::Connection;
use rehearsal::{Colour, Fault, Listener};
use report::{Class, Outcome};
use runner::settings::Limits;

use crate::support::{check, connection, fails, passes, report, report_of, said, stage};

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
