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
pub use self::websocket::{Came, Content, MOST_MESSAGE_BYTES, Socket, SocketError, upgrade};
use crate::connection::Connection;
use crate::dial::{DialError, Dialer, DialerError, Phases, Problem, TlsFacts, TlsTrouble};
use crate::encoding;
use crate::grpc::{self, Codec};
use crate::sigv4::Signer;
use crate::target::Target;
use diagnostic::units::{counted, human_bytes, human_duration};

/// The largest body that is read, in bytes.
pub(crate) const MOST_BODY_BYTES: usize = 2 * 1024 * 1024;

/// The most headers that an answer may have, and their most bytes, as names and
/// values.
pub(crate) const MOST_HEADERS: usize = 100;
/// See [`MOST_HEADERS`].
pub(crate) const MOST_HEADER_BYTES: usize = 64 * 1024;

/// What requests that name no `user-agent` of their own call themselves.
pub const USER_AGENT: &str = concat!("greenlight/", env!("CARGO_PKG_VERSION"));

/// A client for one target, with its pool of connections.
#[derive(Debug, Clone)]
pub struct Client {
    dialer: Dialer,
    pool: Pool,
    connection: Connection,
}

/// Why there is no client.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ClientError {
    /// Nothing can be dialled.
    #[error(transparent)]
    Dialer(#[from] DialerError),
}

/// What is sent.
#[derive(Debug, Clone)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The URL, on the target or an allowed host.
    pub url: Url,
    /// The headers, `host` included if it is not the one of the URL.
    pub headers: HeaderMap,
    /// The body; empty if there is none.
    pub body: Bytes,
    /// How it is sent, and what is known of the answer.
    pub manner: Manner,
}

/// How a request is sent.
#[derive(Debug, Clone, Default)]
pub struct Manner {
    /// The version of HTTP; negotiated if absent.
    pub http: Option<HttpVersion>,
    /// Whether the body goes out in gzip.
    pub compress: bool,
    /// Who signs it when it goes out.
    pub signer: Option<Signer>,
    /// What makes the message of a gRPC call of the body.
    pub grpc: Option<Arc<dyn Codec>>,
    /// Whether it opens a WebSocket.
    pub opens: bool,
}

impl Request {
    /// The body as it goes out.
    fn encoded(&self) -> Result<Bytes, String> {
        if let Some(codec) = &self.manner.grpc {
            let message = codec.encode(&self.body);
            let framed = message.and_then(|message| grpc::frame(&message));
            return Ok(framed.map_err(|error| error.to_string())?.into());
        }
        if self.manner.compress {
            let gzip = encoding::gzip(&self.body).map_err(|error| error.to_string())?;
            return Ok(gzip.into());
        }
        Ok(self.body.clone())
    }

    /// Signs the request as it is now, if somebody does.
    pub fn sign(&mut self) -> Result<(), String> {
        let Some(signer) = self.manner.signer.clone() else {
            return Ok(());
        };
        let body = self.encoded()?;
        let now = std::time::SystemTime::now();
        signer.sign(&self.method, &self.url, &mut self.headers, &body, now)
    }
}

/// A version of HTTP that a request insists on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HttpVersion {
    /// HTTP/1.1 (RFC 9112).
    One,
    /// HTTP/2 (RFC 9113).
    Two,
}

impl std::fmt::Display for HttpVersion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::One => "1.1",
            Self::Two => "2",
        })
    }
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The version of HTTP.
    pub version: Version,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, decoded.
    pub body: Bytes,
    /// From the begin of the attempt that it is the answer to, the connection
    /// included, to the last byte of the body.
    pub latency: Duration,
    /// What the connection told, if it was opened for this request.
    pub opened: Option<Opened>,
    /// The address that answered; absent if it is not known.
    pub peer: Option<SocketAddr>,
    /// The connection that it came over.
    pub link: Arc<Link>,
    /// How often it was asked for again.
    pub repeats: Repeats,
    /// Where redirects led to on the way to it, as paths on the target.
    pub redirects: Vec<String>,
    /// The path on the target that it is the answer of.
    pub path: String,
}

/// What a connection of its own tells beside the answer.
#[derive(Debug, Clone)]
pub struct Opened {
    /// How long opening the connection took, by phase.
    pub phases: Phases,
    /// From the open connection to the head of the answer.
    pub first_byte: Duration,
    /// The facts of TLS; absent without TLS.
    pub tls: Option<TlsFacts>,
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
pub struct Unanswered {
    /// What came back, if at least the status did.
    pub response: Option<Box<Response>>,
    /// Why.
    pub error: AskError,
    /// How often it was asked for again.
    pub repeats: Repeats,
}

/// Why nothing, or not all, came back.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AskError {
    /// There is no connection.
    #[error("no connection: {0}")]
    Connect(DialError),
    /// No answer began in time.
    #[error("no answer within {}", human_duration(*.0))]
    NoAnswer(Duration),
    /// The body did not end in time.
    #[error("a body that did not end within {}", human_duration(*.0))]
    NoEnd(Duration),
    /// The body is larger than so many bytes.
    #[error("a body of more than {}", human_bytes(*.0 as u64))]
    TooLarge(usize),
    /// The decoded body is larger than so many bytes.
    #[error("a body of more than {} when it is decoded", human_bytes(*.0 as u64))]
    TooLargeDecoded(usize),
    #[error(
        "headers of more than {}, or more than {MOST_HEADERS} of them",
        human_bytes(MOST_HEADER_BYTES as u64)
    )]
    /// The head is too large.
    LargeHead,
    /// The version of HTTP that was asked for is not spoken.
    #[error("no answer over HTTP/{version}, which may not be spoken there: {reason}")]
    Version {
        /// The version that was asked for.
        version: HttpVersion,
        /// What the library says.
        reason: String,
    },
    /// The server refused it, before it began with it, each time.
    #[error("a request that the server refused {}: {reason}", counted(*.times as usize, "time"))]
    Refused {
        /// How often.
        times: u32,
        /// What the library says.
        reason: String,
    },
    /// What came is not HTTP, or not what its head promises.
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
    pub fn connection(&self) -> &Connection {
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
    pub fn is_late(&self) -> bool {
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
