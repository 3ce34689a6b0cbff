//! What one connection of a client is doing: how many answers it has given,
//! whether it is idle, and how a fault wants it to end.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::{Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::Notify;

use super::responses::ResponseBody;
use crate::server::BoxError;

/// How a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ConnectionEnd {
    /// With a reset.
    Reset,
    /// With these bytes and a `close_notify` of TLS, in place of an answer.
    Close(&'static [u8]),
}

/// The counts of one connection, shared by its requests and its server.
#[derive(Debug, Default)]
pub(super) struct ConnectionState {
    /// How many answers are complete.
    answers: AtomicU64,
    /// How many requests wait for the end of their answer.
    open: AtomicU64,
    end: Mutex<Option<ConnectionEnd>>,
    changes: Notify,
}

impl ConnectionState {
    /// How many answers are complete.
    pub(super) fn answer_count(&self) -> u64 {
        self.answers.load(Ordering::Acquire)
    }

    /// Whether no request waits for the end of its answer.
    pub(super) fn is_idle(&self) -> bool {
        self.open.load(Ordering::Acquire) == 0
    }

    /// Counts a request as open until the guard is dropped.
    pub(super) fn open_request(self: &Arc<Self>) -> OpenRequest {
        self.open.fetch_add(1, Ordering::AcqRel);
        OpenRequest(Arc::clone(self))
    }

    /// Asks the connection's server to end the connection in this way.
    pub(super) fn request_end(&self, end: ConnectionEnd) {
        *self.lock() = Some(end);
        self.changes.notify_one();
    }

    /// How the connection has to end, if it has to.
    pub(super) fn requested_end(&self) -> Option<ConnectionEnd> {
        *self.lock()
    }

    /// Waits until an answer is complete, or an end is requested.
    pub(super) async fn wait_for_change(&self) {
        self.changes.notified().await;
    }

    fn lock(&self) -> MutexGuard<'_, Option<ConnectionEnd>> {
        self.end.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A guard: its request is open until it is dropped.
#[derive(Debug)]
pub(super) struct OpenRequest(Arc<ConnectionState>);

impl OpenRequest {
    /// Ties this guard to a body: the request is open until hyper drops the body.
    pub(super) fn track(self, body: ResponseBody) -> ResponseBody {
        let tracked = TrackedBody {
            body,
            _open_request: self,
        };
        tracked.boxed_unsync()
    }
}

impl Drop for OpenRequest {
    fn drop(&mut self) {
        self.0.answers.fetch_add(1, Ordering::AcqRel);
        self.0.open.fetch_sub(1, Ordering::AcqRel);
        self.0.changes.notify_one();
    }
}

/// A body that ends its request when it is dropped. The server drops a body
/// once all of it is written, or its client is gone.
struct TrackedBody {
    body: ResponseBody,
    _open_request: OpenRequest,
}

impl hyper::body::Body for TrackedBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A stream that outlives the HTTP server on it, so that a fault can write to
/// it after the server was dropped.
#[derive(Debug)]
pub(super) struct SharedStream<S>(Arc<Mutex<S>>);

impl<S> SharedStream<S> {
    pub(super) fn new(stream: S) -> Self {
        Self(Arc::new(Mutex::new(stream)))
    }

    fn lock(&self) -> MutexGuard<'_, S> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S> Clone for SharedStream<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for SharedStream<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.lock()).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for SharedStream<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.lock()).poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.lock()).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.lock()).poll_shutdown(cx)
    }
}
