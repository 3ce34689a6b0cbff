//! Every key of the check language, map by map.

/// The keys of a check file.
pub(crate) const FILE: [&str; 8] = [
    "name",
    "include",
    "variables",
    "fragments",
    "defaults",
    "setup",
    "checks",
    "teardown",
];

/// The keys of a file that others include, and that has no checks itself.
pub(crate) const LIBRARY: [&str; 3] = ["name", "include", "fragments"];

/// The keys of a fragment.
pub(crate) const FRAGMENT: [&str; 2] = ["parameters", "steps"];

/// The keys of a parameter that has a default.
pub(crate) const PARAMETER: [&str; 2] = ["name", "default"];

/// The keys of a step that uses a fragment.
pub(crate) const USE: [&str; 3] = ["name", "use", "with"];

/// The keys of a check, beside those of a request.
pub(crate) const CHECK: [&str; 11] = [
    "name",
    "tags",
    "severity",
    "writes",
    "skip",
    "when",
    "needs",
    "each",
    "quarantine",
    "retry",
    "steps",
];

/// The keys of `quarantine`, and of an `each` whose rows stand in a file.
pub(crate) const QUARANTINE: [&str; 3] = ["until", "owner", "reason"];
pub(crate) const ROWS: [&str; 1] = ["file"];

/// The keys of a variable whose value stands elsewhere, and of one that is
/// marked as a secret.
pub(crate) const ORIGIN: [&str; 4] = ["env", "secret", "key", "parameter"];
pub(crate) const MARKED: [&str; 2] = ["value", "secret"];

/// The keys of `defaults`.
pub(crate) const DEFAULTS: [&str; 7] = [
    "timeout",
    "headers",
    "auth",
    "http",
    "retry",
    "follow_redirects",
    "writes",
];

/// The keys of a request, in a step or in a check of one request.
pub(crate) const REQUEST: [&str; 30] = [
    "get",
    "head",
    "post",
    "put",
    "patch",
    "delete",
    "options",
    "request",
    "grpc",
    "message",
    "proto",
    "websocket",
    "messages",
    "query",
    "headers",
    "auth",
    "json",
    "form",
    "text",
    "file",
    "graphql",
    "multipart",
    "compress",
    "http",
    "expect",
    "capture",
    "timeout",
    "follow_redirects",
    "delay",
    "repeat",
];

/// The keys of `request`.
pub(crate) const ASKED: [&str; 2] = ["method", "path"];

/// The ways to log in, and the keys of each.
pub(crate) const AUTH: [&str; 5] = ["basic", "bearer", "digest", "oauth2", "sigv4"];
/// Those of `basic` and of `digest`.
pub(crate) const BASIC: [&str; 2] = ["user", "password"];
pub(crate) const OAUTH2: [&str; 5] = [
    "token_url",
    "client_id",
    "client_secret",
    "scope",
    "audience",
];
pub(crate) const SIGV4: [&str; 5] = [
    "region",
    "service",
    "access_key",
    "secret_key",
    "session_token",
];

/// The keys of `graphql`, and of a part of `multipart`.
pub(crate) const GRAPHQL: [&str; 3] = ["query", "variables", "operation"];
pub(crate) const PART: [&str; 4] = ["file", "text", "type", "filename"];

/// The keys of an entry of `messages`, and of what is expected of a message.
pub(crate) const MESSAGE: [&str; 5] = ["send", "expect", "capture", "timeout", "skip_others"];
pub(crate) const MESSAGE_EXPECTATIONS: [&str; 6] =
    ["body", "json", "xpath", "css", "size", "close"];

/// The keys of `retry`.
pub(crate) const RETRY: [&str; 5] = ["for", "times", "every", "backoff", "while"];

/// The keys of `expect`.
pub(crate) const EXPECTATIONS: [&str; 17] = [
    "status",
    "grpc",
    "version",
    "headers",
    "cookies",
    "redirects",
    "url",
    "body",
    "size",
    "sha256",
    "json",
    "xpath",
    "css",
    "variables",
    "tls",
    "latency",
    "error_rate",
];

/// The attributes of a cookie, beside its value.
pub(crate) const COOKIE: [&str; 7] = [
    "value",
    "secure",
    "http_only",
    "same_site",
    "path",
    "domain",
    "max_age",
];

/// The keys of `tls`.
pub(crate) const TLS: [&str; 5] = ["version", "issuer", "subject", "names", "expires_in"];

/// The phases of `latency`, and the percentiles of many requests.
pub(crate) const LATENCY: [&str; 9] = [
    "total",
    "dns",
    "connect",
    "tls",
    "first_byte",
    "p50",
    "p90",
    "p95",
    "p99",
];

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

/// The keys of `repeat`.
pub(crate) const REPEAT: [&str; 2] = ["times", "jobs"];

/// The keys that say where a capture comes from.
pub(crate) const SOURCES: [&str; 8] = [
    "json", "xpath", "css", "header", "cookie", "regex", "tls", "from",
];

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

/// The keys of a `schema` that stands in a file.
pub(crate) const SCHEMA: [&str; 2] = ["file", "at"];

/// The keys of a capture.
pub(crate) const CAPTURE: [&str; 10] = [
    "json",
    "xpath",
    "css",
    "header",
    "cookie",
    "regex",
    "tls",
    "from",
    "transform",
    "secret",
];

/// The operators of a predicate.
pub(crate) const OPERATORS: [&str; 17] = [
    "equals",
    "contains",
    "starts_with",
    "ends_with",
    "matches",
    "exists",
    "one_of",
    "above",
    "below",
    "at_least",
    "at_most",
    "count",
    "each",
    "type",
    "schema",
    "empty",
    "not",
];
