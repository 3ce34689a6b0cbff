//! HTTP over TLS: one request, one answer, all of it bounded.
//!
//! ```text
//! request → a connection, open or new → head → body → answer
//! ```
//!
//! The only module that knows the HTTP client. Certificates are always
//! verified, redirects are never followed here, proxies of the environment are
//! ignored, and a body has a largest size and a latest end.

mod connection;
mod error_text;
mod exchange;
mod frames;
mod http2;
mod pool;
mod receive;
mod record;
mod websocket;

use std::net::SocketAddr;
use std::ops::AddAssign;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Version};
use url::Url;

use self::pool::Pool;
use self::record::ConnectionRecord;
pub use self::websocket::{
    MOST_MESSAGE_BYTES, OpenError, Socket, SocketError, SocketEvent, SocketMessage, upgrade_headers,
};
use crate::connection::Connection;
use crate::dial::{
    ConnectError, DialError, Dialer, DialerSetupError, Phases, TlsErrorKind, TlsFacts,
};
use crate::encoding;
use crate::grpc::{self, Codec, FrameError};
use crate::sigv4::{SignatureError, Signer};
use crate::target::Target;
use diagnostic::units::{human_bytes, human_duration, pluralize};

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
    Dialer(#[from] DialerSetupError),
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
    /// How it is sent.
    pub transport: Transport,
}

/// How a request is sent.
#[derive(Debug, Clone, Default)]
pub struct Transport {
    /// The version of HTTP; negotiated if absent.
    pub http: Option<HttpVersion>,
    /// Whether the body goes out in gzip.
    pub compress: bool,
    /// What signs the request when it goes out.
    pub signer: Option<Signer>,
    /// What turns the body into the message of a gRPC call.
    pub grpc: Option<Arc<dyn Codec>>,
    /// Whether it asks the server to open a WebSocket.
    pub opens_websocket: bool,
}

/// Why a body cannot be written as it is to be sent.
#[derive(Debug, thiserror::Error)]
pub enum EncodeError {
    /// It makes no message of gRPC.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// It cannot be compressed.
    #[error(transparent)]
    Compress(#[from] std::io::Error),
}

/// Why a request cannot be signed.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// The body that is to be signed cannot be written.
    #[error(transparent)]
    Body(#[from] EncodeError),
    /// The signer refuses the request.
    #[error(transparent)]
    Signature(#[from] SignatureError),
}

impl Request {
    /// The body as it goes out: framed for gRPC, or in gzip, or as it is.
    fn encode_body(&self) -> Result<Bytes, EncodeError> {
        if let Some(codec) = &self.transport.grpc {
            let message = codec.encode(&self.body)?;
            return Ok(grpc::frame(&message)?.into());
        }
        if self.transport.compress {
            return Ok(encoding::gzip(&self.body)?.into());
        }
        Ok(self.body.clone())
    }

    /// Signs the request as it is now, if its transport has a signer. A header
    /// that changes afterwards makes the signature wrong.
    pub fn sign(&mut self) -> Result<(), SignError> {
        let Some(signer) = self.transport.signer.clone() else {
            return Ok(());
        };
        let body = self.encode_body()?;
        let now = std::time::SystemTime::now();
        signer.sign(&self.method, &self.url, &mut self.headers, &body, now)?;
        Ok(())
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
    /// From the begin of the attempt that brought the answer, the opening of a
    /// connection included, to the last byte of the body.
    pub latency: Duration,
    /// How the connection was opened, if that was for this request alone.
    pub opening: Option<Opening>,
    /// The address that answered; absent if it is not known.
    pub peer: Option<SocketAddr>,
    /// The record of the connection that it came over.
    pub connection: Arc<ConnectionRecord>,
    /// How often the request was sent again.
    pub resends: Resends,
    /// Where redirects led to on the way to it, as paths on the target.
    pub redirects: Vec<String>,
    /// The path on the target that it is the answer of.
    pub path: String,
}

/// What the opening of a connection tells beside the answer.
#[derive(Debug, Clone)]
pub struct Opening {
    /// How long opening the connection took, by phase.
    pub phases: Phases,
    /// From the open connection to the head of the answer.
    pub first_byte: Duration,
    /// The facts of TLS; absent without TLS.
    pub tls: Option<TlsFacts>,
}

/// How often a request was sent again without a `retry` or `repeat` in the check
/// file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Resends {
    /// Because the server had closed the connection, which was used before.
    pub closed: u32,
    /// Because the server said that it had not begun with the request.
    pub refused: u32,
}

impl Resends {
    /// How often it was sent again in all.
    pub fn total(self) -> u32 {
        self.closed + self.refused
    }
}

impl AddAssign for Resends {
    fn add_assign(&mut self, more: Self) {
        self.closed += more.closed;
        self.refused += more.refused;
    }
}

/// A request to which no answer came, or not all of one.
#[derive(Debug, Clone)]
pub struct Unanswered {
    /// What came back, if at least the status did.
    pub response: Option<Box<Response>>,
    /// Why.
    pub error: AskError,
    /// How often the request was sent again.
    pub resends: Resends,
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
    #[error("a request that the server refused {}: {reason}", pluralize(*.times as usize, "time"))]
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
    /// The error of a request without a connection. A server that does not speak
    /// the version of HTTP refuses the handshake of TLS, so the message is about
    /// the version then.
    fn from_dial_error(error: DialError, http: Option<HttpVersion>) -> Self {
        match (http, error.decisive_error()) {
            (Some(version), Some(ConnectError::Tls(tls)))
                if tls.kind() == TlsErrorKind::NoProtocol =>
            {
                let reason = error.to_string();
                Self::Version { version, reason }
            }
            _ => Self::Connect(error),
        }
    }

    /// The error of a request whose answer has no head. A server that takes the
    /// request for one of another version of HTTP cannot read it and closes the
    /// connection, so the message is about the version then.
    fn from_missing_head(reason: String, http: Option<HttpVersion>) -> Self {
        match http {
            Some(version) => Self::Version { version, reason },
            None => Self::Broken(reason),
        }
    }

    /// Whether the time was over before the answer was there.
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
            resends: Resends::default(),
        }
    }
}
