//! Answers that are nested deeply, but small enough for a body limit.

use std::sync::Arc;

use axum::Router;
use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::{AppState, error_response};

/// The most levels: the largest form stays below 2 MiB.
const MOST_LEVELS: usize = 100_000;

pub(super) fn build_routes() -> Router<Arc<AppState>> {
    Router::new().route("/deep/{form}/{depth}", get(get_nested))
}

/// `GET /deep/{form}/{depth}`: a leaf with so many levels around it.
async fn get_nested(Path((form, depth)): Path<(String, usize)>) -> Response {
    let (content_type, begin, open, leaf, close) = match form.as_str() {
        "objects" => ("application/json", "", r#"{"child":"#, r#""leaf""#, "}"),
        "lists" => ("application/json", "", "[", r#""leaf""#, "]"),
        "html" => ("text/html", "<!doctype html>", "<div>", "leaf", "</div>"),
        "xml" => ("application/xml", "", "<node>", "leaf", "</node>"),
        _ => return error_response(StatusCode::NOT_FOUND, "there is no such form"),
    };
    if depth > MOST_LEVELS {
        return error_response(StatusCode::NOT_FOUND, "there is nothing as deep");
    }
    let (before, after) = (open.repeat(depth), close.repeat(depth));
    let body = format!("{begin}{before}{leaf}{after}");
    ([(header::CONTENT_TYPE, content_type)], body).into_response()
}
