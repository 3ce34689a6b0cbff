//! The endpoints for customers: login, catalogue, orders and the customer's data.

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

use super::store::{self, OrderLine, OrderedItem};
use super::{AppState, CUSTOMER, Defect, PASSWORD, catalogue, error_response};

pub(super) fn build_routes() -> Router<Arc<AppState>> {
    Router::new()
        .route("/login", post(login))
        .route("/catalogue", get(get_catalogue))
        .route("/catalogue/{id}", get(get_catalogue_item))
        .route("/orders", get(get_orders).post(place_order))
        .route(
            "/orders/{id}",
            get(get_order)
                .put(replace_order)
                .patch(change_order)
                .delete(cancel_order),
        )
        .route("/account", get(get_customer))
}

#[derive(Deserialize)]
struct Credentials {
    email: String,
    password: String,
}

/// `POST /login`.
async fn login(State(state): State<Arc<AppState>>, headers: HeaderMap, body: Bytes) -> Response {
    // A session store that is down fails before any credentials are read.
    if state.has_defect(Defect::LoginFails) {
        return error_response(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the session store is not reachable",
        );
    }
    let Some(credentials) = parse_credentials(&headers, &body) else {
        return error_response(
            StatusCode::BAD_REQUEST,
            "expected `email` and `password` as JSON or as a form",
        );
    };
    if credentials.email != CUSTOMER || credentials.password != PASSWORD {
        return error_response(StatusCode::UNAUTHORIZED, "unknown email or wrong password");
    }
    let token = state.lock().store.open_session();
    let cookie = format!("session={token}; HttpOnly; Path=/");
    let body = json!({"token": token, "customer": demo_customer()});
    ([(header::SET_COOKIE, cookie)], Json(body)).into_response()
}

/// The credentials in a body of JSON or of a form.
fn parse_credentials(headers: &HeaderMap, body: &[u8]) -> Option<Credentials> {
    let kind = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    if kind.starts_with("application/json") {
        return serde_json::from_slice(body).ok();
    }
    if kind.starts_with("application/x-www-form-urlencoded") {
        // axum reads forms of GET only; a query has the same encoding.
        let uri = format!("/?{}", std::str::from_utf8(body).ok()?);
        let Query(form) = Query::try_from_uri(&uri.parse().ok()?).ok()?;
        return Some(form);
    }
    None
}

/// The customer, as JSON.
fn demo_customer() -> Value {
    json!({
        "id": "cus-1",
        "name": "Demo Customer",
        "email": CUSTOMER,
        "tier": "gold",
        "roles": ["customer"],
        "address": {"city": "Berlin", "country": "DE"},
    })
}

/// An extractor that lets only requests of a customer pass: with the bearer token
/// or cookie of a login, or with name and password.
struct Session;

impl FromRequestParts<Arc<AppState>> for Session {
    type Rejection = Response;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &Arc<AppState>,
    ) -> Result<Self, Self::Rejection> {
        let has_session = session_token(&parts.headers)
            .is_some_and(|token| state.lock().store.has_session(token));
        (has_session || has_password(&parts.headers))
            .then_some(Self)
            .ok_or_else(|| {
                // RFC 9110 wants a challenge in each 401.
                let mut response = error_response(StatusCode::UNAUTHORIZED, "log in first");
                response.headers_mut().insert(
                    header::WWW_AUTHENTICATE,
                    header::HeaderValue::from_static("Bearer realm=\"shop\""),
                );
                response
            })
    }
}

/// Whether the request has the customer's password, by Basic authentication
/// (RFC 7617).
fn has_password(headers: &HeaderMap) -> bool {
    use base64::Engine as _;
    let pair = format!("{CUSTOMER}:{PASSWORD}");
    let expected = base64::engine::general_purpose::STANDARD.encode(pair);
    headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok()?.strip_prefix("Basic "))
        .is_some_and(|found| found == expected)
}

/// The token of a request, from its bearer token or its cookie.
fn session_token(headers: &HeaderMap) -> Option<&str> {
    // Browsers send the cookie, programs the bearer token.
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
struct ItemFilter {
    limit: Option<usize>,
    category: Option<String>,
}

/// `GET /catalogue`.
async fn get_catalogue(Query(filter): Query<ItemFilter>) -> Response {
    let items = catalogue::list_items(filter.category.as_deref(), filter.limit.unwrap_or(50));
    Json(json!({"count": items.len(), "items": items})).into_response()
}

/// `GET /catalogue/{id}`.
async fn get_catalogue_item(Path(id): Path<String>) -> Response {
    match catalogue::find_item(&id) {
        Some(item) => Json(item).into_response(),
        None => error_response(StatusCode::NOT_FOUND, &format!("there is no item `{id}`")),
    }
}

#[derive(Deserialize)]
struct Basket {
    items: Vec<OrderLine>,
}

/// `GET /orders`.
async fn get_orders(State(state): State<Arc<AppState>>, _: Session) -> Response {
    let orders = if state.has_defect(Defect::OrdersAreEmpty) {
        Vec::new()
    } else {
        state.lock().store.latest_orders()
    };
    Json(json!({"count": orders.len(), "orders": orders})).into_response()
}

/// `POST /orders`.
async fn place_order(State(state): State<Arc<AppState>>, _: Session, body: Bytes) -> Response {
    let expected = "expected `{\"items\": [{\"id\": \"...\", \"quantity\": 1}]}`";
    let items = match parse_items(&body, expected) {
        Ok(items) => items,
        Err(refusal) => return *refusal,
    };
    let surcharge = surcharge(&state);
    let order = state.lock().store.add_order(items, surcharge, "placed");
    let location = format!("/orders/{}", order.id);
    (
        StatusCode::CREATED,
        [(header::LOCATION, location)],
        Json(order),
    )
        .into_response()
}

/// The items of an order's body, with their prices, or the answer that refuses it.
/// `expected` is the message for a body of another shape.
fn parse_items(body: &[u8], expected: &str) -> Result<Vec<OrderedItem>, Box<Response>> {
    let basket: Basket = serde_json::from_slice(body)
        .map_err(|_| error_response(StatusCode::BAD_REQUEST, expected))?;
    store::price_lines(&basket.items).map_err(|error| {
        let refusal = error_response(StatusCode::UNPROCESSABLE_ENTITY, &error.to_string());
        Box::new(refusal)
    })
}

/// How many cents too much a version with wrong totals takes.
fn surcharge(state: &AppState) -> u64 {
    u64::from(state.has_defect(Defect::WrongTotals))
}

/// `GET /orders/{id}`.
async fn get_order(
    State(state): State<Arc<AppState>>,
    _: Session,
    Path(id): Path<String>,
) -> Response {
    match state.lock().store.order_mut(&id) {
        Some(order) => Json(&*order).into_response(),
        None => order_not_found(&id),
    }
}

/// `PUT /orders/{id}`.
async fn replace_order(
    State(state): State<Arc<AppState>>,
    _: Session,
    Path(id): Path<String>,
    body: Bytes,
) -> Response {
    let items = match parse_items(&body, "expected an object with `items`") {
        Ok(items) => items,
        Err(refusal) => return *refusal,
    };
    let surcharge = surcharge(&state);
    match state.lock().store.order_mut(&id) {
        Some(order) => {
            order.total_cents = store::total_cents(&items) + surcharge;
            order.items = items;
            Json(&*order).into_response()
        }
        None => order_not_found(&id),
    }
}

#[derive(Deserialize)]
struct OrderChange {
    note: Option<String>,
    status: Option<String>,
}

/// `PATCH /orders/{id}`.
async fn change_order(
    State(state): State<Arc<AppState>>,
    _: Session,
    Path(id): Path<String>,
    body: Bytes,
) -> Response {
    let Ok(change) = serde_json::from_slice::<OrderChange>(&body) else {
        return error_response(StatusCode::BAD_REQUEST, "expected `note` or `status`");
    };
    match state.lock().store.order_mut(&id) {
        Some(order) => {
            if let Some(note) = change.note {
                order.note = Some(note);
            }
            if let Some(status) = change.status {
                order.status = status;
            }
            Json(&*order).into_response()
        }
        None => order_not_found(&id),
    }
}

/// `DELETE /orders/{id}`.
async fn cancel_order(
    State(state): State<Arc<AppState>>,
    _: Session,
    Path(id): Path<String>,
) -> Response {
    if state.lock().store.remove_order(&id) {
        StatusCode::NO_CONTENT.into_response()
    } else {
        order_not_found(&id)
    }
}

/// `GET /account`.
async fn get_customer(State(state): State<Arc<AppState>>, _: Session) -> Response {
    let orders = state.lock().store.latest_orders().len();
    Json(json!({"customer": demo_customer(), "orders": orders})).into_response()
}

/// A 404 for an order.
fn order_not_found(id: &str) -> Response {
    error_response(StatusCode::NOT_FOUND, &format!("there is no order `{id}`"))
}
