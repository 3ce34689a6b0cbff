//! Settings that are wrong do not keep CodeDeploy from being told.

use crate::support::Trial;

#[tokio::test]
async fn all_wrong_settings_are_reported_at_once() {
    let trial = Trial::new()
        .await
        .set("SMOKE_TARGET", "shop")
        .set("SMOKE_JOBS", "many")
        .set("SMOKE_DEADLIN", "5s");
    let outcome = trial.gate().await;
    trial.assert_failed(
        &outcome,
        "3 problems with the settings; the first: `SMOKE_DEADLIN`",
    );
    let problems = &outcome.1.answer()["problems"];
    assert_eq!(problems.as_array().unwrap().len(), 3);
    for (problem, name) in ["SMOKE_DEADLIN", "SMOKE_JOBS", "SMOKE_TARGET"]
        .iter()
        .enumerate()
    {
        assert!(
            problems[problem].as_str().unwrap().contains(name),
            "{problems}"
        );
    }
    assert_eq!(trial.requests(), 0);
}

#[tokio::test]
async fn no_settings_at_all_are_reported() {
    let trial = Trial::new().await.unset("SMOKE_TARGET");
    let outcome = trial.gate().await;
    trial.assert_failed(&outcome, "`SMOKE_TARGET`: expected a URL");
}

#[tokio::test]
async fn certificate_authorities_that_cannot_be_read_are_reported() {
    let trial = Trial::new().await.set("SMOKE_CACERT", "no-such.pem");
    let outcome = trial.gate().await;
    trial.assert_failed(&outcome, "`no-such.pem` cannot be read");
}

#[tokio::test]
async fn an_authority_that_did_not_sign_the_certificate_fails_the_checks() {
    let trial = Trial::new().await.unset("SMOKE_CACERT");
    let outcome = trial.gate().await;
    trial.assert_failed(&outcome, "ertificate");
}
