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

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use url::Url;

pub use self::certificate::{Certificate, ReadCertificateError};
pub use self::error::{
    AddressError, ConnectError, DialError, DialerSetupError, NetworkError, TlsError,
};
use self::race::SilentAddresses;
pub use self::stream::Stream;
pub use self::tls::TlsErrorKind;
pub use self::tls::TlsFacts;
use crate::connection::Connection;
use crate::target::{Address, is_link_local, literal_address};

/// Opens connections to one target and the hosts that are allowed beside it.
#[derive(Debug, Clone)]
pub struct Dialer {
    detour: Option<Detour>,
    tls: tls::TlsConfig,
    silent: SilentAddresses,
}

/// A stream to a server, with what opening it told.
#[derive(Debug)]
pub struct OpenStream {
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
    pub fn new(connection: &Connection) -> Result<Self, DialerSetupError> {
        Ok(Self {
            detour: Detour::from_connection(connection)?,
            tls: tls::TlsConfig::new(connection.cacert.as_deref())?,
            silent: SilentAddresses::default(),
        })
    }

    /// Opens a connection to the host of `url` by the deadline, with TLS if its
    /// scheme is `https` or `wss`, and offers these protocols by ALPN.
    ///
    /// # Errors
    /// Which addresses were tried, and what each said.
    pub async fn dial(
        &self,
        url: &Url,
        offer: &[Protocol],
        deadline: Instant,
    ) -> Result<OpenStream, DialError> {
        let started = Instant::now();
        let host = url.host_str().unwrap_or_default();
        let port = url.port_or_known_default().unwrap_or(443);
        let addresses = match literal_address(url) {
            Some(ip) => refuse_link_local(host, vec![SocketAddr::new(ip, port)])?,
            None => timeout_at(deadline, resolve(host, self.detour.as_ref()))
                .await
                .map_err(|_| DialError::Unresolved {
                    host: host.to_owned(),
                })??,
        };
        let addresses = addresses.into_iter().map(|mut address| {
            if address.port() == 0 {
                address.set_port(port);
            }
            address
        });
        let resolved = Instant::now();
        let with_tls = matches!(url.scheme(), "https" | "wss");
        let open = |peer: SocketAddr, is_connected: Arc<AtomicBool>| async move {
            let network = |error: std::io::Error| ConnectError::Network((&error).into());
            let tcp = TcpStream::connect(peer).await.map_err(network)?;
            let connected = Instant::now();
            is_connected.store(true, Ordering::Relaxed);
            // Without it, the kernel may hold the end of a request back for a
            // moment (Nagle's algorithm); a connection works either way.
            let _ = tcp.set_nodelay(true);
            let (stream, tls) = if with_tls {
                let (stream, facts) = self.tls.handshake(tcp, host, offer).await?;
                (stream, Some(facts))
            } else {
                (Stream::from_tcp(tcp), None)
            };
            let phases = Phases {
                dns: resolved - started,
                connect: connected - resolved,
                tls: with_tls.then(|| connected.elapsed()),
            };
            Ok(OpenStream {
                stream,
                peer,
                phases,
                tls,
            })
        };
        race::connect_first(addresses.collect(), &self.silent, deadline, open)
            .await
            .map_err(DialError::Addresses)
    }
}

/// The address that is dialled in place of the target's name.
#[derive(Debug, Clone)]
struct Detour {
    name: String,
    address: Address,
    port: u16,
}

impl Detour {
    fn from_connection(connection: &Connection) -> Result<Option<Self>, DialerSetupError> {
        let Some(address) = &connection.connect_to else {
            return Ok(None);
        };
        if connection.target.is_address() {
            return Err(DialerSetupError::TargetIsAddress);
        }
        let name = connection.target.host();
        // The resolver is given names alone, so it could not tell the target
        // from an allowed host of the same name on another port.
        if connection.target.hosts().has_name(name) {
            let name = name.to_owned();
            return Err(DialerSetupError::TwoMeanings { name });
        }
        Ok(Some(Self {
            name: connection.target.host().to_owned(),
            address: address.clone(),
            port: address.port().unwrap_or(connection.target.port()),
        }))
    }
}

/// Resolves a name, or what is dialled in its place. Port 0 in an address stands
/// for the URL's own port.
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
    refuse_link_local(host, found)
}

/// Returns the addresses of a host, unless one of them is link-local: a name
/// that resolves to the credentials of this machine is an attack, or a mistake.
fn refuse_link_local(host: &str, found: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, DialError> {
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
