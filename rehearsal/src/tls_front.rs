//! TLS in front of a server of the stage that has none, so that a hook can reach
//! AWS's APIs by `https`, as on AWS.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::error::StageError;
use crate::server::BackgroundTask;

/// An address that ends TLS and forwards the bytes to a server. It closes when
/// this value is dropped.
#[derive(Debug)]
pub struct TlsFront {
    port: u16,
    _accepting: BackgroundTask,
}

impl TlsFront {
    /// Listens on loopback with this certificate, for the server at `port`,
    /// which speaks HTTP/1.1.
    pub(crate) async fn start(tls: &ServerConfig, port: u16) -> Result<Self, StageError> {
        let listen = |source| StageError::Listen {
            what: "TLS in front of a server",
            port: 0,
            source,
        };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let mut tls = tls.clone();
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        let accepting = accept_connections(listener, TlsAcceptor::from(Arc::new(tls)), port);
        Ok(Self {
            port: address.port(),
            _accepting: BackgroundTask::spawn(accepting),
        })
    }

    /// `https://localhost:PORT`, without a slash at the end.
    pub fn url(&self) -> String {
        format!("https://localhost:{}", self.port)
    }
}

/// Accepts connections until the task is aborted.
async fn accept_connections(listener: TcpListener, acceptor: TlsAcceptor, port: u16) {
    // Dropping the set aborts its tasks, so connections end with this task.
    let mut connections = JoinSet::new();
    loop {
        let Ok((client, _)) = listener.accept().await else {
            // `accept` fails when file descriptors run out; without a pause this
            // loop would take a whole core meanwhile.
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        connections.spawn(relay(client, acceptor.clone(), port));
        while connections.try_join_next().is_some() {}
    }
}

/// Copies bytes between a client and the server until one of them closes.
async fn relay(client: TcpStream, acceptor: TlsAcceptor, port: u16) {
    let Ok(mut client) = acceptor.accept(client).await else {
        // A client that refuses the certificate ends the handshake.
        return;
    };
    if let Ok(mut server) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await {
        let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
    }
}
