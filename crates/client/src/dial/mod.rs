//! One connection by hand: name, TCP and TLS, with the time that each took and
//! the facts of TLS.
//!
//! ```text
//! URL → resolve → connect → shake hands → a stream, its phases, its facts
//! ```
//!
//! The rules are those of every request: another address may be dialled for
//! the target's name, link-local addresses are refused, and certificates are
//! always verified. How long it may take is the caller's business.

mod certificate;
mod error;
mod race;
mod stream;
mod tls;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use url::Url;

pub use self::certificate::Certificate;
pub use self::error::{DialError, DialerError, NetworkError, Problem, TlsProblem, Unreached};
use self::race::Silent;
pub use self::stream::Stream;
pub use self::tls::TlsFacts;
pub use self::tls::TlsTrouble;
use crate::connection::Connection;
use crate::target::{Address, is_link_local};

/// What opens connections to one target.
#[derive(Debug, Clone)]
pub struct Dialer {
    detour: Option<Detour>,
    tls: tls::Config,
    silent: Silent,
}

/// A connection that is open.
#[derive(Debug)]
pub struct Dialled {
    /// What to read from and write to.
    pub stream: Stream,
    /// The address at the other end.
    pub peer: SocketAddr,
    /// How long it took to get here.
    pub phases: Phases,
    /// What was agreed on by TLS; absent without TLS.
    pub tls: Option<TlsFacts>,
}

/// How long the parts of opening a connection took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Phases {
    /// From the name to addresses.
    pub dns: Duration,
    /// From an address to a TCP connection.
    pub connect: Duration,
    /// The TLS handshake; absent without TLS.
    pub tls: Option<Duration>,
}

/// A protocol that is offered by ALPN (RFC 7301).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP/1.1.
    Http1,
    /// HTTP/2.
    Http2,
}

impl Dialer {
    /// Makes the dialer; reads the certificate authorities.
    pub fn new(connection: &Connection) -> Result<Self, DialerError> {
        Ok(Self {
            detour: Detour::of(connection)?,
            tls: tls::Config::new(connection.cacert.as_deref())?,
            silent: Silent::default(),
        })
    }

    /// Opens a connection to the host of `url`, with TLS if its scheme is
    /// `https` or `wss`, and offers these protocols by ALPN. It takes until
    /// `end` at the latest.
    ///
    /// # Errors
    /// Which addresses were tried, and what each said.
    pub async fn dial(
        &self,
        url: &Url,
        offer: &[Protocol],
        end: Instant,
    ) -> Result<Dialled, DialError> {
        let begun = Instant::now();
        let host = url.host_str().unwrap_or_default();
        let addresses = match literal(url) {
            Some(ip) => allowed(host, vec![SocketAddr::new(ip, port(url))])?,
            None => timeout_at(end, resolve(host, self.detour.as_ref()))
                .await
                .map_err(|_| DialError::Unresolved {
                    host: host.to_owned(),
                })??,
        };
        let addresses = addresses.into_iter().map(|mut address| {
            if address.port() == 0 {
                address.set_port(port(url));
            }
            address
        });
        let resolved = Instant::now();
        let with_tls = matches!(url.scheme(), "https" | "wss");
        let open = |peer: SocketAddr, is_connected: Arc<AtomicBool>| async move {
            let network = |error: std::io::Error| Problem::Network((&error).into());
            let tcp = TcpStream::connect(peer).await.map_err(network)?;
            let connected = Instant::now();
            is_connected.store(true, Ordering::Relaxed);
            let _ = tcp.set_nodelay(true);
            let (stream, tls) = if with_tls {
                let (stream, facts) = self.tls.handshake(tcp, host, offer).await?;
                (stream, Some(facts))
            } else {
                (Stream::plain(tcp), None)
            };
            let phases = Phases {
                dns: resolved - begun,
                connect: connected - resolved,
                tls: with_tls.then(|| connected.elapsed()),
            };
            Ok(Dialled {
                stream,
                peer,
                phases,
                tls,
            })
        };
        race::first(addresses.collect(), &self.silent, end, open)
            .await
            .map_err(DialError::Addresses)
    }
}

/// The address that stands in a URL in place of a name.
fn literal(url: &Url) -> Option<IpAddr> {
    let host = url.host_str()?;
    host.trim_matches(['[', ']']).parse().ok()
}

fn port(url: &Url) -> u16 {
    let implied = match url.scheme() {
        "http" | "ws" => 80,
        _ => 443,
    };
    url.port().unwrap_or(implied)
}

/// What is dialled in place of the target's name.
#[derive(Debug, Clone)]
struct Detour {
    name: String,
    address: Address,
    port: u16,
}

impl Detour {
    fn of(connection: &Connection) -> Result<Option<Self>, DialerError> {
        let Some(address) = &connection.connect_to else {
            return Ok(None);
        };
        if connection.target.is_address() {
            return Err(DialerError::TargetIsAddress);
        }
        let name = connection.target.host();
        if connection.target.hosts().name(name) {
            let name = name.to_owned();
            return Err(DialerError::TwoMeanings { name });
        }
        Ok(Some(Self {
            name: connection.target.host().to_owned(),
            address: address.clone(),
            port: address.port().unwrap_or(connection.target.port()),
        }))
    }
}

/// The addresses of a name, or of what is dialled in its place; port 0 stands
/// for the one of the URL.
async fn resolve(name: &str, detour: Option<&Detour>) -> Result<Vec<SocketAddr>, DialError> {
    let (host, port) = match detour.filter(|detour| detour.name.eq_ignore_ascii_case(name)) {
        Some(detour) => (detour.address.host(), detour.port),
        None => (name, 0),
    };
    let found: Vec<SocketAddr> = tokio::net::lookup_host((host, port))
        .await
        .map_err(|error| DialError::Resolve {
            host: host.to_owned(),
            reason: NetworkError::from(&error).to_string(),
        })?
        .collect();
    allowed(host, found)
}

/// The addresses of a host, if somebody may be asked there.
fn allowed(host: &str, found: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, DialError> {
    match found.iter().find(|found| is_link_local(found.ip())) {
        Some(refused) => Err(DialError::LinkLocal {
            host: host.to_owned(),
            address: refused.ip(),
        }),
        None if found.is_empty() => Err(DialError::Resolve {
            host: host.to_owned(),
            reason: "no address".to_owned(),
        }),
        None => Ok(found),
    }
}

#[cfg(test)]
mod tests;
