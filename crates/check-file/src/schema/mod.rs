//! The JSON Schema of check files, for editors: completion, a word of help at
//! each key, and a red line under what is wrong before anything is run.
//!
//! It says what the reader of check files says, key by key; a test holds the
//! two together. What only the reader can know, such as whether a variable
//! exists, the schema leaves to `smoke validate`.

mod answer;
mod request;

use serde_json::{Map, Value, json};

use crate::language::keys::{LIBRARY, MARKED, QUARANTINE, ROWS};
use answer::{capture, expect, predicate};
use request::{auth, follow_redirects, form, headers, http_version, one_method, request};

/// The schema, in the draft that editors understand best.
pub fn schema() -> Value {
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Greenlight check file",
        "description": "What must be true of a new version before customers see it.",
        "type": "object",
        "additionalProperties": false,
        "anyOf": [
            { "required": ["checks"] },
            { "required": ["fragments"], "propertyNames": { "enum": LIBRARY } }
        ],
        "properties": {
            "name": text("The name shown in reports; the file's name if absent."),
            "include": {
                "description": "Files whose fragments this one knows, relative to it.",
                "type": "array",
                "items": text("A file with `fragments`.")
            },
            "fragments": {
                "description": "Steps under a name, for `use`.",
                "type": "object",
                "additionalProperties": { "$ref": "#/definitions/fragment" }
            },
            "variables": {
                "description": "Values that templates can use. Each may name variables above it.",
                "type": "object",
                "propertyNames": { "pattern": NAME },
                "additionalProperties": { "anyOf": [
                    {
                        "description": "From an environment variable; kept out of every output.",
                        "type": "object",
                        "required": ["env"],
                        "additionalProperties": false,
                        "properties": { "env": text("The environment variable's name.") }
                    },
                    {
                        "description": "From AWS Secrets Manager; kept out of every output.",
                        "type": "object",
                        "required": ["secret"],
                        "additionalProperties": false,
                        "properties": {
                            "secret": text("The secret's name or ARN."),
                            "key": text("The member of the JSON object that the secret is.")
                        }
                    },
                    {
                        "description": "From AWS Systems Manager Parameter Store, decrypted; kept out of every output.",
                        "type": "object",
                        "required": ["parameter"],
                        "additionalProperties": false,
                        "properties": { "parameter": text("The parameter's path.") }
                    },
                    {
                        "description": "A secret; kept out of every output.",
                        "type": "object",
                        "required": MARKED,
                        "additionalProperties": false,
                        "properties": {
                            "value": { "description": "The value." },
                            "secret": {
                                "description": "Always `true`: the value is never shown.",
                                "const": true
                            }
                        }
                    },
                    true
                ] }
            },
            "defaults": defaults(),
            "setup": steps("Steps before the checks. The checks know what they capture, and do not run if one fails."),
            "checks": {
                "description": "The checks. They run at the same time, their steps in order.",
                "type": "array",
                "minItems": 1,
                "items": { "$ref": "#/definitions/check" }
            },
            "teardown": steps("Steps after the checks, whatever came of them.")
        },
        "definitions": {
            "check": check(),
            "step": step(),
            "use": use_of_fragment(),
            "fragment": fragment(),
            "duration": {
                "type": "string",
                "pattern": "^([0-9]+(ms|s|m|h))+$",
                "examples": ["500ms", "5s", "1m30s"]
            },
            "scalar": { "type": ["string", "number", "boolean"] },
            "status": {
                "description": "A status code, a class such as 2xx, or a list of them.",
                "anyOf": [
                    { "$ref": "#/definitions/one-status" },
                    { "type": "array", "minItems": 1, "items": { "$ref": "#/definitions/one-status" } }
                ]
            },
            "one-status": { "anyOf": [
                { "type": "integer", "minimum": 100, "maximum": 599 },
                { "type": "string", "pattern": "^[1-5][xX][xX]$" }
            ] },
            "retry": retry(),
            "auth": auth(),
            "headers": headers(),
            "form": form(),
            "expect": expect(),
            "capture": capture(),
            "predicate": predicate("predicate"),
            "limit": predicate("limit"),
            "span": predicate("span"),
            "status-predicate": predicate("status-predicate")
        }
    })
}

/// A name that templates can use.
const NAME: &str = "^[A-Za-z_][A-Za-z0-9_]*$";

fn text(description: &str) -> Value {
    json!({ "description": description, "type": "string", "minLength": 1 })
}

fn flag(description: &str) -> Value {
    json!({ "description": description, "type": "boolean" })
}

fn duration(description: &str) -> Value {
    json!({ "description": description, "allOf": [{ "$ref": "#/definitions/duration" }] })
}

fn reference(description: &str, to: &str) -> Value {
    json!({ "description": description, "allOf": [{ "$ref": format!("#/definitions/{to}") }] })
}

/// The schema with a word of help, which stands beside a reference.
fn described(description: &str, mut schema: Value) -> Value {
    if schema.get("$ref").is_some() {
        schema = json!({ "allOf": [schema] });
    }
    schema["description"] = description.into();
    schema
}

fn steps(description: &str) -> Value {
    json!({
        "description": description,
        "type": "array",
        "minItems": 1,
        "items": {
            "if": { "type": "object", "required": ["use"] },
            "then": { "$ref": "#/definitions/use" },
            "else": { "$ref": "#/definitions/step" }
        }
    })
}

fn closed(properties: Map<String, Value>) -> Value {
    let mut schema = json!({ "type": "object", "additionalProperties": false });
    schema["properties"] = Value::Object(properties);
    schema
}

fn map(entries: impl IntoIterator<Item = (&'static str, Value)>) -> Map<String, Value> {
    let entries = entries.into_iter();
    entries
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
}

fn defaults() -> Value {
    let mut schema = closed(map([
        (
            "timeout",
            duration("The longest that one attempt may take."),
        ),
        ("headers", reference("Headers of every request.", "headers")),
        ("auth", reference("Who asks.", "auth")),
        ("http", http_version()),
        (
            "retry",
            reference("Try each step again until it passes.", "retry"),
        ),
        ("follow_redirects", follow_redirects()),
        ("writes", flag("Whether requests may change data.")),
    ]));
    schema["description"] = "What holds for every step that does not say otherwise.".into();
    schema
}

fn step() -> Value {
    let mut properties = map([
        ("name", text("What the step does, for reports.")),
        (
            "retry",
            reference("Try the step again until it passes.", "retry"),
        ),
    ]);
    properties.extend(request());
    let mut schema = closed(properties);
    schema["oneOf"] = one_method().into();
    schema
}

fn use_of_fragment() -> Value {
    let with = json!({
        "description": "The values of its parameters.",
        "type": "object",
        "propertyNames": { "pattern": NAME }
    });
    let mut schema = closed(map([
        ("use", text("The name of a fragment, whose steps run here.")),
        ("with", with),
        (
            "name",
            text("What reports call it; the fragment's name if absent."),
        ),
    ]));
    schema["required"] = json!(["use"]);
    schema
}

fn fragment() -> Value {
    let name =
        || json!({ "description": "What templates call it.", "type": "string", "pattern": NAME });
    let mut with_default = closed(map([
        ("name", name()),
        (
            "default",
            json!({ "description": "Its value where none is given." }),
        ),
    ]));
    with_default["required"] = json!(["name"]);
    let parameters = json!({
        "description": "What a use gives values for.",
        "type": "array",
        "items": { "anyOf": [name(), with_default] }
    });
    let mut schema = closed(map([
        ("parameters", parameters),
        (
            "steps",
            steps("The steps. They know the file's variables and earlier captures too."),
        ),
    ]));
    schema["required"] = json!(["steps"]);
    schema
}

fn check() -> Value {
    let mut properties = map([
        ("name", text("A sentence that says what must be true.")),
        (
            "tags",
            json!({ "description": "Words to select the check by.", "type": "array", "items": { "type": "string" } }),
        ),
        (
            "severity",
            json!({ "description": "`warn`: a failure is shown, and the verdict stands.", "enum": ["required", "warn"] }),
        ),
        ("writes", flag("Whether its requests may change data.")),
        ("skip", text("Why the check does not run.")),
        (
            "when",
            json!({ "description": "The check runs only if this is true.", "type": ["string", "boolean"] }),
        ),
        (
            "needs",
            json!({
                "description": "Checks of this file that must have passed before.",
                "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }]
            }),
        ),
        (
            "each",
            json!({
                "description": "Runs the check once for each row.",
                "anyOf": [
                    { "type": "array", "minItems": 1, "items": { "type": "object", "propertyNames": { "pattern": NAME } } },
                    rows_of_file()
                ]
            }),
        ),
        ("quarantine", quarantine()),
        (
            "retry",
            reference(
                "Try again until it passes; with steps, all of them.",
                "retry",
            ),
        ),
        ("steps", steps("Requests, in order.")),
    ]);
    properties.extend(request());
    let mut schema = closed(properties);
    schema["required"] = json!(["name"]);
    let mut kinds = one_method();
    kinds.push(json!({ "required": ["steps"] }));
    schema["oneOf"] = kinds.into();
    schema
}

fn rows_of_file() -> Value {
    let mut schema = closed(map([(
        "file",
        text(
            "A CSV file with a line of names, or a JSON list of maps; relative to the check file.",
        ),
    )]));
    schema["required"] = json!(ROWS);
    schema
}

fn quarantine() -> Value {
    let mut schema = closed(map([
        (
            "until",
            json!({
                "description": "The first day on which the check counts again, in UTC.",
                "type": "string",
                "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
            }),
        ),
        ("owner", text("Who mends it.")),
        ("reason", text("What is wrong.")),
    ]));
    schema["description"] = "A known failure, borne until a date.".into();
    schema["required"] = json!(QUARANTINE);
    schema
}

fn retry() -> Value {
    let mut schema = closed(map([
        ("for", duration("How long new attempts are begun.")),
        (
            "times",
            json!({ "description": "How many attempts there are in all.", "type": "integer", "minimum": 1, "maximum": 1000 }),
        ),
        (
            "every",
            duration("The pause between two attempts. Default: 1s."),
        ),
        (
            "backoff",
            json!({ "description": "By how much each pause is longer than the one before.", "type": "number", "minimum": 1, "maximum": 10 }),
        ),
        (
            "while",
            json!({
                "description": "Ask again only after these outcomes.",
                "anyOf": [
                    { "const": "could_not_ask" },
                    { "$ref": "#/definitions/one-status" },
                    { "type": "array", "items": { "anyOf": [
                        { "const": "could_not_ask" },
                        { "$ref": "#/definitions/one-status" }
                    ] } }
                ]
            }),
        ),
    ]));
    schema["anyOf"] = json!([{ "required": ["for"] }, { "required": ["times"] }]);
    schema
}

#[cfg(test)]
mod tests;
