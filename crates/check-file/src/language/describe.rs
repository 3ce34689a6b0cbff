//! What a query asks of an answer, in the words of messages.

use super::{CookieAttribute, Phase, Query, TlsFact};
use crate::predicate::Unit;

impl Query {
    /// What did not come out as expected, for the title of a diagnostic.
    pub fn describe(&self) -> String {
        match self {
            Self::Status => "status".to_owned(),
            Self::Header(name) => format!("header `{name}`"),
            Self::EachHeader(name) => format!("values of the header `{name}`"),
            Self::Cookie(name) => format!("cookie `{name}`"),
            Self::CookieAttribute(name, attribute) => {
                format!("{} of the cookie `{name}`", attribute.words())
            }
            Self::Body => "body".to_owned(),
            Self::Json(path) => format!("JSON at `{}`", path.text()),
            Self::Markup(finder) => format!("markup at `{}`", finder.text()),
            Self::EachMarkup(finder) => format!("nodes at `{}`", finder.text()),
            Self::Regex(pattern) => format!("text for `{}`", pattern.text()),
            Self::Latency(phase) => phase.words().to_owned(),
            Self::Tls(fact) => fact.words().to_owned(),
            Self::Redirects => "redirects".to_owned(),
            Self::Url => "URL".to_owned(),
            Self::Size => "size".to_owned(),
            Self::Sha256 => "SHA-256".to_owned(),
            Self::Version => "version of HTTP".to_owned(),
            Self::Grpc => "status of gRPC".to_owned(),
            Self::Variable(named) => format!("value of `{}`", named.name),
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
    fn words(self) -> &'static str {
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
    fn words(self) -> &'static str {
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
    fn words(self) -> &'static str {
        match self {
            Self::Version => "version of TLS",
            Self::Issuer => "issuer of the certificate",
            Self::Subject => "subject of the certificate",
            Self::Names => "names in the certificate",
            Self::ExpiresIn => "time until the certificate expires",
        }
    }
}
