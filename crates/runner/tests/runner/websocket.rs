//! A WebSocket through a real TLS load balancer on loopback: what is said, what
//! is expected, and everything that can go wrong on the way.

use std::time::Duration;

use client::connection::Connection;
use diagnostic::snippet::Colour;
use rehearsal::{Fault, Listener, Stage};
use report::render::{self, html, json, junit, tap};
use report::{Class, Outcome, Report};
use runner::settings::Limits;

use crate::support::{
    self, check, connection, passes, report, report_of, report_within, said, stage,
};

/// What is said of a check that fails in one way.
async fn fails(stage: &Stage, text: &str, class: Class) -> String {
    let report = report(stage, &check(text)).await;
    let classes: Vec<_> = report.checks[0].failures().map(|f| f.class).collect();
    assert_eq!(classes, [class], "{text}\n{}", said(stage, &report));
    said(stage, &report)
}

#[tokio::test]
async fn messages_go_there_and_back_over_tls() {
    let stage = stage().await;
    passes(
        &stage,
        r#"
websocket: /ws
query: { source: smoke }
headers: { sec-websocket-protocol: "prices, other" }
expect:
  status: 101
  headers: { sec-websocket-protocol: prices, x-app-version: { exists: true } }
  version: "1.1"
  tls: { version: "1.3" }
  latency: { total: { below: 10s }, connect: { below: 10s } }
messages:
  - send: good morning
    expect: { body: good morning, size: 12 }
  - send: { subscribe: prices }
  - expect: { json: { $.type: subscribed, $.topic: prices } }
    capture: { topic: { json: $.topic, transform: "{{ value | upper }}" } }
  - expect: { json: { $.type: price, $.cents: { above: 0 } } }
    skip_others: true
    timeout: 5s
    capture: { item: { json: $.id }, all: body, cents: { regex: '"cents":(\d+)' } }
  - send: ["{{ topic }}", "{{ item }}", "{{ cents }}"]
    expect: { body: '["PRICES","espresso-cup","1250"]', json: { "$[*]": { count: 3 } } }
  - send: { close: 1008 }
  - expect: { close: 1008 }
"#,
    )
    .await;
}

#[tokio::test]
async fn what_is_captured_from_a_message_is_known_to_later_steps() {
    let text = r#"
checks:
  - name: a
    writes: true
    steps:
      - websocket: /ws
        messages:
          - send: { id: espresso-cup }
            capture: { id: { json: $.id } }
      - get: "/catalogue/{{ id }}"
        expect: { json: { $.id: espresso-cup } }
"#;
    let report = report(&stage().await, text).await;
    assert_eq!(report.checks[0].outcome, Outcome::Passed, "{report:#?}");
}

#[tokio::test]
async fn to_open_and_to_listen_needs_no_leave_to_write() {
    let text = "
checks:
  - { name: opens, websocket: /ws }
  - name: listens
    websocket: /ws/broken/flood
    messages: [{ expect: { body: '{}' } }, { expect: {} }]
  - { name: is refused, websocket: /status/403, expect: { status: 403, json: { $.status: 403 } } }
";
    let report = report(&stage().await, text).await;
    let outcomes: Vec<_> = report.checks.iter().map(|check| check.outcome).collect();
    assert_eq!(outcomes, [Outcome::Passed; 3], "{report:#?}");
}

#[tokio::test]
async fn defaults_and_logins_reach_the_request_that_opens_it() {
    let stage = stage().await;
    let text = "
defaults: { http: 2, follow_redirects: true, auth: { bearer: a-token } }
checks: [{ name: a, websocket: /ws, expect: { version: '1.1' } }, { name: b, websocket: /old-shop, expect: { status: 302 } }]
";
    let report = report(&stage, text).await;
    let outcomes: Vec<_> = report.checks.iter().map(|check| check.outcome).collect();
    assert_eq!(outcomes, [Outcome::Passed; 2], "{report:#?}");
    // What is sent shows where it is expected to fail.
    let text = text.replace("'1.1'", "'2'");
    let report = support::report(&stage, &text).await;
    let exchange = report.checks[0].steps[0].exchange.as_ref().unwrap();
    let sent = |name: &str| {
        exchange
            .request
            .headers
            .iter()
            .any(|(known, _)| known == name)
    };
    assert!(sent("authorization") && sent("sec-websocket-key") && sent("upgrade"));
}

#[tokio::test]
async fn what_does_not_open_is_a_wrong_answer() {
    let stage = stage().await;
    let mut texts = String::new();
    for path in [
        "/healthz",
        "/nothing",
        "/status/426",
        "/ws/broken/accept",
        "/ws/broken/protocol",
    ] {
        let said = fails(&stage, &format!("websocket: {path}"), Class::WrongAnswer).await;
        texts.push_str(&said);
        texts.push('\n');
    }
    insta::assert_snapshot!(texts);
}

#[tokio::test]
async fn a_refusal_that_is_expected_has_nobody_to_talk_to() {
    let step = "websocket: /status/401\nexpect: { status: 401 }\nmessages: [{ send: a }]";
    insta::assert_snapshot!(fails(&stage().await, step, Class::WrongAnswer).await);
}

#[tokio::test]
async fn wrong_messages_are_wrong_answers() {
    let stage = stage().await;
    let mut texts = String::new();
    for messages in [
        "[{ send: a }, { expect: { body: b } }]",
        "[{ send: a, expect: { json: { $.a: 1 } } }]",
        "[{ send: '{\"b\": 1}', expect: { json: { $.a: 1 } } }]",
        "[{ send: { subscribe: a }, expect: { json: { $.type: never } }, skip_others: true, timeout: 200ms }]",
        "[{ send: { close: 1011 }, expect: { body: b } }]",
        "[{ send: { close: 1011 }, expect: { close: 1000 } }]",
        "[{ send: a, expect: { close: 1000 } }]",
        "[{ send: '{}', capture: { a: { json: $.a } } }]",
    ] {
        let step = format!("websocket: /ws\nmessages: {messages}");
        texts.push_str(&fails(&stage, &step, Class::WrongAnswer).await);
        texts.push('\n');
    }
    insta::assert_snapshot!(texts);
}

#[tokio::test]
async fn a_server_that_misbehaves_is_told_from_one_that_is_wrong() {
    let stage = stage().await;
    let mut texts = String::new();
    for (how, class) in [
        ("vanish", Class::CouldNotAsk),
        ("drip", Class::CouldNotAsk),
        ("silent", Class::CouldNotAsk),
        ("garbage", Class::CouldNotAsk),
        ("not-text", Class::CouldNotAsk),
        ("huge", Class::WrongAnswer),
    ] {
        let step = format!(
            "websocket: /ws/broken/{how}\nmessages: [{{ send: a, expect: {{ body: b }}, timeout: 300ms }}]"
        );
        let step = match how {
            // Its message takes a while to come.
            "huge" => step.replace(", timeout: 300ms", ""),
            _ => step,
        };
        texts.push_str(&fails(&stage, &step, class).await);
        texts.push('\n');
    }
    insta::assert_snapshot!(texts);
}

#[tokio::test]
async fn a_message_that_its_values_do_not_fit_is_not_sent() {
    let step = "websocket: /ws\nmessages: [{ send: \"{{ ('a' | from_base64) }}\" }]";
    insta::assert_snapshot!(fails(&stage().await, step, Class::CouldNotAsk).await);
}

#[tokio::test]
async fn messages_that_never_end_are_not_passed_over_for_ever() {
    let step =
        "websocket: /ws/broken/flood\nmessages: [{ expect: { body: b }, skip_others: true }]";
    let said = fails(&stage().await, step, Class::WrongAnswer).await;
    assert!(said.contains("1000 messages of another kind"), "{said}");
}

#[tokio::test]
async fn the_end_of_the_run_cuts_a_conversation_short() {
    let text = check("websocket: /ws\nmessages: [{ send: { quiet: 1 } }, { expect: {} }]");
    let limits = Limits {
        deadline: Some(Duration::from_millis(500)),
        ..Limits::default()
    };
    let report = report_within(&stage().await, &text, limits).await;
    let classes: Vec<_> = report.checks[0].failures().map(|f| f.class).collect();
    assert_eq!(classes, [Class::CutShort]);
}

#[tokio::test]
async fn the_load_balancer_and_the_policy_of_connections_are_between() {
    let stage = stage().await;
    let text = check("websocket: /ws");
    let with_fault = async |fault, class| {
        stage.load_balancer().set_fault(Listener::Test, Some(fault));
        let step = "websocket: /ws\ntimeout: 1s";
        let said = fails(&stage, step, class).await;
        stage.load_balancer().set_fault(Listener::Test, None);
        said
    };
    with_fault(Fault::Refuse, Class::CouldNotAsk).await;
    with_fault(Fault::ResetOnRequest, Class::CouldNotAsk).await;
    with_fault(Fault::NoAnswer, Class::CouldNotAsk).await;
    with_fault(Fault::BrokenTls, Class::CouldNotAsk).await;
    with_fault(Fault::Status(502), Class::WrongAnswer).await;
    let certificate = Fault::Certificate(rehearsal::WrongCertificate::OtherName);
    let said = with_fault(certificate, Class::CouldNotAsk).await;
    assert!(said.contains("not valid for name"), "{said}");
    // The address that is dialled is one thing, the name another.
    let elsewhere = Connection {
        target: "https://shop.example.test".parse().unwrap(),
        connect_to: Some(format!("127.0.0.1:{}", stage.test_port()).parse().unwrap()),
        ..connection(&stage)
    };
    let report = report_of(&elsewhere, &text, Limits::default()).await;
    assert_eq!(report.checks[0].outcome, Outcome::Passed, "{report:#?}");
    let nowhere = Connection {
        connect_to: Some("169.254.169.254:80".parse().unwrap()),
        ..elsewhere
    };
    let report = report_of(&nowhere, &text, Limits::default()).await;
    let found = report.checks[0].failures().next().unwrap();
    let found = found.diagnostic.found.clone().unwrap();
    assert!(found.contains("a link-local address"), "{found}");
}

const SECRETS: &str = r#"
variables: { password: { env: SHOP_PASSWORD } }
checks:
  - name: a
    writes: true
    websocket: /ws
    messages:
      - send: { login: "{{ password }}" }
        expect: { json: { $.login: something else } }
"#;

fn everything(report: &Report) -> String {
    let json = serde_json::to_string(&json::JsonReport::new(report)).unwrap();
    let junit = junit::render(report).unwrap();
    let failures = render::failures(&report.checks[0], Colour::Never);
    [
        json,
        junit,
        html::render(report),
        tap::render(report),
        failures,
    ]
    .join("\n")
}

#[tokio::test]
async fn a_secret_in_a_message_is_in_no_output() {
    let stage = stage().await;
    let all = everything(&report(&stage, SECRETS).await);
    assert!(
        all.contains("login") && !all.contains("correct-horse"),
        "{all}"
    );
    // One that was captured, and comes back after that.
    let text = SECRETS
        .replace("expect: { json: { $.login: something else } }", "capture: { word: { json: $.login, secret: true } }\n      - send: 'word {{ word }}'\n        expect: { body: b }")
        .replace("\"{{ password }}\"", "cor-rect")
        .replace("variables: { password: { env: SHOP_PASSWORD } }", "");
    let all = everything(&report(&stage, &text).await);
    assert!(
        all.contains("word ***") && !all.contains("cor-rect"),
        "{all}"
    );
}

#[tokio::test]
async fn the_reports_show_what_was_said() {
    let stage = stage().await;
    let step = "websocket: /ws\nmessages: [{ send: { close: 4001 } , expect: { body: '<b>' } }]";
    let report = report(&stage, &check(step)).await;
    let json = serde_json::to_value(json::JsonReport::new(&report)).unwrap();
    insta::assert_json_snapshot!(json["checks"][0]["steps"][0]["messages"]);
    let junit = junit::render(&report).unwrap();
    assert!(
        junit.contains("[close]") && junit.contains("4001 as asked"),
        "{junit}"
    );
    let html = html::render(&report);
    assert!(
        html.contains("<i>received (close):</i> 4001 as asked"),
        "{html}"
    );
}
