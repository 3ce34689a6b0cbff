//! Reads answers: whole, bounded, and decoded.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue};
use http_body_util::BodyExt as _;
use tokio::time::{Instant, timeout_at};

use super::line::Body;
use super::link::Link;
use super::{
    AskError, MOST_BODY_BYTES, MOST_HEADER_BYTES, MOST_HEADERS, Opened, Repeats, Response,
    Unanswered,
};
use crate::encoding::{self, DecodeError};
use crate::grpc::{Codec, unframe};

/// How long an answer may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms {
    /// When the attempt began that it is the answer to.
    pub(super) begun: Instant,
    /// When it has to be there.
    pub(super) end: Instant,
    /// How long all attempts may take together.
    pub(super) limit: Duration,
}

impl Terms {
    /// Reads the whole answer whose head has come.
    pub(super) async fn receive(
        self,
        head: http::Response<Body>,
        link: Arc<Link>,
        opened: Option<Opened>,
        repeats: Repeats,
        codec: Option<Arc<dyn Codec>>,
    ) -> Result<Response, Unanswered> {
        let (head, mut rest) = head.into_parts();
        let mut answer = Response::within_bounds(head, link, opened, repeats)?;
        let mut body = BytesMut::new();
        let ended = loop {
            let frame = match timeout_at(self.end, rest.frame()).await {
                Ok(Some(Ok(frame))) => frame,
                Ok(None) => break Ok(()),
                Ok(Some(Err(cause))) => break Err(AskError::Broken(cause.to_string())),
                Err(_) => break Err(AskError::NoEnd(self.limit)),
            };
            let chunk = match frame.into_data() {
                Ok(chunk) => chunk,
                Err(frame) => {
                    // The status of a call comes behind its message.
                    if let (Some(_), Ok(trailers)) = (&codec, frame.into_trailers()) {
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
        answer.latency = self.begun.elapsed();
        let ended = ended.and_then(|()| answer.decode(codec.as_deref()));
        ended.map(|()| answer.clone()).map_err(|error| Unanswered {
            repeats,
            response: Some(Box::new(answer)),
            error,
        })
    }
}

/// Whether there are no more headers than may be.
fn is_bounded(headers: &HeaderMap) -> bool {
    let bytes = headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len());
    headers.len() <= MOST_HEADERS && bytes.sum::<usize>() <= MOST_HEADER_BYTES
}

impl Response {
    /// An answer without a body, if its head has no more than may be.
    pub(super) fn within_bounds(
        head: http::response::Parts,
        link: Arc<Link>,
        opened: Option<Opened>,
        repeats: Repeats,
    ) -> Result<Self, Unanswered> {
        let mut answer = Self {
            status: head.status.as_u16(),
            version: head.version,
            headers: head.headers,
            body: Bytes::new(),
            latency: Duration::ZERO,
            opened,
            peer: Some(link.peer),
            link,
            repeats,
            redirects: Vec::new(),
            path: String::new(),
        };
        if is_bounded(&answer.headers) {
            return Ok(answer);
        }
        // No report shows them.
        answer.headers.clear();
        Err(Unanswered {
            response: Some(Box::new(answer)),
            error: AskError::LargeHead,
            repeats,
        })
    }

    /// Keeps further requests off the connection that the answer came over.
    pub fn retire_connection(&self) {
        self.link.retire();
    }

    /// Whether a server of gRPC says it, and not something before it.
    fn is_grpc(&self) -> bool {
        let kind = self.headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
        self.status == 200 && kind.is_some_and(|kind| kind.starts_with(b"application/grpc"))
    }

    fn decode(&mut self, codec: Option<&dyn Codec>) -> Result<(), AskError> {
        if let Some(codec) = codec.filter(|_| self.is_grpc() && !self.body.is_empty()) {
            let message = unframe(&self.body).and_then(|message| codec.decode(message));
            let message = message.map_err(|error| AskError::Broken(error.to_string()))?;
            self.body = message.into();
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
