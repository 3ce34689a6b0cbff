//! Keeps secrets out of every output.
//!
//! A secret is looked for in each form that it commonly takes, also in the
//! middle of a text in Base64, as Basic authentication makes it. Where a text
//! is to be repeated by hand, [`Redactor::split`] says what each secret is
//! called instead.

mod needles;

use std::borrow::Cow;

use needles::needles;
use serde_json::Value;

use crate::diagnostic::Diagnostic;

/// What stands in the place of a secret.
pub(crate) const REDACTED: &str = "***";

/// A value that no output may hold.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Secret {
    /// What it is called where it comes from, such as `SHOP_PASSWORD`.
    pub(crate) name: String,
    pub(crate) value: String,
}

impl Secret {
    /// What must not be shown of a value: each text and number in it.
    pub(crate) fn of_value(name: &str, value: &Value) -> Vec<Self> {
        let one = |value: String| {
            vec![Self {
                name: name.to_owned(),
                value,
            }]
        };
        match value {
            Value::Null | Value::Bool(_) => Vec::new(),
            Value::Number(number) => one(number.to_string()),
            Value::String(text) => one(text.clone()),
            Value::Array(items) => items
                .iter()
                .flat_map(|item| Self::of_value(name, item))
                .collect(),
            Value::Object(members) => members
                .values()
                .flat_map(|member| Self::of_value(name, member))
                .collect(),
        }
    }
}

/// How a secret is written in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Plain,
    /// As in a JSON string.
    Json,
    /// As in a JSON string that holds JSON, which an echo of a body is.
    JsonTwice,
    /// As in a URL or a form.
    Url,
    /// The same, done twice.
    UrlTwice,
    Base64 {
        url_safe: bool,
        padded: bool,
    },
    /// Within a longer text in Base64.
    Within,
    /// As other programs write it: in HTML or XML, in JSON that escapes more
    /// than it has to, in hexadecimal digits.
    Foreign,
}

impl Form {
    fn is_base64(self) -> bool {
        matches!(self, Self::Base64 { .. } | Self::Within)
    }
}

/// A part of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    Text(&'a str),
    Secret {
        /// The name of a shell variable.
        variable: &'a str,
        form: Form,
        value: &'a str,
    },
}

#[derive(Debug, Clone)]
struct Needle {
    text: String,
    form: Form,
    /// Which of the secrets it is.
    secret: usize,
}

/// Replaces each secret, in each form that it commonly takes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Redactor {
    secrets: Vec<Secret>,
    /// Longest first, so that a secret that holds another goes as a whole.
    needles: Vec<Needle>,
}

impl Redactor {
    /// A redactor for these values. An empty one would match everywhere and
    /// is left out.
    pub(crate) fn new(mut secrets: Vec<Secret>) -> Self {
        secrets.retain(|secret| !secret.value.is_empty());
        for secret in &mut secrets {
            secret.name = variable(&secret.name);
        }
        let mut all: Vec<Needle> = secrets
            .iter()
            .enumerate()
            .flat_map(|(index, secret)| {
                needles(&secret.value)
                    .into_iter()
                    .map(move |(form, text)| Needle {
                        text,
                        form,
                        secret: index,
                    })
            })
            .collect();
        // Stable, so that of two names for one value the first stays.
        all.sort_by(|a, b| {
            let length = b.text.len().cmp(&a.text.len());
            length.then_with(|| a.text.cmp(&b.text))
        });
        all.dedup_by(|second, first| second.text == first.text);
        Self {
            secrets,
            needles: all,
        }
    }

    /// This redactor, with more secrets.
    pub(crate) fn with(&self, more: &[Secret]) -> Cow<'_, Self> {
        if more.is_empty() {
            return Cow::Borrowed(self);
        }
        Cow::Owned(Self::new([self.secrets.as_slice(), more].concat()))
    }

    /// The problem without the secrets.
    pub(crate) fn redact_diagnostic(&self, diagnostic: &mut Diagnostic) {
        self.redact(&mut diagnostic.title);
        let texts = [
            &mut diagnostic.expected,
            &mut diagnostic.found,
            &mut diagnostic.help,
        ];
        for text in texts.into_iter().flatten() {
            self.redact(text);
        }
    }

    /// The text without the secrets, also without the beginning of one that
    /// was cut off by a `…`.
    pub(crate) fn redact(&self, text: &mut String) {
        // First what takes its surroundings with it.
        for needle in self.needles.iter().filter(|n| n.form.is_base64()) {
            while let Some(at) = text.find(&needle.text) {
                text.replace_range(run_around(text, at..at + needle.text.len()), REDACTED);
            }
        }
        for needle in &self.needles {
            if text.contains(needle.text.as_str()) {
                *text = text.replace(needle.text.as_str(), REDACTED);
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

    /// The text in pieces: what may be shown, and the secrets by their names.
    pub(crate) fn split<'a>(&'a self, text: &'a str) -> Vec<Piece<'a>> {
        let mut pieces = Vec::new();
        let mut from = 0;
        while from < text.len() {
            // Of several that begin at one place, the longest stands first.
            let next = self
                .needles
                .iter()
                .filter_map(|needle| Some((from + text[from..].find(&needle.text)?, needle)))
                .min_by_key(|(at, _)| *at);
            let Some((at, needle)) = next else { break };
            let found = at..at + needle.text.len();
            let (form, range) = match needle.form {
                form if form.is_base64() => match run_around(text, found.clone()) {
                    run if run == found => (form, run),
                    run => (Form::Within, run),
                },
                form => (form, found),
            };
            let start = range.start.max(from);
            if start > from {
                pieces.push(Piece::Text(&text[from..start]));
            }
            let secret = &self.secrets[needle.secret];
            pieces.push(Piece::Secret {
                variable: &secret.name,
                form,
                value: &secret.value,
            });
            from = range.end;
        }
        if from < text.len() {
            pieces.push(Piece::Text(&text[from..]));
        }
        pieces
    }

    /// How many bytes at the end of the text are the beginning of a secret.
    fn begun_at_the_end_of(&self, text: &str) -> Option<usize> {
        self.needles
            .iter()
            .flat_map(|needle| {
                (1..needle.text.len())
                    .filter(|end| needle.text.is_char_boundary(*end))
                    .map(|end| (needle.form, &needle.text[..end]))
            })
            .filter(|(_, begun)| text.ends_with(begun))
            .map(|(form, begun)| match form {
                // What stands before may hold its first bytes; less than a
                // group of Base64 says nothing.
                form if form.is_base64() && begun.len() >= 4 => {
                    text.len() - run_around(text, text.len() - begun.len()..text.len()).start
                }
                _ => begun.len(),
            })
            .max()
    }
}

/// The range, widened to all of the Base64 that it stands in: the characters
/// at its edges hold bits of the secret too.
fn run_around(text: &str, range: std::ops::Range<usize>) -> std::ops::Range<usize> {
    let in_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/-_".contains(byte);
    let bytes = text.as_bytes();
    let before = bytes[..range.start].iter().rev();
    let after = bytes[range.end..].iter();
    range.start - before.take_while(|byte| in_base64(byte)).count()
        ..range.end
            + after
                .take_while(|byte| in_base64(byte) || **byte == b'=')
                .count()
}

/// A name as a shell variable: `storefront/smoke-test` is
/// `STOREFRONT_SMOKE_TEST`.
pub(crate) fn variable(name: &str) -> String {
    let mut variable: String = name
        .chars()
        .map(|c| match c.to_ascii_uppercase() {
            c if c.is_ascii_alphanumeric() => c,
            _ => '_',
        })
        .collect();
    if !variable.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        variable.insert(0, '_');
    }
    variable
}

#[cfg(test)]
mod tests;
