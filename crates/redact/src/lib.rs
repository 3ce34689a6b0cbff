//! Keeps secrets out of every output.
//!
//! A secret is looked for in a text, and in copies of the text from which
//! `layers.rs` has taken escapes, Base64 and hexadecimal digits; what is found
//! there is mapped back to where it came from. So no list of the forms that
//! other programs give it is needed. Where a text is to be repeated by hand,
//! [`Redactor::split`] says what each secret is called instead.

mod escapes;
mod finder;
mod layers;
mod needles;

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use finder::{Finder, Hit, cuts, find};
use serde_json::Value;

use diagnostic::Diagnostic;

/// What stands in the place of a secret.
pub const REDACTED: &str = "***";

/// A value that no output may hold.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Secret {
    /// What it is called where it comes from, such as `SHOP_PASSWORD`.
    pub name: String,
    /// The value itself.
    pub value: String,
}

impl Secret {
    /// What must not be shown of a value: each text and number in it.
    pub fn of_value(name: &str, value: &Value) -> Vec<Self> {
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
pub enum Form {
    /// As it is.
    Plain,
    /// As in a JSON string.
    Json,
    /// As in a URL or a form.
    Url,
    /// In Base64, alone or within a longer text.
    Base64,
    /// In any other way: in HTML or XML, in hexadecimal digits, in one form
    /// inside another.
    Foreign,
}

/// A part of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'a> {
    /// A text without a secret.
    Text(&'a str),
    /// A secret.
    Secret {
        /// The name of a shell variable.
        variable: &'a str,
        /// How it is written.
        form: Form,
    },
}

/// Replaces each secret, however it is written.
#[derive(Debug, Clone, Default)]
pub struct Redactor {
    /// Shared, because a check knows all secrets of the plan and some of its
    /// own.
    finders: Vec<Arc<Finder>>,
}

impl Redactor {
    /// A redactor for these values. An empty one would match everywhere and
    /// is left out.
    pub fn new(secrets: &[Secret]) -> Self {
        Self::default().with(secrets).into_owned()
    }

    /// This redactor, with more secrets.
    pub fn with(&self, more: &[Secret]) -> Cow<'_, Self> {
        let known = self.finders.iter().flat_map(|finder| finder.secrets());
        // Of two names for one value the first stays.
        let mut values: HashSet<&str> = known.map(|secret| secret.value.as_str()).collect();
        values.insert("");
        let new = more.iter().filter(|secret| values.insert(&secret.value));
        let new: Vec<_> = new
            .map(|secret| Secret {
                name: variable(&secret.name),
                value: secret.value.clone(),
            })
            .collect();
        if new.is_empty() {
            return Cow::Borrowed(self);
        }
        let mut finders = self.finders.clone();
        finders.push(Arc::new(Finder::new(new)));
        Cow::Owned(Self { finders })
    }

    /// The problem without the secrets.
    pub fn redact_diagnostic(&self, diagnostic: &mut Diagnostic) {
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
    pub fn redact(&self, text: &mut String) {
        let found = apart(find(&self.finders, text, cuts(text)));
        if found.is_empty() {
            return;
        }
        let mut shown = String::with_capacity(text.len());
        let mut from = 0;
        for (range, _) in found {
            shown.push_str(&text[from..range.start]);
            shown.push_str(REDACTED);
            from = range.end;
        }
        shown.push_str(&text[from..]);
        *text = shown;
    }

    /// The text in pieces: what may be shown, and the secrets by their names.
    pub fn split<'a>(&'a self, text: &'a str) -> Vec<Piece<'a>> {
        let mut pieces = Vec::new();
        let mut from = 0;
        for (range, hit) in apart(find(&self.finders, text, Vec::new())) {
            if range.start > from {
                pieces.push(Piece::Text(&text[from..range.start]));
            }
            from = range.end;
            pieces.push(Piece::Secret {
                variable: &hit.secret.name,
                form: if range == hit.range {
                    hit.form
                } else {
                    Form::Foreign
                },
            });
        }
        if from < text.len() {
            pieces.push(Piece::Text(&text[from..]));
        }
        pieces
    }
}

/// The places of secrets, those that overlap as one, each with the first that
/// stands there.
fn apart(hits: Vec<Hit<'_>>) -> Vec<(Range<usize>, Hit<'_>)> {
    let mut apart: Vec<(Range<usize>, Hit<'_>)> = Vec::new();
    for hit in hits {
        match apart.last_mut() {
            Some((range, _)) if hit.range.start < range.end => {
                range.end = range.end.max(hit.range.end);
            }
            _ => apart.push((hit.range.clone(), hit)),
        }
    }
    apart
}

/// A name as a shell variable: `storefront/smoke-test` is
/// `STOREFRONT_SMOKE_TEST`.
pub fn variable(name: &str) -> String {
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
