//! Reads answers: whole, bounded, and decoded.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue};
use http_body_util::BodyExt as _;
use tokio::time::Instant;

use super::{
    AskError, MOST_BODY_BYTES, MOST_HEADER_BYTES, MOST_HEADERS, Opened, Response, Unanswered,
};
use crate::encoding::{self, DecodeError};
use crate::grpc::Call;

/// What the readers of HTTP/1.1 and of HTTP/2 say of a head that is too large,
/// and of nothing else that an answer can do.
const TOO_LARGE: [&str; 2] = [
    "message head is too large",
    "connection error detected: detected excessive load",
];

/// Reads the whole answer whose head has come; `limit` counts from `begun`.
pub(super) async fn receive<B>(
    head: http::Response<B>,
    opened: Option<Opened>,
    call: Option<Arc<Call>>,
    begun: Instant,
    limit: Duration,
    why: impl Fn(&B::Error) -> String,
) -> Result<Response, Unanswered>
where
    B: hyper::body::Body<Data = Bytes> + Unpin,
{
    let (head, mut rest) = head.into_parts();
    let mut answer = Response::within_bounds(head, opened)?;
    let mut body = BytesMut::new();
    let ended = loop {
        let frame = match tokio::time::timeout_at(begun + limit, rest.frame()).await {
            Ok(Some(Ok(frame))) => frame,
            Ok(None) => break Ok(()),
            Ok(Some(Err(error))) => break Err(AskError::Broken(why(&error))),
            Err(_) => break Err(AskError::NoEnd(limit)),
        };
        let chunk = match frame.into_data() {
            Ok(chunk) => chunk,
            Err(frame) => {
                // The status of a call comes behind its message.
                if let (Some(_), Ok(trailers)) = (&call, frame.into_trailers()) {
                    answer.headers.extend(trailers);
                    if !is_bounded(&answer.headers) {
                        break Err(AskError::LargeHead);
                    }
                }
                continue;
            }
        };
        if body.len() + chunk.len() > MOST_BODY_BYTES {
            break Err(AskError::TooLarge(MOST_BODY_BYTES));
        }
        body.extend_from_slice(&chunk);
    };
    answer.body = body.freeze();
    answer.latency = begun.elapsed();
    let ended = ended.and_then(|()| answer.decode(call.as_deref()));
    ended.map(|()| answer.clone()).map_err(|error| Unanswered {
        response: Some(Box::new(answer)),
        error,
    })
}

/// Whether there are no more headers than may be.
fn is_bounded(headers: &HeaderMap) -> bool {
    let bytes = headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len());
    headers.len() <= MOST_HEADERS && bytes.sum::<usize>() <= MOST_HEADER_BYTES
}

/// Whether the reader of HTTP gave up on a head because of its size.
pub(super) fn is_too_large(reason: &str) -> bool {
    TOO_LARGE.iter().any(|words| reason.contains(words))
}

impl Response {
    /// An answer without a body, if its head has no more than may be.
    pub(super) fn within_bounds(
        head: http::response::Parts,
        opened: Option<Opened>,
    ) -> Result<Self, Unanswered> {
        let mut answer = Self::of(head, opened);
        if is_bounded(&answer.headers) {
            return Ok(answer);
        }
        // No report shows them.
        answer.headers.clear();
        Err(Unanswered {
            response: Some(Box::new(answer)),
            error: AskError::LargeHead,
        })
    }

    /// An answer without a body, whatever its head has.
    fn of(head: http::response::Parts, opened: Option<Opened>) -> Self {
        Self {
            status: head.status.as_u16(),
            version: head.version,
            headers: head.headers,
            body: Bytes::new(),
            latency: Duration::ZERO,
            opened,
            peer: None,
            redirects: Vec::new(),
            path: String::new(),
        }
    }

    /// Whether a server of gRPC says it, and not something before it.
    fn is_grpc(&self) -> bool {
        let kind = self.headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
        self.status == 200 && kind.is_some_and(|kind| kind.starts_with(b"application/grpc"))
    }

    fn decode(&mut self, call: Option<&Call>) -> Result<(), AskError> {
        if let Some(call) = call.filter(|_| self.is_grpc() && !self.body.is_empty()) {
            let message = call.unframe(&self.body).map_err(AskError::Broken)?;
            self.body = message.to_string().into();
            return Ok(());
        }
        let body = std::mem::take(&mut self.body);
        let decoded = encoding::decode(&self.headers, body, MOST_BODY_BYTES);
        self.body = decoded.map_err(|error| match error {
            DecodeError::TooLarge => AskError::TooLargeDecoded(MOST_BODY_BYTES),
            DecodeError::Broken(reason) => AskError::Broken(reason),
        })?;
        Ok(())
    }
}
