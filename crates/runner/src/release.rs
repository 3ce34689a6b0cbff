//! What a caller knows of the release under test, and a check file does not:
//! how an answer tells which version gave it, where the load balancer leads a
//! request, and how to prove once more that the release alone answers.
//!
//! The engine holds every answer of the target against it. An answer that
//! another version gave is no answer to a check: the proof is made again, and
//! a request that is safe to repeat (RFC 9110, section 9.2.1) is asked again
//! over a new connection.

use std::fmt;
use std::time::Duration;

use futures_util::future::LocalBoxFuture;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
pub use report::Route;
use serde_json::Value;
use tokio::time::Instant;
use url::Url;

use client::http::Response;
use client::target::Target;
use query::json;
use query::jsonpath::Path;
use query::work::budget::{self, AT_ONCE};

/// The most characters that are repeated of what another version says.
const MOST_SAID: usize = 100;

/// The version that has to answer.
#[derive(Clone, Copy)]
pub struct Release<'a> {
    /// How an answer tells its version; absent if none does.
    pub identity: Option<&'a Identity>,
    /// How long a run may wait for other versions to stop answering, counted
    /// from the first request that is sent again because one of them answered.
    pub patience: Duration,
    /// What is known of the way to it.
    pub proof: &'a dyn Proof,
}

/// The way to the release, as the caller knows it.
pub trait Proof: Sync {
    /// Where a request to the target is led.
    fn route(&self, method: &Method, url: &Url, headers: &HeaderMap) -> Route;

    /// Proves once more that the release alone answers, and tries until then.
    /// The error says why it is not proven.
    fn renew(&self, until: Instant) -> LocalBoxFuture<'_, Result<(), String>>;
}

/// What the answers of the release say of themselves.
#[derive(Debug, Clone)]
pub struct Identity {
    origin: Origin,
    expected: String,
}

#[derive(Debug, Clone)]
enum Origin {
    /// A header of any answer.
    Header(HeaderName),
    /// A member of the JSON that is answered at one path of the target.
    Member { path: String, member: Path },
}

impl Identity {
    /// A header that every answer may carry.
    ///
    /// # Errors
    /// What is wrong with the name.
    pub fn of_header(name: &str, expected: &str) -> Result<Self, String> {
        let name = HeaderName::try_from(name);
        let name = name.map_err(|_| "expected the name of a header".to_owned())?;
        Ok(Self {
            origin: Origin::Header(name),
            expected: expected.to_owned(),
        })
    }

    /// What a `JSONPath` finds in the JSON that is answered at `path`.
    ///
    /// # Errors
    /// What is wrong with the `JSONPath`.
    pub fn of_member(path: &str, member: &str, expected: &str) -> Result<Self, String> {
        let member = Path::parse(member);
        let member = member.map_err(|error| format!("expected a JSONPath: {error}"))?;
        Ok(Self {
            origin: Origin::Member {
                path: path.to_owned(),
                member,
            },
            expected: expected.to_owned(),
        })
    }

    /// What an answer to a request for `url` says of itself, if that is
    /// something else than the release says. An answer that says nothing may
    /// be the release's: a page of the load balancer, a health check.
    pub(crate) fn contradiction(
        &self,
        target: &Target,
        url: &Url,
        response: &Response,
    ) -> Option<String> {
        if !target.is_at(url) {
            return None;
        }
        match &self.origin {
            Origin::Header(name) => {
                let values = response.headers.get_all(name).iter();
                let mut values = values.map(HeaderValue::as_bytes).map(<[u8]>::trim_ascii);
                // A header without a value tells no version.
                let other =
                    values.find(|value| !value.is_empty() && *value != self.expected.as_bytes())?;
                let other = String::from_utf8_lossy(other);
                Some(format!("`{name}: {}`", beginning(&other)))
            }
            Origin::Member { path, member } => {
                let asked = target.url(path).ok()?;
                if asked.path() != url.path() {
                    return None;
                }
                let document = json::parse_body(&response.headers, &response.body).ok()?;
                let found = budget::run_within(AT_ONCE, || member.select(&document));
                let Ok(found) = found else {
                    return Some(format!("too much to look for `{}` in", member.text()));
                };
                let other = found.filter(|it| *it != Value::String(self.expected.clone()))?;
                let other = other.to_string();
                Some(format!("`{}` at `{}`", beginning(&other), member.text()))
            }
        }
    }
}

/// As much of a version as a reader needs: another service may say anything.
fn beginning(text: &str) -> &str {
    text.char_indices()
        .nth(MOST_SAID)
        .map_or(text, |(at, _)| &text[..at])
}

/// What the release says of itself.
impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.origin {
            Origin::Header(name) => write!(f, "`{name}: {}`", self.expected),
            Origin::Member { member, .. } => {
                write!(f, "`\"{}\"` at `{}`", self.expected, member.text())
            }
        }
    }
}
