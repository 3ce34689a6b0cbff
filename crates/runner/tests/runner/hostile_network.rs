//! Everything that can go wrong between a check and its answer ends in a
//! failed check that says what it was, in bounded time and memory.

use std::time::{Duration, Instant};

use client::connection::Connection;
use client::dial::DialerSetupError;
use client::http::{Client, ClientError};
use rehearsal::{Fault, Listener, Stage, WrongCertificate};
use report::{Class, Outcome};
use runner::settings::Limits;

use crate::support::{check, connection, report_of, said, scrub, stage};

/// What is said about one request while the test listener misbehaves.
async fn with_fault(fault: Fault, class: Class) -> String {
    let stage = stage().await;
    stage.load_balancer().set_fault(Listener::Test, Some(fault));
    let begun = Instant::now();
    let text = check("get: /healthz\ntimeout: 2s");
    let report = report_of(&connection(&stage), &text, Limits::default()).await;
    assert!(begun.elapsed() < Duration::from_secs(20));
    let classes: Vec<_> = report.checks[0].failures().map(|f| f.class).collect();
    assert_eq!(classes, [class]);
    said(&stage, &report)
}

async fn with_connection(stage: &Stage, change: impl FnOnce(&mut Connection)) -> String {
    let mut connection = connection(stage);
    change(&mut connection);
    let report = report_of(&connection, &check("get: /healthz"), Limits::default()).await;
    said(stage, &report)
}

#[tokio::test]
async fn a_closed_port() {
    insta::assert_snapshot!(with_fault(Fault::Refuse, Class::CouldNotAsk).await, @"
    error[could-not-ask]: no answer
     --> shop.yaml:3:5
      |
    3 |     get: /healthz
      |     ^^^^^^^^^^^^^ expected an answer, found no connection: 127.0.0.1:PORT: connection refused
      |
      = note: GET https://localhost:PORT/healthz was not answered (N time)
      = help: check the port, and that a listener is there; nothing accepts connections on it
    ");
}

#[tokio::test]
async fn a_connection_that_is_reset() {
    let said = with_fault(Fault::ResetOnAccept, Class::CouldNotAsk).await;
    assert!(said.contains("error[could-not-ask]: no answer"), "{said}");
    let said = with_fault(Fault::ResetOnRequest, Class::CouldNotAsk).await;
    assert!(said.contains("error[could-not-ask]: no answer"), "{said}");
}

#[tokio::test]
async fn a_connection_on_which_nothing_is_said() {
    insta::assert_snapshot!(with_fault(Fault::BlackHole, Class::CouldNotAsk).await, @"
    error[could-not-ask]: no answer
     --> shop.yaml:3:5
      |
    3 |     get: /healthz
      |     ^^^^^^^^^^^^^ expected an answer, found no connection: 127.0.0.1:PORT: no answer to the TLS handshake
      |
      = note: GET https://localhost:PORT/healthz was not answered (N time)
      = help: check that the security group of the load balancer lets this machine in on the port; raise `timeout` if the target is only slow
    ");
}

#[tokio::test]
async fn a_request_that_is_never_answered() {
    insta::assert_snapshot!(with_fault(Fault::NoAnswer, Class::CouldNotAsk).await, @"
    error[could-not-ask]: no answer
     --> shop.yaml:3:5
      |
    3 |     get: /healthz
      |     ^^^^^^^^^^^^^ expected an answer, found no answer within N time
      |
      = note: GET https://localhost:PORT/healthz was not answered (N time)
      = help: check that the security group of the load balancer lets this machine in on the port; raise `timeout` if the target is only slow
    ");
}

#[tokio::test]
async fn a_body_that_drips() {
    let drip = Fault::Drip {
        every: Duration::from_millis(50),
    };
    // How much came depends on the machine.
    let mut said = with_fault(drip, Class::CouldNotAsk).await;
    while said.contains("xx") {
        said = said.replace("xx", "x");
    }
    insta::assert_snapshot!(said, @"
    error[could-not-ask]: no whole answer
     --> shop.yaml:3:5
      |
    3 |     get: /healthz
      |     ^^^^^^^^^^^^^ expected a whole answer, found a body that did not end within N time
      |
      = note: GET https://localhost:PORT/healthz answered 200 (N time)
      = note: the answer begins: x
      = help: raise `timeout` if the answer is only slow
    ");
}

#[tokio::test]
async fn a_body_that_never_ends() {
    insta::assert_snapshot!(with_fault(Fault::EndlessBody, Class::WrongAnswer).await, @"
    error[wrong-answer]: too large an answer
     --> shop.yaml:3:5
      |
    3 |     get: /healthz
      |     ^^^^^^^^^^^^^ expected an answer that can be read whole, found a body of more than 2.0 MiB
      |
      = note: GET https://localhost:PORT/healthz answered 200 (N time)
      = note: the answer begins: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…
      = help: ask for less, such as one page of a list, or with `head` for status and headers alone
    ");
}

#[tokio::test]
async fn a_body_that_is_too_large() {
    let huge = Fault::HugeBody { mebibytes: 256 };
    insta::assert_snapshot!(with_fault(huge, Class::WrongAnswer).await, @"
    error[wrong-answer]: too large an answer
     --> shop.yaml:3:5
      |
    3 |     get: /healthz
      |     ^^^^^^^^^^^^^ expected an answer that can be read whole, found a body of more than 2.0 MiB
      |
      = note: GET https://localhost:PORT/healthz answered 200 (N time)
      = note: the answer begins: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…
      = help: ask for less, such as one page of a list, or with `head` for status and headers alone
    ");
}

/// What is said of an answer over each version of HTTP, over a connection that
/// is shared and over one of its own.
async fn with_every_connection(fault: Fault) {
    let stage = stage().await;
    stage.load_balancer().set_fault(Listener::Test, Some(fault));
    let begun = Instant::now();
    for http in ["", "http: '1.1'", "http: '2'"] {
        for expect in ["", "expect: { tls: { version: '1.3' } }"] {
            let text = check(&format!("get: /healthz\ntimeout: 10s\n{http}\n{expect}"));
            let report = report_of(&connection(&stage), &text, Limits::default()).await;
            let classes: Vec<_> = report.checks[0].failures().map(|f| f.class).collect();
            let said = said(&stage, &report);
            assert_eq!(classes, [Class::WrongAnswer], "{fault:?} {http}: {said}");
            for part in [
                "error[wrong-answer]: too large an answer",
                "expected an answer that can be read whole, \
                 found headers of more than 64 KiB, or more than 100 of them",
            ] {
                assert!(said.contains(part), "{fault:?} {http}: {said}");
            }
        }
    }
    assert!(begun.elapsed() < Duration::from_secs(40));
}

#[tokio::test]
async fn a_header_that_is_too_large() {
    with_every_connection(Fault::HugeHeader { kibibytes: 65 }).await;
    with_every_connection(Fault::HugeHeader { kibibytes: 128 }).await;
}

#[tokio::test]
async fn too_many_headers() {
    with_every_connection(Fault::ManyHeaders { count: 101 }).await;
    with_every_connection(Fault::ManyHeaders { count: 2_000 }).await;
}

#[tokio::test]
async fn headers_that_never_end() {
    with_every_connection(Fault::EndlessHeaders).await;
}

#[tokio::test]
async fn as_many_and_as_large_headers_as_may_be() {
    let stage = stage().await;
    // The listener adds a few of its own.
    for fault in [
        Fault::HugeHeader { kibibytes: 63 },
        Fault::ManyHeaders { count: 95 },
    ] {
        stage.load_balancer().set_fault(Listener::Test, Some(fault));
        for http in ["http: '1.1'", "http: '2'"] {
            let text = check(&format!("get: /healthz\n{http}"));
            let report = report_of(&connection(&stage), &text, Limits::default()).await;
            assert_eq!(report.checks[0].outcome, Outcome::Passed, "{fault:?}");
        }
    }
}

#[tokio::test]
async fn headers_of_a_websocket_that_never_end() {
    let stage = stage().await;
    let endless = Fault::EndlessHeaders;
    stage
        .load_balancer()
        .set_fault(Listener::Test, Some(endless));
    let report = report_of(
        &connection(&stage),
        &check("websocket: /ws"),
        Limits::default(),
    )
    .await;
    insta::assert_snapshot!(said(&stage, &report));
}

#[tokio::test]
async fn a_body_that_is_shorter_than_promised() {
    let stage = stage().await;
    let short = Some(Fault::ShortBody);
    stage.load_balancer().set_fault(Listener::Test, short);
    for (http, found) in [
        ("1.1", "the connection ended too early"),
        ("2", "the server reset the stream with `INTERNAL_ERROR`"),
    ] {
        let text = check(&format!("get: /healthz\nhttp: '{http}'"));
        let report = report_of(&connection(&stage), &text, Limits::default()).await;
        let said = said(&stage, &report);
        let found = format!("found a broken answer: {found}");
        assert!(said.contains(&found), "{said}");
    }
}

#[tokio::test]
async fn an_error_of_the_load_balancer_itself() {
    insta::assert_snapshot!(with_fault(Fault::Status(503), Class::WrongAnswer).await, @"
    error[wrong-answer]: unexpected status
     --> shop.yaml:3:5
      |
    3 |     get: /healthz
      |     ^^^^^^^^^^^^^ expected 2xx, found 503
      |
      = note: GET https://localhost:PORT/healthz answered 503 (N time)
      = note: the answer begins: <html> <head><title>503 Service Temporarily Unavailable</title></head> <body> <center><h1>503 Service Temporarily Unavailable</h1></center> </body> </html>
    ");
}

#[tokio::test]
async fn a_handshake_that_is_not_tls() {
    insta::assert_snapshot!(with_fault(Fault::BrokenTls, Class::CouldNotAsk).await, @"
    error[could-not-ask]: no answer
     --> shop.yaml:3:5
      |
    3 |     get: /healthz
      |     ^^^^^^^^^^^^^ expected an answer, found no connection: 127.0.0.1:PORT: received corrupt message of type InvalidContentType
      |
      = note: GET https://localhost:PORT/healthz was not answered (N time)
      = help: check the scheme and the port; what answers there speaks no TLS
    ");
}

#[tokio::test]
async fn an_expired_certificate() {
    let said = with_fault(
        Fault::Certificate(WrongCertificate::Expired),
        Class::CouldNotAsk,
    )
    .await;
    assert!(said.contains("found no connection: "), "{said}");
    assert!(said.contains("certificate expired"), "{said}");
}

#[tokio::test]
async fn a_certificate_for_another_name() {
    let said = with_fault(
        Fault::Certificate(WrongCertificate::OtherName),
        Class::CouldNotAsk,
    )
    .await;
    assert!(
        said.contains("certificate not valid for name \"localhost\""),
        "{said}"
    );
}

#[tokio::test]
async fn a_certificate_of_an_unknown_issuer() {
    let said = with_fault(
        Fault::Certificate(WrongCertificate::UnknownIssuer),
        Class::CouldNotAsk,
    )
    .await;
    assert!(
        said.contains("invalid peer certificate: UnknownIssuer"),
        "{said}"
    );
}

#[tokio::test]
async fn a_certificate_that_only_the_system_could_vouch_for() {
    let stage = stage().await;
    let said = with_connection(&stage, |connection| connection.cacert = None).await;
    assert!(said.contains("invalid peer certificate"), "{said}");
}

#[tokio::test]
async fn a_name_that_does_not_resolve() {
    let stage = stage().await;
    let said = with_connection(&stage, |connection| {
        connection.target = "https://nowhere.invalid".parse().unwrap();
    })
    .await;
    assert!(
        said.contains("`nowhere.invalid` does not resolve"),
        "{said}"
    );
    let said = with_connection(&stage, |connection| {
        connection.connect_to = Some("nowhere.invalid".parse().unwrap());
    })
    .await;
    assert!(
        said.contains("`nowhere.invalid` does not resolve"),
        "{said}"
    );
}

#[tokio::test]
async fn an_address_where_clouds_keep_their_secrets() {
    let stage = stage().await;
    let said = with_connection(&stage, |connection| {
        connection.connect_to = Some("169.254.169.254:80".parse().unwrap());
    })
    .await;
    assert!(
        said.contains("169.254.169.254, a link-local address"),
        "{said}"
    );
}

#[tokio::test]
async fn a_load_balancer_without_targets() {
    let stage = stage().await;
    stage.load_balancer().forward(Listener::Test, None);
    let report = report_of(
        &connection(&stage),
        &check("get: /healthz"),
        Limits::default(),
    )
    .await;
    insta::assert_snapshot!(said(&stage, &report), @"
    error[wrong-answer]: unexpected status
     --> shop.yaml:3:5
      |
    3 |     get: /healthz
      |     ^^^^^^^^^^^^^ expected 2xx, found 503
      |
      = note: GET https://localhost:PORT/healthz answered 503 (N time)
      = note: the answer begins: <html> <head><title>503 Service Temporarily Unavailable</title></head> <body> <center><h1>503 Service Temporarily Unavailable</h1></center> </body> </html>
    ");
}

#[tokio::test]
async fn the_address_the_name_and_the_port_are_separate() {
    let stage = stage().await;
    for (target, address) in [
        (
            "https://shop.example.test",
            format!("127.0.0.1:{}", stage.test_port()),
        ),
        (
            "https://shop.example.test:8443",
            format!("localhost:{}", stage.test_port()),
        ),
    ] {
        let connection = Connection {
            target: target.parse().unwrap(),
            connect_to: Some(address.parse().unwrap()),
            cacert: Some(stage.ca_file().to_owned()),
        };
        let name = target.trim_start_matches("https://");
        let text = check(&format!(
            "get: /echo\nexpect: {{ json: {{ $.headers.host: '{name}' }} }}"
        ));
        let report = report_of(&connection, &text, Limits::default()).await;
        let failures =
            report::render::failures(&report.checks[0], diagnostic::snippet::Colour::Never);
        assert_eq!(scrub(&stage, &failures), "", "{target}");
    }
}

#[tokio::test]
async fn authorities_that_cannot_be_read_and_targets_that_are_addresses_are_errors() {
    let stage = stage().await;
    let error = |change: &dyn Fn(&mut Connection)| {
        let mut connection = connection(&stage);
        change(&mut connection);
        Client::new(&connection).err()
    };
    let nowhere = error(&|connection| connection.cacert = Some("nowhere.pem".into()));
    assert!(matches!(
        nowhere,
        Some(ClientError::Dialer(DialerSetupError::Authorities { .. }))
    ));
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty.pem");
    std::fs::write(&empty, "no certificate").unwrap();
    let none = error(&|connection| connection.cacert = Some(empty.clone()));
    assert!(matches!(
        none,
        Some(ClientError::Dialer(DialerSetupError::Authorities { .. }))
    ));
    let address = error(&|connection| {
        connection.target = "https://127.0.0.1:8443".parse().unwrap();
        connection.connect_to = Some("localhost".parse().unwrap());
    });
    assert!(matches!(
        address,
        Some(ClientError::Dialer(DialerSetupError::TargetIsAddress))
    ));
}

/// An authority of the year 2020 alone, and of the year 2220 alone.
const EXPIRED: &str = "\
-----BEGIN CERTIFICATE-----
MIIBUDCB96ADAgECAgEBMAoGCCqGSM49BAMCMBgxFjAUBgNVBAMMDU9sZCBhdXRo
b3JpdHkwHhcNMjAwMTAxMDAwMDAwWhcNMjEwMTAxMDAwMDAwWjAYMRYwFAYDVQQD
DA1PbGQgYXV0aG9yaXR5MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE6fFozlai
nmeQgky1sl0d8vKM0nwFCGuK4MvI2JbBdTl3f7m38gpAlhT1oApCVjXlq82YA8Xb
UjBKx53EAf/wjaMyMDAwDwYDVR0TAQH/BAUwAwEB/zAdBgNVHQ4EFgQUhJ9WZkIx
0oDGGS52lDGcsly1hOQwCgYIKoZIzj0EAwIDSAAwRQIhAKIwbWN8OIOSqQZky/vY
gvSNlMBu+j/j8feVQA8fwabVAiAOGPjEUp3czNc4oAqPNwXF1+cNxALyzQdWB8qV
4guEHg==
-----END CERTIFICATE-----
";
const TO_COME: &str = "\
-----BEGIN CERTIFICATE-----
MIIBUzCB+6ADAgECAgECMAoGCCqGSM49BAMCMBgxFjAUBgNVBAMMDU9sZCBhdXRo
b3JpdHkwIhgPMjIyMDAxMDEwMDAwMDBaGA8yMjIxMDEwMTAwMDAwMFowGDEWMBQG
A1UEAwwNT2xkIGF1dGhvcml0eTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABOnx
aM5Wop5nkIJMtbJdHfLyjNJ8BQhriuDLyNiWwXU5d3+5t/IKQJYU9aAKQlY15avN
mAPF21IwSsedxAH/8I2jMjAwMA8GA1UdEwEB/wQFMAMBAf8wHQYDVR0OBBYEFISf
VmZCMdKAxhkudpQxnLJctYTkMAoGCCqGSM49BAMCA0cAMEQCIDcQaWFL3FRT+g2Y
Y3dgX2TuDlidWgmcJ40vwre6JA5LAiBHt1ocD+UZIN7ToVDxfiL6BWScfV9Qo28n
D5dPx0dgbA==
-----END CERTIFICATE-----
";

#[tokio::test]
async fn an_authority_whose_time_is_not_now_is_left_out_and_named() {
    let stage = stage().await;
    let folder = tempfile::tempdir().unwrap();
    let authorities = |name: &str, texts: &[&str]| {
        let path = folder.path().join(name);
        std::fs::write(&path, texts.concat()).unwrap();
        Connection {
            cacert: Some(path),
            ..connection(&stage)
        }
    };
    let own = std::fs::read_to_string(stage.ca_file()).unwrap();
    let text = check("get: /healthz");

    let beside = authorities("beside.pem", &[EXPIRED, &own, TO_COME]);
    let report = report_of(&beside, &text, Limits::default()).await;
    assert_eq!(report.checks[0].outcome, Outcome::Passed);

    // Another certificate fits as little, and is no reason to name anybody.
    let fault = Fault::Certificate(WrongCertificate::OtherName);
    stage.load_balancer().set_fault(Listener::Test, Some(fault));
    let report = report_of(&beside, &text, Limits::default()).await;
    let other = said(&stage, &report);
    assert!(!other.contains("Old authority"), "{other}");

    let fault = Fault::Certificate(WrongCertificate::UnknownIssuer);
    stage.load_balancer().set_fault(Listener::Test, Some(fault));
    let report = report_of(&beside, &text, Limits::default()).await;
    let folder_name = folder.path().to_str().unwrap();
    insta::assert_snapshot!(said(&stage, &report).replace(folder_name, "FOLDER"));

    let alone = Client::new(&authorities("alone.pem", &[EXPIRED, TO_COME]));
    let error = alone
        .unwrap_err()
        .to_string()
        .replace(folder_name, "FOLDER");
    insta::assert_snapshot!(error);
}
