//! Reads an answer after its head: whole, bounded, and decoded.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue};
use http_body_util::BodyExt as _;
use tokio::time::{Instant, timeout_at};

use super::connection::ResponseBody;
use super::record::ConnectionRecord;
use super::{
    AskError, MOST_BODY_BYTES, MOST_HEADER_BYTES, MOST_HEADERS, Opening, Resends, Response,
    Unanswered,
};
use crate::encoding::{self, DecodeError};
use crate::grpc::{Codec, unframe};

/// When an attempt began, and how long it may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct AttemptTimes {
    /// When the attempt began, the opening of its connection included.
    pub(super) started: Instant,
    /// When the whole answer has to be there.
    pub(super) deadline: Instant,
    /// How long all attempts may take together, for messages.
    pub(super) timeout: Duration,
}

/// Whether an answer has no more headers, in number and bytes, than may be.
fn is_within_bounds(headers: &HeaderMap) -> bool {
    let bytes = headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len());
    headers.len() <= MOST_HEADERS && bytes.sum::<usize>() <= MOST_HEADER_BYTES
}

impl Response {
    /// Reads the whole answer whose head has come.
    ///
    /// # Errors
    /// Why not all of it came, beside the part that did.
    pub(super) async fn receive(
        head: http::Response<ResponseBody>,
        record: Arc<ConnectionRecord>,
        opening: Option<Opening>,
        resends: Resends,
        codec: Option<Arc<dyn Codec>>,
        times: AttemptTimes,
    ) -> Result<Self, Unanswered> {
        let (head, mut rest) = head.into_parts();
        let mut answer = Self::from_head(head, record, opening, resends)?;
        let mut body = BytesMut::new();
        let ended = loop {
            let frame = match timeout_at(times.deadline, rest.frame()).await {
                Ok(Some(Ok(frame))) => frame,
                Ok(None) => break Ok(()),
                Ok(Some(Err(error))) => break Err(AskError::Broken(error.to_string())),
                Err(_) => break Err(AskError::NoEnd(times.timeout)),
            };
            let chunk = match frame.into_data() {
                Ok(chunk) => chunk,
                Err(frame) => {
                    // Of gRPC, the status of a call comes in the trailers, behind
                    // its message; checks read it as a header.
                    if let (Some(_), Ok(trailers)) = (&codec, frame.into_trailers()) {
                        answer.headers.extend(trailers);
                        if !is_within_bounds(&answer.headers) {
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
        answer.latency = times.started.elapsed();
        let ended = ended.and_then(|()| answer.decode(codec.as_deref()));
        ended.map(|()| answer.clone()).map_err(|error| Unanswered {
            resends,
            response: Some(Box::new(answer)),
            error,
        })
    }

    /// An answer that has no body yet.
    ///
    /// # Errors
    /// Its head has more headers than may be.
    pub(super) fn from_head(
        head: http::response::Parts,
        record: Arc<ConnectionRecord>,
        opening: Option<Opening>,
        resends: Resends,
    ) -> Result<Self, Unanswered> {
        let mut answer = Self {
            status: head.status.as_u16(),
            version: head.version,
            headers: head.headers,
            body: Bytes::new(),
            latency: Duration::ZERO,
            opening,
            peer: Some(record.peer),
            connection: record,
            resends,
            redirects: Vec::new(),
            path: String::new(),
        };
        if is_within_bounds(&answer.headers) {
            return Ok(answer);
        }
        // A report would show all of them, and has no room for that.
        answer.headers.clear();
        Err(Unanswered {
            response: Some(Box::new(answer)),
            error: AskError::LargeHead,
            resends,
        })
    }

    /// Keeps further requests off the connection that the answer came over.
    pub fn retire_connection(&self) {
        self.connection.retire();
    }

    /// Whether the answer comes from a server of gRPC, and not from a load
    /// balancer before it, whose body is a page.
    fn is_grpc(&self) -> bool {
        let kind = self.headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
        self.status == 200 && kind.is_some_and(|kind| kind.starts_with(b"application/grpc"))
    }

    /// Takes the frame of gRPC, or the codings of HTTP, off the body.
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
