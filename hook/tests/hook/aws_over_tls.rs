//! AWS is asked over TLS, and believed only where the system's certificate
//! authorities vouch for it.

use std::time::Duration;

use rehearsal::{TlsFront, Verdict, WrongCertificate};

use crate::support::Trial;

/// A trial whose AWS shows this certificate, on a system that trusts the
/// authority of the stage.
async fn shown(wrong: Option<WrongCertificate>) -> (Trial, TlsFront) {
    let trial = Trial::new().await;
    let front = trial.stage.codedeploy_over_tls(wrong).await.unwrap();
    let authorities = trial.stage.ca_file().display().to_string();
    let trial = trial
        .set("AWS_ENDPOINT_URL", &front.url())
        .set("SSL_CERT_FILE", &authorities);
    (trial, front)
}

#[tokio::test]
async fn an_aws_that_the_system_trusts_is_told_the_verdict() {
    let (trial, _front) = shown(None).await;
    let (registered, invoked) = trial.gate().await;
    assert_eq!(invoked.answer()["reported"], "accepted");
    assert_eq!(trial.verdict(&registered), Some(Verdict::Succeeded));
}

#[tokio::test]
async fn an_aws_that_nobody_vouches_for_is_told_nothing() {
    for (wrong, why) in [
        (WrongCertificate::UnknownIssuer, "UnknownIssuer"),
        (WrongCertificate::OtherName, "not valid for name"),
        (WrongCertificate::Expired, "expired"),
    ] {
        let (trial, _front) = shown(Some(wrong)).await;
        let trial = trial.timeout(Duration::from_secs(3));
        let (_, invoked) = trial.gate().await;
        let error = invoked.error();
        assert!(error.contains("invalid peer certificate"), "{error}");
        assert!(error.contains(why), "{error}");
        assert!(trial.stage.codedeploy().calls().is_empty());
    }
}
