//! A connection that requests go over, in the version of HTTP that client and
//! server agreed on.

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

use super::error_text::{ConnectionError, describe_http1};
use super::http2::{Http2Body, Http2Sender};
use super::record::{ConnectionRecord, Driver, InFlight, RecordedStream};
use super::{AskError, Request};
use crate::http::HttpVersion;

/// A connection that requests go over.
pub(super) struct HttpConnection {
    pub(super) record: Arc<ConnectionRecord>,
    pub(super) sender: Sender,
    /// The permit for one more request, which HTTP/2 alone needs.
    slot: Option<OwnedSemaphorePermit>,
}

/// What sends requests over a connection.
pub(super) enum Sender {
    /// One after the other.
    Http1(Http1Sender),
    /// Many at the same time.
    Http2(Http2Sender),
}

/// HTTP/1.1 over a connection.
pub(super) struct Http1Sender {
    sender: http1::SendRequest<Full<Bytes>>,
    driver: Driver,
}

/// Why there is no answer. Each kind says in words what happened.
pub(super) enum SendError {
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

/// A request in the form in which it is sent, and sent again.
pub(super) struct OutgoingRequest {
    method: Method,
    pub(super) url: Url,
    headers: HeaderMap,
    body: Bytes,
    pub(super) http: Option<HttpVersion>,
}

/// The body of an answer.
pub(super) enum ResponseBody {
    Http1(Incoming),
    Http2(Http2Body),
}

impl HttpConnection {
    pub(super) async fn new(
        record: Arc<ConnectionRecord>,
        stream: RecordedStream,
        version: HttpVersion,
    ) -> Result<Self, ConnectionError> {
        let sender = match version {
            HttpVersion::One => Sender::Http1(Http1Sender::handshake(stream).await?),
            HttpVersion::Two => Sender::Http2(Http2Sender::handshake(stream).await?),
        };
        Ok(Self::from_sender(record, sender))
    }

    pub(super) fn from_sender(record: Arc<ConnectionRecord>, sender: Sender) -> Self {
        let slot = None;
        Self {
            record,
            sender,
            slot,
        }
    }

    /// Waits until the connection takes a request. The answer is `false` if it
    /// never will.
    pub(super) async fn wait_until_ready(&mut self) -> bool {
        match &mut self.sender {
            Sender::Http1(http1) => http1.sender.ready().await.is_ok(),
            Sender::Http2(http2) => {
                self.slot = http2.acquire_slot().await;
                // The connection may have been retired while this request
                // waited; the other requests that wait must not wait on.
                if self.record.is_retired() {
                    http2.close();
                }
                self.slot.is_some() && !self.record.is_retired()
            }
        }
    }

    /// Sends a request and waits for the head of its answer.
    pub(super) async fn send(
        &mut self,
        outgoing: &OutgoingRequest,
    ) -> Result<http::Response<ResponseBody>, SendError> {
        let body = outgoing.body.clone();
        match &mut self.sender {
            Sender::Http1(http1) => {
                let request = outgoing
                    .build_head(Version::HTTP_11)?
                    .map(|()| Full::new(body));
                let head = http1.sender.send_request(request).await?;
                Ok(head.map(ResponseBody::Http1))
            }
            Sender::Http2(http2) => {
                let head = http2
                    .send(outgoing.build_head(Version::HTTP_2)?, body)
                    .await?;
                Ok(head.map(ResponseBody::Http2))
            }
        }
    }

    /// Whether a part of the answer has come, for a request whose answer has no
    /// whole head.
    pub(super) fn has_begun_to_answer(&self, in_flight: &InFlight) -> bool {
        match self.sender {
            Sender::Http1(_) => in_flight.has_received(),
            // The bytes that came may all belong to the answers of others.
            Sender::Http2(_) => in_flight.connection_stopped_in_a_head(),
        }
    }

    /// The task that moves the connection's bytes, for a WebSocket that takes
    /// the connection over. No request can be sent over it afterwards.
    pub(super) fn into_driver(self) -> Option<Driver> {
        match self.sender {
            Sender::Http1(http1) => Some(http1.driver),
            Sender::Http2(_) => None,
        }
    }
}

impl Http1Sender {
    /// Begins HTTP/1.1 over a new connection.
    async fn handshake(stream: RecordedStream) -> Result<Self, ConnectionError> {
        let io = TokioIo::new(stream);
        let handshake = http1::handshake(io).await;
        let (sender, connection) = handshake.map_err(|error| ConnectionError::from(&error))?;
        // An upgrade takes the connection out of its task, for a WebSocket.
        let connection = connection.with_upgrades();
        let driver = Driver::spawn(async move { drop(connection.await) });
        Ok(Self { sender, driver })
    }
}

impl From<hyper::Error> for SendError {
    fn from(error: hyper::Error) -> Self {
        let words = describe_http1(&error);
        if error.is_parse_too_large() {
            Self::LargeHead
        } else if error.is_parse() || error.is_user() {
            Self::Broken(words)
        } else {
            Self::Ended(words)
        }
    }
}

impl From<http::Error> for SendError {
    fn from(error: http::Error) -> Self {
        Self::Broken(error.to_string())
    }
}

impl OutgoingRequest {
    pub(super) fn new(request: Request) -> Result<Self, AskError> {
        let body = request.encode_body();
        let body = body.map_err(|error| AskError::Broken(error.to_string()))?;
        let mut headers = request.headers;
        let method = request.method;
        // A server may wait for the body of a POST or PUT unless the request
        // says that there is none (RFC 9110, section 8.6).
        if body.is_empty() && !method.is_safe() && method != Method::DELETE {
            headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        Ok(Self {
            method,
            url: request.url,
            headers,
            body,
            http: request.transport.http,
        })
    }

    /// Whether the request may be sent again although the server may have carried
    /// it out. PUT and DELETE are idempotent, but the second one may get another
    /// answer, such as 404, so they are not sent again.
    pub(super) fn is_resendable(&self) -> bool {
        [Method::GET, Method::HEAD, Method::OPTIONS].contains(&self.method)
    }

    /// Builds the head for a version of HTTP: the host stands in a header, or in
    /// the URI.
    fn build_head(&self, version: Version) -> Result<http::Request<()>, http::Error> {
        let mut headers = self.headers.clone();
        let url = &self.url;
        let authority = &url[Position::BeforeHost..Position::AfterPort];
        let path = &url[Position::BeforePath..Position::AfterQuery];
        let uri: Uri = if version == Version::HTTP_2 {
            // HTTP/2 has the pseudo-header `:authority` in place of `host` (RFC
            // 9113, section 8.3.1), and the library makes it of the URI.
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

impl hyper::body::Body for ResponseBody {
    type Data = Bytes;
    type Error = ConnectionError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, ConnectionError>>> {
        match self.get_mut() {
            Self::Http1(body) => Pin::new(body)
                .poll_frame(cx)
                .map_err(|error| ConnectionError::from(&error)),
            Self::Http2(body) => body.poll_frame(cx),
        }
    }
}
