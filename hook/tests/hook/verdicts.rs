//! What the gate decides.

use std::time::Duration;

use rehearsal::{Defect, Fault, Listener, Verdict};

use crate::support::{Trial, checks};

#[tokio::test]
async fn a_healthy_green_succeeds_and_codedeploy_is_told_once() {
    let trial = Trial::new().await;
    let (registered, invoked) = trial.gate().await;
    let answer = invoked.answer();
    assert_eq!(trial.verdict(&registered), Some(Verdict::Succeeded));
    assert_eq!(trial.verdicts().len(), 1);
    assert_eq!(answer["verdict"], "Succeeded");
    assert_eq!(answer["reported"], "accepted");
    assert_eq!(answer["report"]["counts"]["passed"], 2);
    assert_eq!(answer["report"]["verdict"], "Succeeded");
    assert_eq!(invoked.line("verdict", "Succeeded")["level"], "INFO");
}

#[tokio::test]
async fn a_broken_green_fails_and_the_reason_names_the_check_and_the_line() {
    let trial = Trial::with_defect(Defect::OrdersAreEmpty).await;
    let outcome = trial.gate().await;
    trial.assert_failed(&outcome, "a customer sees orders");
    // Line and column of the expectation in the check file.
    trial.assert_failed(&outcome, "shop.yaml:23:");
    let line = outcome.1.line("check", "a customer sees orders");
    assert_eq!(line["outcome"], "failed");
    assert_eq!(line["class"], "wrong-answer");
    assert!(line["place"].as_str().unwrap().contains("shop.yaml:23:"));
    assert!(
        line["expected"].is_string() && line["found"].is_string(),
        "{line}"
    );
}

#[tokio::test]
async fn malformed_check_files_fail_before_any_request() {
    let trial = Trial::new().await.set("SMOKE_CHECKS", &checks("malformed"));
    let outcome = trial.gate().await;
    trial.assert_failed(&outcome, "problems with the check files; the first: ");
    assert_eq!(trial.requests(), 0);
    let answer = outcome.1.answer();
    assert!(answer["report"].is_null());
    let problems = answer["problems"].as_array().unwrap();
    assert!(problems.len() >= 2, "{answer}");
    for problem in problems {
        assert!(
            problem.as_str().unwrap().contains("malformed.yaml:"),
            "{problem}"
        );
    }
    let logged = outcome.1.log();
    let logged = logged.iter().filter(|line| {
        line["level"] == "ERROR"
            && line["message"]
                .as_str()
                .unwrap()
                .contains("malformed.yaml:")
            && line["verdict"].is_null()
    });
    assert_eq!(logged.count(), problems.len());
}

#[tokio::test]
async fn a_package_without_checks_fails() {
    let trial = Trial::new().await.unset("SMOKE_CHECKS");
    let root = trial.stage.folder().display().to_string();
    let trial = trial.set("LAMBDA_TASK_ROOT", &root);
    let outcome = trial.gate().await;
    trial.assert_failed(&outcome, "/checks` cannot be read");
    assert_eq!(trial.requests(), 0);
}

#[tokio::test]
async fn checks_that_stand_beside_the_binary_are_found() {
    let trial = Trial::new().await.unset("SMOKE_CHECKS");
    let folder = trial.stage.folder().join("checks");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(
        folder.join("a.yaml"),
        "checks:\n  - name: up\n    get: /healthz\n",
    )
    .unwrap();
    let root = trial.stage.folder().display().to_string();
    let trial = trial.set("LAMBDA_TASK_ROOT", &root);
    let (registered, invoked) = trial.gate().await;
    assert_eq!(
        trial.verdict(&registered),
        Some(Verdict::Succeeded),
        "{}",
        invoked.output()
    );
}

#[tokio::test]
async fn a_target_that_refuses_connections_fails() {
    let trial = Trial::new().await;
    trial
        .stage
        .load_balancer()
        .set_fault(Listener::Test, Some(Fault::Refuse));
    let outcome = trial.gate().await;
    trial.assert_failed(&outcome, "no connection");
    let line = outcome.1.line("check", "the health endpoint answers");
    assert_eq!(line["class"], "could-not-ask");
}

#[tokio::test]
async fn a_black_hole_fails_before_lambda_ends_the_function() {
    let trial = Trial::new().await.timeout(Duration::from_secs(3));
    trial
        .stage
        .load_balancer()
        .set_fault(Listener::Test, Some(Fault::BlackHole));
    let outcome = trial.gate().await;
    trial.assert_failed(&outcome, "the health endpoint answers");
    assert!(outcome.1.0.duration < Duration::from_secs(3));
    // The report is there although the time was short.
    assert!(outcome.1.answer()["report"].is_object());
}

#[tokio::test]
async fn a_deadline_of_the_settings_ends_the_run() {
    let trial = Trial::new().await.set("SMOKE_DEADLINE", "300ms");
    trial
        .stage
        .load_balancer()
        .set_fault(Listener::Test, Some(Fault::NoAnswer));
    let outcome = trial.gate().await;
    trial.assert_failed(&outcome, "failed");
    assert!(outcome.1.0.duration < Duration::from_secs(4));
}

#[tokio::test]
async fn a_selection_that_selects_nothing_fails() {
    let trial = Trial::new().await.set("SMOKE_TAG", "absent");
    let outcome = trial.gate().await;
    trial.assert_failed(&outcome, "no check is selected");
    assert_eq!(trial.requests(), 0);
}

#[tokio::test]
async fn tags_and_variables_are_heard() {
    let trial = Trial::new()
        .await
        .set("SMOKE_TAG", "critical")
        .set("SMOKE_VAR_password", "wrong");
    let outcome = trial.gate().await;
    trial.assert_failed(&outcome, "1 of 1 checks failed");
}
