//! What is known of an open connection: who is at its other end, how much came
//! over it, and whether it has been idle.

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

use super::frames::Frames;
use crate::dial::{Phases, Stream, TlsFacts};

/// How long a connection may be idle and still be used: load balancers close
/// it after a minute by default, some routers forget it without a word.
const MOST_IDLE: Duration = Duration::from_secs(50);

/// The record of an open connection.
pub struct Link {
    pub(super) peer: SocketAddr,
    pub(super) phases: Phases,
    pub(super) tls: Option<TlsFacts>,
    heard: Arc<Heard>,
    usage: Mutex<Usage>,
    retired: AtomicBool,
}

/// What came over a connection.
#[derive(Default)]
struct Heard {
    bytes: AtomicU64,
    /// Whether it stopped within the head of an answer of HTTP/2.
    within_head: AtomicBool,
}

/// Who uses a connection.
#[derive(Default)]
struct Usage {
    /// How many requests went over it.
    requests: u32,
    /// How many of them have no whole answer yet.
    open: u32,
    /// Since when there are none.
    idle_since: Option<Instant>,
    /// How many bytes had come when it was idle last.
    heard_before: u64,
    has_been_idle: bool,
}

/// A request on its way over a connection.
pub(super) struct Use {
    link: Arc<Link>,
    /// Whether others went over it before.
    pub(super) is_reused: bool,
    heard_before: u64,
}

impl Link {
    pub(super) fn new(
        peer: SocketAddr,
        phases: Phases,
        tls: Option<TlsFacts>,
        stream: Stream,
    ) -> (Arc<Self>, Listened) {
        let heard = Arc::<Heard>::default();
        let listened = Listened {
            stream,
            heard: Arc::clone(&heard),
            frames: None,
        };
        let link = Self {
            peer,
            phases,
            tls,
            heard,
            usage: Mutex::default(),
            retired: AtomicBool::new(false),
        };
        (Arc::new(link), listened)
    }

    fn usage(&self) -> MutexGuard<'_, Usage> {
        self.usage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn heard(&self) -> u64 {
        self.heard.bytes.load(Ordering::Relaxed)
    }

    /// Begins a request over it.
    pub(super) fn begin(self: &Arc<Self>) -> Use {
        let heard_before = self.heard();
        let mut usage = self.usage();
        if usage.open == 0 {
            usage.heard_before = heard_before;
        }
        let is_reused = usage.requests > 0;
        usage.requests += 1;
        usage.open += 1;
        drop(usage);
        Use {
            link: Arc::clone(self),
            is_reused,
            heard_before,
        }
    }

    /// Whether it cannot have been closed for being idle: nothing went over it
    /// yet, or an answer is on its way and something has come since.
    pub(super) fn is_alive(&self) -> bool {
        let heard = self.heard();
        let usage = self.usage();
        let since_idle = !usage.has_been_idle || heard > usage.heard_before;
        usage.requests == 0 || usage.open > 0 && since_idle
    }

    /// Whether it has been idle for long.
    pub(super) fn is_stale(&self) -> bool {
        let usage = self.usage();
        let idle_since = usage.idle_since.filter(|_| usage.open == 0);
        idle_since.is_some_and(|since| since.elapsed() > MOST_IDLE)
    }

    /// No further request goes over it.
    pub(super) fn retire(&self) {
        self.retired.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_retired(&self) -> bool {
        self.retired.load(Ordering::Relaxed)
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Link").field(&self.peer).finish()
    }
}

impl Use {
    /// Whether anything came since the request began.
    pub(super) fn has_heard(&self) -> bool {
        self.link.heard() > self.heard_before
    }

    /// Whether what came stopped within the head of an answer of HTTP/2. Which
    /// one cannot be told: each of those that were awaited may be it.
    pub(super) fn is_within_head(&self) -> bool {
        self.link.heard.within_head.load(Ordering::Relaxed)
    }
}

impl Drop for Use {
    fn drop(&mut self) {
        let mut usage = self.link.usage();
        usage.open -= 1;
        if usage.open == 0 {
            usage.has_been_idle = true;
            usage.idle_since = Some(Instant::now());
        }
    }
}

/// A stream that records what comes over it.
pub(super) struct Listened {
    stream: Stream,
    heard: Arc<Heard>,
    frames: Option<Frames>,
}

impl Listened {
    /// The same stream, over which frames of HTTP/2 come.
    pub(super) fn with_frames(self) -> Self {
        Self {
            frames: Some(Frames::default()),
            ..self
        }
    }
}

impl AsyncRead for Listened {
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
            let within_head = frames.is_within_head();
            this.heard.within_head.store(within_head, Ordering::Relaxed);
        }
        let bytes = u64::try_from(read.len()).unwrap_or(u64::MAX);
        this.heard.bytes.fetch_add(bytes, Ordering::Relaxed);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Listened {
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

/// What drives a connection; it ends with whoever still sends over it.
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
