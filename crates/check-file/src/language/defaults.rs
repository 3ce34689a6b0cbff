//! The `defaults` of a check file.

use std::time::Duration;

use http::HeaderName;

use super::keys::DEFAULTS;
use super::reader::Reader;
use super::{Auth, HttpVersion, Retry};
use crate::template::Template;
use diagnostic::yaml::Node;

/// How long one request may take if the file does not say.
const TIMEOUT: Duration = Duration::from_secs(10);

/// What holds for each step that does not say otherwise.
#[derive(Debug, Clone)]
pub(super) struct Defaults {
    pub(super) timeout: Duration,
    pub(super) headers: Vec<(HeaderName, Template)>,
    pub(super) auth: Option<Auth>,
    pub(super) http: Option<HttpVersion>,
    pub(super) retry: Option<Retry>,
    pub(super) follow_redirects: usize,
    /// Whether requests may change data.
    pub(super) writes: bool,
}

impl Defaults {
    pub(super) fn with_writes(&self, writes: bool) -> Self {
        Self {
            writes,
            ..self.clone()
        }
    }
}

impl Reader<'_> {
    /// The `defaults` of a file.
    pub(super) fn read_defaults(&mut self, node: Option<&Node>) -> Defaults {
        let fields = node.and_then(|node| self.read_fields(node, &DEFAULTS));
        let value = |key| fields.and_then(|fields| fields.value(key));
        Defaults {
            timeout: value("timeout")
                .and_then(|node| self.read_positive_duration(node, "a timeout"))
                .unwrap_or(TIMEOUT),
            headers: value("headers")
                .map(|node| self.read_headers(node))
                .unwrap_or_default(),
            auth: value("auth").and_then(|node| self.read_auth(node)),
            http: value("http").and_then(|node| self.read_http_version(node)),
            retry: value("retry").and_then(|node| self.read_retry(node)),
            follow_redirects: fields
                .and_then(|fields| fields.property("follow_redirects"))
                .and_then(|(property, node)| self.read_redirects(property, node))
                .unwrap_or(0),
            writes: value("writes")
                .and_then(|node| self.read_boolean(node, "`writes`"))
                .unwrap_or(false),
        }
    }
}
