//! The connections that are open, for the requests that may share them.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, timeout_at};
use url::Url;

use super::connection::{HttpConnection, Sender};
use super::http2::Http2Sender;
use super::receive::AttemptTimes;
use super::record::ConnectionRecord;
use super::{AskError, Client};
use crate::dial::{OpenStream, Protocol};
use crate::http::HttpVersion;

/// How long a request waits for a connection that another one opens and both may
/// use, before it opens one of its own.
const LONGEST_WAIT: Duration = Duration::from_secs(3);

/// Which of the open connections a request may go over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reuse {
    /// Any of them.
    Any,
    /// One that the server cannot be closing because it was idle: one that
    /// answers at this moment.
    Active,
    /// None: the request needs a new one that no other uses.
    Never,
}

/// The connections that are open, by where they lead to.
#[derive(Clone, Default)]
pub(super) struct Pool(Arc<Mutex<HashMap<OriginKey, Arc<OriginPool>>>>);

/// Scheme, host and port of a URL, and the version of HTTP that a request insists
/// on.
type OriginKey = (String, Option<HttpVersion>);

/// The connections that lead to one origin.
#[derive(Default)]
struct OriginPool {
    open: Mutex<OpenConnections>,
    /// Held while a connection is opened that all may share.
    opening: tokio::sync::Mutex<()>,
}

/// The open connections to one origin.
#[derive(Default)]
struct OpenConnections {
    /// The one of HTTP/2, which all requests may share.
    shared: Option<(Arc<ConnectionRecord>, Http2Sender)>,
    /// Those of HTTP/1.1 that no request uses; the one used last stands last.
    idle: Vec<HttpConnection>,
    /// Whether the server has agreed on HTTP/1.1, where it had the choice.
    is_http1: bool,
}

/// What a request does that found no open connection.
enum Turn<'p> {
    /// It takes the connection that another request opened meanwhile.
    Found(HttpConnection),
    /// It opens one itself, and others wait while it holds the guard; without a
    /// guard, others may open theirs at the same time.
    Open(Option<tokio::sync::MutexGuard<'p, ()>>),
}

impl Pool {
    fn origin_pool(&self, url: &Url, http: Option<HttpVersion>) -> Arc<OriginPool> {
        let key = (url.origin().ascii_serialization(), http);
        let mut pools = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(pools.entry(key).or_default())
    }

    /// Keeps a connection of HTTP/1.1 for later requests. The whole answer has to
    /// be read before. Connections of HTTP/2 are in the pool from the begin.
    pub(super) fn keep(&self, connection: HttpConnection, url: &Url, http: Option<HttpVersion>) {
        if matches!(connection.sender, Sender::Http1(_)) {
            self.origin_pool(url, http)
                .lock_open()
                .idle
                .push(connection);
        }
    }
}

impl Client {
    /// Takes an open connection for a request, or opens one.
    pub(super) async fn acquire_connection(
        &self,
        url: &Url,
        http: Option<HttpVersion>,
        reuse: Reuse,
        times: AttemptTimes,
    ) -> Result<HttpConnection, AskError> {
        if reuse == Reuse::Never {
            return self.connect(url, http, times).await;
        }
        let origin = self.pool.origin_pool(url, http);
        loop {
            let open = origin.lock_open().take(reuse);
            let mut connection = match open {
                Some(connection) => connection,
                None => match self.wait_for_turn(&origin, url, http, reuse, times).await {
                    Turn::Found(connection) => connection,
                    Turn::Open(_turn) => {
                        return self.open_shared(&origin, url, http, reuse, times).await;
                    }
                },
            };
            // A connection that the server closed while it was idle is found out
            // here, and the next one is tried.
            if connection.wait_until_ready().await {
                return Ok(connection);
            }
        }
    }

    /// Waits while somebody else opens a connection that all may share.
    async fn wait_for_turn<'p>(
        &self,
        origin: &'p OriginPool,
        url: &Url,
        http: Option<HttpVersion>,
        reuse: Reuse,
        times: AttemptTimes,
    ) -> Turn<'p> {
        // Without TLS there is no ALPN, so the server has no choice: it is spoken
        // to in HTTP/1.1.
        let has_choice = url.scheme() == "https" && http.is_none();
        let is_shared =
            has_choice && !origin.lock_open().is_http1 || http == Some(HttpVersion::Two);
        if !is_shared {
            return Turn::Open(None);
        }
        let latest = times.deadline.min(Instant::now() + LONGEST_WAIT);
        let guard = timeout_at(latest, origin.opening.lock()).await.ok();
        let mut open = origin.lock_open();
        match open.take(reuse) {
            Some(connection) => Turn::Found(connection),
            // Over HTTP/1.1 each request needs its own connection, so none has
            // to wait for another.
            None => Turn::Open(guard.filter(|_| !open.is_http1)),
        }
    }

    /// Opens a connection that other requests may use, too.
    async fn open_shared(
        &self,
        origin: &OriginPool,
        url: &Url,
        http: Option<HttpVersion>,
        reuse: Reuse,
        times: AttemptTimes,
    ) -> Result<HttpConnection, AskError> {
        let mut connection = self.connect(url, http, times).await?;
        // A connection that is not ready gives the reason when the request is
        // sent over it.
        connection.wait_until_ready().await;
        let mut open = origin.lock_open();
        if let Sender::Http2(http2) = &connection.sender {
            open.shared = Some((Arc::clone(&connection.record), http2.clone()));
        } else {
            open.is_http1 = true;
            // The new connection will be idle later, so an idle one makes room for
            // it: there are never more of them than requests at the same time.
            if reuse == Reuse::Active && !open.idle.is_empty() {
                open.idle.remove(0);
            }
        }
        Ok(connection)
    }

    /// Opens a connection in the version of HTTP that both sides agree on.
    async fn connect(
        &self,
        url: &Url,
        http: Option<HttpVersion>,
        times: AttemptTimes,
    ) -> Result<HttpConnection, AskError> {
        let offer: &[Protocol] = match http {
            None => &[Protocol::Http2, Protocol::Http1],
            Some(HttpVersion::One) => &[Protocol::Http1],
            Some(HttpVersion::Two) => &[Protocol::Http2],
        };
        if times.deadline <= Instant::now() {
            // The request spent its time waiting for another one's connection;
            // that other one reports which address is silent.
            return Err(AskError::NoAnswer(times.timeout));
        }
        let opened = self.dialer.dial(url, offer, times.deadline).await;
        let OpenStream {
            stream,
            peer,
            phases,
            tls,
        } = opened.map_err(|error| AskError::from_dial_error(error, http))?;
        let agreed = tls.as_ref().and_then(|facts| facts.protocol.as_deref());
        let version = http.unwrap_or(match agreed {
            Some("h2") => HttpVersion::Two,
            _ => HttpVersion::One,
        });
        let (record, stream) = ConnectionRecord::new(peer, phases, tls, stream);
        let opened = HttpConnection::new(record, stream, version).await;
        opened.map_err(|error| AskError::from_missing_head(error.to_string(), http))
    }
}

impl OriginPool {
    fn lock_open(&self) -> MutexGuard<'_, OpenConnections> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OpenConnections {
    /// Takes a connection that a request may go over, if there is one.
    fn take(&mut self, reuse: Reuse) -> Option<HttpConnection> {
        let is_usable = |record: &ConnectionRecord| !record.is_retired() && !record.is_stale();
        if let Some((record, http2)) = &mut self.shared {
            if !is_usable(record) || !http2.is_open() {
                self.shared = None;
            } else if reuse == Reuse::Any || record.cannot_be_idle_closed() {
                let sender = Sender::Http2(http2.clone());
                return Some(HttpConnection::from_sender(Arc::clone(record), sender));
            }
        }
        if reuse != Reuse::Any {
            return None;
        }
        loop {
            let connection = self.idle.pop()?;
            if is_usable(&connection.record) {
                return Some(connection);
            }
        }
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").finish_non_exhaustive()
    }
}
