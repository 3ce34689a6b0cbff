//! Access tokens for programs (RFC 6749, section 4.4), and what they open.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Form, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::json;

use super::{Inner, problem};

/// `smoke:let me in`, each part encoded as in a form, in Base64.
const CLIENT: &str = "Basic c21va2U6bGV0K21lK2lu";

pub(super) fn routes() -> Router<Arc<Inner>> {
    Router::new()
        .route("/oauth/token", post(token))
        .route("/oauth/whoami", get(whoami))
}

#[derive(Deserialize)]
struct Grant {
    #[serde(rename = "grant_type")]
    kind: String,
    #[serde(default)]
    scope: String,
    #[serde(default)]
    audience: String,
}

/// A scope such as `expires-in:1` says how long the token is good for, and
/// `mac` asks for a type that nobody knows.
async fn token(
    State(inner): State<Arc<Inner>>,
    headers: HeaderMap,
    Form(grant): Form<Grant>,
) -> Response {
    let refuse = |status, error: &str, description: &str| {
        let body = json!({"error": error, "error_description": description});
        (status, Json(body)).into_response()
    };
    if headers
        .get(header::AUTHORIZATION)
        .is_none_or(|client| client != CLIENT)
    {
        inner.lock().store.count_refusal();
        let text = "unknown client, or a wrong secret";
        return refuse(StatusCode::UNAUTHORIZED, "invalid_client", text);
    }
    if grant.kind != "client_credentials" {
        let text = "expected `client_credentials`";
        return refuse(StatusCode::BAD_REQUEST, "unsupported_grant_type", text);
    }
    let seconds = match grant.scope.strip_prefix("expires-in:") {
        Some(seconds) => seconds.parse().unwrap_or(0.0),
        None => 3600.0,
    };
    let number = inner.lock().store.grant();
    let kind = if grant.scope == "mac" {
        "mac"
    } else {
        "Bearer"
    };
    Json(json!({
        "access_token": format!("machine-token-{number}-{}", grant.audience),
        "token_type": kind,
        "expires_in": seconds,
        "scope": grant.scope,
    }))
    .into_response()
}

/// How many tokens there have been, for who has one of them.
async fn whoami(State(inner): State<Arc<Inner>>, headers: HeaderMap) -> Response {
    let token = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer machine-token-"));
    let Some((number, audience)) = token.and_then(|token| token.split_once('-')) else {
        return problem(StatusCode::UNAUTHORIZED, "get a token first");
    };
    let (granted, refused) = inner.lock().store.grants();
    Json(json!({
        "token": number.parse::<u64>().unwrap_or_default(),
        "audience": audience,
        "granted": granted,
        "refused": refused,
    }))
    .into_response()
}
