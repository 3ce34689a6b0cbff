//! A small GraphQL endpoint. Only the first field of an operation is looked at,
//! and its answer has all members, whatever is selected.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Json, Response};
use axum::routing::post;
use serde::Deserialize;
use serde_json::{Value, json};

use super::store::{self, OrderError, OrderLine};
use super::{AppState, catalogue, error_response};

pub(super) fn build_routes() -> Router<Arc<AppState>> {
    Router::new().route("/graphql", post(answer_operation))
}

/// An entry of `errors`.
#[derive(Debug, thiserror::Error)]
enum GraphqlError {
    #[error("Cannot query field \"{0}\".")]
    UnknownField(String),
    #[error("Syntax Error: expected an operation.")]
    NoOperation,
    #[error(transparent)]
    Order(#[from] OrderError),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct GraphqlRequest {
    query: String,
    #[serde(default)]
    variables: Value,
    operation_name: Option<String>,
}

/// `POST /graphql`.
async fn answer_operation(State(state): State<Arc<AppState>>, body: Bytes) -> Response {
    let Ok(request) = serde_json::from_slice::<GraphqlRequest>(&body) else {
        return error_response(StatusCode::BAD_REQUEST, "expected `{\"query\": \"...\"}`");
    };
    let chosen = request.operation_name.as_deref();
    let field = select_operation(&request.query, chosen).and_then(parse_root_field);
    let data = match field {
        Some("items") => Ok(json!({"items": catalogue::list_items(None, 50)})),
        Some("item") => {
            let id = request.variables["id"].as_str().unwrap_or_default();
            Ok(json!({"item": catalogue::find_item(id)}))
        }
        Some("placeOrder") => place_order(&state, &request.variables).map_err(GraphqlError::from),
        Some(other) => Err(GraphqlError::UnknownField(other.to_owned())),
        None => Err(GraphqlError::NoOperation),
    };
    // GraphQL reports errors with the status 200.
    match data {
        Ok(data) => Json(json!({"data": data})).into_response(),
        Err(error) => {
            let errors = json!([{"message": error.to_string()}]);
            Json(json!({"data": null, "errors": errors})).into_response()
        }
    }
}

/// Places an order of one item, which the variable `id` names.
fn place_order(state: &AppState, variables: &Value) -> Result<Value, OrderError> {
    let id = variables["id"].as_str().unwrap_or_default().to_owned();
    let lines = [OrderLine { id, quantity: 1 }];
    let items = store::price_lines(&lines)?;
    let order = state.lock().store.add_order(items, 0, "placed");
    Ok(json!({"placeOrder": order}))
}

/// The document from the operation of this name on; without a name all of it.
fn select_operation<'q>(document: &'q str, name: Option<&str>) -> Option<&'q str> {
    match name {
        Some(name) => document.find(name).map(|at| &document[at..]),
        None => Some(document),
    }
}

/// The first field that an operation selects.
fn parse_root_field(operation: &str) -> Option<&str> {
    let inside = operation[operation.find('{')? + 1..].trim_start();
    let end = inside.find(|c: char| !c.is_ascii_alphanumeric());
    let field = &inside[..end.unwrap_or(inside.len())];
    (!field.is_empty()).then_some(field)
}
