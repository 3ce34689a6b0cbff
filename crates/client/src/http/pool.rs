//! The connections that are open, for those requests that may share them.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, timeout_at};
use url::Url;

use super::line::{Line, Sender};
use super::link::Link;
use super::receive::Terms;
use super::two::Two;
use super::{AskError, Client};
use crate::dial::{Dialled, Protocol};
use crate::http::HttpVersion;

/// How long somebody waits for a connection that another opens and both may
/// use, before opening one beside it.
const PATIENCE: Duration = Duration::from_secs(3);

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

/// Who opens a connection.
enum Turn<'p> {
    /// Somebody else did.
    Taken(Line),
    /// Whoever has this; absent if others may do so at the same time.
    Opens(Option<tokio::sync::MutexGuard<'p, ()>>),
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
    /// A connection for a request, which there is in time or not at all.
    pub(super) async fn line(
        &self,
        url: &Url,
        http: Option<HttpVersion>,
        need: Need,
        terms: Terms,
    ) -> Result<Line, AskError> {
        if need == Need::Own {
            return self.connect(url, http, terms).await;
        }
        let place = self.pool.place(url, http);
        loop {
            let known = place.open().take(need);
            let mut line = match known {
                Some(line) => line,
                None => match self.turn(&place, url, http, need, terms).await {
                    Turn::Taken(line) => line,
                    Turn::Opens(_turn) => {
                        return self.open_line(&place, url, http, need, terms).await;
                    }
                },
            };
            // What ended since it was idle is found here.
            if line.is_ready().await {
                return Ok(line);
            }
        }
    }

    /// Waits while somebody else opens a connection that all may share.
    async fn turn<'p>(
        &self,
        place: &'p Place,
        url: &Url,
        http: Option<HttpVersion>,
        need: Need,
        terms: Terms,
    ) -> Turn<'p> {
        // Without TLS nothing is agreed on.
        let has_choice = url.scheme() == "https" && http.is_none();
        let is_shared = has_choice && !place.open().is_one || http == Some(HttpVersion::Two);
        if !is_shared {
            return Turn::Opens(None);
        }
        let patience = terms.end.min(Instant::now() + PATIENCE);
        let turn = timeout_at(patience, place.opening.lock()).await.ok();
        let mut open = place.open();
        match open.take(need) {
            Some(line) => Turn::Taken(line),
            None => Turn::Opens(turn.filter(|_| !open.is_one)),
        }
    }

    /// Opens a connection that others may use, too.
    async fn open_line(
        &self,
        place: &Place,
        url: &Url,
        http: Option<HttpVersion>,
        need: Need,
        terms: Terms,
    ) -> Result<Line, AskError> {
        let mut line = self.connect(url, http, terms).await?;
        // If it is not, the request finds out why.
        line.is_ready().await;
        let mut open = place.open();
        if let Sender::Two(two) = &line.sender {
            open.shared = Some((Arc::clone(&line.link), two.clone()));
        } else {
            open.is_one = true;
            // This one will be idle in the place of another, so that there are
            // no more of them than requests at the same time.
            if need == Need::Alive && !open.idle.is_empty() {
                open.idle.remove(0);
            }
        }
        Ok(line)
    }

    /// Opens a connection for whoever asked for it.
    async fn connect(
        &self,
        url: &Url,
        http: Option<HttpVersion>,
        terms: Terms,
    ) -> Result<Line, AskError> {
        let offer: &[Protocol] = match http {
            None => &[Protocol::Http2, Protocol::Http1],
            Some(HttpVersion::One) => &[Protocol::Http1],
            Some(HttpVersion::Two) => &[Protocol::Http2],
        };
        if terms.end <= Instant::now() {
            // Somebody else knows which address is silent.
            return Err(AskError::NoAnswer(terms.limit));
        }
        let dialled = self.dialer.dial(url, offer, terms.end).await;
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
        let opened = Line::new(link, stream, version).await;
        opened.map_err(|reason| AskError::no_head(reason, http))
    }
}

impl Place {
    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    /// A connection for this need, if there is one.
    fn take(&mut self, need: Need) -> Option<Line> {
        let fresh = |link: &Link| !link.is_retired() && !link.is_stale();
        if let Some((link, two)) = &mut self.shared {
            if !fresh(link) || !two.is_open() {
                self.shared = None;
            } else if need == Need::Any || link.is_alive() {
                let sender = Sender::Two(two.clone());
                return Some(Line::over(Arc::clone(link), sender));
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
