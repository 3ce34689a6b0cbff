//! The endpoints that checks are tried on: redirects, echo, delays, failures.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{AppendHeaders, Html, IntoResponse, Json, Response};
use axum::routing::{any, get};
use serde::Deserialize;
use serde_json::{Value, json};

use super::encodings::decoded;
use super::{Inner, problem};

/// The longest that `/slow` waits.
const SLOWEST: Duration = Duration::from_mins(10);

pub(super) fn routes() -> Router<Arc<Inner>> {
    Router::new()
        .route("/old-shop", get(|| async { found("/catalogue") }))
        .route("/redirect-loop", get(|| async { found("/redirect-loop") }))
        .route("/redirect/{n}", get(redirect))
        .route(
            "/elsewhere",
            get(|| async { found("https://example.com/") }),
        )
        .route("/redirect-to", any(redirect_to))
        .route("/cookies", get(cookies))
        .route("/json-echo", any(json_echo))
        .route("/html-echo", any(html_echo))
        .route("/echo", any(echo))
        .route("/slow", any(slow))
        .route("/flaky", any(flaky))
        .route("/status/{code}", any(status))
}

fn found(location: &str) -> Response {
    (StatusCode::FOUND, [(header::LOCATION, location)]).into_response()
}

/// `n` redirects in a row, then an answer.
async fn redirect(Path(n): Path<u32>) -> Response {
    match n.checked_sub(1) {
        Some(rest) => found(&format!("/redirect/{rest}")),
        None => Json(json!({"redirected": true})).into_response(),
    }
}

#[derive(Deserialize)]
struct Elsewhere {
    url: String,
    status: Option<u16>,
}

/// A redirect to any place, as a login service answers.
async fn redirect_to(Query(to): Query<Elsewhere>) -> Response {
    let status = to.status.and_then(|code| StatusCode::from_u16(code).ok());
    let status = status.filter(|status| (300..400).contains(&status.as_u16()));
    (
        status.unwrap_or(StatusCode::FOUND),
        [(header::LOCATION, to.url)],
    )
        .into_response()
}

/// Cookies with all that can be said of one, and a header that comes twice.
async fn cookies() -> Response {
    AppendHeaders([
        (
            header::SET_COOKIE,
            "session=abc; Path=/; Domain=localhost; Max-Age=7200; Secure; HttpOnly; SameSite=Lax",
        ),
        (header::SET_COOKIE, "theme=dark; Path=/shop"),
        (header::LINK, "</style.css>; rel=preload"),
        (header::LINK, "</script.js>; rel=preload"),
    ])
    .into_response()
}

/// The body as it came, as JSON.
async fn json_echo(body: Bytes) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}

/// The body as text on a page.
async fn html_echo(body: Bytes) -> Html<String> {
    let text = String::from_utf8_lossy(&body);
    let text = text
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    let text = text.replace('"', "&quot;").replace('\'', "&#39;");
    Html(format!("<!doctype html>\n<p title=\"{text}\">{text}</p>\n"))
}

async fn echo(method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let mut shown: BTreeMap<String, Value> = BTreeMap::new();
    for (name, value) in &headers {
        let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
        shown
            .entry(name.to_string())
            .and_modify(|seen| {
                if let Value::String(first) = seen {
                    first.push_str(", ");
                    first.push_str(&text);
                }
            })
            .or_insert(Value::String(text));
    }
    let query: BTreeMap<String, String> = Query::try_from_uri(&uri)
        .map(|Query(query)| query)
        .unwrap_or_default();
    Json(json!({
        "method": method.as_str(),
        "path": uri.path(),
        "query": query,
        "query_string": uri.query().unwrap_or_default(),
        "headers": shown,
        "body": String::from_utf8_lossy(&decoded(&headers, &body)),
    }))
    .into_response()
}

#[derive(Deserialize)]
struct Slow {
    ms: u64,
}

async fn slow(Query(slow): Query<Slow>) -> Response {
    tokio::time::sleep(Duration::from_millis(slow.ms).min(SLOWEST)).await;
    Json(json!({"slept_ms": slow.ms})).into_response()
}

#[derive(Deserialize)]
struct Flaky {
    #[serde(default)]
    key: String,
    fail: u32,
}

async fn flaky(State(inner): State<Arc<Inner>>, Query(flaky): Query<Flaky>) -> Response {
    if inner.lock().store.flaky_fails(&flaky.key, flaky.fail) {
        return problem(StatusCode::SERVICE_UNAVAILABLE, "not yet");
    }
    Json(json!({"status": "ok"})).into_response()
}

async fn status(Path(code): Path<u16>) -> Response {
    match StatusCode::from_u16(code) {
        // Codes below 200 are not answers of their own.
        Ok(status) if code >= 200 && !matches!(code, 204 | 304) => {
            (status, Json(json!({"status": code}))).into_response()
        }
        Ok(status) if code >= 200 => status.into_response(),
        _ => problem(StatusCode::BAD_REQUEST, "expected a status from 200 to 999"),
    }
}
