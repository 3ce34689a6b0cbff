//! `docs/report.schema.json` describes the JSON report as it is.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use report::render::json;
use report::{ForeignAnswers, Link, Problem, Refusal, Report, ReportContext};
use runner::settings::Limits;
use serde_json::Value;

use crate::support::{report, report_within, stage};

fn schema() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/report.schema.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// The schema with no member allowed that it does not name. For readers it
/// allows them, because members may be added.
fn strict(mut schema: Value) -> Value {
    fn close(value: &mut Value) {
        match value {
            Value::Object(members) => {
                members.values_mut().for_each(close);
                let is_type = members.get("type").is_some_and(|kind| kind == "object");
                if is_type && members.contains_key("properties") {
                    members.insert("additionalProperties".to_owned(), false.into());
                }
            }
            Value::Array(items) => items.iter_mut().for_each(close),
            _ => {}
        }
    }
    close(&mut schema);
    schema
}

fn validate(report: &Report) -> Value {
    let json = serde_json::to_value(json::JsonReport::new(report)).unwrap();
    let validator = jsonschema::validator_for(&strict(schema())).unwrap();
    let wrong: Vec<_> = validator
        .iter_errors(&json)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}\n{json:#}");
    json
}

#[tokio::test]
async fn real_reports_are_as_the_schema_says() {
    let stage = stage().await;
    let text = "
name: shop
checks:
  - { name: fine, get: /healthz, tags: [critical] }
  - { name: wrong, writes: true, post: /echo, json: { a: 1 }, expect: { status: 500, json: { $.b: 1 } } }
  - { name: not asked, get: '/slow?ms=20000', timeout: 100ms }
  - { name: over a WebSocket, websocket: /ws, writes: true, messages: [{ send: a, expect: { body: b } }] }
  - { name: a warning, get: /status/404, severity: warn }
  - name: of steps
    steps:
      - get: /status/500
      - get: /healthz
";
    let json = validate(&report(&stage, text).await);
    let steps = || {
        let checks = json["checks"].as_array().unwrap();
        checks
            .iter()
            .flat_map(|check| check["steps"].as_array().unwrap())
    };
    // Each member that can be absent is there at least once.
    for member in ["body", "failures", "request", "answer", "messages", "curl"] {
        assert!(steps().any(|step| step.get(member).is_some()), "{member}");
    }
    let limits = Limits {
        deadline: Some(Duration::ZERO),
        ..Limits::default()
    };
    let json = validate(&report_within(&stage, text, limits).await);
    assert_eq!(json["counts"]["not_run"], 6);
}

/// What the Lambda adds, and what it writes where no check was run.
#[tokio::test]
async fn what_is_known_beside_the_checks_is_as_the_schema_says() {
    let stage = stage().await;
    let text = "checks: [{ name: fine, get: /healthz }]";
    let mut report = report(&stage, text).await;
    report.context = ReportContext {
        notes: vec!["those in the package ran instead".to_owned()],
        deployment: BTreeMap::from([("id".to_owned(), "d-1".to_owned())]),
        reported: Some("accepted".to_owned()),
        proof: Some(Duration::from_millis(7)),
        foreign_answers: vec![ForeignAnswers {
            address: "10.0.0.1:8443".to_owned(),
            answers: 2,
            said: "`x-app-version: 1.0`".to_owned(),
        }],
        links: vec![Link {
            title: "log".to_owned(),
            url: "https://console.example".to_owned(),
        }],
    };
    let json = validate(&report);
    assert_eq!(
        (&json["verdict"], &json["proof_ms"]),
        (&"Succeeded".into(), &7.into())
    );
    report.checks.clear();
    report.refusal = Some(Refusal {
        reason: "a problem with the settings: x".to_owned(),
        problems: vec![Problem {
            text: "x".to_owned(),
            help: Some("y".to_owned()),
        }],
    });
    let json = validate(&report);
    assert_eq!(json["verdict"], "Failed");
    assert_eq!(json["reason"], "a problem with the settings: x");
    assert_eq!(json["problems"][0]["help"], "y");
}

#[test]
fn every_member_of_the_schema_is_described() {
    fn check(value: &Value) {
        if let Some(properties) = value.get("properties").and_then(Value::as_object)
            && value.get("type").is_some()
        {
            for (name, property) in properties {
                let described =
                    property.get("description").is_some() || property.get("$ref").is_some();
                assert!(described, "{name}");
                check(property);
            }
        }
        if let Some(items) = value.get("items") {
            check(items);
        }
    }
    let schema = schema();
    check(&schema);
    for definition in schema["$defs"].as_object().unwrap().values() {
        check(definition);
    }
}

#[test]
fn the_schema_names_the_version_of_the_format() {
    assert_eq!(schema()["properties"]["version"]["const"], json::VERSION);
}
