//! A WebSocket that answers, and some that misbehave.
//!
//! | what is sent to `/ws` | what comes back |
//! |---|---|
//! | `{"subscribe": topic}` | that it is subscribed, a heartbeat, a price |
//! | `{"close": code}` | a close with this code |
//! | `{"quiet": anything}` | nothing |
//! | anything else | the same |

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

use super::{Inner, problem};

/// How large the message of `/ws/broken/huge` is.
const HUGE: usize = 3 * 1024 * 1024;

pub(super) fn routes() -> Router<Arc<Inner>> {
    Router::new()
        .route("/ws", get(websocket))
        .route("/ws/broken/{how}", get(broken))
}

async fn websocket(mut request: Request) -> Response {
    let Some((answer, upgrade)) = switch(&mut request) else {
        return upgrade_required();
    };
    tokio::spawn(async move {
        if let Ok(upgraded) = upgrade.await {
            let io = TokioIo::new(upgraded);
            let mut socket = WebSocketStream::from_raw_socket(io, Role::Server, None).await;
            while let Some(Ok(message)) = socket.next().await {
                for message in replies(message) {
                    if socket.send(message).await.is_err() {
                        return;
                    }
                }
            }
        }
    });
    answer
}

fn upgrade_required() -> Response {
    let mut response = problem(StatusCode::UPGRADE_REQUIRED, "this is a WebSocket");
    let websocket = HeaderValue::from_static("websocket");
    response.headers_mut().insert(header::UPGRADE, websocket);
    response
}

/// The answer that opens a WebSocket, and what it is opened on; `None` if the
/// request does not ask for one.
fn switch(request: &mut Request) -> Option<(Response, OnUpgrade)> {
    let key = request.headers().get(header::SEC_WEBSOCKET_KEY)?;
    let accept = derive_accept_key(key.as_bytes());
    let offered = request.headers().get(header::SEC_WEBSOCKET_PROTOCOL);
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

fn replies(message: Message) -> Vec<Message> {
    let text = match &message {
        Message::Text(text) => text.as_str(),
        Message::Binary(_) => return vec![message],
        _ => return Vec::new(),
    };
    let asked: Value = serde_json::from_str(text).unwrap_or_default();
    if let Some(topic) = asked.get("subscribe") {
        let replies = [
            json!({"type": "subscribed", "topic": topic}),
            json!({"type": "heartbeat"}),
            json!({"type": "price", "id": "espresso-cup", "cents": 1250}),
        ];
        return replies.map(|reply| Message::text(reply.to_string())).into();
    }
    if let Some(code) = asked.get("close").and_then(Value::as_u64) {
        let code = CloseCode::from(u16::try_from(code).unwrap_or(1000));
        return vec![Message::Close(Some(CloseFrame {
            code,
            reason: "as asked".into(),
        }))];
    }
    match asked.get("quiet") {
        Some(_) => Vec::new(),
        None => vec![message],
    }
}

/// A WebSocket that does not do as it should after it was opened.
async fn broken(Path(how): Path<String>, mut request: Request) -> Response {
    let Some((mut answer, upgrade)) = switch(&mut request) else {
        return upgrade_required();
    };
    match how.as_str() {
        "accept" => {
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
            // Whoever goes away in between is no news here.
            let _ = misbehave(&how, TokioIo::new(upgraded)).await;
        }
    });
    answer.into_response()
}

async fn misbehave(how: &str, mut io: TokioIo<Upgraded>) -> std::io::Result<()> {
    match how {
        // The end, without a close, after the first message.
        "vanish" => {
            let _ = io.read(&mut [0; 64]).await?;
            return Ok(());
        }
        // A message of many bytes, one at a time.
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
        // Message after message, as fast as they are read.
        "flood" => loop {
            io.write_all(b"\x81\x02{}").await?;
        },
        // A frame of a kind that there is not.
        "garbage" => io.write_all(&[0x83, 0]).await?,
        "not-text" => io.write_all(&[0x81, 2, 0xff, 0xff]).await?,
        _ => {}
    }
    io.flush().await?;
    // It stays open until the client goes away.
    while io.read(&mut [0; 64]).await? > 0 {}
    Ok(())
}
