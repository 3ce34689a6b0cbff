//! What can be asked of a response, and how messages name it.

use http::HeaderName;
use query::jsonpath::Path;
use query::markup::MarkupQuery;
use query::pattern::Pattern;

use super::expect::NamedVariable;
use crate::predicate::Unit;

/// Something that can be asked of a response.
#[derive(Debug, Clone)]
pub enum Query {
    /// The status code.
    Status,
    /// The first value of a header.
    Header(HeaderName),
    /// Each value of a header that comes several times.
    EachHeader(HeaderName),
    /// The value of a cookie.
    Cookie(String),
    /// An attribute of a cookie.
    CookieAttribute(String, CookieAttribute),
    /// The body, as text.
    Body,
    /// What a `JSONPath` finds.
    Json(Path),
    /// What an XPath or a CSS selector finds.
    Markup(MarkupQuery),
    /// As `Markup`, but a list however many elements there are.
    EachMarkup(MarkupQuery),
    /// What a pattern finds in the body.
    Regex(Pattern),
    /// A part of the time that the answer took, in milliseconds.
    Latency(Phase),
    /// A fact of the TLS connection.
    Tls(TlsFact),
    /// Where redirects led to, in their order.
    Redirects,
    /// The path that it is the answer of, redirects followed.
    Url,
    /// The number of bytes of the body.
    Size,
    /// The SHA-256 of the body, in hexadecimal digits.
    Sha256,
    /// The version of HTTP, such as `2`.
    Version,
    /// The status of a gRPC call, by its name.
    Grpc,
    /// A variable as templates know it.
    Variable(Box<NamedVariable>),
}

/// A part of the time that a request takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// All of it.
    Total,
    /// From the name to addresses.
    Dns,
    /// From an address to a TCP connection.
    Connect,
    /// The TLS handshake.
    Tls,
    /// From the open connection to the head of the answer.
    FirstByte,
}

/// A fact of the TLS connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsFact {
    /// The protocol, such as `TLSv1.3`.
    Version,
    /// Who signed the certificate.
    Issuer,
    /// Whom the certificate is for.
    Subject,
    /// The names that the certificate is for.
    Names,
    /// The time until the certificate expires, in seconds.
    ExpiresIn,
}

/// What an answer says of a cookie beside its value (RFC 6265).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CookieAttribute {
    /// Sent over TLS alone.
    Secure,
    /// Hidden from scripts.
    HttpOnly,
    /// Whether other sites send it along.
    SameSite,
    /// Below which path it is sent.
    Path,
    /// To which hosts it is sent.
    Domain,
    /// How long it is kept, in seconds.
    MaxAge,
}

impl Query {
    /// Whether only a connection of its own can answer it.
    pub fn needs_connection(&self) -> bool {
        match self {
            Self::Latency(phase) => *phase != Phase::Total,
            Self::Tls(_) => true,
            _ => false,
        }
    }
}

impl Query {
    /// The name of what is asked, for the title of a diagnostic.
    pub fn describe(&self) -> String {
        match self {
            Self::Status => "status".to_owned(),
            Self::Header(name) => format!("header `{name}`"),
            Self::EachHeader(name) => format!("values of the header `{name}`"),
            Self::Cookie(name) => format!("cookie `{name}`"),
            Self::CookieAttribute(name, attribute) => {
                format!("{} of the cookie `{name}`", attribute.describe())
            }
            Self::Body => "body".to_owned(),
            Self::Json(path) => format!("JSON at `{}`", path.text()),
            Self::Markup(query) => format!("markup at `{}`", query.text()),
            Self::EachMarkup(query) => format!("nodes at `{}`", query.text()),
            Self::Regex(pattern) => format!("text for `{}`", pattern.text()),
            Self::Latency(phase) => phase.describe().to_owned(),
            Self::Tls(fact) => fact.describe().to_owned(),
            Self::Redirects => "redirects".to_owned(),
            Self::Url => "URL".to_owned(),
            Self::Size => "size".to_owned(),
            Self::Sha256 => "SHA-256".to_owned(),
            Self::Version => "version of HTTP".to_owned(),
            Self::Grpc => "status of gRPC".to_owned(),
            Self::Variable(variable) => format!("value of `{}`", variable.name),
        }
    }

    /// In which unit the operators read a number.
    pub fn unit(&self) -> Unit {
        match self {
            Self::Status => Unit::Status,
            Self::Latency(_) => Unit::Milliseconds,
            Self::Tls(TlsFact::ExpiresIn) | Self::CookieAttribute(_, CookieAttribute::MaxAge) => {
                Unit::Seconds
            }
            _ => Unit::None,
        }
    }
}

impl CookieAttribute {
    fn describe(self) -> &'static str {
        match self {
            Self::Secure => "`secure`",
            Self::HttpOnly => "`http_only`",
            Self::SameSite => "`same_site`",
            Self::Path => "`path`",
            Self::Domain => "`domain`",
            Self::MaxAge => "`max_age`",
        }
    }
}

impl Phase {
    fn describe(self) -> &'static str {
        match self {
            Self::Total => "latency",
            Self::Dns => "latency of DNS",
            Self::Connect => "latency of the TCP connection",
            Self::Tls => "latency of the TLS handshake",
            Self::FirstByte => "latency of the first byte",
        }
    }
}

impl TlsFact {
    fn describe(self) -> &'static str {
        match self {
            Self::Version => "version of TLS",
            Self::Issuer => "issuer of the certificate",
            Self::Subject => "subject of the certificate",
            Self::Names => "names in the certificate",
            Self::ExpiresIn => "time until the certificate expires",
        }
    }
}
