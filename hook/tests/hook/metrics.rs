//! The line of metrics is what CloudWatch takes for metrics.

use std::time::{SystemTime, UNIX_EPOCH};

use rehearsal::{ApiFault, Defect};
use serde_json::{Value, json};

use crate::support::{Invoked, Trial};

/// The rules of the specification that a schema can hold.
///
/// Source: [embedded metric format](https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html).
fn rules() -> Value {
    let name = json!({"type": "string", "minLength": 1, "maxLength": 255});
    json!({
        "type": "object",
        "required": ["_aws"],
        "properties": {"_aws": {
            "type": "object",
            "required": ["Timestamp", "CloudWatchMetrics"],
            "additionalProperties": false,
            "properties": {
                "Timestamp": {"type": "integer", "minimum": 0},
                "CloudWatchMetrics": {"type": "array", "minItems": 1, "items": {
                    "type": "object",
                    "required": ["Namespace", "Dimensions", "Metrics"],
                    "additionalProperties": false,
                    "properties": {
                        "Namespace": {"type": "string", "pattern": "^[A-Za-z0-9._/#-]{1,255}$"},
                        "Dimensions": {"type": "array", "minItems": 1, "items": {
                            "type": "array", "maxItems": 9, "uniqueItems": true, "items": name,
                        }},
                        "Metrics": {"type": "array", "minItems": 1, "maxItems": 100, "items": {
                            "type": "object",
                            "required": ["Name", "Unit"],
                            "additionalProperties": false,
                            "properties": {
                                "Name": name,
                                "Unit": {"enum": ["Milliseconds", "Count", "None"]},
                            },
                        }},
                    },
                }},
            },
        }},
    })
}

/// The one line of metrics of an invocation, which keeps the rules.
#[track_caller]
fn metrics(invoked: &Invoked) -> Value {
    let log = invoked.log();
    let mut lines = log.iter().filter(|line| line.get("_aws").is_some());
    let line = lines.next().unwrap().clone();
    assert!(lines.next().is_none(), "{log:#?}");
    let wrong: Vec<_> = jsonschema::validator_for(&rules())
        .unwrap()
        .iter_errors(&line)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}\n{line:#}");
    let directive = &line["_aws"]["CloudWatchMetrics"][0];
    for metric in directive["Metrics"].as_array().unwrap() {
        let target = &line[metric["Name"].as_str().unwrap()];
        assert!(target.is_number(), "{metric}: {target}");
    }
    for key in directive["Dimensions"].as_array().unwrap() {
        for key in key.as_array().unwrap() {
            let target = line[key.as_str().unwrap()].as_str().unwrap();
            assert!((1..=1024).contains(&target.len()), "{key}: {target}");
        }
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let stamp = line["_aws"]["Timestamp"].as_u64().unwrap();
    assert!(u128::from(stamp).abs_diff(now.as_millis()) < 60_000);
    line
}

/// The values of the metrics, without the times.
fn values(line: &Value) -> [i64; 5] {
    [
        "Verdict",
        "ChecksPassed",
        "ChecksFailed",
        "ChecksWarned",
        "ChecksNotRun",
    ]
    .map(|name| line[name].as_i64().unwrap())
}

#[tokio::test]
async fn a_verdict_is_a_line_of_metrics() {
    let trial = Trial::new().await;
    let (registered, invoked) = trial.gate().await;
    let line = metrics(&invoked);
    assert_eq!(values(&line), [1, 2, 0, 0, 0]);
    let directive = &line["_aws"]["CloudWatchMetrics"][0];
    assert_eq!(directive["Namespace"], "Greenlight");
    assert_eq!(
        directive["Dimensions"],
        json!([[], ["Application", "DeploymentGroup"]])
    );
    assert_eq!(line["deployment"], registered.deployment_id.as_str());
    let duration = line["Duration"].as_u64().unwrap();
    let proof = line["ProofTime"].as_u64().unwrap();
    assert!(proof <= duration && duration < 60_000, "{line}");
    // What the log says of the proof is the same.
    let said = invoked.line("proof", "full");
    assert!(said["proof_ms"].as_u64().unwrap().abs_diff(proof) < 1000);
}

#[tokio::test]
async fn a_verdict_against_green_is_counted_too() {
    let trial = Trial::with_defect(Defect::OrdersAreEmpty).await;
    let (_, invoked) = trial.gate().await;
    assert_eq!(values(&metrics(&invoked)), [0, 1, 1, 0, 0]);
}

#[tokio::test]
async fn what_kept_the_checks_from_running_is_a_verdict_as_well() {
    let trial = Trial::new().await.set("SMOKE_JOBS", "many");
    let (_, invoked) = trial.gate().await;
    let line = metrics(&invoked);
    assert_eq!(values(&line), [0; 5]);
    assert!(line.get("ProofTime").is_none(), "{line}");
    assert_eq!(
        line["_aws"]["CloudWatchMetrics"][0]["Dimensions"],
        json!([[]])
    );
    // What the proof has learned until it failed is there.
    let trial = Trial::new().await;
    let api = trial.stage.codedeploy();
    api.fail("DescribeRules", 1, ApiFault::AccessDenied);
    let (_, invoked) = trial.gate().await;
    let line = metrics(&invoked);
    assert_eq!(values(&line), [0; 5]);
    assert!(line["ProofTime"].is_u64() && line["Application"].is_string());
}

#[tokio::test]
async fn an_invocation_that_ends_in_an_error_has_its_line() {
    let trial = Trial::new().await;
    trial.fail_verdicts(1, ApiFault::AccessDenied);
    let (_, invoked) = trial.gate().await;
    invoked.error();
    assert_eq!(metrics(&invoked)["Verdict"], 1);
    let invoked = trial.invoke(json!([1])).await;
    invoked.error();
    assert_eq!(metrics(&invoked)["Verdict"], 0);
}

#[tokio::test]
async fn the_namespace_is_a_setting_and_so_is_silence() {
    let trial = Trial::new().await.set("SMOKE_METRICS", "Shop/Gate");
    let (_, invoked) = trial.gate().await;
    let line = metrics(&invoked);
    assert_eq!(
        line["_aws"]["CloudWatchMetrics"][0]["Namespace"],
        "Shop/Gate"
    );
    let trial = trial.set("SMOKE_METRICS", "off");
    let (_, invoked) = trial.gate().await;
    assert!(!invoked.output().contains("CloudWatchMetrics"));
    let trial = Trial::new().await.set("SMOKE_METRICS", "AWS/Lambda");
    let outcome = trial.gate().await;
    trial.assert_failed(&outcome, "`SMOKE_METRICS`: expected a namespace");
}

/// Lambda drops lines below the level that the function is set to, and one
/// whose level it cannot read counts as INFO.
#[tokio::test]
async fn lambdas_filter_lets_the_metrics_through_at_any_level() {
    for (set, level) in [
        ("TRACE", "INFO"),
        ("WARN", "WARN"),
        ("ERROR", "ERROR"),
        ("FATAL", "FATAL"),
    ] {
        let trial = Trial::new().await.set("AWS_LAMBDA_LOG_LEVEL", set);
        let (_, invoked) = trial.gate().await;
        assert_eq!(metrics(&invoked)["level"], level);
    }
}
