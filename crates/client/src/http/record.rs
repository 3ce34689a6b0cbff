//! The record of an open connection: which address is at its other end, how many
//! bytes came over it, and whether it has been idle.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use std::{fmt, io};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::frames::FrameReader;
use crate::dial::{Phases, Stream, TlsFacts};

/// How long a connection may be idle and still be used. Load balancers close it
/// after a minute by default, and some routers forget it without a word.
const MOST_IDLE: Duration = Duration::from_secs(50);

/// What is recorded of an open connection, for those who decide whether another
/// request may go over it.
pub struct ConnectionRecord {
    pub(super) peer: SocketAddr,
    pub(super) phases: Phases,
    pub(super) tls: Option<TlsFacts>,
    received: Arc<Received>,
    usage: Mutex<Usage>,
    retired: AtomicBool,
}

/// What came over a connection.
#[derive(Default)]
struct Received {
    bytes: AtomicU64,
    /// Whether it stopped within the head of an answer of HTTP/2.
    within_head: AtomicBool,
}

/// How requests use a connection.
#[derive(Default)]
struct Usage {
    /// How many requests went over it.
    requests: u32,
    /// How many of them have no whole answer yet.
    open: u32,
    /// Since when no request is open; absent before the first one has ended.
    idle_since: Option<Instant>,
    /// How many bytes had come when it was idle last.
    received_before: u64,
    /// Whether it was ever without an open request after the first one.
    has_been_idle: bool,
}

/// A request on its way over a connection.
pub(super) struct InFlight {
    record: Arc<ConnectionRecord>,
    /// Whether other requests went over the connection before.
    pub(super) is_reused: bool,
    /// How many bytes had come over the connection when the request began.
    received_before: u64,
}

impl ConnectionRecord {
    /// The record of a new connection, and the stream that keeps it up to date.
    pub(super) fn new(
        peer: SocketAddr,
        phases: Phases,
        tls: Option<TlsFacts>,
        stream: Stream,
    ) -> (Arc<Self>, RecordedStream) {
        let received = Arc::<Received>::default();
        let stream = RecordedStream {
            stream,
            received: Arc::clone(&received),
            frames: None,
        };
        let record = Self {
            peer,
            phases,
            tls,
            received,
            usage: Mutex::default(),
            retired: AtomicBool::new(false),
        };
        (Arc::new(record), stream)
    }

    fn usage(&self) -> MutexGuard<'_, Usage> {
        self.usage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many bytes have come over the connection.
    fn received_bytes(&self) -> u64 {
        self.received.bytes.load(Ordering::Relaxed)
    }

    /// Records that a request begins; its end is recorded when the value drops.
    pub(super) fn begin_request(self: &Arc<Self>) -> InFlight {
        let received_before = self.received_bytes();
        let mut usage = self.usage();
        if usage.open == 0 {
            usage.received_before = received_before;
        }
        let is_reused = usage.requests > 0;
        usage.requests += 1;
        usage.open += 1;
        drop(usage);
        InFlight {
            record: Arc::clone(self),
            is_reused,
            received_before,
        }
    }

    /// Whether the server cannot be closing the connection because it was idle:
    /// no request went over it yet, or one is open and bytes have come since the
    /// connection was idle.
    pub(super) fn cannot_be_idle_closed(&self) -> bool {
        let received = self.received_bytes();
        let usage = self.usage();
        let has_received_since = !usage.has_been_idle || received > usage.received_before;
        usage.requests == 0 || usage.open > 0 && has_received_since
    }

    /// Whether the connection has been idle for longer than [`MOST_IDLE`].
    pub(super) fn is_stale(&self) -> bool {
        let usage = self.usage();
        let idle_since = usage.idle_since.filter(|_| usage.open == 0);
        idle_since.is_some_and(|since| since.elapsed() > MOST_IDLE)
    }

    /// Keeps further requests off the connection; those on their way go on.
    pub(super) fn retire(&self) {
        self.retired.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_retired(&self) -> bool {
        self.retired.load(Ordering::Relaxed)
    }
}

impl fmt::Debug for ConnectionRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ConnectionRecord").field(&self.peer).finish()
    }
}

impl InFlight {
    /// Whether any byte came over the connection since the request began.
    pub(super) fn has_received(&self) -> bool {
        self.record.received_bytes() > self.received_before
    }

    /// Whether the bytes of HTTP/2 stopped within the head of an answer. The head
    /// is compressed, so nobody can say whose it is: every request that waits has
    /// to reckon with it.
    pub(super) fn connection_stopped_in_a_head(&self) -> bool {
        self.record.received.within_head.load(Ordering::Relaxed)
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let mut usage = self.record.usage();
        usage.open -= 1;
        if usage.open == 0 {
            usage.has_been_idle = true;
            usage.idle_since = Some(Instant::now());
        }
    }
}

/// A stream that counts the bytes that come over it.
pub(super) struct RecordedStream {
    stream: Stream,
    received: Arc<Received>,
    frames: Option<FrameReader>,
}

impl RecordedStream {
    /// Reads the bytes that come as frames of HTTP/2 from now on.
    pub(super) fn with_frames(self) -> Self {
        Self {
            frames: Some(FrameReader::default()),
            ..self
        }
    }
}

impl AsyncRead for RecordedStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buf.filled().len();
        ready!(Pin::new(&mut this.stream).poll_read(cx, buf))?;
        let read = &buf.filled()[before..];
        if let Some(frames) = &mut this.frames {
            frames.read(read);
            let within_head = frames.connection_stopped_in_a_head();
            this.received
                .within_head
                .store(within_head, Ordering::Relaxed);
        }
        let bytes = u64::try_from(read.len()).unwrap_or(u64::MAX);
        this.received.bytes.fetch_add(bytes, Ordering::Relaxed);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for RecordedStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// The task that moves the bytes of a connection. It ends when the last sender
/// drops it, and the connection closes with it.
pub(super) struct Driver(JoinHandle<()>);

impl Driver {
    pub(super) fn spawn(connection: impl Future<Output = ()> + Send + 'static) -> Self {
        Self(tokio::spawn(connection))
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}
