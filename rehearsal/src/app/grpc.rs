//! The shop as a gRPC service, declared in `shop.proto`, and its health.
//!
//! Messages are read and written by hand here, so that they judge whoever has
//! code for it.

use std::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Response, header};
use axum::routing::post;
use http_body_util::StreamBody;
use hyper::body::Frame;

use super::store::{self, Line};
use super::{Defect, Inner, catalogue};

const NOT_FOUND: u8 = 5;

pub(super) fn routes() -> Router<Arc<Inner>> {
    Router::new()
        .route("/grpc.health.v1.Health/Check", post(check))
        .route("/shop.v1.Shop/GetItem", post(get_item))
        .route("/shop.v1.Shop/PlaceOrder", post(place_order))
}

async fn check(State(inner): State<Arc<Inner>>, body: Bytes) -> Response<Body> {
    if !matches!(first_text(&body).as_str(), "" | "shop.v1.Shop") {
        return refused(NOT_FOUND, "unknown service");
    }
    let status = if inner.has(Defect::Unhealthy) { 2 } else { 1 };
    answer(&[0x08, status])
}

async fn get_item(body: Bytes) -> Response<Body> {
    let id = first_text(&body);
    let Some(item) = catalogue::find(&id) else {
        return refused(NOT_FOUND, &format!("there%20is no item `{id}`"));
    };
    let mut message = Vec::new();
    text(1, item.id, &mut message);
    text(2, item.name, &mut message);
    number(3, item.price_cents, &mut message);
    number(4, u64::from(item.in_stock), &mut message);
    answer(&message)
}

async fn place_order(State(inner): State<Arc<Inner>>, body: Bytes) -> Response<Body> {
    let line = Line {
        id: first_text(&body),
        quantity: 1,
    };
    let items = match store::price(&[line]) {
        Ok(items) => items,
        Err(reason) => return refused(NOT_FOUND, &reason.reason()),
    };
    let order = inner.lock().store.add_order(items, 0, "placed");
    let mut message = Vec::new();
    text(1, &order.id, &mut message);
    number(2, order.total_cents, &mut message);
    answer(&message)
}

/// The text in field 1 of a framed message; empty if there is none.
fn first_text(frame: &[u8]) -> String {
    let message = frame.get(5..).unwrap_or_default();
    match message {
        [0x0a, length, rest @ ..] => {
            let text = rest.get(..usize::from(*length)).unwrap_or_default();
            String::from_utf8_lossy(text).into_owned()
        }
        _ => String::new(),
    }
}

fn text(field: u8, text: &str, message: &mut Vec<u8>) {
    message.push(field << 3 | 2);
    varint(text.len() as u64, message);
    message.extend_from_slice(text.as_bytes());
}

fn number(field: u8, value: u64, message: &mut Vec<u8>) {
    message.push(field << 3);
    varint(value, message);
}

fn varint(mut value: u64, message: &mut Vec<u8>) {
    while value >= 0x80 {
        message.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    message.push(value.to_le_bytes()[0]);
}

/// A message, and behind it, in the trailers, that all is well.
fn answer(message: &[u8]) -> Response<Body> {
    let mut frame = vec![0];
    frame.extend_from_slice(&u32::try_from(message.len()).unwrap_or(0).to_be_bytes());
    frame.extend_from_slice(message);
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from_static("0"));
    let frames = [Frame::data(Bytes::from(frame)), Frame::trailers(trailers)];
    let frames = frames.map(Ok::<_, Infallible>);
    let stream = futures_util::stream::iter(frames);
    of_grpc(Response::new(Body::new(StreamBody::new(stream))))
}

/// Nothing but headers, as gRPC allows for errors.
fn refused(status: u8, message: &str) -> Response<Body> {
    let mut response = of_grpc(Response::new(Body::empty()));
    let headers = response.headers_mut();
    headers.insert("grpc-status", HeaderValue::from(u16::from(status)));
    if let Ok(message) = HeaderValue::from_str(message) {
        headers.insert("grpc-message", message);
    }
    response
}

fn of_grpc(mut response: Response<Body>) -> Response<Body> {
    let kind = HeaderValue::from_static("application/grpc");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}
