//! HTTP over TLS: one request, one answer, all of it bounded.
//!
//! The only module that knows the HTTP client. Certificates are always
//! verified, redirects are never followed here, proxies of the environment are
//! ignored, and a body has a largest size and a latest end.

mod fresh;
mod receive;
mod websocket;

use std::error::Error;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, HeaderValue, Method, Version};
use tokio::time::Instant;
use url::Url;

pub(crate) use self::fresh::Opened;
use self::receive::receive;
pub(crate) use self::websocket::{Came, Content, MOST_MESSAGE_BYTES, Socket, SocketError, upgrade};
use crate::challenge::DigestLogin;
use crate::check_file::HttpVersion;
use crate::dial::{Detour, Dialer, DialerError, Protocol, resolve};
use crate::encoding;
use crate::grpc::Call;
use crate::settings::Connection;
use crate::sigv4::Signer;
use crate::target::Target;
use crate::units::{human_bytes, human_duration};

/// The largest body that is read, in bytes.
pub(crate) const MOST_BODY_BYTES: usize = 2 * 1024 * 1024;

/// The most headers that an answer may have, and their most bytes, as names and
/// values.
pub(crate) const MOST_HEADERS: usize = 100;
/// See [`MOST_HEADERS`].
pub(crate) const MOST_HEADER_BYTES: usize = 64 * 1024;
/// The most that a connection of HTTP/2 takes in of the headers of an answer.
/// More than may be, so that what is too large is found to be that and not
/// taken for a broken answer. HTTP/1.1 has such a bound in its reader.
const MOST_HEADER_LIST: u32 = 256 * 1024;

/// What requests that name no `user-agent` of their own call themselves.
pub(crate) const USER_AGENT: &str = concat!("greenlight/", env!("CARGO_PKG_VERSION"));

/// A client for one target, with its pool of connections.
#[derive(Debug, Clone)]
pub struct Client {
    inner: reqwest::Client,
    /// Those that speak one version of HTTP only, made when they are needed.
    pinned: Arc<[OnceLock<reqwest::Client>; 2]>,
    dialer: Dialer,
    connection: Connection,
    /// The port is left out of the dialled URL, because the client would
    /// otherwise prefer it to the port of the address.
    moves_port: bool,
}

/// Why there is no client.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// Nothing can be dialled.
    #[error(transparent)]
    Dialer(#[from] DialerError),
    /// The HTTP client cannot be set up.
    #[error("the HTTP client cannot be made: {reason}")]
    Stack {
        /// What is wrong.
        reason: String,
    },
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
    /// From the first attempt to connect to the last byte of the body.
    pub(crate) latency: Duration,
    /// What the connection told, if it was opened for this request.
    pub(crate) opened: Option<Opened>,
    /// The address that answered; absent if it is not known.
    pub(crate) peer: Option<SocketAddr>,
    /// Where redirects led to on the way to it, as paths on the target.
    pub(crate) redirects: Vec<String>,
    /// The path on the target that it is the answer of.
    pub(crate) path: String,
}

/// Nothing, or not all, came back.
#[derive(Debug, Clone)]
pub(crate) struct Unanswered {
    /// What came back, if at least the status did.
    pub(crate) response: Option<Box<Response>>,
    /// Why.
    pub(crate) error: AskError,
}

/// Why nothing, or not all, came back.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum AskError {
    #[error("no connection: {0}")]
    Connect(String),
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
    #[error("a broken answer: {0}")]
    Broken(String),
}

impl Client {
    /// Makes the client; reads the certificate authorities.
    pub fn new(connection: &Connection) -> Result<Self, ClientError> {
        let dialer = Dialer::new(connection)?;
        let moves_port = dialer.detour().is_some_and(|detour| {
            connection.target.has_explicit_port() && detour.port() != connection.target.port()
        });
        let builder = builder(&dialer, &[Protocol::Http2, Protocol::Http1]);
        let inner = builder.build().map_err(|error| ClientError::Stack {
            reason: chain(&error),
        })?;
        Ok(Self {
            inner,
            pinned: Arc::default(),
            dialer,
            connection: connection.clone(),
            moves_port,
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

    /// Sends one request and reads the whole answer, within `limit`.
    pub(crate) async fn ask(
        &self,
        request: Request,
        limit: Duration,
    ) -> Result<Response, Unanswered> {
        let begun = Instant::now();
        let end = begun + limit;
        let http = request.manner.http;
        let call = request.manner.grpc.clone();
        let client = self.speaking(http)?;
        let request = self.prepare(request)?;
        let asked = tokio::time::timeout_at(end, client.execute(request)).await;
        match asked {
            Ok(Ok(response)) => receive(response.into(), None, call, begun, limit, chain).await,
            Ok(Err(error)) => Err(ask_error(&error, http).into()),
            Err(_) => Err(AskError::NoAnswer(limit).into()),
        }
    }

    /// The client for a version of HTTP.
    fn speaking(&self, http: Option<HttpVersion>) -> Result<&reqwest::Client, AskError> {
        let Some(version) = http else {
            return Ok(&self.inner);
        };
        let cell = match version {
            HttpVersion::One => &self.pinned[0],
            HttpVersion::Two => &self.pinned[1],
        };
        if let Some(client) = cell.get() {
            return Ok(client);
        }
        let builder = match version {
            HttpVersion::One => builder(&self.dialer, &[Protocol::Http1]).http1_only(),
            HttpVersion::Two => builder(&self.dialer, &[Protocol::Http2]).http2_prior_knowledge(),
        };
        let client = builder.build();
        let client = client.map_err(|error| AskError::Connect(chain(&error)))?;
        Ok(cell.get_or_init(|| client))
    }

    fn prepare(&self, request: Request) -> Result<reqwest::Request, AskError> {
        let body = request.encoded().map_err(AskError::Broken)?;
        let mut url = request.url;
        let mut headers = request.headers;
        if self.moves_port && self.target().is_at(&url) {
            let authority = url.authority().to_owned();
            if let Ok(host) = http::HeaderValue::from_str(&authority) {
                headers.entry(http::header::HOST).or_insert(host);
            }
            // Cannot fail for a URL that has a host.
            let _ = url.set_port(None);
        }
        if body.is_empty() {
            no_content(&request.method, &mut headers);
        }
        let mut prepared = reqwest::Request::new(request.method, url);
        *prepared.headers_mut() = headers;
        if !body.is_empty() {
            *prepared.body_mut() = Some(body.into());
        }
        Ok(prepared)
    }
}

/// Says that there is no body, to servers that wait for one by its method (RFC
/// 9110, section 8.6).
fn no_content(method: &Method, headers: &mut HeaderMap) {
    if !method.is_safe() && *method != Method::DELETE {
        headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
    }
}

/// What all clients have in common.
fn builder(dialer: &Dialer, offer: &[Protocol]) -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .referer(false)
        .user_agent(USER_AGENT)
        .http2_max_header_list_size(MOST_HEADER_LIST)
        .tls_backend_preconfigured(dialer.tls().offering(offer))
        .dns_resolver(Resolver(dialer.detour().cloned()))
}

impl From<AskError> for Unanswered {
    /// Nothing came back at all.
    fn from(error: AskError) -> Self {
        Self {
            response: None,
            error,
        }
    }
}

/// A server that does not speak a version refuses it in the handshake of TLS.
fn connect_error(reason: String, http: Option<HttpVersion>) -> AskError {
    match http {
        Some(version) if reason.contains("NoApplicationProtocol") => {
            AskError::Version { version, reason }
        }
        _ => AskError::Connect(reason),
    }
}

fn ask_error(error: &reqwest::Error, http: Option<HttpVersion>) -> AskError {
    if error.is_connect() {
        return connect_error(chain(error), http);
    }
    head_error(chain(error), http)
}

/// Why no head of an answer could be read. A server that takes the request for
/// another version closes the connection, because the words make no sense to
/// it.
fn head_error(reason: String, http: Option<HttpVersion>) -> AskError {
    match http {
        _ if receive::is_too_large(&reason) => AskError::LargeHead,
        Some(version) => AskError::Version { version, reason },
        None => AskError::Broken(reason),
    }
}

/// The reasons below an error of the client.
fn chain(error: &reqwest::Error) -> String {
    match error.source() {
        Some(below) => reasons(Some(below)),
        None => error.to_string(),
    }
}

/// The innermost reasons of an error, without the layers that only say that
/// something below them failed.
fn reasons(mut next: Option<&(dyn Error + 'static)>) -> String {
    let mut reasons: Vec<String> = Vec::new();
    while let Some(error) = next {
        let reason = error.to_string();
        let repeated = reasons.last().is_some_and(|last| last.contains(&reason));
        if !repeated && !reason.starts_with("client error (") {
            reasons.push(reason);
        }
        next = error.source();
    }
    reasons.join(": ")
}

/// Resolves names as the dialer does.
struct Resolver(Option<Detour>);

impl reqwest::dns::Resolve for Resolver {
    fn resolve(&self, name: reqwest::dns::Name) -> reqwest::dns::Resolving {
        let detour = self.0.clone();
        Box::pin(async move {
            match resolve(name.as_str(), detour.as_ref()).await {
                Ok(found) => Ok(Box::new(found.into_iter()) as reqwest::dns::Addrs),
                Err(error) => Err(error.reason().to_owned().into()),
            }
        })
    }
}
