//! The parts of an answer that a check file can expect something of.

use serde_json::{Value, json};

use super::is_header;
use query::jsonpath::Path;
use query::markup::XPath;

/// A part of an answer, or a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Query {
    Status,
    Version,
    Header(String),
    Cookie(String),
    /// What a JSONPath leads to.
    Json(String),
    /// What an expression of XPath gives.
    XPath(String),
    Body,
    Size,
    /// The SHA-256 of the body.
    Sha256,
    Latency,
    Url,
    Redirects,
    /// A fact of TLS or of the certificate.
    Tls(&'static str),
    Variable(String),
}

/// What orders expect of a number.
const ORDERS: [&str; 4] = ["above", "below", "at_least", "at_most"];

impl Query {
    /// The key of `expect`, and the name below it.
    pub(super) fn key(&self) -> (&'static str, Option<&str>) {
        match self {
            Self::Status => ("status", None),
            Self::Version => ("version", None),
            Self::Header(name) => ("headers", Some(name)),
            Self::Cookie(name) => ("cookies", Some(name)),
            Self::Json(path) => ("json", Some(path)),
            Self::XPath(xpath) => ("xpath", Some(xpath)),
            Self::Body => ("body", None),
            Self::Size => ("size", None),
            Self::Sha256 => ("sha256", None),
            Self::Latency => ("latency", None),
            Self::Url => ("url", None),
            Self::Redirects => ("redirects", None),
            Self::Tls(fact) => ("tls", Some(fact)),
            Self::Variable(name) => ("variables", Some(name)),
        }
    }

    /// Its place in the order in which people read what is expected.
    pub(super) fn reading_rank(&self) -> usize {
        let order = "status version headers cookies json body size sha256 latency";
        let mut keys = order.split(' ');
        keys.position(|key| key == self.key().0)
            .unwrap_or(usize::MAX)
    }

    /// Whether what stands there is text in any answer.
    pub(crate) fn is_text(&self) -> bool {
        matches!(
            self,
            Self::Body | Self::Header(_) | Self::Cookie(_) | Self::Url | Self::Version
        )
    }

    /// Whether what stands there may be any value of JSON.
    pub(crate) fn is_json(&self) -> bool {
        matches!(self, Self::Json(_) | Self::Variable(_))
    }

    /// Whether a check file can name this place.
    pub(super) fn is_named(&self) -> bool {
        match self {
            Self::Header(name) => is_header(name),
            Self::Json(path) => Path::parse(path).is_ok(),
            Self::XPath(xpath) => XPath::parse(xpath).is_ok(),
            _ => true,
        }
    }

    /// Whether a check file can expect this of what stands there.
    pub(crate) fn accepts(&self, operator: &str, value: &Value) -> bool {
        if operator == "not" {
            let tests = value.as_object();
            return tests
                .is_some_and(|all| all.iter().all(|(key, value)| self.accepts(key, value)));
        }
        let template = value.as_str().is_some_and(|text| text.contains("{{"));
        let number = value.is_number() || template;
        let order = ORDERS.contains(&operator);
        match self {
            Self::Status => {
                (order || operator == "equals")
                    && match value {
                        Value::Array(all) => !all.is_empty() && all.iter().all(is_status),
                        one => is_status(one),
                    }
            }
            Self::Latency => order,
            Self::Size => number && (order || operator == "equals"),
            Self::Json(_) | Self::Variable(_) | Self::XPath(_) => match operator {
                "one_of" => value.as_array().is_some_and(|all| !all.is_empty()),
                "matches" | "type" | "starts_with" | "ends_with" => value.is_string(),
                _ => !order || number,
            },
            _ if matches!(operator, "exists" | "empty" | "count") || self.key().0 == "tls" => true,
            _ => value.is_string(),
        }
    }

    /// Where a capture takes the value from, if it can.
    pub(crate) fn source(&self) -> Option<Value> {
        Some(match self {
            Self::Json(path) if self.is_named() => json!({ "json": path }),
            Self::XPath(xpath) if self.is_named() => json!({ "xpath": xpath }),
            Self::Header(name) if self.is_named() => json!({ "header": name }),
            Self::Cookie(name) => json!({ "cookie": name }),
            Self::Tls(fact @ ("subject" | "issuer")) => json!({ "tls": fact }),
            Self::Status | Self::Body | Self::Url => json!(self.key().0),
            _ => return None,
        })
    }
}

/// Whether this is a status, or a class of them such as `2xx`.
fn is_status(value: &Value) -> bool {
    match value {
        Value::Number(code) => code.as_u64().is_some_and(|code| (100..600).contains(&code)),
        Value::String(class) => class.ends_with("xx"),
        _ => false,
    }
}
