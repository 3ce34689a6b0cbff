//! The keys of a request.

use super::answer::{CAPTURES, EXPECTATIONS, MESSAGE_EXPECTATIONS};
use super::kind::{Kind, Names};
use super::{Property, Table, property};
use Kind::{
    Any, Duration, Either, Entries, Flag, HttpVersion, List, Map, Method, Object, OneOrMany,
    Pattern, Scalar, Shared, SomeEntries, Something, Text, Whole, Words,
};

const PATH: Kind = Pattern(
    "a path on the target, such as `/healthz`",
    r"^(/([^/]|$)|https?://|\{\{)",
);
const SOCKET_PATH: Kind = Pattern(
    "a path on the target, such as `/events`",
    r"^(/([^/]|$)|(https?|wss?)://|\{\{)",
);
const GRPC_METHOD: Kind = Pattern(
    "a method such as `shop.v1.Shop/GetItem`",
    "^[A-Za-z_][A-Za-z0-9_.]*/[A-Za-z_][A-Za-z0-9_]*$",
);
const FORM: Kind = Shared("form", &Entries(Names::Any, &Scalar));
pub(super) const HEADERS: Kind = Shared("headers", &Entries(Names::Header, &Scalar));
pub(super) const AUTHENTICATION: Kind = Shared("auth", &Either(&[Words(&["none"]), Map(&AUTH)]));
pub(super) const REDIRECTS: Kind = Either(&[Flag, Whole(0, 50)]);

/// The headers by which a request is carried (RFC 9112, RFC 9113, section
/// 8.2.2), and which no check file sets.
pub const CARRYING: [&str; 7] = [
    "content-length",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "proxy-connection",
    "upgrade",
    "te",
];

/// The keys that name the method; one of them, `grpc` or `websocket` makes a
/// request.
#[rustfmt::skip]
pub(crate) static METHODS: &[Property] = &[
    property("get", PATH, "/catalogue", "Sends GET to this path on the target, or to a URL on an allowed host."),
    property("head", PATH, "/catalogue", "Sends HEAD to this path: status and headers of a GET, no body."),
    property("post", PATH, "/orders", "Sends POST to this path."),
    property("put", PATH, "/orders/1", "Sends PUT to this path."),
    property("patch", PATH, "/orders/1", "Sends PATCH to this path."),
    property("delete", PATH, "/orders/1", "Sends DELETE to this path."),
    property("options", PATH, "/orders", "Sends OPTIONS to this path."),
    property("request", Map(&UNUSUAL), "{ method: PURGE, path: /catalogue }", "Sends a request by a method that has no key of its own."),
];

/// A request by a method that has no key of its own.
#[rustfmt::skip]
pub(crate) static UNUSUAL: Table = Table::new("`request`", &[&[
    property("method", Method, "PURGE", "The method, in capitals, such as PURGE or PROPFIND."),
    property("path", PATH, "/catalogue", "Sends it to this path on the target, or to a URL on an allowed host."),
]]).require_all(&["method", "path"]);

/// The keys of a gRPC call.
#[rustfmt::skip]
pub(crate) static CALL: &[Property] = &[
    property("grpc", GRPC_METHOD, "grpc.health.v1.Health/Check", "Calls this unary method by gRPC, in place of method and path.").in_section("#grpc"),
    property("message", Object, "{ service: shop.v1.Shop }", "The message of the gRPC call, as JSON. Strings may be templates.").in_section("#grpc"),
    property("proto", Text, "shop.proto", "The file that declares the gRPC call, relative to the check file.").in_section("#grpc"),
];

/// The keys of a WebSocket.
#[rustfmt::skip]
pub(crate) static SOCKET: &[Property] = &[
    property("websocket", SOCKET_PATH, "/ws", "Opens a WebSocket at this path, in place of method and path.").in_section("#websocket"),
    property("messages", List(&Map(&MESSAGE), 1, 100), "[{ send: hello }, { expect: {} }]", "What is sent and what must come, in this order.").in_section("#websocket"),
];

#[rustfmt::skip]
pub(crate) static MESSAGE: Table = Table::new("a message", &[&[
    property("send", Something, "{ subscribe: espresso-cup }", "Sends text as it is, any other value as JSON. Strings may be templates."),
    property("expect", Map(&MESSAGE_EXPECTATIONS), "{ json: { $.type: price } }",
        "What the next message must be like; `{}` for any. Without it nothing is awaited."),
    property("capture", CAPTURES, "{ item: { json: $.id } }",
        "Values of the message, by `json`, `xpath`, `css`, `regex` or `body`, for the entries and steps that follow."),
    property("timeout", Duration, "2s", "How long the message is waited for. Default: the step's `timeout`, which bounds all of it."),
    property("skip_others", Flag, "true", "Whether messages that do not meet `expect` may come before it. Default: `false`."),
]]).require_any(&["send", "expect", "capture"]);

/// What is sent before the body.
#[rustfmt::skip]
pub(crate) static HEAD: &[Property] = &[
    property("query", Entries(Names::Any, &OneOrMany(&Scalar)), "{ source: smoke, flag: [a, b] }",
        "Parameters of the query; a list sends one several times."),
    property("headers", HEADERS, "{ accept-language: de }", "Headers, beside those of the defaults; not those that carry the request.").in_section("#headers"),
    property("auth", AUTHENTICATION, "{ bearer: \"{{ token }}\" }", "Who asks; `none` for nobody. Default: that of `defaults`.").in_section("#logins"),
];

/// The keys that give a request its body, one of them.
#[rustfmt::skip]
pub(crate) static BODIES: &[Property] = &[
    property("json", Any, "{ note: ring twice }", "A JSON body. Strings may be templates.").in_section("#bodies"),
    property("form", FORM, "{ email: demo@example.com }", "A form as the body.").in_section("#bodies"),
    property("text", Scalar, "words, and more words", "Text as the body.").in_section("#bodies"),
    property("file", Text, "order.json", "A file as the body, relative to the check file.").in_section("#bodies"),
    property("graphql", Map(&GRAPHQL), "{ query: \"{ items { name } }\" }",
        "A GraphQL request as the body. The answer must be without errors, unless the step expects some.").in_section("#bodies"),
    property("multipart", SomeEntries(Names::Any, &OneOrMany(&Either(&[Scalar, Map(&PART)]))), "{ photo: { file: cup.png, type: image/png } }",
        "A form with files as the body; a list sends a name several times.").in_section("#bodies"),
];

#[rustfmt::skip]
pub(crate) static GRAPHQL: Table = Table::new("`graphql`", &[&[
    property("query", Text, "\"query Everything { items { name } }\"", "The document: queries need no `writes: true`."),
    property("variables", Object, "{ id: espresso-cup }", "The variables of the operation."),
    property("operation", Text, "Everything", "Which of the document's operations is meant."),
]]).require_all(&["query"]);

#[rustfmt::skip]
pub(crate) static PART: Table = Table::new("a part of a form", &[&[
    property("file", Text, "cup.png", "A file, relative to the check file."),
    property("text", Scalar, "a small cup", "Text."),
    property("type", Text, "image/png", "Its media type."),
    property("filename", Text, "espresso-cup.png", "The file name that is sent. Default: the file's own."),
]]).require_one(&["file", "text"]);

/// The keys that every request may have.
#[rustfmt::skip]
pub(crate) static COMMON: &[Property] = &[
    property("compress", Words(&["gzip"]), "gzip", "Sends the body in gzip. Answers are decoded without it."),
    property("http", HttpVersion, "\"1.1\"", "The version of HTTP to speak, over TLS or in plain text. Default: what client and server agree on."),
    property("expect", EXPECTATIONS, "{ status: 201 }", "What the answer must be like. Default: status `2xx`.").in_section("#expectations"),
    property("capture", CAPTURES, "{ order: { json: $.id } }", "Values of the answer, for the steps that follow.").in_section("#captures"),
    property("timeout", Duration, "2s", "The longest that one attempt may take; login, redirects and body included. Default: `10s`."),
    property("follow_redirects", REDIRECTS, "true", "Whether redirects are followed (10 of them), or how many. Default: `false`."),
    property("delay", Duration, "100ms", "A pause before the request, once. To wait for something, `retry` until it is there."),
    property("repeat", Either(&[Whole(1, 10_000), Map(&REPEAT)]), "{ times: 50, jobs: 4 }",
        "Asks so many times; each answer must meet the expectations.").in_section("#many-requests"),
];

#[rustfmt::skip]
pub(crate) static REPEAT: Table = Table::new("`repeat`", &[&[
    property("times", Whole(1, 10_000), "50", "How many requests there are in all."),
    property("jobs", Whole(1, 64), "4", "How many at the same time. Default: `1`."),
]]).require_all(&["times"]);

/// The ways to log in.
#[rustfmt::skip]
pub(crate) static AUTH: Table = Table::new("`auth`", &[&[
    property("basic", Map(&BASIC), "{ user: demo@example.com, password: \"{{ password }}\" }",
        "User and password in the `authorization` header (RFC 7617)."),
    property("bearer", Text, "\"{{ token }}\"", "A token in the `authorization` header (RFC 6750), often captured by `setup`."),
    property("oauth2", Map(&OAUTH2), "{ token_url: /oauth/token, client_id: smoke, client_secret: \"{{ secret }}\" }",
        "Client credentials (RFC 6749, section 4.4); one token serves the whole run."),
    property("sigv4", Map(&SIGV4), "{ region: eu-central-1, service: execute-api, access_key: \"{{ id }}\", secret_key: \"{{ key }}\" }",
        "Signs each request with AWS Signature Version 4. The keys come from variables, never from the machine."),
]]).bound_size(1, 1);

#[rustfmt::skip]
pub(crate) static BASIC: Table = Table::new("`basic`", &[&[
    property("user", Text, "demo@example.com", "The user's name."),
    property("password", Text, "\"{{ password }}\"", "The password: a variable that is a secret, never the text itself."),
]]).require_all(&["user", "password"]);

#[rustfmt::skip]
pub(crate) static OAUTH2: Table = Table::new("`oauth2`", &[&[
    property("token_url", Text, "/oauth/token", "Where the token comes from: a path on the target, or a URL."),
    property("client_id", Text, "smoke", "Who asks for the token."),
    property("client_secret", Text, "\"{{ client_secret }}\"", "The client's secret, from a variable."),
    property("scope", Text, "orders", "What the token is to allow, as the server names it."),
    property("audience", Text, "shop", "Whom the token is for, where the server wants to know."),
]]).require_all(&["token_url", "client_id", "client_secret"]);

#[rustfmt::skip]
pub(crate) static SIGV4: Table = Table::new("`sigv4`", &[&[
    property("region", Text, "eu-central-1", "The region."),
    property("service", Text, "execute-api", "The service that is called."),
    property("access_key", Text, "\"{{ access_key }}\"", "The id of the access key."),
    property("secret_key", Text, "\"{{ secret_key }}\"", "The secret access key."),
    property("session_token", Text, "\"{{ session_token }}\"", "The token of temporary keys."),
]]).require_all(&["region", "service", "access_key", "secret_key"]);

/// What a step or a check is asked for without a request in it.
pub(crate) static REQUEST: Table =
    Table::new("a request", &[METHODS, CALL, SOCKET, HEAD, BODIES, COMMON]);
