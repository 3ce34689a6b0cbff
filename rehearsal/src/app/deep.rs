//! Answers that are nested deeply, and small enough to be read.

use std::sync::Arc;

use axum::Router;
use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::{Inner, problem};

/// The deepest: the largest form of it stays below 2 MiB.
const DEEPEST: usize = 100_000;

pub(super) fn routes() -> Router<Arc<Inner>> {
    Router::new().route("/deep/{form}/{depth}", get(deep))
}

/// A leaf with so many levels around it.
async fn deep(Path((form, depth)): Path<(String, usize)>) -> Response {
    let (content_type, begin, open, leaf, close) = match form.as_str() {
        "objects" => ("application/json", "", r#"{"child":"#, r#""leaf""#, "}"),
        "lists" => ("application/json", "", "[", r#""leaf""#, "]"),
        "html" => ("text/html", "<!doctype html>", "<div>", "leaf", "</div>"),
        "xml" => ("application/xml", "", "<node>", "leaf", "</node>"),
        _ => return problem(StatusCode::NOT_FOUND, "there is no such form"),
    };
    if depth > DEEPEST {
        return problem(StatusCode::NOT_FOUND, "there is nothing as deep");
    }
    let (before, after) = (open.repeat(depth), close.repeat(depth));
    let body = format!("{begin}{before}{leaf}{after}");
    ([(header::CONTENT_TYPE, content_type)], body).into_response()
}
