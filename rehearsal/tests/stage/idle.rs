//! Connections of HTTP/1.1 that the load balancer ends between two answers.

use std::sync::Arc;

use rehearsal::{Fault, Listener, Stage};
use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::common::{self, http2_client, start_stage};

/// A connection, byte by byte.
struct Connection(TlsStream<TcpStream>);

impl Connection {
    async fn open(stage: &Stage) -> Self {
        let tcp = TcpStream::connect(("127.0.0.1", stage.test_port()));
        let tls = common::client_tls(stage.ca_file(), &[b"http/1.1"]);
        let tls = TlsConnector::from(Arc::new(tls));
        let name = ServerName::try_from("localhost").unwrap();
        Self(tls.connect(name, tcp.await.unwrap()).await.unwrap())
    }

    async fn send(&mut self) {
        let request = b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n";
        self.0.write_all(request).await.unwrap();
    }

    /// Asks, and reads until the body or the connection ends.
    async fn send_and_read(&mut self) -> String {
        self.send().await;
        let mut answer = Vec::new();
        while !answer.ends_with(br#"{"status":"ok"}"#) {
            match self.0.read_u8().await {
                Ok(byte) => answer.push(byte),
                Err(_) => break,
            }
        }
        String::from_utf8(answer).unwrap()
    }

    /// Whether the server has closed the connection with a `close_notify`.
    async fn is_closed(&mut self) -> bool {
        matches!(self.0.read(&mut [0]).await, Ok(0))
    }
}

async fn stage_with_fault(fault: Fault) -> Stage {
    let stage = start_stage().await;
    stage.load_balancer().set_fault(Listener::Test, Some(fault));
    stage
}

#[track_caller]
fn assert_answer(answer: &str) {
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.ends_with(r#"{"status":"ok"}"#), "{answer}");
    assert!(!answer.contains("connection:"), "{answer}");
}

#[tokio::test]
async fn a_connection_ends_after_so_many_answers_without_a_word() {
    let stage = stage_with_fault(Fault::CloseAfter { answers: 2 }).await;
    for _ in 0..2 {
        let mut connection = Connection::open(&stage).await;
        assert_answer(&connection.send_and_read().await);
        assert_answer(&connection.send_and_read().await);
        assert!(connection.is_closed().await);
    }
}

#[tokio::test]
async fn over_http_2_a_connection_that_ends_after_an_answer_says_so() {
    let stage = stage_with_fault(Fault::CloseAfter { answers: 1 }).await;
    let client = http2_client(&stage);
    for _ in 0..5 {
        common::get(&client, &stage.test_url()).await;
    }
    assert_eq!(stage.load_balancer().connections(Listener::Test), 5);
}

#[tokio::test]
async fn an_idle_connection_ends_before_the_first_byte_when_it_is_used_again() {
    let stage = stage_with_fault(Fault::CloseOnReuse { answers: 1 }).await;
    for _ in 0..2 {
        let mut connection = Connection::open(&stage).await;
        assert_answer(&connection.send_and_read().await);
        assert_eq!(connection.send_and_read().await, "");
        assert!(connection.is_closed().await);
    }
    // The app never got the requests of closed connections.
    assert_eq!(stage.green_app().requests().len(), 2);
}

#[tokio::test]
async fn an_idle_connection_may_be_reset_when_it_is_used_again() {
    let stage = stage_with_fault(Fault::ResetOnReuse { answers: 1 }).await;
    let mut connection = Connection::open(&stage).await;
    assert_answer(&connection.send_and_read().await);
    connection.send().await;
    let error = connection.0.read(&mut [0]).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    assert_answer(&Connection::open(&stage).await.send_and_read().await);
}

#[tokio::test]
async fn the_head_of_an_answer_breaks_off_in_the_middle() {
    for answers in [0, 1] {
        let stage = stage_with_fault(Fault::HalfHead { answers }).await;
        let mut connection = Connection::open(&stage).await;
        for _ in 0..answers {
            assert_answer(&connection.send_and_read().await);
        }
        let half = "HTTP/1.1 200 OK\r\ncontent-type: appl";
        assert_eq!(connection.send_and_read().await, half);
        assert!(connection.is_closed().await);
    }
}

#[tokio::test]
async fn a_connection_with_another_request_under_way_is_not_idle() {
    let stage = stage_with_fault(Fault::CloseOnReuse { answers: 1 }).await;
    let client = http2_client(&stage);
    let url = stage.test_url();
    common::get(&client, &url).await;
    stage.load_balancer().set_fault(Listener::Test, None);
    let slow = tokio::spawn({
        let (client, url) = (client.clone(), format!("{url}/slow?ms=300"));
        async move { common::get(&client, &url).await.0 }
    });
    while stage.green_app().requests().len() < 2 {
        tokio::task::yield_now().await;
    }
    let fault = Fault::CloseOnReuse { answers: 1 };
    stage.load_balancer().set_fault(Listener::Test, Some(fault));
    assert_eq!(common::get(&client, &url).await.0, 200);
    assert_eq!(slow.await.unwrap(), 200);
    assert_eq!(stage.load_balancer().connections(Listener::Test), 1);
}

#[tokio::test]
async fn a_listener_may_speak_http_1_1_alone() {
    let stage = start_stage().await;
    stage.load_balancer().set_http2(Listener::Test, false);
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(common::client_tls(stage.ca_file(), &[b"h2", b"http/1.1"]))
        .no_proxy()
        .build()
        .unwrap();
    let version = async |url| client.get(url).send().await.unwrap().version();
    assert_eq!(version(stage.test_url()).await, http::Version::HTTP_11);
    assert_eq!(version(stage.production_url()).await, http::Version::HTTP_2);
}
