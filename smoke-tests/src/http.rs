//! HTTP over TLS: one request, one answer, all of it bounded.
//!
//! The only module that knows the HTTP client and the TLS stack. Certificates
//! are always verified, redirects are never followed here, proxies of the
//! environment are ignored, and a body has a largest size and a latest end.

use std::error::Error as _;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Method, Version};
use tokio::time::Instant;
use url::Url;

use crate::settings::Connection;
use crate::target::{Address, Target, is_link_local};
use crate::units::{human_bytes, human_duration};

/// The largest body that is read, in bytes.
pub(crate) const MOST_BODY_BYTES: usize = 2 * 1024 * 1024;

/// What requests that name no `user-agent` of their own call themselves.
pub(crate) const USER_AGENT: &str = concat!("greenlight/", env!("CARGO_PKG_VERSION"));

/// A client for one target, with its pool of connections.
#[derive(Debug, Clone)]
pub struct Client {
    inner: reqwest::Client,
    connection: Connection,
    /// The port is left out of the dialled URL, because the client would
    /// otherwise prefer it to the port of the address.
    moves_port: bool,
}

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The file with the certificate authorities cannot be read.
    #[error("the certificate authorities in `{path}` cannot be read: {reason}")]
    Authorities {
        /// The file.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A target that is an address is dialled as it is.
    #[error(
        "an address to connect to needs a target with a name, found a target that is an address itself"
    )]
    TargetIsAddress,
    /// The TLS stack or the system's certificate authorities failed.
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
}

/// What came back.
#[derive(Debug, Clone)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) version: Version,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// From the first attempt to connect to the last byte of the body.
    pub(crate) latency: Duration,
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
    #[error("a broken answer: {0}")]
    Broken(String),
}

impl Client {
    /// Makes the client; reads the certificate authorities.
    pub fn new(connection: &Connection) -> Result<Self, ClientError> {
        // A second call finds the provider in place, which is what is wanted.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .referer(false)
            .user_agent(USER_AGENT);
        if let Some(path) = &connection.cacert {
            let unreadable = |reason: String| ClientError::Authorities {
                path: path.display().to_string(),
                reason,
            };
            let pem = std::fs::read(path).map_err(|error| unreadable(error.to_string()))?;
            let authorities = reqwest::Certificate::from_pem_bundle(&pem)
                .map_err(|error| unreadable(chain(&error)))?;
            if authorities.is_empty() {
                return Err(unreadable("no certificate in PEM form in it".to_owned()));
            }
            builder = builder.tls_certs_only(authorities);
        }
        let mut moves_port = false;
        let mut detour = None;
        if let Some(address) = &connection.connect_to {
            if connection.target.is_address() {
                return Err(ClientError::TargetIsAddress);
            }
            let port = address.port().unwrap_or(connection.target.port());
            moves_port = connection.target.has_explicit_port() && port != connection.target.port();
            detour = Some((address.clone(), port));
        }
        builder = builder.dns_resolver(Resolver { detour });
        let inner = builder.build().map_err(|error| ClientError::Stack {
            reason: chain(&error),
        })?;
        Ok(Self {
            inner,
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
        let request = self.prepare(request);
        let nothing = |error| Unanswered {
            response: None,
            error,
        };
        let mut response = tokio::time::timeout_at(end, self.inner.execute(request))
            .await
            .map_err(|_| nothing(AskError::NoAnswer(limit)))?
            .map_err(|error| nothing(ask_error(&error)))?;
        let mut answer = Response {
            status: response.status().as_u16(),
            version: response.version(),
            headers: std::mem::take(response.headers_mut()),
            body: Bytes::new(),
            latency: Duration::ZERO,
        };
        let mut body = BytesMut::new();
        let ended = loop {
            let chunk = match tokio::time::timeout_at(end, response.chunk()).await {
                Ok(Ok(Some(chunk))) => chunk,
                Ok(Ok(None)) => break Ok(()),
                Ok(Err(error)) => break Err(ask_error(&error)),
                Err(_) => break Err(AskError::NoEnd(limit)),
            };
            if body.len() + chunk.len() > MOST_BODY_BYTES {
                break Err(AskError::TooLarge(MOST_BODY_BYTES));
            }
            body.extend_from_slice(&chunk);
        };
        answer.body = body.freeze();
        answer.latency = begun.elapsed();
        match ended {
            Ok(()) => Ok(answer),
            Err(error) => Err(Unanswered {
                response: Some(Box::new(answer)),
                error,
            }),
        }
    }

    fn prepare(&self, request: Request) -> reqwest::Request {
        let mut url = request.url;
        let mut headers = request.headers;
        if self.moves_port {
            let authority = url.authority().to_owned();
            if let Ok(host) = http::HeaderValue::from_str(&authority) {
                headers.entry(http::header::HOST).or_insert(host);
            }
            // Cannot fail for a URL that has a host.
            let _ = url.set_port(None);
        }
        let mut prepared = reqwest::Request::new(request.method, url);
        *prepared.headers_mut() = headers;
        if !request.body.is_empty() {
            *prepared.body_mut() = Some(request.body.into());
        }
        prepared
    }
}

fn ask_error(error: &reqwest::Error) -> AskError {
    if error.is_connect() {
        AskError::Connect(chain(error))
    } else {
        AskError::Broken(chain(error))
    }
}

/// The innermost reasons of an error, without the layers that only say that
/// something below them failed.
fn chain(error: &reqwest::Error) -> String {
    let mut reasons: Vec<String> = Vec::new();
    let mut next = error.source();
    while let Some(error) = next {
        let reason = error.to_string();
        let repeated = reasons.last().is_some_and(|last| last.contains(&reason));
        if !repeated && !reason.starts_with("client error (") {
            reasons.push(reason);
        }
        next = error.source();
    }
    if reasons.is_empty() {
        error.to_string()
    } else {
        reasons.join(": ")
    }
}

/// Resolves names, or every name to the address to connect to instead.
struct Resolver {
    detour: Option<(Address, u16)>,
}

impl reqwest::dns::Resolve for Resolver {
    fn resolve(&self, name: reqwest::dns::Name) -> reqwest::dns::Resolving {
        // Port 0 stands for the one of the URL.
        let (host, port) = match &self.detour {
            Some((address, port)) => (address.host().to_owned(), *port),
            None => (name.as_str().to_owned(), 0),
        };
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((host.as_str(), port))
                .await
                .map_err(|error| format!("`{host}` does not resolve: {error}"))?
                .collect();
            if let Some(refused) = found.iter().find(|found| is_link_local(found.ip())) {
                let ip = refused.ip();
                return Err(format!("`{host}` is {ip}, a link-local address").into());
            }
            Ok(Box::new(found.into_iter()) as reqwest::dns::Addrs)
        })
    }
}
