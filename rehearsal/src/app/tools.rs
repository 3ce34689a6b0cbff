//! The endpoints that try features of checks: redirects, echo, delays, failures.

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

use super::encodings::decode_body;
use super::{AppState, error_response};

/// The longest that `/slow` waits.
const MOST_DELAY: Duration = Duration::from_mins(10);

pub(super) fn build_routes() -> Router<Arc<AppState>> {
    Router::new()
        .route(
            "/old-shop",
            get(|| async { redirect_response("/catalogue") }),
        )
        .route(
            "/redirect-loop",
            get(|| async { redirect_response("/redirect-loop") }),
        )
        .route("/redirect/{n}", get(answer_redirect))
        .route(
            "/elsewhere",
            get(|| async { redirect_response("https://example.com/") }),
        )
        .route("/redirect-to", any(answer_redirect_to))
        .route("/cookies", get(set_cookies))
        .route("/json-echo", any(echo_json))
        .route("/html-echo", any(echo_html))
        .route("/echo", any(echo_request))
        .route("/slow", any(answer_late))
        .route("/flaky", any(answer_flakily))
        .route("/status/{code}", any(answer_status))
}

/// A 302 to this location.
fn redirect_response(location: &str) -> Response {
    (StatusCode::FOUND, [(header::LOCATION, location)]).into_response()
}

/// `GET /redirect/{n}`: `n` redirects in a row, then an answer.
async fn answer_redirect(Path(n): Path<u32>) -> Response {
    match n.checked_sub(1) {
        Some(rest) => redirect_response(&format!("/redirect/{rest}")),
        None => Json(json!({"redirected": true})).into_response(),
    }
}

#[derive(Deserialize)]
struct RedirectQuery {
    url: String,
    status: Option<u16>,
}

/// `/redirect-to`: a redirect to any URL, as a login service answers.
async fn answer_redirect_to(Query(to): Query<RedirectQuery>) -> Response {
    let status = to.status.and_then(|code| StatusCode::from_u16(code).ok());
    // Any other status would not be a redirect.
    let status = status.filter(|status| (300..400).contains(&status.as_u16()));
    (
        status.unwrap_or(StatusCode::FOUND),
        [(header::LOCATION, to.url)],
    )
        .into_response()
}

/// `GET /cookies`: a cookie with every attribute, another one, and a header that
/// comes twice.
async fn set_cookies() -> Response {
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

/// `/json-echo`: the body as it came, as JSON.
async fn echo_json(body: Bytes) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}

/// `/html-echo`: the body as text on a page.
async fn echo_html(body: Bytes) -> Html<String> {
    let text = String::from_utf8_lossy(&body);
    let text = text
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    let text = text.replace('"', "&quot;").replace('\'', "&#39;");
    Html(format!("<!doctype html>\n<p title=\"{text}\">{text}</p>\n"))
}

/// `/echo`: the request as JSON.
async fn echo_request(method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
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
    // A query that is not a form is shown as `query_string` alone.
    let query: BTreeMap<String, String> = Query::try_from_uri(&uri)
        .map(|Query(query)| query)
        .unwrap_or_default();
    Json(json!({
        "method": method.as_str(),
        "path": uri.path(),
        "query": query,
        "query_string": uri.query().unwrap_or_default(),
        "headers": shown,
        "body": String::from_utf8_lossy(&decode_body(&headers, &body)),
    }))
    .into_response()
}

#[derive(Deserialize)]
struct SlowQuery {
    ms: u64,
}

/// `/slow`: an answer after so many milliseconds.
async fn answer_late(Query(slow): Query<SlowQuery>) -> Response {
    tokio::time::sleep(Duration::from_millis(slow.ms).min(MOST_DELAY)).await;
    Json(json!({"slept_ms": slow.ms})).into_response()
}

#[derive(Deserialize)]
struct FlakyQuery {
    #[serde(default)]
    key: String,
    fail: u32,
}

/// `/flaky`: the first `fail` requests of a key fail.
async fn answer_flakily(
    State(state): State<Arc<AppState>>,
    Query(flaky): Query<FlakyQuery>,
) -> Response {
    if state
        .lock()
        .store
        .must_fail_flaky_request(&flaky.key, flaky.fail)
    {
        return error_response(StatusCode::SERVICE_UNAVAILABLE, "not yet");
    }
    Json(json!({"status": "ok"})).into_response()
}

/// `/status/{code}`: an answer with this status.
async fn answer_status(Path(code): Path<u16>) -> Response {
    match StatusCode::from_u16(code) {
        // A status below 200 is interim and no answer; 204 and 304 have no body.
        Ok(status) if code >= 200 && !matches!(code, 204 | 304) => {
            (status, Json(json!({"status": code}))).into_response()
        }
        Ok(status) if code >= 200 => status.into_response(),
        _ => error_response(StatusCode::BAD_REQUEST, "expected a status from 200 to 999"),
    }
}
