//! What can be asked of a response: status, headers, body, JSON, cookies.

use std::cell::OnceCell;
use std::time::Duration;

use serde_json::Value;

use crate::check_file::Query;
use crate::http::Response;
use crate::predicate::Unit;

/// A response, with what has been learned of it so far.
pub(crate) struct Answer<'a> {
    pub(crate) response: &'a Response,
    /// The value of a cookie that the check holds by now.
    pub(crate) cookie: &'a dyn Fn(&str) -> Option<String>,
    json: OnceCell<Result<Value, String>>,
}

impl<'a> Answer<'a> {
    pub(crate) fn new(response: &'a Response, cookie: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self {
            response,
            cookie,
            json: OnceCell::new(),
        }
    }

    /// The value that a query stands for, if it is there. The error says why
    /// the query makes no sense for this response.
    pub(crate) fn ask(&self, query: &Query) -> Result<Option<Value>, String> {
        Ok(match query {
            Query::Status => Some(self.response.status.into()),
            Query::Header(name) => {
                let values: Vec<_> = self
                    .response
                    .headers
                    .get_all(name)
                    .iter()
                    .map(|value| String::from_utf8_lossy(value.as_bytes()))
                    .collect();
                (!values.is_empty()).then(|| values.join(", ").into())
            }
            Query::Cookie(name) => (self.cookie)(name).map(Value::from),
            Query::Body => Some(self.text().into()),
            Query::Json(path) => {
                let document = self.json.get_or_init(|| {
                    serde_json::from_slice(&self.response.body).map_err(|error| error.to_string())
                });
                match document {
                    Ok(document) => path.select(document),
                    Err(reason) => return Err(format!("a body that is not JSON: {reason}")),
                }
            }
            Query::Regex(pattern) => pattern.first(&self.text()).map(Value::from),
            Query::Size => Some(self.response.body.len().into()),
            Query::Sha256 => Some(crate::digest::sha256(&self.response.body).into()),
            Query::Version => Some(version(self.response.version).into()),
            Query::Latency => Some(milliseconds(self.response.latency).into()),
        })
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.response.body).into_owned()
    }
}

/// A version of HTTP as a check file writes it.
fn version(version: http::Version) -> &'static str {
    match version {
        http::Version::HTTP_09 => "0.9",
        http::Version::HTTP_10 => "1.0",
        http::Version::HTTP_11 => "1.1",
        http::Version::HTTP_3 => "3",
        _ => "2",
    }
}

/// Milliseconds with one decimal.
fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 10_000.0).round() / 10.0
}

impl Query {
    /// What did not come out as expected, for the title of a diagnostic.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Status => "status".to_owned(),
            Self::Header(name) => format!("header `{name}`"),
            Self::Cookie(name) => format!("cookie `{name}`"),
            Self::Body => "body".to_owned(),
            Self::Json(path) => format!("JSON at `{}`", path.text()),
            Self::Regex(pattern) => format!("text for `{}`", pattern.text()),
            Self::Latency => "latency".to_owned(),
            Self::Size => "size".to_owned(),
            Self::Sha256 => "SHA-256".to_owned(),
            Self::Version => "version of HTTP".to_owned(),
        }
    }

    pub(crate) fn unit(&self) -> Unit {
        match self {
            Self::Status => Unit::Status,
            Self::Latency => Unit::Milliseconds,
            _ => Unit::None,
        }
    }
}
