//! An HTTP server without TLS on loopback, which runs as long as its value lives.
//!
//! The app, the AWS APIs and the Lambda Runtime API use it.
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

/// The error of a service. hyper closes a connection whose service fails.
pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A task that is aborted when this value is dropped.
#[derive(Debug)]
pub(crate) struct BackgroundTask(JoinHandle<()>);

impl BackgroundTask {
    pub(crate) fn spawn(future: impl Future<Output = ()> + Send + 'static) -> Self {
        Self(tokio::spawn(future))
    }
}

impl Drop for BackgroundTask {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A running server for HTTP/1.1, and for HTTP/2 with prior knowledge.
#[derive(Debug)]
pub(crate) struct Server {
    address: SocketAddr,
    connections: Arc<AtomicU64>,
    _accepting: BackgroundTask,
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
        let counter = Arc::clone(&connections);
        let accepting = BackgroundTask::spawn(async move {
            // Dropping the set aborts its tasks, so connections end with the server.
            let mut tasks = JoinSet::new();
            loop {
                let Ok((stream, _)) = listener.accept().await else {
                    // `accept` fails when file descriptors run out; without a
                    // pause this loop would take a whole core meanwhile.
                    tokio::time::sleep(Duration::from_millis(10)).await;
                    continue;
                };
                counter.fetch_add(1, Ordering::Relaxed);
                // A stream without `TCP_NODELAY` works too, only later.
                let _ = stream.set_nodelay(true);
                let service = service.clone();
                tasks.spawn(async move {
                    // An error here means that the client closed the connection.
                    let _ = http_builder()
                        .serve_connection_with_upgrades(TokioIo::new(stream), service)
                        .await;
                });
                // A set keeps ended tasks until they are joined.
                while tasks.try_join_next().is_some() {}
            }
        });
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

/// HTTP/1.1 and HTTP/2 with the timers that hyper needs for its timeouts.
pub(crate) fn http_builder() -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new());
    builder.http2().timer(TokioTimer::new());
    builder
}
