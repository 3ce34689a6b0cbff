//! The connections that are open, for those requests that may share them.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, timeout_at};
use url::Url;

use super::line::{Line, Sender};
use super::link::Link;
use super::two::Two;
use super::{AskError, Client};
use crate::check_file::HttpVersion;
use crate::dial::{Dialled, Protocol};

/// How long somebody waits for a connection that another opens and both may
/// use, before opening one beside it.
const PATIENCE: Duration = Duration::from_secs(1);

/// Which connection a request needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// Any that is open.
    Any,
    /// One that the server cannot be closing because it was idle: a new one,
    /// or one that answers at this moment.
    Alive,
    /// One of its own.
    Own,
}

/// The connections that are open.
#[derive(Clone, Default)]
pub(super) struct Pool(Arc<Mutex<HashMap<Key, Arc<Place>>>>);

/// Where connections lead to, and by which version of HTTP.
type Key = (String, Option<HttpVersion>);

/// Connections that lead to the same place.
#[derive(Default)]
struct Place {
    open: Mutex<Open>,
    /// Held while a connection is opened that all may share.
    opening: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Open {
    /// One of HTTP/2, which all may share.
    shared: Option<(Arc<Link>, Two)>,
    /// Those of HTTP/1.1 that nobody uses, the last one used last.
    idle: Vec<Line>,
    /// Whether the server has agreed on HTTP/1.1, where it had the choice.
    is_one: bool,
}

impl Pool {
    fn place(&self, url: &Url, http: Option<HttpVersion>) -> Arc<Place> {
        let key = (url.origin().ascii_serialization(), http);
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(places.entry(key).or_default())
    }

    /// Keeps a connection over which an answer has come whole.
    pub(super) fn keep(&self, line: Line, url: &Url, http: Option<HttpVersion>) {
        if matches!(line.sender, Sender::One(_)) {
            self.place(url, http).open().idle.push(line);
        }
    }
}

impl Client {
    /// A connection for a request, which there is until `end` at the latest.
    pub(super) async fn line(
        &self,
        url: &Url,
        http: Option<HttpVersion>,
        need: Need,
        end: Instant,
    ) -> Result<Line, AskError> {
        if need == Need::Own {
            return self.connect(url, http, end).await;
        }
        let place = self.pool.place(url, http);
        if let Some(line) = place.take(need).await {
            return Ok(line);
        }
        // Without TLS nothing is agreed on.
        let may_share = url.scheme() == "https" || http == Some(HttpVersion::Two);
        let mut turn = None;
        if may_share && http != Some(HttpVersion::One) && !place.open().is_one {
            let patience = end.min(Instant::now() + PATIENCE);
            turn = timeout_at(patience, place.opening.lock()).await.ok();
            if let Some(line) = place.take(need).await {
                return Ok(line);
            }
            if place.open().is_one {
                turn = None;
            }
        }
        let opened = self.connect(url, http, end).await?;
        let mut open = place.open();
        if let Sender::Two(two) = &opened.sender {
            open.shared = Some((Arc::clone(&opened.link), two.clone()));
        } else {
            open.is_one = true;
            // This one will be idle in the place of another, so that there are
            // no more of them than requests at the same time.
            if !open.idle.is_empty() {
                open.idle.remove(0);
            }
        }
        drop(open);
        drop(turn);
        Ok(opened)
    }

    /// Opens a connection.
    async fn connect(
        &self,
        url: &Url,
        http: Option<HttpVersion>,
        end: Instant,
    ) -> Result<Line, AskError> {
        let offer: &[Protocol] = match http {
            None => &[Protocol::Http2, Protocol::Http1],
            Some(HttpVersion::One) => &[Protocol::Http1],
            Some(HttpVersion::Two) => &[Protocol::Http2],
        };
        let dialled = self.dialer.dial(url, offer, end).await;
        let Dialled {
            stream,
            peer,
            phases,
            tls,
        } = dialled.map_err(|error| AskError::no_connection(error, http))?;
        let agreed = tls.as_ref().and_then(|facts| facts.protocol.as_deref());
        let version = http.unwrap_or(match agreed {
            Some("h2") => HttpVersion::Two,
            _ => HttpVersion::One,
        });
        let (link, stream) = Link::new(peer, phases, tls, stream);
        let line = Line::new(link, stream, version).await;
        line.map_err(|reason| AskError::no_head(reason, http))
    }
}

impl Place {
    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A connection that is open, if there is one for this need.
    async fn take(&self, need: Need) -> Option<Line> {
        loop {
            let mut line = self.open().take(need)?;
            // What ended since it was idle is found here.
            if line.is_ready().await {
                return Some(line);
            }
        }
    }
}

impl Open {
    fn take(&mut self, need: Need) -> Option<Line> {
        let fresh = |link: &Link| !link.is_retired() && !link.is_stale();
        if let Some((link, two)) = &mut self.shared {
            if !fresh(link) || !two.is_open() {
                self.shared = None;
            } else if need == Need::Any || link.is_alive() {
                return Some(Line {
                    link: Arc::clone(link),
                    sender: Sender::Two(two.clone()),
                });
            }
        }
        if need != Need::Any {
            return None;
        }
        loop {
            let line = self.idle.pop()?;
            if fresh(&line.link) {
                return Some(line);
            }
        }
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").finish_non_exhaustive()
    }
}
