//! Keeps secrets out of every output.
//!
//! A secret is looked for in a text, and in copies of the text from which
//! `layers.rs` has taken escapes, Base64 and hexadecimal digits; what is found
//! there is mapped back to where it came from. So the crate needs no list of
//! the forms that other programs give a secret. For a text that a person is to
//! repeat, such as a command for the shell, [`Redactor::split`] returns the
//! name of each secret in the place of its value.
//!
//! ```text
//! secret → needles.rs → finder.rs ← layers.rs ← text
//!                          ↓
//!                   ranges of the text → `***`, or pieces with names
//! ```

mod escapes;
mod finder;
mod layers;
mod needles;

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use finder::{Finder, Hit, find_cuts, find_secrets};
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
    /// The secrets in a value of JSON, all by the same name: each text and each
    /// number in it. `true`, `false` and `null` say nothing and are none.
    pub fn collect(name: &str, value: &Value) -> Vec<Self> {
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
                .flat_map(|item| Self::collect(name, item))
                .collect(),
            Value::Object(members) => members
                .values()
                .flat_map(|member| Self::collect(name, member))
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
    /// A redactor for these secrets. An empty value would match everywhere, so
    /// it is left out.
    pub fn new(secrets: &[Secret]) -> Self {
        Self::default().with_secrets(secrets).into_owned()
    }

    /// This redactor, with more secrets; borrowed if it knows all of them.
    pub fn with_secrets(&self, more: &[Secret]) -> Cow<'_, Self> {
        let known = self.finders.iter().flat_map(|finder| finder.secrets());
        // Of two names for one value the first stays.
        let mut values: HashSet<&str> = known.map(|secret| secret.value.as_str()).collect();
        // An empty value would match everywhere, so it counts as known.
        values.insert("");
        let new = more.iter().filter(|secret| values.insert(&secret.value));
        let new: Vec<_> = new
            .map(|secret| Secret {
                name: shell_variable(&secret.name),
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

    /// Redacts the title, what was expected and found, and the help. Lines of
    /// the source are not part of a diagnostic: whoever draws them redacts them.
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

    /// Puts [`REDACTED`] in the place of each secret, and of the beginning of
    /// a secret that is cut off by a `…`.
    pub fn redact(&self, text: &mut String) {
        let found = merge_overlaps(find_secrets(&self.finders, text, find_cuts(text)));
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
        // A command has to be whole to be repeated, so nothing in it is cut.
        for (range, hit) in merge_overlaps(find_secrets(&self.finders, text, Vec::new())) {
            if range.start > from {
                pieces.push(Piece::Text(&text[from..range.start]));
            }
            from = range.end;
            pieces.push(Piece::Secret {
                variable: &hit.secret.name,
                // Where several secrets overlap, the first alone does not
                // make the text again.
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

/// The ranges of secrets in a text; those that overlap become one range, with
/// the first secret in it. The hits come sorted by where they begin.
fn merge_overlaps(hits: Vec<Hit<'_>>) -> Vec<(Range<usize>, Hit<'_>)> {
    let mut merged: Vec<(Range<usize>, Hit<'_>)> = Vec::new();
    for hit in hits {
        match merged.last_mut() {
            Some((range, _)) if hit.range.start < range.end => {
                range.end = range.end.max(hit.range.end);
            }
            _ => merged.push((hit.range.clone(), hit)),
        }
    }
    merged
}

/// A name as a shell variable: `storefront/smoke-test` is
/// `STOREFRONT_SMOKE_TEST`.
pub fn shell_variable(name: &str) -> String {
    let mut variable: String = name
        .chars()
        .map(|c| match c.to_ascii_uppercase() {
            c if c.is_ascii_alphanumeric() => c,
            _ => '_',
        })
        .collect();
    // A name in the shell begins with a letter or `_` (POSIX, section 3.216).
    if !variable.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        variable.insert(0, '_');
    }
    variable
}

#[cfg(test)]
mod tests;
