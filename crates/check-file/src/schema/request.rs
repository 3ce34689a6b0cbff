//! The part of the schema that speaks of requests.

use serde_json::{Map, Value, json};

use crate::language::keys;

use super::answer::{json_paths, selectors, xpaths};
use super::{NAME, closed, described, duration, flag, map, reference, text};

/// The keys of a request, in a step or in a check of one request.
pub(super) fn request() -> Map<String, Value> {
    let path = |method: &str| {
        json!({
            "description": format!("Sends {method} to this path on the target, or to a URL on an allowed host."),
            "type": "string",
            "pattern": r"^(/([^/]|$)|https?://|\{\{)"
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
        ("request", unusual(path("it"))),
        (
            "grpc",
            json!({
                "description": "Calls this unary method by gRPC, such as grpc.health.v1.Health/Check.",
                "type": "string",
                "pattern": "^[A-Za-z_][A-Za-z0-9_.]*/[A-Za-z_][A-Za-z0-9_]*$"
            }),
        ),
        (
            "message",
            json!({ "description": "The message of the gRPC call, as JSON. Strings may be templates.", "type": "object" }),
        ),
        (
            "proto",
            text("The file that declares the gRPC call, relative to the check file."),
        ),
        ("websocket", websocket()),
        ("messages", messages()),
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
        ("form", reference("A form as the body.", "form")),
        (
            "text",
            json!({ "description": "Text as the body.", "type": ["string", "number", "boolean"] }),
        ),
        (
            "file",
            text("A file as the body, relative to the check file."),
        ),
        ("graphql", graphql()),
        ("multipart", multipart()),
        (
            "compress",
            json!({ "description": "Sends the body in gzip. Answers are decoded without it.", "const": "gzip" }),
        ),
        ("http", http_version()),
        (
            "expect",
            reference(
                "What the answer must be like. Default: status 2xx.",
                "expect",
            ),
        ),
        (
            "capture",
            captures("Values of the answer, for the steps that follow."),
        ),
        (
            "timeout",
            duration("The longest that one attempt may take. Default: 10s."),
        ),
        ("follow_redirects", follow_redirects()),
        (
            "delay",
            duration(
                "A pause before the request. To wait for something, `retry` until it is there.",
            ),
        ),
        ("repeat", repeat()),
    ])
}

pub(super) fn one_method() -> Vec<Value> {
    [
        "get",
        "head",
        "post",
        "put",
        "patch",
        "delete",
        "options",
        "request",
        "grpc",
        "websocket",
    ]
    .map(|method| json!({ "required": [method] }))
    .to_vec()
}

fn unusual(path: Value) -> Value {
    let method = json!({
        "description": "The method, in capitals, such as PURGE or PROPFIND.",
        "type": "string",
        "pattern": "^[A-Z0-9!#$%&'*+.^_`|~-]+$",
        "not": { "enum": ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT"] }
    });
    let mut request = closed(map([("method", method), ("path", path)]));
    request["required"] = json!(keys::ASKED);
    request["description"] = "Sends a request by a method that has no key of its own.".into();
    request
}

fn websocket() -> Value {
    json!({
        "description": "Opens a WebSocket at this path on the target, or at a URL on an allowed host.",
        "type": "string",
        "pattern": r"^(/([^/]|$)|(https?|wss?)://|\{\{)"
    })
}

fn messages() -> Value {
    let mut expected = closed(map([
        ("body", reference("The message as text.", "predicate")),
        ("json", json_paths()),
        ("xpath", xpaths()),
        ("css", selectors()),
        ("size", reference("Its number of bytes.", "predicate")),
        (
            "close",
            reference("The code with which the server closes.", "predicate"),
        ),
    ]));
    expected["description"] = "What must come next; {} for any message.".into();
    let mut message = closed(map([
        (
            "send",
            json!({
                "description": "Sends text as it is, any other value as JSON. Strings may be templates.",
                "type": ["string", "number", "boolean", "array", "object"]
            }),
        ),
        ("expect", expected),
        (
            "capture",
            captures("Values of the message, for what follows."),
        ),
        (
            "timeout",
            duration("How long the message is waited for. Default: the step's time."),
        ),
        (
            "skip_others",
            flag("Whether messages of another kind may come before it."),
        ),
    ]));
    message["anyOf"] = ["send", "expect", "capture"]
        .map(|key| json!({ "required": [key] }))
        .to_vec()
        .into();
    json!({
        "description": "What is sent and what must come, in this order.",
        "type": "array",
        "minItems": 1,
        "maxItems": 100,
        "items": message
    })
}

fn captures(description: &str) -> Value {
    json!({
        "description": description,
        "type": "object",
        "propertyNames": { "pattern": NAME },
        "additionalProperties": { "$ref": "#/definitions/capture" }
    })
}

fn graphql() -> Value {
    let mut schema = closed(map([
        (
            "query",
            text("The document: queries need no `writes: true`."),
        ),
        (
            "variables",
            json!({ "description": "The variables of the operation.", "type": "object" }),
        ),
        (
            "operation",
            text("Which of the document's operations is meant."),
        ),
    ]));
    schema["description"] =
        "A GraphQL request as the body. The answer must be without errors, unless the step expects some.".into();
    schema["required"] = json!(["query"]);
    schema
}

fn multipart() -> Value {
    let mut part = closed(map([
        ("file", text("A file, relative to the check file.")),
        (
            "text",
            json!({ "description": "Text.", "type": ["string", "number", "boolean"] }),
        ),
        ("type", text("Its media type, such as image/png.")),
        (
            "filename",
            text("The file name that is sent. Default: the file's own."),
        ),
    ]));
    part["oneOf"] = json!([{ "required": ["file"] }, { "required": ["text"] }]);
    let one = json!({ "anyOf": [{ "$ref": "#/definitions/scalar" }, part] });
    json!({
        "description": "A form with files as the body; a list sends a name several times.",
        "type": "object",
        "minProperties": 1,
        "additionalProperties": { "anyOf": [one, { "type": "array", "items": one }] }
    })
}

pub(super) fn http_version() -> Value {
    json!({
        "description": "The version of HTTP to speak. Default: what client and server agree on.",
        "enum": ["1.1", "2", 1.1, 2]
    })
}

pub(super) fn follow_redirects() -> Value {
    json!({
        "description": "Whether redirects are followed, or how many. Default: not.",
        "anyOf": [{ "type": "boolean" }, { "type": "integer", "minimum": 0, "maximum": 50 }]
    })
}

pub(super) fn auth() -> Value {
    let mut basic = closed(map([
        ("user", text("The user's name.")),
        (
            "password",
            text("The password: a variable that is a secret, never the text itself."),
        ),
    ]));
    basic["required"] = json!(keys::BASIC);
    basic["description"] = "User and password in the authorization header (RFC 7617).".into();
    let mut digest = basic.clone();
    digest["description"] =
        "Answers the server's challenge with a hash of the password (RFC 7616).".into();
    let mut oauth2 = closed(map([
        (
            "token_url",
            text("Where the token comes from: a path on the target, or a URL."),
        ),
        ("client_id", text("Who asks for the token.")),
        (
            "client_secret",
            text("The client's secret, from a variable."),
        ),
        (
            "scope",
            text("What the token is to allow, as the server names it."),
        ),
        (
            "audience",
            text("Whom the token is for, where the server wants to know."),
        ),
    ]));
    oauth2["required"] = json!(keys::OAUTH2[..3]);
    oauth2["description"] = "Client credentials; one token serves the whole run.".into();
    let mut sigv4 = closed(map([
        ("region", text("The region, such as eu-central-1.")),
        (
            "service",
            text("The service that is called, such as execute-api."),
        ),
        ("access_key", text("The id of the access key.")),
        ("secret_key", text("The secret access key.")),
        ("session_token", text("The token of temporary keys.")),
    ]));
    sigv4["required"] = json!(keys::SIGV4[..4]);
    sigv4["description"] = "Signs each request with AWS Signature Version 4.".into();
    let mut ways = closed(map([
        ("basic", basic),
        (
            "bearer",
            text("A token in the authorization header (RFC 6750), often captured by `setup`."),
        ),
        ("digest", digest),
        ("oauth2", oauth2),
        ("sigv4", sigv4),
    ]));
    ways["minProperties"] = 1.into();
    ways["maxProperties"] = 1.into();
    json!({ "anyOf": [{ "const": "none" }, ways] })
}

fn repeat() -> Value {
    let times = json!({ "type": "integer", "minimum": 1, "maximum": 10_000 });
    let mut parts = closed(map([
        (
            "times",
            described("How many requests there are in all.", times.clone()),
        ),
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

/// The fields of a form.
pub(super) fn form() -> Value {
    json!({
        "type": "object",
        "additionalProperties": { "$ref": "#/definitions/scalar" }
    })
}

/// Headers, without those that a check file cannot set.
pub(super) fn headers() -> Value {
    let mut headers = form();
    let name = json!({ "not": { "pattern": any_case(&keys::CARRYING) } });
    headers["propertyNames"] = name;
    headers
}

/// A pattern for these words, and for nothing else, in capitals or not.
fn any_case(words: &[&str]) -> String {
    let letter = |c: char| match c {
        c if c.is_ascii_alphabetic() => format!("[{}{c}]", c.to_ascii_uppercase()),
        c => c.to_string(),
    };
    let words = words.iter().map(|word| word.chars().map(letter).collect());
    format!("^({})$", words.collect::<Vec<String>>().join("|"))
}
