//! A WebSocket that answers, and some that misbehave.
//!
//! | what is sent to `/ws` | what comes back |
//! |---|---|
//! | `{"subscribe": topic}` | that it is subscribed, a heartbeat, a price |
//! | `{"close": code}` | a close with this code |
//! | `{"quiet": anything}` | nothing |
//! | anything else | the same message |

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures_util::{SinkExt as _, StreamExt as _};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message, Role};

use super::{AppState, error_response};

/// How large the message of `/ws/broken/huge` is.
const HUGE: usize = 3 * 1024 * 1024;

pub(super) fn build_routes() -> Router<Arc<AppState>> {
    Router::new()
        .route("/ws", get(serve_websocket))
        .route("/ws/broken/{how}", get(serve_broken_websocket))
}

/// `/ws`: a WebSocket that answers each message.
async fn serve_websocket(mut request: Request) -> Response {
    let Some((answer, upgrade)) = accept_upgrade(&mut request) else {
        return upgrade_required();
    };
    tokio::spawn(async move {
        if let Ok(upgraded) = upgrade.await {
            let io = TokioIo::new(upgraded);
            let mut socket = WebSocketStream::from_raw_socket(io, Role::Server, None).await;
            while let Some(Ok(message)) = socket.next().await {
                for message in reply_to(message) {
                    if socket.send(message).await.is_err() {
                        return;
                    }
                }
            }
        }
    });
    answer
}

/// A 426 for a request that asks for no WebSocket.
fn upgrade_required() -> Response {
    let mut response = error_response(StatusCode::UPGRADE_REQUIRED, "this is a WebSocket");
    let websocket = HeaderValue::from_static("websocket");
    response.headers_mut().insert(header::UPGRADE, websocket);
    response
}

/// The answer that opens a WebSocket, and the connection to come; `None` if the
/// request does not ask for one.
fn accept_upgrade(request: &mut Request) -> Option<(Response, OnUpgrade)> {
    let key = request.headers().get(header::SEC_WEBSOCKET_KEY)?;
    let accept = derive_accept_key(key.as_bytes());
    let offered = request.headers().get(header::SEC_WEBSOCKET_PROTOCOL);
    // A client offers protocols by preference; this server takes the first.
    let first = offered.and_then(|offered| offered.to_str().ok()?.split(',').next());
    let mut answer = Response::builder()
        .status(StatusCode::SWITCHING_PROTOCOLS)
        .header(header::CONNECTION, "Upgrade")
        .header(header::UPGRADE, "websocket")
        .header(header::SEC_WEBSOCKET_ACCEPT, accept);
    if let Some(first) = first {
        answer = answer.header(header::SEC_WEBSOCKET_PROTOCOL, first.trim());
    }
    let answer = answer.body(Body::empty()).ok()?;
    Some((answer, hyper::upgrade::on(request)))
}

/// The messages that answer this one.
fn reply_to(message: Message) -> Vec<Message> {
    let text = match &message {
        Message::Text(text) => text.as_str(),
        Message::Binary(_) => return vec![message],
        _ => return Vec::new(),
    };
    let request: Value = serde_json::from_str(text).unwrap_or_default();
    if let Some(topic) = request.get("subscribe") {
        let replies = [
            json!({"type": "subscribed", "topic": topic}),
            json!({"type": "heartbeat"}),
            json!({"type": "price", "id": "espresso-cup", "cents": 1250}),
        ];
        return replies.map(|reply| Message::text(reply.to_string())).into();
    }
    if let Some(code) = request.get("close").and_then(Value::as_u64) {
        let code = CloseCode::from(u16::try_from(code).unwrap_or(1000));
        return vec![Message::Close(Some(CloseFrame {
            code,
            reason: "as asked".into(),
        }))];
    }
    match request.get("quiet") {
        Some(_) => Vec::new(),
        None => vec![message],
    }
}

/// `/ws/broken/{how}`: a WebSocket with a wrong handshake, or one that misbehaves
/// after it.
async fn serve_broken_websocket(Path(how): Path<String>, mut request: Request) -> Response {
    let Some((mut answer, upgrade)) = accept_upgrade(&mut request) else {
        return upgrade_required();
    };
    match how.as_str() {
        "accept" => {
            // This is the answer to the key of RFC 6455's example.
            let wrong = HeaderValue::from_static("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
            answer
                .headers_mut()
                .insert(header::SEC_WEBSOCKET_ACCEPT, wrong);
        }
        "protocol" => {
            let other = HeaderValue::from_static("soap");
            answer
                .headers_mut()
                .insert(header::SEC_WEBSOCKET_PROTOCOL, other);
        }
        _ => {}
    }
    tokio::spawn(async move {
        if let Ok(upgraded) = upgrade.await {
            // An error here means that the client has closed.
            let _ = misbehave(&how, TokioIo::new(upgraded)).await;
        }
    });
    answer.into_response()
}

/// Sends what this fault consists of, byte by byte.
async fn misbehave(how: &str, mut io: TokioIo<Upgraded>) -> std::io::Result<()> {
    match how {
        // The connection ends after the first message, without a close frame.
        "vanish" => {
            let _ = io.read(&mut [0; 64]).await?;
            return Ok(());
        }
        // A message of 65,535 bytes comes one byte at a time.
        "drip" => {
            io.write_all(&[0x81, 126, 0xff, 0xff]).await?;
            loop {
                io.write_all(b"x").await?;
                io.flush().await?;
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        "huge" => {
            io.write_all(&[0x81, 127]).await?;
            io.write_all(&(HUGE as u64).to_be_bytes()).await?;
            io.write_all(&vec![b'x'; HUGE]).await?;
        }
        // Messages come as fast as the client reads them.
        "flood" => loop {
            io.write_all(b"\x81\x02{}").await?;
        },
        // RFC 6455 reserves the opcode 3.
        "garbage" => io.write_all(&[0x83, 0]).await?,
        // A text message must be UTF-8, and 0xff never is.
        "not-text" => io.write_all(&[0x81, 2, 0xff, 0xff]).await?,
        _ => {}
    }
    io.flush().await?;
    // The connection stays open until the client closes it.
    while io.read(&mut [0; 64]).await? > 0 {}
    Ok(())
}
