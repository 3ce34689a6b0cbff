//! Reads answers: whole, bounded, and decoded.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use http_body_util::BodyExt as _;
use tokio::time::Instant;

use super::{AskError, MOST_BODY_BYTES, Opened, Response, Unanswered};
use crate::encoding::{self, DecodeError};
use crate::grpc::Call;

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
    let mut answer = Response::of(head, opened);
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

impl Response {
    /// An answer without a body.
    pub(super) fn of(head: http::response::Parts, opened: Option<Opened>) -> Self {
        Self {
            status: head.status.as_u16(),
            version: head.version,
            headers: head.headers,
            body: Bytes::new(),
            latency: Duration::ZERO,
            opened,
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
