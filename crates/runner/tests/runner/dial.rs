//! A connection opened by hand, against a real TLS load balancer on loopback.

use std::time::Duration;

use client::connection::Connection;
use client::dial::{Dialer, Protocol};
use rehearsal::{Fault, Listener, Stage, WrongCertificate};
use tokio::time::Instant;
use url::Url;

use crate::support::{connection, stage};

/// Later than any of these tests takes.
fn end() -> Instant {
    Instant::now() + Duration::from_secs(30)
}

fn url(stage: &Stage) -> Url {
    stage.test_url().parse().unwrap()
}

#[tokio::test]
async fn a_connection_says_what_tls_agreed_on() {
    let stage = stage().await;
    let dialer = Dialer::new(&connection(&stage)).unwrap();
    let both = [Protocol::Http2, Protocol::Http1];
    let dialled = dialer.dial(&url(&stage), &both, end()).await.unwrap();
    let facts = dialled.tls.unwrap();
    assert_eq!(facts.version, "1.3");
    assert!(facts.cipher.starts_with("TLS13_"), "{}", facts.cipher);
    assert_eq!(facts.protocol.as_deref(), Some("h2"));
    assert!(dialled.phases.tls.is_some_and(|took| !took.is_zero()));

    let certificate = facts.certificate().unwrap();
    assert_eq!(certificate.issuer, "CN=Greenlight rehearsal authority");
    assert!(certificate.names.contains(&"shop.example.test".to_owned()));
    assert!(certificate.names.contains(&"127.0.0.1".to_owned()));
    let left = certificate.not_after.duration_since(jiff::Timestamp::now());
    assert!((28..=30).contains(&(left.as_hours() / 24)), "{left:?}");
}

#[tokio::test]
async fn only_what_is_offered_is_agreed_on() {
    let stage = stage().await;
    let dialer = Dialer::new(&connection(&stage)).unwrap();
    for (offer, agreed) in [
        (vec![Protocol::Http1], Some("http/1.1")),
        (vec![Protocol::Http2], Some("h2")),
        (Vec::new(), None),
    ] {
        let dialled = dialer.dial(&url(&stage), &offer, end()).await.unwrap();
        assert_eq!(dialled.tls.unwrap().protocol.as_deref(), agreed);
    }
}

#[tokio::test]
async fn another_address_is_dialled_for_the_name_of_the_target() {
    let stage = stage().await;
    let connection = Connection {
        target: "https://shop.example.test".parse().unwrap(),
        connect_to: Some(format!("127.0.0.1:{}", stage.test_port()).parse().unwrap()),
        ..connection(&stage)
    };
    let dialer = Dialer::new(&connection).unwrap();
    let url: Url = "https://shop.example.test/".parse().unwrap();
    let dialled = dialer.dial(&url, &[Protocol::Http1], end()).await.unwrap();
    assert!(dialled.tls.is_some());
}

#[tokio::test]
async fn a_connection_without_tls_has_no_facts_of_it() {
    let stage = stage().await;
    let dialer = Dialer::new(&connection(&stage)).unwrap();
    let url: Url = stage.app_url(rehearsal::Colour::Green).parse().unwrap();
    let dialled = dialer.dial(&url, &[], end()).await.unwrap();
    assert!(dialled.tls.is_none());
    assert_eq!(dialled.phases.tls, None);
}

#[tokio::test]
async fn a_certificate_that_is_not_to_be_trusted_is_refused() {
    let stage = stage().await;
    let dialer = Dialer::new(&connection(&stage)).unwrap();
    for (wrong, said) in [
        (WrongCertificate::Expired, "certificate expired"),
        (WrongCertificate::OtherName, "not valid for name"),
        (WrongCertificate::UnknownIssuer, "UnknownIssuer"),
    ] {
        let fault = Some(Fault::Certificate(wrong));
        stage.load_balancer().set_fault(Listener::Test, fault);
        let refused = dialer.dial(&url(&stage), &[], end()).await.unwrap_err();
        assert!(refused.to_string().contains(said), "{refused}");
    }
}

#[tokio::test]
async fn a_literal_link_local_address_is_refused() {
    let stage = stage().await;
    let dialer = Dialer::new(&connection(&stage)).unwrap();
    let url: Url = "http://169.254.169.254/latest/meta-data".parse().unwrap();
    let refused = dialer.dial(&url, &[], end()).await.unwrap_err();
    assert!(refused.to_string().contains("link-local"), "{refused}");
}
