//! A plain HTTP server on loopback whose life is that of a value.
//!
//! The app, the CodeDeploy API and the Lambda Runtime API all stand on it.
//! Dropping the [`Server`] closes its socket and every connection, so no test
//! leaves anything behind.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use hyper::body::{Body, Incoming};
use hyper::service::Service;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

use crate::error::StageError;

/// What the connections of a server may fail with; hyper then closes them.
pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A task that ends when this value is dropped.
#[derive(Debug)]
pub(crate) struct Task(JoinHandle<()>);

impl Task {
    pub(crate) fn spawn(future: impl Future<Output = ()> + Send + 'static) -> Self {
        Self(tokio::spawn(future))
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A running server in plain text, for HTTP/1.1 and for HTTP/2 of those who
/// know that it does.
#[derive(Debug)]
pub(crate) struct Server {
    address: SocketAddr,
    connections: Arc<AtomicU64>,
    _accepting: Task,
}

impl Server {
    /// Listens on `127.0.0.1:port` (0 means any) and answers with `service`.
    pub(crate) async fn start<S, B>(
        what: &'static str,
        port: u16,
        service: S,
    ) -> Result<Self, StageError>
    where
        S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
        S::Future: Send + 'static,
        S::Error: Into<BoxError>,
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let listen = |source| StageError::Listen { what, port, source };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
            .await
            .map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let connections = Arc::new(AtomicU64::new(0));
        let accepting = Task::spawn(accept(listener, service, Arc::clone(&connections)));
        Ok(Self {
            address,
            connections,
            _accepting: accepting,
        })
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// `http://127.0.0.1:PORT`, without a slash at the end.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How many connections were accepted since the start.
    pub(crate) fn connections(&self) -> u64 {
        self.connections.load(Ordering::Relaxed)
    }
}

async fn accept<S, B>(listener: TcpListener, service: S, counter: Arc<AtomicU64>)
where
    S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Into<BoxError>,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    // The set owns the connections: when this task is aborted, so are they.
    let mut connections = JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Out of file descriptors, most likely; one pause, then again.
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        counter.fetch_add(1, Ordering::Relaxed);
        let _ = stream.set_nodelay(true);
        let service = service.clone();
        connections.spawn(async move {
            let mut builder = auto::Builder::new(TokioExecutor::new());
            builder.http1().timer(TokioTimer::new());
            builder.http2().timer(TokioTimer::new());
            // A client that goes away is no news here.
            let _ = builder
                .serve_connection_with_upgrades(TokioIo::new(stream), service)
                .await;
        });
        while connections.try_join_next().is_some() {}
    }
}
