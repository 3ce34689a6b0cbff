//! The shop as a gRPC service, declared in `shop.proto`, and its health.
//!
//! Messages are read and written by hand here, so that a mistake in the client's
//! code for gRPC cannot be the same on both sides.

use std::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Response, header};
use axum::routing::post;
use http_body_util::StreamBody;
use hyper::body::Frame;

use super::store::{self, OrderLine};
use super::{AppState, Defect, catalogue};

/// The status code `NOT_FOUND` of gRPC.
const NOT_FOUND: u8 = 5;

pub(super) fn build_routes() -> Router<Arc<AppState>> {
    Router::new()
        .route("/grpc.health.v1.Health/Check", post(check_health))
        .route("/shop.v1.Shop/GetItem", post(get_item))
        .route("/shop.v1.Shop/PlaceOrder", post(place_order))
}

/// `grpc.health.v1.Health/Check`.
async fn check_health(State(state): State<Arc<AppState>>, body: Bytes) -> Response<Body> {
    if !matches!(parse_first_text(&body).as_str(), "" | "shop.v1.Shop") {
        return status_response(NOT_FOUND, "unknown service");
    }
    // `SERVING` is 1, `NOT_SERVING` is 2.
    let status = if state.has_defect(Defect::Unhealthy) {
        2
    } else {
        1
    };
    message_response(&[0x08, status])
}

/// `shop.v1.Shop/GetItem`.
async fn get_item(body: Bytes) -> Response<Body> {
    let id = parse_first_text(&body);
    let Some(item) = catalogue::find_item(&id) else {
        return status_response(NOT_FOUND, &format!("there%20is no item `{id}`"));
    };
    let mut message = Vec::new();
    write_text(1, item.id, &mut message);
    write_text(2, item.name, &mut message);
    write_number(3, item.price_cents, &mut message);
    write_number(4, u64::from(item.in_stock), &mut message);
    message_response(&message)
}

/// `shop.v1.Shop/PlaceOrder`.
async fn place_order(State(state): State<Arc<AppState>>, body: Bytes) -> Response<Body> {
    let line = OrderLine {
        id: parse_first_text(&body),
        quantity: 1,
    };
    let items = match store::price_lines(&[line]) {
        Ok(items) => items,
        Err(error) => return status_response(NOT_FOUND, &error.to_string()),
    };
    let order = state.lock().store.add_order(items, 0, "placed");
    let mut message = Vec::new();
    write_text(1, &order.id, &mut message);
    write_number(2, order.total_cents, &mut message);
    message_response(&message)
}

/// The text in field 1 of a framed message; empty if there is none.
fn parse_first_text(frame: &[u8]) -> String {
    // A frame begins with a flag of compression and four bytes of length.
    let message = frame.get(5..).unwrap_or_default();
    match message {
        [0x0a, length, rest @ ..] => {
            let text = rest.get(..usize::from(*length)).unwrap_or_default();
            String::from_utf8_lossy(text).into_owned()
        }
        _ => String::new(),
    }
}

/// Writes a text field.
fn write_text(field: u8, text: &str, message: &mut Vec<u8>) {
    message.push(field << 3 | 2);
    write_varint(text.len() as u64, message);
    message.extend_from_slice(text.as_bytes());
}

/// Writes a field that is a number, or a yes or no.
fn write_number(field: u8, value: u64, message: &mut Vec<u8>) {
    message.push(field << 3);
    write_varint(value, message);
}

/// Writes a number seven bits at a time, the lowest first.
fn write_varint(mut value: u64, message: &mut Vec<u8>) {
    while value >= 0x80 {
        message.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    message.push(value.to_le_bytes()[0]);
}

/// A response with one message, and the status `OK` in its trailers.
fn message_response(message: &[u8]) -> Response<Body> {
    let mut frame = vec![0];
    frame.extend_from_slice(&u32::try_from(message.len()).unwrap_or(0).to_be_bytes());
    frame.extend_from_slice(message);
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from_static("0"));
    let frames = [Frame::data(Bytes::from(frame)), Frame::trailers(trailers)];
    let frames = frames.map(Ok::<_, Infallible>);
    let stream = futures_util::stream::iter(frames);
    with_grpc_content_type(Response::new(Body::new(StreamBody::new(stream))))
}

/// A response without a message, whose headers hold the status: gRPC calls it
/// trailers-only.
fn status_response(status: u8, message: &str) -> Response<Body> {
    let mut response = with_grpc_content_type(Response::new(Body::empty()));
    let headers = response.headers_mut();
    headers.insert("grpc-status", HeaderValue::from(u16::from(status)));
    if let Ok(message) = HeaderValue::from_str(message) {
        headers.insert("grpc-message", message);
    }
    response
}

/// The same response with the content type of gRPC.
fn with_grpc_content_type(mut response: Response<Body>) -> Response<Body> {
    let kind = HeaderValue::from_static("application/grpc");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}
