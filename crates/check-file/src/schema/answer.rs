//! The part of the schema that speaks of answers: expectations, predicates and
//! captures.

use serde_json::{Value, json};

use crate::language::keys::{SOURCE_WORDS, SOURCES};

use super::{closed, described, flag, map, reference, text};

fn of_each(description: &str) -> Value {
    json!({
        "description": description,
        "type": "object",
        "additionalProperties": { "$ref": "#/definitions/predicate" }
    })
}

pub(super) fn json_paths() -> Value {
    let mut json_paths = of_each("Values by JSONPath (RFC 9535).");
    json_paths["propertyNames"] = json!({ "pattern": r"^\$" });
    json_paths
}

pub(super) fn xpaths() -> Value {
    of_each("Values in HTML or XML by XPath 1.0.")
}

pub(super) fn selectors() -> Value {
    of_each("Texts of elements in HTML or XML by CSS selectors.")
}

fn variables() -> Value {
    let mut variables =
        of_each("Variables by their names, those that this step captures among them.");
    variables["propertyNames"] = json!({ "pattern": "^[A-Za-z_][A-Za-z0-9_]*$" });
    variables
}

pub(super) fn expect() -> Value {
    closed(map([
        (
            "status",
            reference("The status. Default: 2xx.", "status-predicate"),
        ),
        (
            "grpc",
            reference(
                "The status of a gRPC call by its name. Default: OK.",
                "predicate",
            ),
        ),
        (
            "version",
            reference("The version of HTTP, such as \"2\".", "predicate"),
        ),
        ("headers", of_each("Headers.")),
        ("cookies", cookies()),
        (
            "redirects",
            reference(
                "Where redirects led to: a list of paths on the target.",
                "predicate",
            ),
        ),
        (
            "url",
            reference("The path that answered, redirects followed.", "predicate"),
        ),
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
        ("json", json_paths()),
        ("xpath", xpaths()),
        ("css", selectors()),
        ("variables", variables()),
        ("tls", tls()),
        ("latency", latency()),
        (
            "error_rate",
            reference(
                "With `repeat`: how many of all may fail, from 0 to 1.",
                "predicate",
            ),
        ),
    ]))
}

fn cookies() -> Value {
    let mut attributes = closed(map([
        ("value", reference("Its value.", "predicate")),
        (
            "secure",
            reference("Whether it goes over TLS only.", "predicate"),
        ),
        (
            "http_only",
            reference("Whether it is kept from scripts.", "predicate"),
        ),
        (
            "same_site",
            reference("`strict`, `lax` or `none`.", "predicate"),
        ),
        ("path", reference("Its path.", "predicate")),
        ("domain", reference("Its domain.", "predicate")),
        (
            "max_age",
            reference("How long it lives, by Max-Age or Expires.", "span"),
        ),
    ]));
    attributes["minProperties"] = 1.into();
    json!({
        "description": "Cookies that the check holds by now, or the attributes that this answer sets.",
        "type": "object",
        "additionalProperties": { "anyOf": [{ "$ref": "#/definitions/predicate" }, attributes] }
    })
}

fn tls() -> Value {
    let mut facts = closed(map([
        (
            "version",
            reference("The version of TLS, such as \"1.3\".", "predicate"),
        ),
        (
            "issuer",
            reference("Who signed the certificate (RFC 4514).", "predicate"),
        ),
        (
            "subject",
            reference("Whom the certificate is for (RFC 4514).", "predicate"),
        ),
        (
            "names",
            reference("A list of the names in the certificate.", "predicate"),
        ),
        (
            "expires_in",
            reference("How long the certificate is still valid.", "span"),
        ),
    ]));
    facts["description"] = "The TLS connection and the server's certificate.".into();
    facts["minProperties"] = 1.into();
    facts
}

fn latency() -> Value {
    let mut phases = closed(map([
        ("total", reference("To the last byte of the body.", "limit")),
        ("dns", reference("From the name to addresses.", "limit")),
        (
            "connect",
            reference("From an address to a TCP connection.", "limit"),
        ),
        ("tls", reference("The TLS handshake.", "limit")),
        (
            "first_byte",
            reference(
                "From the open connection to the head of the answer.",
                "limit",
            ),
        ),
    ]));
    if let Some(phases) = phases["properties"].as_object_mut() {
        for percent in ["p50", "p90", "p95", "p99"] {
            let said = "With `repeat`: the latency at this percentile, by nearest rank.";
            phases.insert(percent.to_owned(), reference(said, "limit"));
        }
    }
    phases["minProperties"] = 1.into();
    json!({
        "description": "From the first attempt to connect to the last byte; or by phase.",
        "anyOf": [{ "$ref": "#/definitions/limit" }, phases]
    })
}

pub(super) fn capture() -> Value {
    let mut sources = closed(map([
        ("json", text("A JSONPath.")),
        (
            "xpath",
            text("An expression of XPath 1.0, over HTML or XML."),
        ),
        ("css", text("A CSS selector; the text of the element.")),
        ("header", text("A header's name.")),
        ("cookie", text("A cookie's name.")),
        ("regex", text("A regular expression; its first group.")),
        (
            "tls",
            json!({
                "description": "A fact of TLS.",
                "enum": ["version", "issuer", "subject", "names", "expires_in"]
            }),
        ),
        (
            "from",
            json!({ "description": "A part of the answer that needs no further word.", "enum": SOURCE_WORDS }),
        ),
        (
            "transform",
            text("What is made of it, which is `value` there: `{{ value | split('/') | last }}`."),
        ),
        ("secret", flag("Whether no output may hold it.")),
    ]));
    let one = SOURCES.map(|key| json!({ "required": [key] }));
    sources["oneOf"] = one.to_vec().into();
    json!({ "anyOf": [{ "enum": SOURCE_WORDS }, sources] })
}

/// A JSON Schema, here or in a file.
fn json_schema() -> Value {
    let mut in_file = closed(map([
        (
            "file",
            text("A JSON or YAML file, relative to the check file."),
        ),
        (
            "at",
            json!({
                "description": "The place of the schema in the file, such as \"#/components/schemas/Order\".",
                "type": "string",
                "pattern": "^#/"
            }),
        ),
    ]));
    in_file["required"] = json!(["file"]);
    json!({
        "description": "A JSON Schema; or `{ file: …, at: \"#/…\" }` for one in a file, such as an OpenAPI document.",
        "type": ["object", "boolean"],
        "if": { "type": "object", "required": ["file"] },
        "then": in_file
    })
}

/// A literal, or a map of operators that must all hold.
pub(super) fn predicate(kind: &str) -> Value {
    let again = json!({ "$ref": format!("#/definitions/{kind}") });
    let value = match kind {
        "limit" => json!({ "$ref": "#/definitions/duration" }),
        "span" => json!({ "type": "string", "pattern": "^([0-9]+(ms|s|m|h|d))+$" }),
        "status-predicate" => json!({ "$ref": "#/definitions/status" }),
        _ => json!({}),
    };
    let number = match kind {
        "limit" | "span" => value.clone(),
        _ => json!({ "type": ["number", "string"] }),
    };
    let mut operators = map([
        (
            "exists",
            flag("Whether it is there. Only `exists: false` is met by what is not there."),
        ),
        (
            "one_of",
            json!({ "description": "Equals one of these.", "type": "array", "minItems": 1, "items": value }),
        ),
        ("above", described("Is more than this.", number.clone())),
        ("below", described("Is less than this.", number.clone())),
        ("at_least", described("Is this or more.", number.clone())),
        ("at_most", described("Is this or less.", number)),
        (
            "not",
            described(
                "Is there, and does not meet what stands here.",
                again.clone(),
            ),
        ),
    ]);
    if !matches!(kind, "limit" | "span") {
        let said = "Is equal to this; so a map can be compared.";
        operators.extend(map([("equals", described(said, value.clone()))]));
    }
    if kind == "predicate" {
        operators.extend(map([
            (
                "contains",
                described(
                    "Text that holds this text, a list that holds this element, a map that holds these members.",
                    value.clone(),
                ),
            ),
            ("starts_with", text("Text begins so.")),
            ("ends_with", text("Text ends so.")),
            ("matches", text("A regular expression that occurs in the text.")),
            (
                "count",
                described("How many elements a list or map has: a number or limits.", again.clone()),
            ),
            (
                "each",
                described("A list, not empty, of which each element meets this.", again),
            ),
            (
                "type",
                json!({
                    "description": "What kind of JSON value it is.",
                    "enum": ["string", "number", "integer", "boolean", "array", "object", "null", null]
                }),
            ),
            ("schema", json_schema()),
            ("empty", flag("Whether text, list or map is empty.")),
        ]));
    }
    let mut operators = closed(operators);
    operators["minProperties"] = 1.into();
    match kind {
        "limit" | "span" => operators,
        "status-predicate" => json!({ "anyOf": [value, operators] }),
        _ => json!({ "anyOf": [
            { "type": ["string", "number", "boolean", "null", "array"] },
            operators
        ] }),
    }
}
