//! The part of the schema that speaks of answers: expectations, predicates and
//! captures.

use serde_json::{Value, json};

use super::{closed, flag, map, reference, text};

pub(super) fn expect() -> Value {
    let of_each = |description: &str| {
        json!({
            "description": description,
            "type": "object",
            "additionalProperties": { "$ref": "#/definitions/predicate" }
        })
    };
    let mut json_paths = of_each("Values by JSONPath (RFC 9535).");
    json_paths["propertyNames"] = json!({ "pattern": r"^\$" });
    closed(map([
        (
            "status",
            reference("The status. Default: 2xx.", "status-predicate"),
        ),
        (
            "version",
            reference("The version of HTTP, such as \"2\".", "predicate"),
        ),
        ("headers", of_each("Headers.")),
        ("cookies", of_each("Cookies that the check holds by now.")),
        ("body", reference("The body as text.", "predicate")),
        (
            "size",
            reference("The number of bytes of the body.", "predicate"),
        ),
        (
            "sha256",
            reference(
                "The SHA-256 of the body, in hexadecimal digits.",
                "predicate",
            ),
        ),
        ("json", json_paths),
        (
            "latency",
            reference(
                "From the first attempt to connect to the last byte.",
                "limit",
            ),
        ),
    ]))
}

pub(super) fn capture() -> Value {
    let mut sources = closed(map([
        ("json", text("A JSONPath.")),
        ("header", text("A header's name.")),
        ("cookie", text("A cookie's name.")),
        ("regex", text("A regular expression; its first group.")),
    ]));
    sources["minProperties"] = 1.into();
    sources["maxProperties"] = 1.into();
    json!({ "anyOf": [{ "enum": ["status", "body"] }, sources] })
}

/// A literal, or a map of operators that must all hold.
pub(super) fn predicate(kind: &str) -> Value {
    let again = json!({ "$ref": format!("#/definitions/{kind}") });
    let value = match kind {
        "limit" => json!({ "$ref": "#/definitions/duration" }),
        "status-predicate" => json!({ "$ref": "#/definitions/status" }),
        _ => json!({}),
    };
    let number = match kind {
        "limit" => value.clone(),
        _ => json!({ "type": ["number", "string"] }),
    };
    let mut operators = map([
        ("exists", flag("Whether it is there.")),
        (
            "one_of",
            json!({ "description": "Equals one of these.", "type": "array", "minItems": 1, "items": value }),
        ),
        ("above", number.clone()),
        ("below", number.clone()),
        ("at_least", number.clone()),
        ("at_most", number),
        ("not", again.clone()),
    ]);
    if kind != "limit" {
        operators.extend(map([("equals", value.clone())]));
    }
    if kind == "predicate" {
        operators.extend(map([
            ("contains", value.clone()),
            ("starts_with", text("Text begins so.")),
            ("ends_with", text("Text ends so.")),
            ("matches", text("A regular expression that occurs in the text.")),
            ("count", again.clone()),
            ("each", again),
            (
                "type",
                json!({ "enum": ["string", "number", "integer", "boolean", "array", "object", "null", null] }),
            ),
            ("empty", flag("Whether text, list or map is empty.")),
        ]));
    }
    let mut operators = closed(operators);
    operators["minProperties"] = 1.into();
    match kind {
        "limit" => operators,
        "status-predicate" => json!({ "anyOf": [value, operators] }),
        _ => json!({ "anyOf": [
            { "type": ["string", "number", "boolean", "null", "array"] },
            operators
        ] }),
    }
}
