//! A room for members, who log in by Digest (RFC 7616).

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::any;
use md5::{Digest as _, Md5};
use ring::digest::{SHA256, digest};
use serde::Deserialize;
use serde_json::json;

use super::{CUSTOMER, Inner, PASSWORD, problem};

const REALM: &str = "members";

pub(super) fn routes() -> Router<Arc<Inner>> {
    Router::new().route("/members", any(members))
}

/// How the room behaves; all of it may be left out.
#[derive(Deserialize)]
struct House {
    /// The only algorithm of its challenge, instead of SHA-256 and MD5.
    algorithm: Option<String>,
    /// Its quality of protection, or `none`.
    qop: Option<String>,
    /// Another scheme that it asks for instead.
    scheme: Option<String>,
    /// How many answers a nonce is good for.
    uses: Option<u32>,
    /// Where members are sent on to.
    to: Option<String>,
}

/// Says who came in, by which hash, and how often with this nonce.
async fn members(
    State(inner): State<Arc<Inner>>,
    method: Method,
    uri: Uri,
    Query(house): Query<House>,
    headers: HeaderMap,
) -> Response {
    let answer = headers.get(header::AUTHORIZATION);
    let answer = answer.and_then(|value| value.to_str().ok()?.strip_prefix("Digest "));
    let Some(answer) = answer.map(parameters) else {
        return challenge(&inner, &house, false);
    };
    let part = |name: &str| answer.get(name).map(String::as_str).unwrap_or_default();
    let asked = uri.path_and_query().map(ToString::to_string);
    if Some(part("uri")) != asked.as_deref() {
        return problem(StatusCode::BAD_REQUEST, "the answer is for another URI");
    }
    let right = part("username") == CUSTOMER
        && part("realm") == REALM
        && part("response") == response(&method, &part);
    if !right {
        return challenge(&inner, &house, false);
    }
    let count = u32::from_str_radix(part("nc"), 16).unwrap_or_default();
    let uses = inner.lock().store.nonce_is_used(part("nonce"));
    match uses {
        Some(uses) if house.uses.is_none_or(|most| uses <= most) => {}
        // The hash was right, and the nonce is not good any more.
        _ => return challenge(&inner, &house, true),
    }
    if let Some(to) = house.to {
        return (StatusCode::FOUND, [(header::LOCATION, to)]).into_response();
    }
    Json(json!({
        "user": CUSTOMER,
        "algorithm": answer.get("algorithm"),
        "count": count,
    }))
    .into_response()
}

fn challenge(inner: &Inner, house: &House, stale: bool) -> Response {
    let nonce = inner.lock().store.nonce();
    let mut answer = problem(StatusCode::UNAUTHORIZED, "members only");
    let scheme = house.scheme.as_deref().unwrap_or("Digest");
    let algorithms: Vec<&str> = match &house.algorithm {
        Some(only) => vec![only],
        None => vec!["SHA-256", "MD5"],
    };
    for algorithm in algorithms {
        let mut value = format!(
            "{scheme} realm=\"{REALM}\", nonce=\"{nonce}\", opaque=\"tea\", algorithm={algorithm}"
        );
        match house.qop.as_deref() {
            Some("none") => {}
            other => value.extend([", qop=\"", other.unwrap_or("auth"), "\""]),
        }
        if stale {
            value.push_str(", stale=true");
        }
        if let Ok(value) = HeaderValue::from_str(&value) {
            answer.headers_mut().append(header::WWW_AUTHENTICATE, value);
        }
    }
    answer
}

/// The hash that proves the password.
fn response<'a>(method: &Method, part: &dyn Fn(&str) -> &'a str) -> String {
    let algorithm = part("algorithm").to_ascii_uppercase();
    let hash = |text: String| {
        let bytes: Vec<u8> = if algorithm.starts_with("SHA-256") {
            digest(&SHA256, text.as_bytes()).as_ref().to_vec()
        } else {
            Md5::digest(text.as_bytes()).to_vec()
        };
        hex(&bytes)
    };
    let (nonce, client) = (part("nonce"), part("cnonce"));
    let mut secret = hash(format!("{CUSTOMER}:{REALM}:{PASSWORD}"));
    if algorithm.ends_with("-SESS") {
        secret = hash(format!("{secret}:{nonce}:{client}"));
    }
    let asked = hash(format!("{method}:{}", part("uri")));
    match part("qop") {
        "" => hash(format!("{secret}:{nonce}:{asked}")),
        qop => hash(format!(
            "{secret}:{nonce}:{}:{client}:{qop}:{asked}",
            part("nc")
        )),
    }
}

fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}

/// `name=value` and `name="value"`, with commas between them.
fn parameters(text: &str) -> HashMap<String, String> {
    let pairs = text.split(", ").filter_map(|pair| pair.split_once('='));
    pairs
        .map(|(name, value)| (name.to_owned(), value.trim_matches('"').to_owned()))
        .collect()
}
