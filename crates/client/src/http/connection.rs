//! A connection that requests go over, in the version of HTTP that was agreed
//! on.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HOST, HeaderMap, HeaderValue};
use http::{Method, Uri, Version};
use http_body_util::Full;
use hyper::body::{Frame, Incoming};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::sync::OwnedSemaphorePermit;
use url::{Position, Url};

use super::cause::{self, Cause};
use super::link::{Driver, Link, Listened, Use};
use super::two::{self, Two};
use super::{AskError, Request};
use crate::http::HttpVersion;

/// A connection that requests go over.
pub(super) struct Line {
    pub(super) link: Arc<Link>,
    pub(super) sender: Sender,
    /// The room for a request, where there is not any amount of it.
    slot: Option<OwnedSemaphorePermit>,
}

/// What sends requests over a connection.
pub(super) enum Sender {
    /// One after the other.
    One(One),
    /// Many at the same time.
    Two(Two),
}

/// HTTP/1.1 over a connection.
pub(super) struct One {
    sender: http1::SendRequest<Full<Bytes>>,
    driver: Driver,
}

/// Why there is no answer.
pub(super) enum Unsent {
    /// The server says that it has done nothing.
    Refused(String),
    /// The connection ended.
    Ended(String),
    /// The head of the answer is too large to be read.
    LargeHead,
    /// The server spoke HTTP, and ended the request.
    Reset(String),
    /// Something else.
    Broken(String),
}

/// A request with all that is the same however often it goes out.
pub(super) struct Outgoing {
    method: Method,
    pub(super) url: Url,
    headers: HeaderMap,
    body: Bytes,
    pub(super) http: Option<HttpVersion>,
}

/// The body of an answer.
pub(super) enum Body {
    One(Incoming),
    Two(two::Answer),
}

impl Line {
    pub(super) async fn new(
        link: Arc<Link>,
        stream: Listened,
        version: HttpVersion,
    ) -> Result<Self, String> {
        let sender = match version {
            HttpVersion::One => Sender::One(One::handshake(stream).await?),
            HttpVersion::Two => Sender::Two(Two::handshake(stream).await?),
        };
        Ok(Self::over(link, sender))
    }

    pub(super) fn over(link: Arc<Link>, sender: Sender) -> Self {
        let slot = None;
        Self { link, sender, slot }
    }

    /// Waits until it takes a request; whether it does.
    pub(super) async fn is_ready(&mut self) -> bool {
        match &mut self.sender {
            Sender::One(one) => one.sender.ready().await.is_ok(),
            Sender::Two(two) => {
                self.slot = two.slot().await;
                if self.link.is_retired() {
                    two.close();
                }
                self.slot.is_some() && !self.link.is_retired()
            }
        }
    }

    /// Sends a request and waits for the head of its answer.
    pub(super) async fn send(
        &mut self,
        outgoing: &Outgoing,
    ) -> Result<http::Response<Body>, Unsent> {
        let body = outgoing.body.clone();
        match &mut self.sender {
            Sender::One(one) => {
                let request = outgoing.head(Version::HTTP_11)?.map(|()| Full::new(body));
                let head = one.sender.send_request(request).await?;
                Ok(head.map(Body::One))
            }
            Sender::Two(two) => {
                let head = two.send(outgoing.head(Version::HTTP_2)?, body).await?;
                Ok(head.map(Body::Two))
            }
        }
    }

    /// Whether the answer to a request has begun, of which there is no head.
    pub(super) fn has_begun_to_answer(&self, using: &Use) -> bool {
        match self.sender {
            Sender::One(_) => using.has_heard(),
            // What else comes over it is of others.
            Sender::Two(_) => using.is_within_head(),
        }
    }

    /// What drives the connection; nothing more can be sent over it.
    pub(super) fn into_driver(self) -> Option<Driver> {
        match self.sender {
            Sender::One(one) => Some(one.driver),
            Sender::Two(_) => None,
        }
    }
}

impl One {
    async fn handshake(stream: Listened) -> Result<Self, String> {
        let io = TokioIo::new(stream);
        let handshake = http1::handshake(io).await;
        let (sender, connection) = handshake.map_err(|error| cause::one(&error))?;
        let connection = connection.with_upgrades();
        let driver = Driver::spawn(async move { drop(connection.await) });
        Ok(Self { sender, driver })
    }
}

impl From<hyper::Error> for Unsent {
    fn from(error: hyper::Error) -> Self {
        let words = cause::one(&error);
        if error.is_parse_too_large() {
            Self::LargeHead
        } else if error.is_parse() || error.is_user() {
            Self::Broken(words)
        } else {
            Self::Ended(words)
        }
    }
}

impl From<http::Error> for Unsent {
    fn from(error: http::Error) -> Self {
        Self::Broken(error.to_string())
    }
}

impl Outgoing {
    pub(super) fn new(request: Request) -> Result<Self, AskError> {
        let body = request.encoded().map_err(AskError::Broken)?;
        let mut headers = request.headers;
        let method = request.method;
        // Servers wait for a body by the method (RFC 9110, section 8.6).
        if body.is_empty() && !method.is_safe() && method != Method::DELETE {
            headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        Ok(Self {
            method,
            url: request.url,
            headers,
            body,
            http: request.manner.http,
        })
    }

    /// Whether it may be asked again where nobody knows what came of it: a
    /// second PUT or DELETE has the same effect, but perhaps another answer.
    pub(super) fn is_repeatable(&self) -> bool {
        [Method::GET, Method::HEAD, Method::OPTIONS].contains(&self.method)
    }

    /// The head as its version of HTTP writes it: the host stands in a header,
    /// or in the URI.
    fn head(&self, version: Version) -> Result<http::Request<()>, http::Error> {
        let mut headers = self.headers.clone();
        let url = &self.url;
        let authority = &url[Position::BeforeHost..Position::AfterPort];
        let path = &url[Position::BeforePath..Position::AfterQuery];
        let uri: Uri = if version == Version::HTTP_2 {
            // The pseudo-header stands for it (RFC 9113, section 8.3.1).
            let host = headers.remove(HOST);
            let host = host.as_ref().and_then(|host| host.to_str().ok());
            let host = host.unwrap_or(authority);
            format!("{}://{host}{path}", url.scheme()).parse()?
        } else {
            if let Ok(host) = HeaderValue::from_str(authority) {
                headers.entry(HOST).or_insert(host);
            }
            path.parse()?
        };
        let mut head = http::Request::builder()
            .method(self.method.clone())
            .uri(uri)
            .version(version)
            .body(())?;
        *head.headers_mut() = headers;
        Ok(head)
    }
}

impl hyper::body::Body for Body {
    type Data = Bytes;
    type Error = Cause;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Cause>>> {
        match self.get_mut() {
            Self::One(body) => Pin::new(body)
                .poll_frame(cx)
                .map_err(|error| Cause::new(cause::one(&error))),
            Self::Two(body) => body.poll_frame(cx),
        }
    }
}
