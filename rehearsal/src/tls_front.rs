//! TLS in front of a server of the stage that speaks none: AWS's APIs as their
//! clients meet them outside of a rehearsal.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::error::StageError;
use crate::serve::Task;

/// An address that speaks TLS and hands on what it hears. It closes when this
/// value is dropped.
#[derive(Debug)]
pub struct TlsFront {
    port: u16,
    _accepting: Task,
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
        let accepting = accept(listener, TlsAcceptor::from(Arc::new(tls)), port);
        Ok(Self {
            port: address.port(),
            _accepting: Task::spawn(accepting),
        })
    }

    /// `https://localhost:PORT`, without a slash at the end.
    pub fn url(&self) -> String {
        format!("https://localhost:{}", self.port)
    }
}

async fn accept(listener: TcpListener, acceptor: TlsAcceptor, port: u16) {
    // The set owns the connections: when this task is aborted, so are they.
    let mut connections = JoinSet::new();
    loop {
        let Ok((client, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        connections.spawn(hand_on(client, acceptor.clone(), port));
        while connections.try_join_next().is_some() {}
    }
}

/// A client that does not shake hands, or goes away, is no news here.
async fn hand_on(client: TcpStream, acceptor: TlsAcceptor, port: u16) {
    let Ok(mut client) = acceptor.accept(client).await else {
        return;
    };
    if let Ok(mut server) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await {
        let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
    }
}
