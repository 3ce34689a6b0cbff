//! The keys of what is expected of an answer, and of what is captured.

use super::kind::{Kind, Names, Subject};
use super::{Table, property};
use Kind::{Either, Entries, Flag, KeyOf, Map, Predicate, Shared, Text, Transform, Words};

pub(super) const EXPECTATIONS: Kind = Shared("expect", &Map(&EXPECT));
pub(super) const CAPTURES: Kind = Entries(
    Names::Identifier,
    &Shared("capture", &Either(&[Words(&SOURCE_WORDS), Map(&CAPTURE)])),
);
const TEXT: Kind = Predicate(Subject::Text);
const NUMBER: Kind = Predicate(Subject::Number);
const LIMIT: Kind = Predicate(Subject::Latency);
const JSON: Kind = Entries(Names::JsonPath, &Predicate(Subject::Json));
const MARKUP: Kind = Entries(Names::Any, &Predicate(Subject::Texts));

#[rustfmt::skip]
pub(crate) static EXPECT: Table = Table::new("`expect`", &[&[
    property("status", Predicate(Subject::Status), "[200, 204]", "The status: a code, a class such as `2xx`, or a list of them. Default: `2xx`."),
    property("grpc", TEXT, "NOT_FOUND", "The status of a gRPC call by its name. Default: `OK`.").in_section("#grpc"),
    property("version", TEXT, "\"2\"", "The version of HTTP."),
    property("headers", Entries(Names::Any, &Predicate(Subject::Texts)), "{ content-type: { contains: json } }",
        "Headers. One that comes several times is one text, joined by `, `."),
    property("cookies", Entries(Names::Any, &Either(&[TEXT, Map(&COOKIE)])), "{ session: { exists: true } }",
        "Cookies that the check holds by now, or the attributes that this answer sets."),
    property("redirects", Predicate(Subject::Json), "{ count: 0 }", "Where redirects led to: a list of paths on the target."),
    property("url", TEXT, "/catalogue", "The path that answered, redirects followed."),
    property("body", TEXT, "{ not: { contains: stack trace } }", "The body as text."),
    property("size", NUMBER, "{ below: 100000 }", "The number of bytes of the decoded body."),
    property("sha256", TEXT, "{ matches: '^[0-9a-f]{64}$' }", "The SHA-256 of the decoded body, in hexadecimal digits."),
    property("json", JSON, "{ $.count: { at_least: 1 } }", "Values by JSONPath (RFC 9535)."),
    property("xpath", MARKUP, "{ \"count(//li)\": 3 }", "Values in HTML or XML by XPath 1.0.").in_section("#html-and-xml"),
    property("css", MARKUP, "{ h1.title: Your orders }", "Texts of elements in HTML or XML by CSS selectors.").in_section("#html-and-xml"),
    property("variables", Entries(Names::Identifier, &Predicate(Subject::Json)), "{ days: { at_least: 30 } }",
        "Variables by their names, those that this step captures among them.").in_section("#captures"),
    property("tls", Map(&TLS), "{ expires_in: { above: 14d } }", "The TLS connection and the server's certificate, which is always verified."),
    property("latency", Either(&[LIMIT, Map(&LATENCY)]), "{ below: 300ms }", "From the first attempt to connect to the last byte; or by phase."),
    property("error_rate", Predicate(Subject::Rate), "{ at_most: 0.02 }", "With `repeat`: how many of all may fail, from 0 to 1.").in_section("#many-requests"),
]]);

/// What may be expected of a message of a WebSocket.
#[rustfmt::skip]
pub(crate) static MESSAGE_EXPECTATIONS: Table = Table::new("the `expect` of a message", &[&[
    property("body", TEXT, "{ matches: '^[a-z-]+$' }", "The message as text."),
    property("json", JSON, "{ $.type: subscribed }", "Values by JSONPath (RFC 9535)."),
    property("xpath", MARKUP, "{ //li/@class: note }", "Values in HTML or XML by XPath 1.0."),
    property("css", MARKUP, "{ li.note: espresso-cup }", "Texts of elements in HTML or XML by CSS selectors."),
    property("size", NUMBER, "{ below: 100 }", "Its number of bytes."),
    property("close", NUMBER, "1008", "The code with which the server closes, and no message before it."),
]]);

/// The attributes of a cookie, beside its value.
#[rustfmt::skip]
pub(crate) static COOKIE: Table = Table::new("a cookie", &[&[
    property("value", TEXT, "{ empty: false }", "The value that the check holds by now."),
    property("secure", Predicate(Subject::Boolean), "true", "Whether it goes over TLS only."),
    property("http_only", Predicate(Subject::Boolean), "true", "Whether it is kept from scripts."),
    property("same_site", TEXT, "lax", "`strict`, `lax` or `none`."),
    property("path", TEXT, "/", "Its path."),
    property("domain", TEXT, "{ exists: false }", "Its domain."),
    property("max_age", Predicate(Subject::Span), "{ above: 1h }", "How long it lives, by `Max-Age` or else by `Expires`."),
]]).bound_size(1, usize::MAX);

#[rustfmt::skip]
pub(crate) static TLS: Table = Table::new("`tls`", &[&[
    property("version", TEXT, "\"1.3\"", "The version of TLS."),
    property("issuer", TEXT, "{ starts_with: CN= }", "Who signed the certificate, as in RFC 4514: `CN=…,O=…,C=…`."),
    property("subject", TEXT, "{ exists: true }", "Whom the certificate is for, as in RFC 4514."),
    property("names", Predicate(Subject::Json), "{ contains: shop.example.com }", "A list of the names in the certificate."),
    property("expires_in", Predicate(Subject::Span), "{ above: 14d }", "How long the certificate is still valid."),
]]).bound_size(1, usize::MAX);

const PERCENTILE: &str =
    "With `repeat`: the latency that so many in a hundred did not exceed, by nearest rank.";

/// The phases of `latency`, and the percentiles of many requests.
#[rustfmt::skip]
pub(crate) static LATENCY: Table = Table::new("`latency`", &[&[
    property("total", LIMIT, "{ below: 10s }", "All of it, redirects included, to the last byte of the body."),
    property("dns", LIMIT, "{ below: 1s }", "From the name to addresses."),
    property("connect", LIMIT, "{ below: 1s }", "From an address to a TCP connection."),
    property("tls", LIMIT, "{ below: 1s }", "The TLS handshake."),
    property("first_byte", LIMIT, "{ below: 2s }", "From the open connection to the head of the answer."),
    property("p50", LIMIT, "{ below: 1s }", PERCENTILE).in_section("#many-requests"),
    property("p90", LIMIT, "{ below: 2s }", PERCENTILE).in_section("#many-requests"),
    property("p95", LIMIT, "{ below: 2s }", PERCENTILE).in_section("#many-requests"),
    property("p99", LIMIT, "{ below: 3s }", PERCENTILE).in_section("#many-requests"),
]]).bound_size(1, usize::MAX);

/// What `from` takes; each word also stands alone for a capture.
pub(crate) const SOURCE_WORDS: [&str; 8] = [
    "status",
    "body",
    "url",
    "redirects",
    "version",
    "size",
    "sha256",
    "latency",
];

/// The keys that say where a capture comes from.
pub(crate) const SOURCES: [&str; 8] = [
    "json", "xpath", "css", "header", "cookie", "regex", "tls", "from",
];

#[rustfmt::skip]
pub(crate) static CAPTURE: Table = Table::new("a capture", &[&[
    property("json", Text, "$.token", "A JSONPath."),
    property("xpath", Text, "string(//title)", "An expression of XPath 1.0, over HTML or XML.").in_section("#html-and-xml"),
    property("css", Text, "h1", "A CSS selector; the text of the element.").in_section("#html-and-xml"),
    property("header", Text, "location", "A header's name."),
    property("cookie", Text, "session", "A cookie's name."),
    property("regex", Text, "'\"tier\":\"(\\w+)\"'", "A regular expression; its first group."),
    property("tls", KeyOf(&TLS), "issuer", "A fact of TLS."),
    property("from", Words(&SOURCE_WORDS), "body",
        "A part of the answer that needs no further word, which may also stand alone: `code: status`. `redirects` is a list, `latency` in milliseconds."),
    property("transform", Transform, "\"{{ value | split('/') | last }}\"", "What is made of it, which is called `value` there."),
    property("secret", Flag, "true", "Whether no output may hold it, also when it comes back in a later answer. Default: `false`.").in_section("#secrets"),
]]).require_one(&SOURCES);
