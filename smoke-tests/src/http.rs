//! HTTP over TLS: one request, one answer, all of it bounded.
//!
//! ```text
//! request → a connection, open or new → head → body → answer
//! ```
//!
//! The only module that knows the HTTP client. Certificates are always
//! verified, redirects are never followed here, proxies of the environment are
//! ignored, and a body has a largest size and a latest end.

mod cause;
mod exchange;
mod frames;
mod line;
mod link;
mod pool;
mod receive;
mod two;
mod websocket;

use std::net::SocketAddr;
use std::ops::AddAssign;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Version};
use url::Url;

use self::link::Link;
use self::pool::Pool;
pub(crate) use self::websocket::{Came, Content, MOST_MESSAGE_BYTES, Socket, SocketError, upgrade};
use crate::challenge::DigestLogin;
use crate::check_file::HttpVersion;
use crate::dial::{DialError, Dialer, DialerError, Phases, Problem, TlsFacts, TlsTrouble};
use crate::encoding;
use crate::grpc::Call;
use crate::settings::Connection;
use crate::sigv4::Signer;
use crate::target::Target;
use crate::units::{counted, human_bytes, human_duration};

/// The largest body that is read, in bytes.
pub(crate) const MOST_BODY_BYTES: usize = 2 * 1024 * 1024;

/// The most headers that an answer may have, and their most bytes, as names and
/// values.
pub(crate) const MOST_HEADERS: usize = 100;
/// See [`MOST_HEADERS`].
pub(crate) const MOST_HEADER_BYTES: usize = 64 * 1024;

/// What requests that name no `user-agent` of their own call themselves.
pub(crate) const USER_AGENT: &str = concat!("greenlight/", env!("CARGO_PKG_VERSION"));

/// A client for one target, with its pool of connections.
#[derive(Debug, Clone)]
pub struct Client {
    dialer: Dialer,
    pool: Pool,
    connection: Connection,
}

/// Why there is no client.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// Nothing can be dialled.
    #[error(transparent)]
    Dialer(#[from] DialerError),
}

/// What is sent.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) manner: Manner,
}

/// How a request is sent.
#[derive(Debug, Clone, Default)]
pub(crate) struct Manner {
    /// The version of HTTP; negotiated if absent.
    pub(crate) http: Option<HttpVersion>,
    /// Whether the body goes out in gzip.
    pub(crate) compress: bool,
    /// Who signs it when it goes out.
    pub(crate) signer: Option<Signer>,
    /// Who answers the server's challenge.
    pub(crate) digest: Option<DigestLogin>,
    /// The call whose message the body is, in JSON.
    pub(crate) grpc: Option<Arc<Call>>,
    /// Whether it opens a WebSocket.
    pub(crate) opens: bool,
}

impl Request {
    /// The body as it goes out.
    fn encoded(&self) -> Result<Bytes, String> {
        if let Some(call) = &self.manner.grpc {
            let message = serde_json::from_slice(&self.body).map_err(|error| error.to_string())?;
            return Ok(call.frame(&message)?.into());
        }
        if self.manner.compress {
            let gzip = encoding::gzip(&self.body).map_err(|error| error.to_string())?;
            return Ok(gzip.into());
        }
        Ok(self.body.clone())
    }

    /// Signs the request as it is now, if somebody does.
    pub(crate) fn sign(&mut self) -> Result<(), String> {
        let Some(signer) = self.manner.signer.clone() else {
            return Ok(());
        };
        let body = self.encoded()?;
        let now = std::time::SystemTime::now();
        signer.sign(&self.method, &self.url, &mut self.headers, &body, now)
    }

    /// Answers the server's challenge, if there was one and somebody does.
    pub(crate) fn authorize(&mut self) -> Result<(), String> {
        match &mut self.manner.digest {
            Some(login) => login.authorize(&self.method, &self.url, &mut self.headers),
            None => Ok(()),
        }
    }
}

/// What came back.
#[derive(Debug, Clone)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) version: Version,
    pub(crate) headers: HeaderMap,
    /// The body, decoded.
    pub(crate) body: Bytes,
    /// From the begin of the attempt that it is the answer to, the connection
    /// included, to the last byte of the body.
    pub(crate) latency: Duration,
    /// What the connection told, if it was opened for this request.
    pub(crate) opened: Option<Opened>,
    /// The address that answered; absent if it is not known.
    pub(crate) peer: Option<SocketAddr>,
    /// The connection that it came over.
    pub(crate) link: Arc<Link>,
    /// How often it was asked for again.
    pub(crate) repeats: Repeats,
    /// Where redirects led to on the way to it, as paths on the target.
    pub(crate) redirects: Vec<String>,
    /// The path on the target that it is the answer of.
    pub(crate) path: String,
}

/// What a connection of its own tells beside the answer.
#[derive(Debug, Clone)]
pub(crate) struct Opened {
    pub(crate) phases: Phases,
    /// From the open connection to the head of the answer.
    pub(crate) first_byte: Duration,
    pub(crate) tls: Option<TlsFacts>,
}

/// How often a request was asked again, without anybody's saying so in a check
/// file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Repeats {
    /// Because the server had closed the connection, which was used before.
    pub closed: u32,
    /// Because the server said that it had not begun with the request.
    pub refused: u32,
}

impl Repeats {
    /// How often it was in all.
    pub fn total(self) -> u32 {
        self.closed + self.refused
    }
}

impl AddAssign for Repeats {
    fn add_assign(&mut self, more: Self) {
        self.closed += more.closed;
        self.refused += more.refused;
    }
}

/// Nothing, or not all, came back.
#[derive(Debug, Clone)]
pub(crate) struct Unanswered {
    /// What came back, if at least the status did.
    pub(crate) response: Option<Box<Response>>,
    /// Why.
    pub(crate) error: AskError,
    /// How often it was asked for again.
    pub(crate) repeats: Repeats,
}

/// Why nothing, or not all, came back.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum AskError {
    #[error("no connection: {0}")]
    Connect(DialError),
    #[error("no answer within {}", human_duration(*.0))]
    NoAnswer(Duration),
    #[error("a body that did not end within {}", human_duration(*.0))]
    NoEnd(Duration),
    #[error("a body of more than {}", human_bytes(*.0 as u64))]
    TooLarge(usize),
    #[error("a body of more than {} when it is decoded", human_bytes(*.0 as u64))]
    TooLargeDecoded(usize),
    #[error(
        "headers of more than {}, or more than {MOST_HEADERS} of them",
        human_bytes(MOST_HEADER_BYTES as u64)
    )]
    LargeHead,
    #[error("no answer over HTTP/{version}, which may not be spoken there: {reason}")]
    Version {
        version: HttpVersion,
        reason: String,
    },
    #[error("a request that the server refused {}: {reason}", counted(*.times as usize, "time"))]
    Refused { times: u32, reason: String },
    #[error("a broken answer: {0}")]
    Broken(String),
}

impl Client {
    /// Makes the client; reads the certificate authorities.
    pub fn new(connection: &Connection) -> Result<Self, ClientError> {
        Ok(Self {
            dialer: Dialer::new(connection)?,
            pool: Pool::default(),
            connection: connection.clone(),
        })
    }

    /// The target that this client is for.
    pub fn target(&self) -> &Target {
        &self.connection.target
    }

    /// How the target is reached.
    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }
}

impl AskError {
    /// Why there is no connection. A server that does not speak a version
    /// refuses it in the handshake of TLS.
    fn no_connection(error: DialError, http: Option<HttpVersion>) -> Self {
        match (http, error.problem()) {
            (Some(version), Some(Problem::Tls(tls))) if tls.trouble() == TlsTrouble::NoProtocol => {
                let reason = error.to_string();
                Self::Version { version, reason }
            }
            _ => Self::Connect(error),
        }
    }

    /// Why no head of an answer could be read. A server that takes the request
    /// for another version closes the connection, because the words make no
    /// sense to it.
    fn no_head(reason: String, http: Option<HttpVersion>) -> Self {
        match http {
            Some(version) => Self::Version { version, reason },
            None => Self::Broken(reason),
        }
    }

    /// Whether there was not enough time.
    pub(crate) fn is_late(&self) -> bool {
        match self {
            Self::NoAnswer(_) | Self::NoEnd(_) => true,
            Self::Connect(error) => error.is_late(),
            _ => false,
        }
    }
}

impl From<AskError> for Unanswered {
    /// Nothing came back at all.
    fn from(error: AskError) -> Self {
        Self {
            response: None,
            error,
            repeats: Repeats::default(),
        }
    }
}
