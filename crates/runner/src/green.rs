//! What a caller knows of the version under test, and a check file does not:
//! how an answer tells which version gave it, where the load balancer leads a
//! request, and how to prove once more that green alone answers.
//!
//! A run holds every answer of the target against it. An answer that another
//! version gave is no answer to a check: the proof is made again, and a request
//! that is safe to repeat (RFC 9110, section 9.2.1) is sent again over a new
//! connection.

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

/// The most characters of what another version says that a report shows.
const MOST_CHARACTERS: usize = 100;

/// The version that has to answer.
#[derive(Clone, Copy)]
pub struct GreenVersion<'a> {
    /// How an answer tells its version; absent if none does.
    pub identity: Option<&'a ExpectedIdentity>,
    /// How long a run may wait for other versions to stop answering, counted
    /// from the first request that is sent again because one of them answered.
    pub patience: Duration,
    /// Where requests are led, and how the proof is made again.
    pub proof: &'a dyn GreenProof,
}

/// How a caller proves that green answers.
pub trait GreenProof: Sync {
    /// Where a request to the target is led.
    fn route(&self, method: &Method, url: &Url, headers: &HeaderMap) -> Route;

    /// Proves once more that green alone answers, and tries until `deadline`.
    fn renew(&self, deadline: Instant) -> LocalBoxFuture<'_, Result<(), NotProven>>;
}

/// Why it is not proven that green alone answers.
#[derive(Debug, thiserror::Error)]
#[error("{reason}")]
pub struct NotProven {
    /// In one line.
    pub reason: String,
}

/// Why no answer can be asked for its version.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The name of a header has a character that HTTP does not allow.
    #[error("expected the name of a header")]
    HeaderName,
    /// The path to the member cannot be read.
    #[error("expected a JSONPath: {problem}")]
    JsonPath {
        /// What is wrong with it.
        problem: String,
    },
}

/// What the answers of green say of themselves.
#[derive(Debug, Clone)]
pub struct ExpectedIdentity {
    source: IdentitySource,
    expected: String,
}

#[derive(Debug, Clone)]
enum IdentitySource {
    /// A header of any answer.
    Header(HeaderName),
    /// A member of the JSON that is answered at one path of the target.
    Member { path: String, member: Path },
}

impl ExpectedIdentity {
    /// A header that every answer may carry.
    ///
    /// # Errors
    /// `name` cannot be the name of a header.
    pub fn from_header(name: &str, expected: &str) -> Result<Self, IdentityError> {
        let name = HeaderName::try_from(name).map_err(|_| IdentityError::HeaderName)?;
        Ok(Self {
            source: IdentitySource::Header(name),
            expected: expected.to_owned(),
        })
    }

    /// What a `JSONPath` finds in the JSON that is answered at `path`.
    ///
    /// # Errors
    /// `member` is no `JSONPath`.
    pub fn from_member(path: &str, member: &str, expected: &str) -> Result<Self, IdentityError> {
        let member = Path::parse(member);
        let member = member.map_err(|error| IdentityError::JsonPath {
            problem: error.reason,
        })?;
        Ok(Self {
            source: IdentitySource::Member {
                path: path.to_owned(),
                member,
            },
            expected: expected.to_owned(),
        })
    }

    /// What an answer to a request for `url` says of itself, if that is
    /// something else than green says. An answer that says nothing may be
    /// green's: a page of the load balancer, a health check.
    pub(crate) fn find_contradiction(
        &self,
        target: &Target,
        url: &Url,
        response: &Response,
    ) -> Option<String> {
        if !target.is_origin_of(url) {
            return None;
        }
        match &self.source {
            IdentitySource::Header(name) => {
                let values = response.headers.get_all(name).iter();
                let mut values = values.map(HeaderValue::as_bytes).map(<[u8]>::trim_ascii);
                // A header without a value tells no version.
                let other =
                    values.find(|value| !value.is_empty() && *value != self.expected.as_bytes())?;
                let other = String::from_utf8_lossy(other);
                Some(format!("`{name}: {}`", shorten(&other)))
            }
            IdentitySource::Member { path, member } => {
                let identity_url = target.url(path).ok()?;
                // Only this path has the member; the others say nothing.
                if identity_url.path() != url.path() {
                    return None;
                }
                let document = json::parse_body(&response.headers, &response.body).ok()?;
                let found = budget::run_within(AT_ONCE, || member.select(&document));
                let Ok(found) = found else {
                    return Some(format!("too much to look for `{}` in", member.text()));
                };
                let other =
                    found.filter(|version| *version != Value::String(self.expected.clone()))?;
                let other = other.to_string();
                Some(format!("`{}` at `{}`", shorten(&other), member.text()))
            }
        }
    }
}

/// As much of a version as a reader needs: another service may answer with a
/// text of any length.
fn shorten(text: &str) -> &str {
    text.char_indices()
        .nth(MOST_CHARACTERS)
        .map_or(text, |(at, _)| &text[..at])
}

/// What green says of itself.
impl fmt::Display for ExpectedIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            IdentitySource::Header(name) => write!(f, "`{name}: {}`", self.expected),
            IdentitySource::Member { member, .. } => {
                write!(f, "`\"{}\"` at `{}`", self.expected, member.text())
            }
        }
    }
}
