//! A WebSocket (RFC 6455): opened by an upgrade of HTTP/1.1 over a connection
//! of its own, then messages, one by one, all of it bounded.
//!
//! The only module that knows the library of the protocol.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use http::StatusCode;
use http::header::{
    CONNECTION, HeaderMap, HeaderName, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_EXTENSIONS,
    SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::time::{Instant, timeout_at};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::{Error, ProtocolError};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message, Role, WebSocketConfig};

use super::connection::OutgoingRequest;
use super::error_text::{describe_http1, describe_io};
use super::pool::Reuse;
use super::receive::AttemptTimes;
use super::record::Driver;
use super::{AskError, Client, MOST_BODY_BYTES, Request, Resends, Response, Unanswered};
use query::digest;

/// The largest message that is read, in bytes.
pub const MOST_MESSAGE_BYTES: usize = MOST_BODY_BYTES;
/// How long a server may take to close its side.
const FAREWELL: Duration = Duration::from_secs(1);

/// A WebSocket that is open.
pub struct Socket {
    stream: WebSocketStream<TokioIo<Upgraded>>,
    /// Ends the connection when the socket is dropped.
    _driver: Option<Driver>,
}

/// What a server does next over a WebSocket.
pub enum SocketEvent {
    /// A message.
    Message(SocketMessage),
    /// The server closes, perhaps with a code and a reason.
    Close(Option<(u16, String)>),
}

/// What a message holds.
#[derive(Debug, Clone)]
pub enum SocketMessage {
    /// A message of text, in UTF-8.
    Text(Bytes),
    /// A message of bytes.
    Binary(Bytes),
}

/// Why no message came, or none could be sent.
pub enum SocketError {
    /// Nothing came in time.
    Late,
    /// A message larger than the bound.
    TooLarge,
    /// What came is no WebSocket.
    Broken(String),
}

/// Why a WebSocket could not be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// The system gives no random bytes for the key.
    #[error("no randomness for its key")]
    NoRandomness,
    /// The server answered with another status than 101.
    #[error("an answer with status {0}")]
    Status(u16),
    /// The server answered with 101, and not as RFC 6455 asks.
    #[error("{0}")]
    Handshake(String),
}

/// The headers that ask for a WebSocket, with a new key (RFC 6455, section 4.1).
pub fn upgrade_headers() -> Result<HeaderMap, OpenError> {
    let key = digest::random_key().and_then(|key| HeaderValue::from_str(&key).ok());
    let key = key.ok_or(OpenError::NoRandomness)?;
    Ok(HeaderMap::from_iter([
        (CONNECTION, HeaderValue::from_static("Upgrade")),
        (UPGRADE, HeaderValue::from_static("websocket")),
        (SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13")),
        (SEC_WEBSOCKET_KEY, key),
    ]))
}

impl Client {
    /// Opens a WebSocket within `timeout`. Beside the answer there is either the
    /// socket, or why there is none.
    ///
    /// # Errors
    /// Why no answer came.
    pub async fn open_websocket(
        &self,
        request: Request,
        timeout: Duration,
    ) -> Result<(Response, Result<Socket, OpenError>), Unanswered> {
        let sent = request.headers.clone();
        let outgoing = OutgoingRequest::new(request)?;
        let started = Instant::now();
        let times = AttemptTimes {
            started,
            deadline: started + timeout,
            timeout,
        };
        // A request that is not sent again has none.
        let resends = Resends::default();
        let answer = self.attempt(&outgoing, Reuse::Never, resends, times).await;
        let mut answer = answer.map_err(AskError::from)?;
        let record = Arc::clone(&answer.connection.record);
        let opening = Some(answer.opening());
        if answer.head.status() != StatusCode::SWITCHING_PROTOCOLS {
            let head = answer.head;
            let response = Response::receive(head, record, opening, resends, None, times).await?;
            let status = response.status;
            return Ok((response, Err(OpenError::Status(status))));
        }
        let upgraded = match find_mistake(&sent, answer.head.headers()) {
            Some(mistake) => Err(mistake),
            None => hyper::upgrade::on(&mut answer.head)
                .await
                .map_err(|error| describe_http1(&error)),
        };
        let head = answer.head.into_parts().0;
        let mut response = Response::from_head(head, record, opening, resends)?;
        response.latency = started.elapsed();
        let socket = match upgraded {
            Ok(upgraded) => {
                Ok(Socket::from_upgraded(upgraded, answer.connection.into_driver()).await)
            }
            Err(reason) => Err(OpenError::Handshake(reason)),
        };
        Ok((response, socket))
    }
}

/// What is wrong with an answer of 101 to the headers that were sent (RFC 6455,
/// section 4.1).
fn find_mistake(sent: &HeaderMap, answered: &HeaderMap) -> Option<String> {
    let value = |headers: &HeaderMap, name: HeaderName| {
        let value = headers.get(name).map(HeaderValue::as_bytes);
        String::from_utf8_lossy(value.unwrap_or_default()).into_owned()
    };
    let upgrade = value(answered, UPGRADE);
    if !upgrade.eq_ignore_ascii_case("websocket") {
        return Some(format!("101 with `upgrade: {upgrade}`"));
    }
    let key = value(sent, SEC_WEBSOCKET_KEY);
    let accept = value(answered, SEC_WEBSOCKET_ACCEPT);
    if accept != digest::websocket_accept(key.as_bytes()) {
        return Some("101 with a `sec-websocket-accept` that is not of this request".to_owned());
    }
    let extensions = value(answered, SEC_WEBSOCKET_EXTENSIONS);
    if !extensions.is_empty() {
        return Some(format!(
            "101 with the extension `{extensions}`, which is not understood"
        ));
    }
    let chosen = value(answered, SEC_WEBSOCKET_PROTOCOL);
    let offered = value(sent, SEC_WEBSOCKET_PROTOCOL);
    let was_offered = chosen.is_empty() || offered.split(',').any(|name| name.trim() == chosen);
    (!was_offered).then(|| format!("101 with the subprotocol `{chosen}`, which was not offered"))
}

impl Socket {
    async fn from_upgraded(upgraded: Upgraded, driver: Option<Driver>) -> Self {
        let config = WebSocketConfig::default()
            .max_message_size(Some(MOST_MESSAGE_BYTES))
            .max_frame_size(Some(MOST_MESSAGE_BYTES));
        let io = TokioIo::new(upgraded);
        Self {
            stream: WebSocketStream::from_raw_socket(io, Role::Client, Some(config)).await,
            _driver: driver,
        }
    }

    /// Sends a message of text by the deadline.
    pub async fn send(&mut self, text: String, deadline: Instant) -> Result<(), SocketError> {
        let sent = timeout_at(deadline, self.stream.send(Message::text(text))).await;
        sent.map_err(|_| SocketError::Late)?
            .map_err(SocketError::from)
    }

    /// Waits until the deadline for the next message, or for the server to close.
    pub async fn receive(&mut self, deadline: Instant) -> Result<SocketEvent, SocketError> {
        loop {
            let next = timeout_at(deadline, self.stream.next()).await;
            let next = next.map_err(|_| SocketError::Late)?;
            return Ok(match next.unwrap_or(Err(Error::ConnectionClosed))? {
                Message::Text(text) => SocketEvent::Message(SocketMessage::Text(text.into())),
                Message::Binary(bytes) => SocketEvent::Message(SocketMessage::Binary(bytes)),
                Message::Close(frame) => {
                    let frame = frame.map(|frame| (frame.code.into(), frame.reason.to_string()));
                    SocketEvent::Close(frame)
                }
                // The library answers a ping by itself, and a check sees messages
                // alone.
                Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => continue,
            });
        }
    }

    /// Closes the socket, and waits a moment for the server to close it, too. No
    /// check expects anything of that, so an error is not reported.
    pub async fn close(mut self, deadline: Instant) {
        let deadline = deadline.min(Instant::now() + FAREWELL);
        let farewell = async {
            let frame = CloseFrame {
                code: CloseCode::Normal,
                reason: "".into(),
            };
            let _ = self.stream.close(Some(frame)).await;
            while let Some(Ok(_)) = self.stream.next().await {}
        };
        let _ = timeout_at(deadline, farewell).await;
    }
}

impl From<Error> for SocketError {
    fn from(error: Error) -> Self {
        match error {
            Error::Capacity(_) => Self::TooLarge,
            Error::ConnectionClosed
            | Error::AlreadyClosed
            | Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => {
                Self::Broken("the connection ended without a close".to_owned())
            }
            Error::Io(error) => Self::Broken(describe_io(&error)),
            error => Self::Broken(error.to_string()),
        }
    }
}

impl SocketMessage {
    /// The bytes of the message.
    pub fn bytes(&self) -> &Bytes {
        match self {
            Self::Text(bytes) | Self::Binary(bytes) => bytes,
        }
    }
}
