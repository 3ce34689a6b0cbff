//! A GraphQL endpoint, as small as a shop's: each operation has one field at
//! its root, and what it selects is given whole.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Json, Response};
use axum::routing::post;
use serde::Deserialize;
use serde_json::{Value, json};

use super::store::{self, Line};
use super::{Inner, catalogue, problem};

pub(super) fn routes() -> Router<Arc<Inner>> {
    Router::new().route("/graphql", post(answer))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Question {
    query: String,
    #[serde(default)]
    variables: Value,
    operation_name: Option<String>,
}

async fn answer(State(inner): State<Arc<Inner>>, body: Bytes) -> Response {
    let Ok(question) = serde_json::from_slice::<Question>(&body) else {
        return problem(StatusCode::BAD_REQUEST, "expected `{\"query\": \"...\"}`");
    };
    let chosen = question.operation_name.as_deref();
    let field = operation(&question.query, chosen).and_then(root_field);
    let data = match field {
        Some("items") => Ok(json!({"items": catalogue::list(None, 50)})),
        Some("item") => {
            let id = question.variables["id"].as_str().unwrap_or_default();
            Ok(json!({"item": catalogue::find(id)}))
        }
        Some("placeOrder") => place_order(&inner, &question.variables),
        Some(other) => Err(format!("Cannot query field \"{other}\".")),
        None => Err("Syntax Error: expected an operation.".to_owned()),
    };
    // Errors come with the status 200: that is what makes them easy to miss.
    match data {
        Ok(data) => Json(json!({"data": data})).into_response(),
        Err(message) => {
            Json(json!({"data": null, "errors": [{"message": message}]})).into_response()
        }
    }
}

fn place_order(inner: &Inner, variables: &Value) -> Result<Value, String> {
    let id = variables["id"].as_str().unwrap_or_default().to_owned();
    let lines = [Line { id, quantity: 1 }];
    let items = store::price(&lines).map_err(|refused| refused.reason())?;
    let order = inner.lock().store.add_order(items, 0, "placed");
    Ok(json!({"placeOrder": order}))
}

/// The text from the operation of that name on, or the whole document.
fn operation<'q>(document: &'q str, name: Option<&str>) -> Option<&'q str> {
    match name {
        Some(name) => document.find(name).map(|at| &document[at..]),
        None => Some(document),
    }
}

/// The first word of the first selection.
fn root_field(operation: &str) -> Option<&str> {
    let inside = operation[operation.find('{')? + 1..].trim_start();
    let end = inside.find(|c: char| !c.is_ascii_alphanumeric());
    let field = &inside[..end.unwrap_or(inside.len())];
    (!field.is_empty()).then_some(field)
}
