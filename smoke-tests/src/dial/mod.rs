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
mod stream;
mod tls;

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::net::TcpStream;
use tokio::time::Instant;
use url::Url;

pub use self::certificate::Certificate;
pub use self::stream::Stream;
pub use self::tls::TlsFacts;
use crate::settings::Connection;
use crate::target::{Address, is_link_local};

/// How long an address is tried alone before the next one is tried beside it
/// (RFC 8305, section 5).
const STAGGER: Duration = Duration::from_millis(250);

/// What opens connections to one target.
#[derive(Debug, Clone)]
pub struct Dialer {
    detour: Option<Detour>,
    tls: Arc<tls::Config>,
}

/// A connection that is open.
#[derive(Debug)]
pub struct Dialled {
    /// What to read from and write to.
    pub stream: Stream,
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

/// Why nothing can be dialled at all.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum DialerError {
    /// The file with the certificate authorities cannot be read.
    #[error("the certificate authorities in `{}` cannot be read: {reason}", .path.display())]
    Authorities {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A target that is an address is dialled as it is.
    #[error(
        "an address to connect to needs a target with a name, found a target that is an address itself"
    )]
    TargetIsAddress,
    /// Only the name is known when an address is looked up.
    #[error(
        "`{name}` cannot be allowed as another host, because something else is dialled for that name"
    )]
    TwoMeanings {
        /// The target's name, which is also that of an allowed host.
        name: String,
    },
    /// The TLS stack or the system's certificate authorities failed.
    #[error("the TLS stack cannot be set up: {reason}")]
    Stack {
        /// What is wrong.
        reason: String,
    },
}

/// Why there is no connection.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum DialError {
    /// The name has no address, or one where nobody is asked.
    #[error("dns error: {0}")]
    Resolve(String),
    /// No address accepted a connection.
    #[error("tcp connect error: {0}")]
    Connect(String),
    /// The handshake failed, or the certificate is not to be trusted.
    #[error("{0}")]
    Tls(String),
}

impl DialError {
    /// The reason alone.
    pub(crate) fn reason(&self) -> &str {
        match self {
            Self::Resolve(reason) | Self::Connect(reason) | Self::Tls(reason) => reason,
        }
    }
}

impl Dialer {
    /// Makes the dialer; reads the certificate authorities.
    pub fn new(connection: &Connection) -> Result<Self, DialerError> {
        Ok(Self {
            detour: Detour::of(connection)?,
            tls: Arc::new(tls::Config::new(connection.cacert.as_deref())?),
        })
    }

    /// The TLS settings for another client that must trust the same.
    pub(crate) fn tls(&self) -> &tls::Config {
        &self.tls
    }

    pub(crate) fn detour(&self) -> Option<&Detour> {
        self.detour.as_ref()
    }

    /// Opens a connection to the host of `url`, with TLS if its scheme is
    /// `https` or `wss`, and offers these protocols by ALPN.
    pub async fn dial(&self, url: &Url, offer: &[Protocol]) -> Result<Dialled, DialError> {
        let begun = Instant::now();
        let addresses = match literal(url) {
            Some(ip) => allowed(&ip.to_string(), vec![SocketAddr::new(ip, port(url))])?,
            None => resolve(url.host_str().unwrap_or_default(), self.detour.as_ref()).await?,
        };
        let addresses = addresses.into_iter().map(|mut address| {
            if address.port() == 0 {
                address.set_port(port(url));
            }
            address
        });
        let resolved = Instant::now();
        let tcp = connect(addresses.collect()).await?;
        let connected = Instant::now();
        let mut phases = Phases {
            dns: resolved - begun,
            connect: connected - resolved,
            tls: None,
        };
        if !matches!(url.scheme(), "https" | "wss") {
            let stream = Stream::plain(tcp);
            return Ok(Dialled {
                stream,
                phases,
                tls: None,
            });
        }
        let host = url.host_str().unwrap_or_default();
        let (stream, facts) = self.tls.handshake(tcp, host, offer).await?;
        phases.tls = Some(connected.elapsed());
        Ok(Dialled {
            stream,
            phases,
            tls: Some(facts),
        })
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
pub(crate) struct Detour {
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

    /// The port that is dialled.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }
}

/// The addresses of a name, or of what is dialled in its place; port 0 stands
/// for the one of the URL.
pub(crate) async fn resolve(
    name: &str,
    detour: Option<&Detour>,
) -> Result<Vec<SocketAddr>, DialError> {
    let (host, port) = match detour.filter(|detour| detour.name.eq_ignore_ascii_case(name)) {
        Some(detour) => (detour.address.host(), detour.port),
        None => (name, 0),
    };
    let found: Vec<SocketAddr> = tokio::net::lookup_host((host, port))
        .await
        .map_err(|error| DialError::Resolve(format!("`{host}` does not resolve: {error}")))?
        .collect();
    allowed(host, found)
}

/// The addresses of a host, if somebody may be asked there.
fn allowed(host: &str, found: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, DialError> {
    match found.iter().find(|found| is_link_local(found.ip())) {
        Some(refused) => Err(DialError::Resolve(format!(
            "`{host}` is {}, a link-local address",
            refused.ip()
        ))),
        None => Ok(found),
    }
}

/// Connects to the first address that accepts. The next one is tried when the
/// one before fails, or when it takes long, so that no silent address uses up
/// the time of the others.
async fn connect(addresses: Vec<SocketAddr>) -> Result<TcpStream, DialError> {
    let mut waiting = addresses.into_iter();
    let mut open = FuturesUnordered::new();
    open.extend(waiting.next().map(TcpStream::connect));
    let mut last = "no address".to_owned();
    loop {
        let more = waiting.len() > 0;
        tokio::select! {
            connected = open.next() => match connected {
                Some(Ok(stream)) => {
                    let _ = stream.set_nodelay(true);
                    return Ok(stream);
                }
                Some(Err(error)) => {
                    last = error.to_string();
                    open.extend(waiting.next().map(TcpStream::connect));
                }
                None => return Err(DialError::Connect(last)),
            },
            () = tokio::time::sleep(STAGGER), if more => {
                open.extend(waiting.next().map(TcpStream::connect));
            }
        }
    }
}

#[cfg(test)]
mod tests;
