//! What the log holds, and what it never holds.

use rehearsal::{ApiFault, Defect, Output};
use serde_json::Value;

use crate::support::{Invoked, Trial, checks};

/// Every line is what Lambda's filter wants.
#[track_caller]
fn assert_well_formed(invoked: &Invoked) {
    for line in &invoked.0.lines {
        assert_eq!(line.output, Output::Stdout, "{}", line.text);
    }
    let log = invoked.log();
    assert!(!log.is_empty());
    for line in log {
        let timestamp = line["timestamp"].as_str().unwrap();
        assert!(is_rfc_3339(timestamp), "{timestamp}");
        let level = line["level"].as_str().unwrap();
        assert!(["TRACE", "DEBUG", "INFO", "WARN", "ERROR"].contains(&level));
        assert!(line["message"].is_string(), "{line}");
        assert!(!line["message"].as_str().unwrap().contains('\n'), "{line}");
    }
}

/// `2026-11-23T20:06:31.123Z`.
fn is_rfc_3339(text: &str) -> bool {
    let shape: String = text
        .chars()
        .map(|c| if c.is_ascii_digit() { '0' } else { c })
        .collect();
    shape == "0000-00-00T00:00:00.000Z"
}

#[tokio::test]
async fn every_line_is_json_with_a_level_and_a_time() {
    let trial = Trial::with_defect(Defect::OrdersAreEmpty).await;
    trial.fail_verdicts(1, ApiFault::Throttled);
    let (registered, invoked) = trial.gate().await;
    assert_well_formed(&invoked);
    let log = invoked.log();
    assert_eq!(log[0]["deployment"], registered.deployment_id.as_str());
    assert_eq!(log[0]["execution"].as_str().unwrap().len(), 8);
    assert!(log[0]["target"].is_string() && log[0]["version"].is_string());
    for line in &log {
        assert_eq!(line["requestId"], invoked.0.request_id.as_str(), "{line}");
    }
    assert!(!invoked.output().contains(&registered.execution_id));
}

#[tokio::test]
async fn each_check_has_a_line_and_passes_are_no_warnings() {
    let trial = Trial::with_defect(Defect::OrdersAreEmpty).await;
    let (_, invoked) = trial.gate().await;
    let passed = invoked.line("check", "the health endpoint answers");
    assert_eq!(
        (&passed["outcome"], &passed["level"]),
        (&"passed".into(), &"INFO".into())
    );
    assert!(passed["duration_ms"].is_u64());
    let failed = invoked.line("check", "a customer sees orders");
    assert_eq!(
        (&failed["outcome"], &failed["level"]),
        (&"failed".into(), &"WARN".into())
    );
}

#[tokio::test]
async fn lambdas_log_level_is_respected() {
    let levels = |invoked: &Invoked| -> Vec<Value> {
        invoked
            .log()
            .into_iter()
            .map(|line| line["level"].clone())
            .collect()
    };
    let trial = Trial::with_defect(Defect::OrdersAreEmpty)
        .await
        .set("SMOKE_METRICS", "off")
        .set("AWS_LAMBDA_LOG_LEVEL", "WARN");
    let (_, invoked) = trial.gate().await;
    assert_eq!(levels(&invoked), ["WARN", "ERROR"]);
    let trial = trial.set("AWS_LAMBDA_LOG_LEVEL", "FATAL");
    let (_, invoked) = trial.gate().await;
    assert_eq!(levels(&invoked), ["ERROR"]);
}

#[tokio::test]
async fn an_error_of_the_function_is_logged_once() {
    let trial = Trial::new().await;
    trial.fail_verdicts(1, ApiFault::AccessDenied);
    let (_, invoked) = trial.gate().await;
    assert_well_formed(&invoked);
    let errors = invoked.log();
    let errors = errors.iter().filter(|line| line["level"] == "ERROR");
    assert_eq!(errors.count(), 1);
}

#[tokio::test]
async fn no_secret_leaves_the_function() {
    const SECRET: &str = "s3cr3t/with \"quotes\" & more";
    let trial = Trial::new()
        .await
        .set("SMOKE_CHECKS", &checks("secret"))
        .set("SHOP_PASSWORD", SECRET)
        .set("AWS_LAMBDA_LOG_LEVEL", "TRACE");
    let outcome = trial.gate().await;
    trial.assert_failed(&outcome, "the password comes back");
    let invoked = outcome.1;
    assert_well_formed(&invoked);
    let mut texts: Vec<String> = invoked.0.lines.into_iter().map(|line| line.text).collect();
    texts.push(match invoked.0.outcome {
        rehearsal::InvocationOutcome::Returned(answer) => answer.to_string(),
        other => panic!("{other}"),
    });
    let all = texts.join("\n");
    assert!(all.contains("***"), "{all}");
    // Whatever the escapes between them, these words must not be there.
    for word in ["s3cr3t", "quotes"] {
        assert!(!all.contains(word), "{all}");
    }
}
