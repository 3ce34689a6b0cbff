//! The endpoints that customers use: login, catalogue, orders, account.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{FromRequestParts, Path, Query, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::{Value, json};

use super::store::{self, Line};
use super::{CUSTOMER, Defect, Inner, PASSWORD, catalogue, problem};

pub(super) fn routes() -> Router<Arc<Inner>> {
    Router::new()
        .route("/login", post(login))
        .route("/catalogue", get(list_items))
        .route("/catalogue/{id}", get(show_item))
        .route("/orders", get(list_orders).post(place_order))
        .route(
            "/orders/{id}",
            get(show_order)
                .put(replace_order)
                .patch(change_order)
                .delete(cancel_order),
        )
        .route("/account", get(account))
}

#[derive(Deserialize)]
struct Credentials {
    email: String,
    password: String,
}

async fn login(State(inner): State<Arc<Inner>>, headers: HeaderMap, body: Bytes) -> Response {
    if inner.has(Defect::LoginFails) {
        return problem(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the session store is not reachable",
        );
    }
    let Some(credentials) = credentials(&headers, &body) else {
        return problem(
            StatusCode::BAD_REQUEST,
            "expected `email` and `password` as JSON or as a form",
        );
    };
    if credentials.email != CUSTOMER || credentials.password != PASSWORD {
        return problem(StatusCode::UNAUTHORIZED, "unknown email or wrong password");
    }
    let token = inner.lock().store.open_session();
    let cookie = format!("session={token}; HttpOnly; Path=/");
    let body = json!({"token": token, "customer": customer()});
    ([(header::SET_COOKIE, cookie)], Json(body)).into_response()
}

fn credentials(headers: &HeaderMap, body: &[u8]) -> Option<Credentials> {
    let kind = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    if kind.starts_with("application/json") {
        return serde_json::from_slice(body).ok();
    }
    if kind.starts_with("application/x-www-form-urlencoded") {
        let uri = format!("/?{}", std::str::from_utf8(body).ok()?);
        let Query(form) = Query::try_from_uri(&uri.parse().ok()?).ok()?;
        return Some(form);
    }
    None
}

fn customer() -> Value {
    json!({
        "id": "cus-1",
        "name": "Demo Customer",
        "email": CUSTOMER,
        "tier": "gold",
        "roles": ["customer"],
        "address": {"city": "Berlin", "country": "DE"},
    })
}

/// Proof that the request comes from a customer: by bearer token or cookie of
/// a login, or by name and password.
struct Session;

impl FromRequestParts<Arc<Inner>> for Session {
    type Rejection = Response;

    async fn from_request_parts(
        parts: &mut Parts,
        inner: &Arc<Inner>,
    ) -> Result<Self, Self::Rejection> {
        let known = token(&parts.headers).is_some_and(|token| inner.lock().store.knows(token));
        (known || has_password(&parts.headers))
            .then_some(Self)
            .ok_or_else(|| {
                let mut response = problem(StatusCode::UNAUTHORIZED, "log in first");
                response.headers_mut().insert(
                    header::WWW_AUTHENTICATE,
                    header::HeaderValue::from_static("Bearer realm=\"shop\""),
                );
                response
            })
    }
}

/// Basic authentication (RFC 7617) with the customer's password.
fn has_password(headers: &HeaderMap) -> bool {
    use base64::Engine as _;
    let pair = format!("{CUSTOMER}:{PASSWORD}");
    let expected = base64::engine::general_purpose::STANDARD.encode(pair);
    headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok()?.strip_prefix("Basic "))
        .is_some_and(|found| found == expected)
}

fn token(headers: &HeaderMap) -> Option<&str> {
    let bearer = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "));
    bearer.or_else(|| {
        headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .find_map(|pair| pair.trim().strip_prefix("session="))
    })
}

#[derive(Deserialize)]
struct Filter {
    limit: Option<usize>,
    category: Option<String>,
}

async fn list_items(Query(filter): Query<Filter>) -> Response {
    let items = catalogue::list(filter.category.as_deref(), filter.limit.unwrap_or(50));
    Json(json!({"count": items.len(), "items": items})).into_response()
}

async fn show_item(Path(id): Path<String>) -> Response {
    match catalogue::find(&id) {
        Some(item) => Json(item).into_response(),
        None => problem(StatusCode::NOT_FOUND, &format!("there is no item `{id}`")),
    }
}

#[derive(Deserialize)]
struct Basket {
    items: Vec<Line>,
}

async fn list_orders(State(inner): State<Arc<Inner>>, _: Session) -> Response {
    let orders = if inner.has(Defect::OrdersAreEmpty) {
        Vec::new()
    } else {
        inner.lock().store.orders()
    };
    Json(json!({"count": orders.len(), "orders": orders})).into_response()
}

async fn place_order(State(inner): State<Arc<Inner>>, _: Session, body: Bytes) -> Response {
    let Ok(basket) = serde_json::from_slice::<Basket>(&body) else {
        return problem(
            StatusCode::BAD_REQUEST,
            "expected `{\"items\": [{\"id\": \"...\", \"quantity\": 1}]}`",
        );
    };
    let items = match store::price(&basket.items) {
        Ok(items) => items,
        Err(refused) => return problem(StatusCode::UNPROCESSABLE_ENTITY, &refused.reason()),
    };
    let surcharge = surcharge(&inner);
    let order = inner.lock().store.add_order(items, surcharge, "placed");
    let location = format!("/orders/{}", order.id);
    (
        StatusCode::CREATED,
        [(header::LOCATION, location)],
        Json(order),
    )
        .into_response()
}

/// The cents that a release with wrong totals takes too much.
fn surcharge(inner: &Inner) -> u64 {
    u64::from(inner.has(Defect::WrongTotals))
}

async fn show_order(
    State(inner): State<Arc<Inner>>,
    _: Session,
    Path(id): Path<String>,
) -> Response {
    match inner.lock().store.order(&id) {
        Some(order) => Json(&*order).into_response(),
        None => no_order(&id),
    }
}

async fn replace_order(
    State(inner): State<Arc<Inner>>,
    _: Session,
    Path(id): Path<String>,
    body: Bytes,
) -> Response {
    let Ok(basket) = serde_json::from_slice::<Basket>(&body) else {
        return problem(StatusCode::BAD_REQUEST, "expected an object with `items`");
    };
    let items = match store::price(&basket.items) {
        Ok(items) => items,
        Err(refused) => return problem(StatusCode::UNPROCESSABLE_ENTITY, &refused.reason()),
    };
    let surcharge = surcharge(&inner);
    match inner.lock().store.order(&id) {
        Some(order) => {
            order.total_cents = store::total(&items) + surcharge;
            order.items = items;
            Json(&*order).into_response()
        }
        None => no_order(&id),
    }
}

#[derive(Deserialize)]
struct Change {
    note: Option<String>,
    status: Option<String>,
}

async fn change_order(
    State(inner): State<Arc<Inner>>,
    _: Session,
    Path(id): Path<String>,
    body: Bytes,
) -> Response {
    let Ok(change) = serde_json::from_slice::<Change>(&body) else {
        return problem(StatusCode::BAD_REQUEST, "expected `note` or `status`");
    };
    match inner.lock().store.order(&id) {
        Some(order) => {
            if let Some(note) = change.note {
                order.note = Some(note);
            }
            if let Some(status) = change.status {
                order.status = status;
            }
            Json(&*order).into_response()
        }
        None => no_order(&id),
    }
}

async fn cancel_order(
    State(inner): State<Arc<Inner>>,
    _: Session,
    Path(id): Path<String>,
) -> Response {
    if inner.lock().store.cancel(&id) {
        StatusCode::NO_CONTENT.into_response()
    } else {
        no_order(&id)
    }
}

async fn account(State(inner): State<Arc<Inner>>, _: Session) -> Response {
    let orders = inner.lock().store.orders().len();
    Json(json!({"customer": customer(), "orders": orders})).into_response()
}

fn no_order(id: &str) -> Response {
    problem(StatusCode::NOT_FOUND, &format!("there is no order `{id}`"))
}
