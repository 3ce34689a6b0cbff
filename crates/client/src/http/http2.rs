//! HTTP/2: a request and its answer over a connection that others share (RFC
//! 9113).
//!
//! The only module that knows h2. hyper's client of HTTP/2 would hide what the
//! server said of a stream: that it was refused, or that the connection ended
//! before it.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use h2::client::SendRequest;
use h2::{Reason, RecvStream, SendStream};
use http::header::{CONTENT_LENGTH, HeaderValue};
use hyper::body::Frame;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::connection::SendError;
use super::error_text::{ConnectionError, describe_io};
use super::record::{Driver, RecordedStream};

/// The most bytes of headers that a connection takes in for one answer. It is more
/// than an answer may have, so that a head that is too large is found to be that,
/// and not taken for a broken answer. hyper has such a bound of its own for
/// HTTP/1.1.
const MOST_HEADER_LIST: u32 = 256 * 1024;
/// How much of one answer may be on its way, in bytes.
const STREAM_WINDOW: u32 = 2 * 1024 * 1024;
/// How much of all answers of a connection may be on its way, in bytes.
const CONNECTION_WINDOW: u32 = 5 * 1024 * 1024;
/// How many requests go out before the server has said in its settings how many
/// it takes at the same time: it would refuse the others.
const BEFORE_SETTINGS: usize = 1;

/// The most requests at the same time, whatever the server allows.
const MOST_STREAMS: usize = 1 << 16;

/// What sends requests over a connection.
#[derive(Clone)]
pub(super) struct Http2Sender {
    sender: SendRequest<Bytes>,
    /// How many more the server takes at the same time; closed with the
    /// connection.
    slots: Arc<Semaphore>,
    _driver: Arc<Driver>,
}

impl Http2Sender {
    /// Begins HTTP/2 over a new connection.
    pub(super) async fn handshake(stream: RecordedStream) -> Result<Self, ConnectionError> {
        let (sender, mut connection) = h2::client::Builder::new()
            .enable_push(false)
            .initial_max_send_streams(BEFORE_SETTINGS)
            .initial_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_header_list_size(MOST_HEADER_LIST)
            .handshake(stream.with_frames())
            .await
            .map_err(|error| ConnectionError::from(&error))?;
        let slots = Arc::new(Semaphore::new(BEFORE_SETTINGS));
        let granted = Arc::clone(&slots);
        let driver = Driver::spawn(async move {
            let mut allowed = BEFORE_SETTINGS;
            // The server may change its limit at any time, so the number of slots
            // follows it whenever the connection moves.
            let ended = poll_fn(|cx| {
                let ended = connection.poll_unpin(cx);
                let now = connection.max_concurrent_send_streams();
                let now = now.clamp(1, MOST_STREAMS);
                if now > allowed {
                    granted.add_permits(now - allowed);
                    allowed = now;
                } else {
                    allowed -= granted.forget_permits(allowed - now);
                }
                ended
            });
            let _ = ended.await;
            granted.close();
        });
        Ok(Self {
            sender,
            slots,
            _driver: Arc::new(driver),
        })
    }

    /// Waits until the server takes another request; absent if it never will.
    /// Requests wait here and not in h2: when a server closes the connection, it
    /// refuses all that h2 has been given.
    pub(super) async fn acquire_slot(&mut self) -> Option<OwnedSemaphorePermit> {
        let slot = Arc::clone(&self.slots).acquire_owned().await.ok()?;
        if self.is_open() {
            return Some(slot);
        }
        self.close();
        None
    }

    /// Ends the waiting of all requests that no slot was free for.
    pub(super) fn close(&self) {
        self.slots.close();
    }

    /// Whether another request may go over the connection: the server has not
    /// begun to close it.
    pub(super) fn is_open(&mut self) -> bool {
        let ready = poll_fn(|cx| self.sender.poll_ready(cx)).now_or_never();
        !self.slots.is_closed() && ready.is_none_or(|ready| ready.is_ok())
    }

    /// Sends a request and waits for the head of its answer.
    pub(super) async fn send(
        &mut self,
        mut request: http::Request<()>,
        body: Bytes,
    ) -> Result<http::Response<Http2Body>, SendError> {
        if !body.is_empty() {
            let length = HeaderValue::from(body.len());
            request
                .headers_mut()
                .entry(CONTENT_LENGTH)
                .or_insert(length);
        }
        let (mut head, stream) = self.sender.send_request(request, body.is_empty())?;
        let mut sending = Some(send_body(stream, body).boxed());
        // Servers may answer before they have the whole request.
        let head = poll_fn(|cx| {
            poll_sending(&mut sending, cx);
            head.poll_unpin(cx)
        });
        let head = head.await?;
        Ok(head.map(|receiving| Http2Body { receiving, sending }))
    }
}

/// A request's body on its way; absent once it is sent.
type Sending = Option<BoxFuture<'static, ()>>;

/// Sends more of the body, as far as the server takes it.
fn poll_sending(sending: &mut Sending, cx: &mut Context<'_>) {
    if sending
        .as_mut()
        .is_some_and(|body| body.poll_unpin(cx).is_ready())
    {
        *sending = None;
    }
}

/// Sends a body. It returns no error, because the answer says better why the
/// server takes no more.
async fn send_body(mut stream: SendStream<Bytes>, mut body: Bytes) {
    while !body.is_empty() {
        stream.reserve_capacity(body.len());
        let Some(Ok(room)) = poll_fn(|cx| stream.poll_capacity(cx)).await else {
            return;
        };
        let part = body.split_to(room.min(body.len()));
        if stream.send_data(part, body.is_empty()).is_err() {
            return;
        }
    }
}

/// The body of an answer.
pub(super) struct Http2Body {
    receiving: RecvStream,
    sending: Sending,
}

impl Http2Body {
    /// Reads the next frame, and goes on sending the request meanwhile.
    pub(super) fn poll_frame(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, ConnectionError>>> {
        poll_sending(&mut self.sending, cx);
        let broken = |error: h2::Error| ConnectionError::from(&error);
        if let Some(data) = ready!(self.receiving.poll_data(cx)) {
            let data = data.map_err(broken);
            if let Ok(data) = &data {
                // Releasing fails only for more bytes than have come.
                let _ = self.receiving.flow_control().release_capacity(data.len());
            }
            return Poll::Ready(Some(data.map(Frame::data)));
        }
        let trailers = ready!(self.receiving.poll_trailers(cx));
        let trailers = trailers.map_err(broken).transpose();
        Poll::Ready(trailers.map(|trailers| trailers.map(Frame::trailers)))
    }
}

impl From<h2::Error> for SendError {
    fn from(error: h2::Error) -> Self {
        let reason = error.reason();
        // h2 reports a GOAWAY only to streams beyond the last one that the server
        // has worked on (RFC 9113, section 6.8), so such a stream is safe to send
        // again.
        let is_refused = error.is_go_away() || reason == Some(Reason::REFUSED_STREAM);
        if error.is_remote() && is_refused {
            return Self::Refused(describe_http2(&error));
        }
        if error.is_library() && reason == Some(Reason::ENHANCE_YOUR_CALM) {
            return Self::LargeHead;
        }
        if error.is_io() {
            return Self::Ended(describe_http2(&error));
        }
        if error.is_remote() {
            return Self::Reset(describe_http2(&error));
        }
        Self::Broken(describe_http2(&error))
    }
}

impl From<&h2::Error> for ConnectionError {
    fn from(error: &h2::Error) -> Self {
        let reason = describe_http2(error);
        Self { reason }
    }
}

/// What an error of HTTP/2 says, in the words of RFC 9113.
fn describe_http2(error: &h2::Error) -> String {
    if let Some(error) = error.get_io() {
        return describe_io(error);
    }
    let Some(reason) = error.reason() else {
        return "a request that HTTP/2 does not allow".to_owned();
    };
    let code = match u32::from(reason) {
        number @ 0xe.. => format!("the code {number:#x}"),
        _ => format!("`{reason:?}`"),
    };
    match (error.is_remote(), error.is_go_away()) {
        (true, true) => format!("the server gave the connection up by GOAWAY with {code}"),
        (true, false) => format!("the server reset the stream with {code}"),
        (false, true) => format!("what came is not HTTP/2: {code}"),
        (false, false) => format!("it breaks the rules of HTTP/2 with {code}"),
    }
}
