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

    /// The text without the secrets, also without the beginning of one that
    /// was cut off by a `…`.
    pub(crate) fn redact(&self, text: &mut String) {
        for needle in &self.needles {
            if text.contains(needle.as_str()) {
                *text = text.replace(needle.as_str(), REDACTED);
            }
        }
        let mut from = 0;
        while let Some(at) = text[from..].find('…').map(|at| from + at) {
            from = at + '…'.len_utf8();
            if let Some(begun) = self.begun_at_the_end_of(&text[..at]) {
                text.replace_range(at - begun..at, REDACTED);
                from = from - begun + REDACTED.len();
            }
        }
    }

    /// How many bytes at the end of the text are the beginning of a secret.
    fn begun_at_the_end_of(&self, text: &str) -> Option<usize> {
        self.needles
            .iter()
            .flat_map(|needle| {
                (1..needle.len())
                    .filter(|end| needle.is_char_boundary(*end))
                    .map(|end| &needle[..end])
            })
            .filter(|begun| text.ends_with(begun))
            .map(str::len)
            .max()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_secret_is_gone_in_every_form_it_commonly_takes(
            secret in "\\PC{4,24}", before in "[a-z ]{0,8}", after in "[a-z ]{0,8}"
        ) {
            let redactor = Redactor::new(vec![secret.clone()]);
            let form: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
            let json = serde_json::Value::from(secret.as_str()).to_string();
            for shape in [secret, form, json[1..json.len() - 1].to_owned()] {
                let mut text = format!("{before}{shape}{after}");
                redactor.redact(&mut text);
                prop_assert!(!text.contains(&shape) || REDACTED.contains(&shape), "{}", text);
            }
        }
    }

    #[test]
    fn a_secret_that_was_cut_off_is_gone_too() {
        let redactor = Redactor::new(vec!["correct-horse".to_owned()]);
        let mut text = "{\"a\":\"corr… (900 bytes), correct-hors…".to_owned();
        redactor.redact(&mut text);
        assert_eq!(text, "{\"a\":\"***… (900 bytes), ***…");
    }

    #[test]
    fn an_empty_secret_redacts_nothing() {
        let mut text = "as it was".to_owned();
        Redactor::new(vec![String::new()]).redact(&mut text);
        assert_eq!(text, "as it was");
    }
}
