//! What people read, in full.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::*;
use crate::render::json;

fn failed() -> Value {
    let failure = |title: &str, place: &str| {
        json!({"class": "wrong-answer", "title": title, "place": place,
               "expected": "`200`", "found": "`500`", "help": "look at the log"})
    };
    let check = |name: &str, failures: Value| {
        let step = json!({"name": "GET /", "method": "GET", "outcome": "failed", "attempts": 1,
               "start_ms": 0, "duration_ms": 5, "failures": failures,
               "curl": "curl --include \\\n  https://shop.example/"});
        entry(name, "failed", &json!([step]))
    };
    json!({
        "version": 1, "verdict": "Failed", "reason": "2 of 3 checks failed in 1.2 s",
        "target": "https://shop.example:8443", "started_at": "2026-11-23T12:00:00Z",
        "duration_ms": 1200, "reported": "accepted", "counts": counts(),
        "deployment": {"id": "d-ABCDEF123", "application": "shop", "group": "blue-green"},
        "links": [{"title": "CodeDeploy", "url": "https://console.example/d-ABCDEF123"}],
        "checks": [
            check("a", json!([failure("unexpected status", "shop.yaml:7:3"), failure("too slow", "shop.yaml:8:3")])),
            entry("fine", "passed", &json!([])),
            check("b", json!([failure("unexpected status", "shop.yaml:17:3")])),
        ],
    })
}

fn entry(name: &str, outcome: &str, steps: &Value) -> Value {
    json!({"suite": "shop", "role": "check", "name": name, "place": "shop.yaml:5:3", "tags": [],
           "severity": "required", "outcome": outcome, "start_ms": 0, "duration_ms": 5,
           "attempts": 1, "steps": steps})
}

fn counts() -> Value {
    json!({"total": 3, "passed": 1, "warned": 0, "failed": 2, "not_run": 0})
}

fn read(report: &Value) -> JsonReport<'static> {
    json::read(report.to_string().as_bytes()).unwrap()
}

#[test]
fn a_message_has_the_first_failed_expectation_and_counts_the_others() {
    assert_snapshot!(render_text(&read(&failed()), 1, Colour::Never));
}

#[test]
fn a_terminal_has_more_of_them_and_colours() {
    let report = read(&failed());
    assert_snapshot!(render_text(&report, 5, Colour::Never));
    let coloured = render_text(&report, 5, Colour::Always);
    assert!(
        coloured.starts_with("\u{1b}[1m\u{1b}[31mFailed"),
        "{coloured:?}"
    );
}

#[test]
fn what_kept_the_checks_from_running_is_said() {
    let report = json!({
        "version": 1, "verdict": "Failed", "reason": "2 problems with the settings; the first: x",
        "target": "", "started_at": "2026-11-23T12:00:00Z", "duration_ms": 2, "checks": [],
        "counts": counts(),
        "problems": [{"text": "x", "help": "write y"}, {"text": "z"}],
    });
    assert_snapshot!(render_text(&read(&report), 1, Colour::Never));
    let mut many = report.clone();
    many["problems"] = vec![json!({"text": "x"}); 12].into();
    let text = render_text(&read(&many), 1, Colour::Never);
    assert!(text.contains("\nand 2 more problems\n"), "{text}");
}

#[test]
fn a_subject_is_short_and_plain() {
    assert_eq!(
        render_subject(&read(&failed())),
        "Greenlight Failed: shop blue-green d-ABCDEF123"
    );
    let mut report = failed();
    report["deployment"]["application"] = format!("sh\u{f6}p\n{}", "x".repeat(200)).into();
    let subject = render_subject(&read(&report));
    assert_eq!(subject.len(), 100);
    assert!(
        subject.starts_with("Greenlight Failed: sh?p?xxx"),
        "{subject}"
    );
}

#[test]
fn whatever_the_report_holds_a_message_is_bounded_and_harmless() {
    const BOUND: usize = 256 * 1024;
    let mut report = failed();
    // Each alone is longer than the message may be.
    let huge = "\u{1b}[2J\u{1f600}\n".repeat(30_000);
    assert!(huge.len() > BOUND);
    report["reason"] = huge.clone().into();
    report["problems"] = vec![json!({"text": huge, "help": huge}); 50].into();
    for check in [0, 2] {
        let check = &mut report["checks"][check];
        check["name"] = huge.clone().into();
        check["steps"][0]["curl"] = huge.clone().into();
        for failure in check["steps"][0]["failures"].as_array_mut().unwrap() {
            for member in ["title", "place", "expected", "found", "help"] {
                failure[member] = huge.clone().into();
            }
        }
    }
    let text = render_text(&read(&report), 1, Colour::Never);
    assert!(text.len() < BOUND, "{}", text.len());
    assert!(!text.contains('\u{1b}'));
}

#[test]
fn what_is_no_report_is_not_explained() {
    let refuse = |text: &str| json::read(text.as_bytes()).unwrap_err();
    assert_snapshot!(refuse("<html>"), @"expected a JSON report of Greenlight: expected value at line 1 column 1");
    let mut report = failed();
    report["version"] = 2.into();
    assert_snapshot!(refuse(&report.to_string()), @"expected version 1 of the report, found 2: use the `smoke` of the release that wrote it");
}
