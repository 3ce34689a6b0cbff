//! How a connection ends between two answers, and what tells that it is idle.

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

use super::broken::Body;
use crate::serve::BoxError;

/// How a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// With a reset.
    Reset,
    /// With these bytes and TLS's farewell, whatever was to be said.
    Close(&'static [u8]),
}

/// The life of one connection.
#[derive(Debug, Default)]
pub(super) struct Life {
    /// How many answers are complete.
    answers: AtomicU64,
    /// How many requests wait for the end of their answer.
    open: AtomicU64,
    end: Mutex<Option<End>>,
    changes: Notify,
}

impl Life {
    pub(super) fn answers(&self) -> u64 {
        self.answers.load(Ordering::Acquire)
    }

    pub(super) fn is_idle(&self) -> bool {
        self.open.load(Ordering::Acquire) == 0
    }

    /// Counts a request that waits for its answer from now on.
    pub(super) fn begin(self: &Arc<Self>) -> Waiting {
        self.open.fetch_add(1, Ordering::AcqRel);
        Waiting(Arc::clone(self))
    }

    pub(super) fn end(&self, end: End) {
        *self.lock() = Some(end);
        self.changes.notify_one();
    }

    /// How it was ended.
    pub(super) fn ended(&self) -> Option<End> {
        *self.lock()
    }

    /// Waits until an answer is complete, or the connection was ended.
    pub(super) async fn changed(&self) {
        self.changes.notified().await;
    }

    fn lock(&self) -> MutexGuard<'_, Option<End>> {
        self.end.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request that waits for the end of its answer.
#[derive(Debug)]
pub(super) struct Waiting(Arc<Life>);

impl Waiting {
    /// The body, which tells of its end.
    pub(super) fn until_the_end_of(self, body: Body) -> Body {
        let answer = Answer {
            body,
            _waiting: self,
        };
        answer.boxed_unsync()
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.answers.fetch_add(1, Ordering::AcqRel);
        self.0.open.fetch_sub(1, Ordering::AcqRel);
        self.0.changes.notify_one();
    }
}

/// A body that the server drops once it has said all of it.
struct Answer {
    body: Body,
    _waiting: Waiting,
}

impl hyper::body::Body for Answer {
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

/// A stream that is still there when the server of HTTP on it is gone.
#[derive(Debug)]
pub(super) struct Shared<S>(Arc<Mutex<S>>);

impl<S> Shared<S> {
    pub(super) fn new(stream: S) -> Self {
        Self(Arc::new(Mutex::new(stream)))
    }

    fn lock(&self) -> MutexGuard<'_, S> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S> Clone for Shared<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Shared<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.lock()).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Shared<S> {
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
