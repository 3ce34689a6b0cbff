//! Keeps secrets out of every output.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// What stands in the place of a secret.
const REDACTED: &str = "***";

/// Replaces each secret, in each form that it commonly takes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Redactor {
    /// Longest first, so that a secret that holds another goes as a whole.
    needles: Vec<String>,
}

impl Redactor {
    /// A redactor for these values. An empty one would match everywhere and
    /// is left out.
    pub(crate) fn new(secrets: Vec<String>) -> Self {
        let mut needles: Vec<String> = secrets
            .into_iter()
            .filter(|secret| !secret.is_empty())
            .flat_map(|secret| {
                let quoted = serde_json::Value::from(secret.as_str()).to_string();
                let quoted = quoted.trim_matches('"').to_owned();
                let encoded = utf8_percent_encode(&secret, NON_ALPHANUMERIC).to_string();
                let form: String =
                    url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
                let mut path = String::new();
                if let Ok(url) = url::Url::parse(&format!("http://h/{secret}")) {
                    path.push_str(url.as_str().trim_start_matches("http://h/"));
                }
                [secret, quoted, encoded, form, path]
            })
            .filter(|needle| !needle.is_empty())
            .collect();
        needles.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        needles.dedup();
        Self { needles }
    }

    /// The text without the secrets.
    pub(crate) fn redact(&self, text: &mut String) {
        for needle in &self.needles {
            if text.contains(needle.as_str()) {
                *text = text.replace(needle.as_str(), REDACTED);
            }
        }
    }
}
