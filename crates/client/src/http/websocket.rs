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

use super::cause;
use super::line::Outgoing;
use super::link::Driver;
use super::pool::Need;
use super::receive::Terms;
use super::{AskError, Client, MOST_BODY_BYTES, Repeats, Request, Response, Unanswered};
use query::digest;

/// The largest message that is read, in bytes.
pub const MOST_MESSAGE_BYTES: usize = MOST_BODY_BYTES;
/// How long a server may take to say farewell.
const FAREWELL: Duration = Duration::from_secs(1);

/// A WebSocket that is open.
pub struct Socket {
    stream: WebSocketStream<TokioIo<Upgraded>>,
    /// Ends the connection when the socket is dropped.
    _driver: Option<Driver>,
}

/// Something that came over a WebSocket.
pub enum Came {
    /// A message.
    Message(Content),
    /// The server closes, perhaps with a code and a reason.
    Close(Option<(u16, String)>),
}

/// What a message holds.
#[derive(Debug, Clone)]
pub enum Content {
    /// A message of text, in UTF-8.
    Text(Bytes),
    /// A message of bytes.
    Binary(Bytes),
}

/// Why nothing came, or nothing could be sent.
pub enum SocketError {
    /// Nothing came in time.
    Late,
    /// A message larger than the bound.
    TooLarge,
    /// What came is no WebSocket.
    Broken(String),
}

/// The headers that ask for a WebSocket, with a new key; the error says why
/// there is none.
pub fn upgrade() -> Result<HeaderMap, String> {
    let key = digest::random_key().and_then(|key| HeaderValue::from_str(&key).ok());
    let key = key.ok_or_else(|| "no randomness for its key".to_owned())?;
    Ok(HeaderMap::from_iter([
        (CONNECTION, HeaderValue::from_static("Upgrade")),
        (UPGRADE, HeaderValue::from_static("websocket")),
        (SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13")),
        (SEC_WEBSOCKET_KEY, key),
    ]))
}

impl Client {
    /// Opens a WebSocket within `limit`. Beside the answer there is either the
    /// socket, or why there is none.
    pub async fn open(
        &self,
        request: Request,
        limit: Duration,
    ) -> Result<(Response, Result<Socket, String>), Unanswered> {
        let asked = request.headers.clone();
        let outgoing = Outgoing::new(request)?;
        let begun = Instant::now();
        let end = begun + limit;
        let terms = Terms { begun, end, limit };
        let once = Repeats::default();
        let begun_answer = self.attempt(&outgoing, Need::Own, once, terms).await;
        let mut answer = begun_answer.map_err(AskError::from)?;
        let link = Arc::clone(&answer.line.link);
        let opened = Some(answer.opened());
        if answer.head.status() != StatusCode::SWITCHING_PROTOCOLS {
            let head = answer.head;
            let response = terms.receive(head, link, opened, once, None).await?;
            let status = response.status;
            return Ok((response, Err(format!("an answer with status {status}"))));
        }
        let upgraded = match refusal(&asked, answer.head.headers()) {
            Some(refusal) => Err(refusal),
            None => hyper::upgrade::on(&mut answer.head)
                .await
                .map_err(|error| cause::one(&error)),
        };
        let head = answer.head.into_parts().0;
        let mut response = Response::within_bounds(head, link, opened, once)?;
        response.latency = begun.elapsed();
        let socket = match upgraded {
            Ok(upgraded) => Ok(Socket::over(upgraded, answer.line.into_driver()).await),
            Err(why) => Err(why),
        };
        Ok((response, socket))
    }
}

/// Why a 101 opens no WebSocket (RFC 6455, section 4.1).
fn refusal(asked: &HeaderMap, answered: &HeaderMap) -> Option<String> {
    let value = |headers: &HeaderMap, name: HeaderName| {
        let value = headers.get(name).map(HeaderValue::as_bytes);
        String::from_utf8_lossy(value.unwrap_or_default()).into_owned()
    };
    let upgrade = value(answered, UPGRADE);
    if !upgrade.eq_ignore_ascii_case("websocket") {
        return Some(format!("101 with `upgrade: {upgrade}`"));
    }
    let key = value(asked, SEC_WEBSOCKET_KEY);
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
    let offered = value(asked, SEC_WEBSOCKET_PROTOCOL);
    let known = chosen.is_empty() || offered.split(',').any(|name| name.trim() == chosen);
    (!known).then(|| format!("101 with the subprotocol `{chosen}`, which was not offered"))
}

impl Socket {
    async fn over(upgraded: Upgraded, driver: Option<Driver>) -> Self {
        let config = WebSocketConfig::default()
            .max_message_size(Some(MOST_MESSAGE_BYTES))
            .max_frame_size(Some(MOST_MESSAGE_BYTES));
        let io = TokioIo::new(upgraded);
        Self {
            stream: WebSocketStream::from_raw_socket(io, Role::Client, Some(config)).await,
            _driver: driver,
        }
    }

    /// Sends text.
    pub async fn send(&mut self, text: String, end: Instant) -> Result<(), SocketError> {
        let sent = timeout_at(end, self.stream.send(Message::text(text))).await;
        sent.map_err(|_| SocketError::Late)?
            .map_err(SocketError::from)
    }

    /// Waits for the next message, or for the server to close.
    pub async fn receive(&mut self, end: Instant) -> Result<Came, SocketError> {
        loop {
            let next = timeout_at(end, self.stream.next()).await;
            let next = next.map_err(|_| SocketError::Late)?;
            return Ok(match next.unwrap_or(Err(Error::ConnectionClosed))? {
                Message::Text(text) => Came::Message(Content::Text(text.into())),
                Message::Binary(bytes) => Came::Message(Content::Binary(bytes)),
                Message::Close(frame) => {
                    let frame = frame.map(|frame| (frame.code.into(), frame.reason.to_string()));
                    Came::Close(frame)
                }
                // The library answers a ping by itself.
                Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => continue,
            });
        }
    }

    /// Says farewell, and waits for the server's for a moment: nobody is
    /// blamed for how it ends.
    pub async fn close(mut self, end: Instant) {
        let end = end.min(Instant::now() + FAREWELL);
        let farewell = async {
            let frame = CloseFrame {
                code: CloseCode::Normal,
                reason: "".into(),
            };
            let _ = self.stream.close(Some(frame)).await;
            while let Some(Ok(_)) = self.stream.next().await {}
        };
        let _ = timeout_at(end, farewell).await;
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
            Error::Io(error) => Self::Broken(cause::network(&error)),
            error => Self::Broken(error.to_string()),
        }
    }
}

impl Content {
    /// The bytes of it.
    pub fn bytes(&self) -> &Bytes {
        match self {
            Self::Text(bytes) | Self::Binary(bytes) => bytes,
        }
    }
}
