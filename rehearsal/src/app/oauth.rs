//! Access tokens for programs (RFC 6749, section 4.4), and an endpoint that needs
//! one.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Form, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::json;

use super::{AppState, error_response};

/// The header of the only client: `smoke:let me in`, each part encoded as in a
/// form (RFC 6749, section 2.3.1), then in Base64.
const CLIENT_AUTHORIZATION: &str = "Basic c21va2U6bGV0K21lK2lu";

pub(super) fn build_routes() -> Router<Arc<AppState>> {
    Router::new()
        .route("/oauth/token", post(issue_token))
        .route("/oauth/whoami", get(get_token_details))
}

#[derive(Deserialize)]
struct TokenRequest {
    #[serde(rename = "grant_type")]
    kind: String,
    #[serde(default)]
    scope: String,
    #[serde(default)]
    audience: String,
}

/// `POST /oauth/token`. A scope such as `expires-in:1` sets the lifetime of the
/// token in seconds, and `mac` gives it a type that clients do not know.
async fn issue_token(
    State(state): State<Arc<AppState>>,
    headers: HeaderMap,
    Form(grant): Form<TokenRequest>,
) -> Response {
    let refuse = |status, error: &str, description: &str| {
        let body = json!({"error": error, "error_description": description});
        (status, Json(body)).into_response()
    };
    // The client is judged before its request, so a wrong secret hides the rest.
    if headers
        .get(header::AUTHORIZATION)
        .is_none_or(|client| client != CLIENT_AUTHORIZATION)
    {
        state.lock().store.count_refused_token();
        let text = "unknown client, or a wrong secret";
        return refuse(StatusCode::UNAUTHORIZED, "invalid_client", text);
    }
    if grant.kind != "client_credentials" {
        let text = "expected `client_credentials`";
        return refuse(StatusCode::BAD_REQUEST, "unsupported_grant_type", text);
    }
    // The scope may give a fraction of a second, for tests of tokens that expire.
    let seconds = match grant.scope.strip_prefix("expires-in:") {
        Some(seconds) => seconds.parse().unwrap_or(0.0),
        None => 3600.0,
    };
    let number = state.lock().store.count_granted_token();
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

/// `GET /oauth/whoami`: the number and audience of the caller's token, and how
/// many tokens were given and refused.
async fn get_token_details(State(state): State<Arc<AppState>>, headers: HeaderMap) -> Response {
    let token = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer machine-token-"));
    let Some((number, audience)) = token.and_then(|token| token.split_once('-')) else {
        return error_response(StatusCode::UNAUTHORIZED, "get a token first");
    };
    let (granted, refused) = state.lock().store.token_counts();
    Json(json!({
        "token": number.parse::<u64>().unwrap_or_default(),
        "audience": audience,
        "granted": granted,
        "refused": refused,
    }))
    .into_response()
}
