//! The part of the schema that speaks of requests.

use serde_json::{Map, Value, json};

use super::{NAME, closed, duration, map, reference, text};

/// The keys of a request, in a step or in a check of one request.
pub(super) fn request() -> Map<String, Value> {
    let path = |method: &str| {
        json!({
            "description": format!("Sends {method} to this path on the target."),
            "type": "string",
            "pattern": r"^(/([^/]|$)|\{\{)"
        })
    };
    map([
        ("get", path("GET")),
        ("head", path("HEAD")),
        ("post", path("POST")),
        ("put", path("PUT")),
        ("patch", path("PATCH")),
        ("delete", path("DELETE")),
        ("options", path("OPTIONS")),
        (
            "query",
            json!({
                "description": "Parameters of the query; a list sends one several times.",
                "type": "object",
                "additionalProperties": { "anyOf": [
                    { "$ref": "#/definitions/scalar" },
                    { "type": "array", "items": { "$ref": "#/definitions/scalar" } }
                ] }
            }),
        ),
        (
            "headers",
            reference("Headers, beside those of the defaults.", "headers"),
        ),
        ("auth", reference("Who asks.", "auth")),
        (
            "json",
            json!({ "description": "A JSON body. Strings may be templates." }),
        ),
        ("form", reference("A form as the body.", "headers")),
        (
            "text",
            json!({ "description": "Text as the body.", "type": ["string", "number", "boolean"] }),
        ),
        (
            "file",
            text("A file as the body, relative to the check file."),
        ),
        (
            "expect",
            reference(
                "What the answer must be like. Default: status 2xx.",
                "expect",
            ),
        ),
        (
            "capture",
            json!({
                "description": "Values of the answer, for the steps that follow.",
                "type": "object",
                "propertyNames": { "pattern": NAME },
                "additionalProperties": { "$ref": "#/definitions/capture" }
            }),
        ),
        (
            "timeout",
            duration("The longest that one attempt may take. Default: 10s."),
        ),
        ("follow_redirects", follow_redirects()),
        ("repeat", repeat()),
    ])
}

pub(super) fn one_method() -> Vec<Value> {
    ["get", "head", "post", "put", "patch", "delete", "options"]
        .map(|method| json!({ "required": [method] }))
        .to_vec()
}

pub(super) fn follow_redirects() -> Value {
    json!({
        "description": "Whether redirects are followed, or how many. Default: not.",
        "anyOf": [{ "type": "boolean" }, { "type": "integer", "minimum": 0, "maximum": 50 }]
    })
}

pub(super) fn auth() -> Value {
    let mut basic = closed(map([
        ("user", text("The user.")),
        ("password", text("The password.")),
    ]));
    basic["required"] = json!(["user", "password"]);
    let mut ways = closed(map([("basic", basic), ("bearer", text("The token."))]));
    ways["minProperties"] = 1.into();
    ways["maxProperties"] = 1.into();
    json!({ "anyOf": [{ "const": "none" }, ways] })
}

fn repeat() -> Value {
    let times = json!({ "type": "integer", "minimum": 1, "maximum": 10_000 });
    let mut parts = closed(map([
        ("times", times.clone()),
        (
            "jobs",
            json!({
                "description": "How many at the same time. Default: 1.",
                "type": "integer",
                "minimum": 1,
                "maximum": 64
            }),
        ),
    ]));
    parts["required"] = json!(["times"]);
    json!({
        "description": "Asks so many times; each answer must meet the expectations.",
        "anyOf": [times, parts]
    })
}
