//! What the load balancer says over HTTP/2 of requests with which nothing was
//! done: GOAWAY and `REFUSED_STREAM`.

use std::sync::Arc;

use bytes::Bytes;
use h2::Reason;
use h2::client::{ResponseFuture, SendRequest};
use rehearsal::{Colour, Fault, Listener, Stage};
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::common::{self, get, http1_client, start_stage};

/// A connection of its own, and nobody who asks anything again.
async fn open(stage: &Stage) -> SendRequest<Bytes> {
    let tcp = TcpStream::connect(("127.0.0.1", stage.test_port()));
    let tls = common::client_tls(stage.ca_file(), &[b"h2"]);
    let name = ServerName::try_from("localhost").unwrap();
    let tls = TlsConnector::from(Arc::new(tls)).connect(name, tcp.await.unwrap());
    let (client, connection) = h2::client::handshake(tls.await.unwrap()).await.unwrap();
    tokio::spawn(connection);
    client
}

fn send_get(client: &mut SendRequest<Bytes>, path: &str) -> Result<ResponseFuture, h2::Error> {
    let uri = format!("https://localhost{path}");
    let request = http::Request::get(uri).body(()).unwrap();
    Ok(client.send_request(request, true)?.0)
}

/// The status of an answer whose body has come, too.
async fn read_status(response: Result<ResponseFuture, h2::Error>) -> Result<u16, h2::Error> {
    let response = response?.await?;
    let status = response.status().as_u16();
    let mut body = response.into_body();
    while let Some(part) = body.data().await {
        body.flow_control().release_capacity(part?.len())?;
    }
    Ok(status)
}

#[tokio::test]
async fn goaway_names_the_last_request_that_is_answered() {
    let stage = start_stage().await;
    let fault = Fault::GoAway { requests: 2 };
    stage.load_balancer().set_fault(Listener::Test, Some(fault));
    let mut client = open(&stage).await.ready().await.unwrap();
    // All on their way at once; the first takes longer than GOAWAY.
    let paths = [
        "/slow?ms=100",
        "/healthz",
        "/healthz?late",
        "/healthz?later",
    ];
    let responses = paths.map(|path| send_get(&mut client, path));
    let [first, second, third, fourth] = responses.map(read_status);
    let (first, second, third, fourth) = tokio::join!(first, second, third, fourth);
    assert_eq!((first.unwrap(), second.unwrap()), (200, 200));
    for late in [third, fourth] {
        let error = late.unwrap_err();
        assert!(error.is_go_away() && error.is_remote(), "{error:?}");
        assert_eq!(error.reason(), Some(Reason::NO_ERROR));
    }
    assert!(client.ready().await.is_err());
    let seen = stage.app(Colour::Green).requests();
    assert_eq!(seen, ["GET /slow?ms=100", "GET /healthz"]);
    // A new connection takes as many.
    let mut client = open(&stage).await.ready().await.unwrap();
    assert_eq!(
        read_status(send_get(&mut client, "/healthz"))
            .await
            .unwrap(),
        200
    );
}

#[tokio::test]
async fn the_first_streams_are_refused_and_nothing_is_done_with_them() {
    let stage = start_stage().await;
    let balancer = stage.load_balancer();
    balancer.set_fault_times(Listener::Test, Fault::RefusedStream, 2);
    let mut client = open(&stage).await.ready().await.unwrap();
    for _ in 0..2 {
        let error = read_status(send_get(&mut client, "/healthz"))
            .await
            .unwrap_err();
        assert!(error.is_reset() && error.is_remote(), "{error:?}");
        assert_eq!(error.reason(), Some(Reason::REFUSED_STREAM));
    }
    assert_eq!(stage.app(Colour::Green).requests().len(), 0);
    assert_eq!(
        read_status(send_get(&mut client, "/healthz"))
            .await
            .unwrap(),
        200
    );
    assert_eq!(balancer.connections(Listener::Test), 1);
}

#[tokio::test]
async fn http_1_1_knows_neither_streams_nor_goaway() {
    let stage = start_stage().await;
    for fault in [Fault::RefusedStream, Fault::GoAway { requests: 1 }] {
        stage.load_balancer().set_fault(Listener::Test, Some(fault));
        let client = http1_client(&stage);
        for _ in 0..2 {
            assert_eq!(get(&client, &stage.test_url()).await.0, 200);
        }
    }
}
