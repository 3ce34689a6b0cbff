//! What is looked for in a text and in its copies for each secret.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};

use super::Form;
use super::finder::fold;
use super::layers::{Copy, Layer};

/// Shorter secrets are not looked for in what was decoded from Base64 or from
/// hexadecimal digits: there they would be found by chance.
pub(super) const LEAST: usize = 6;

/// A text that stands for a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Needle {
    /// Which of the secrets it is.
    pub(super) secret: usize,
    pub(super) text: String,
    /// What is looked for, because a blank can be a `+`.
    pub(super) folded: Vec<u8>,
    /// Of the secret itself, `Plain`.
    pub(super) form: Form,
    short: bool,
}

impl Needle {
    /// Whether the secret is so short that the needle stands in many texts by
    /// chance.
    pub(super) fn is_short(&self) -> bool {
        self.short
    }
}

/// All that stands for a secret: the secret as it is, and what a text that is
/// not decoded may hold of a short one.
pub(super) fn needles(secret: usize, value: &str) -> Vec<Needle> {
    let short = value.len() < LEAST;
    let mut found = vec![(Form::Plain, value.to_owned())];
    if short {
        found.extend(base64(value.as_bytes()));
        found.extend(hex(value.as_bytes()));
    } else {
        let stored = stored(value).into_iter();
        found.extend(stored.map(|text| (Form::Foreign, text)));
    }
    let needle = |form, text: String, bytes: &[u8]| Needle {
        secret,
        text,
        folded: fold(bytes),
        form,
        short,
    };
    let found = found.into_iter();
    let found = found.map(|(form, text)| needle(form, text.clone(), text.as_bytes()));
    let old = latin1(value).into_iter().chain(utf16(value));
    let old = old.map(|bytes| needle(Form::Foreign, value.to_owned(), &bytes));
    found.chain(old.filter(|_| !short)).collect()
}

/// A text in UTF-16, in either order of bytes: in Base64, or where a service
/// does not say that it is UTF-16.
fn utf16(text: &str) -> [Vec<u8>; 2] {
    let units = || text.encode_utf16();
    [
        units().flat_map(u16::to_le_bytes).collect(),
        units().flat_map(u16::to_be_bytes).collect(),
    ]
}

/// A text that is not ASCII, in the encoding of old pages and scripts.
fn latin1(text: &str) -> Option<Vec<u8>> {
    let bytes = text.chars().map(|c| u8::try_from(u32::from(c)).ok());
    bytes
        .collect::<Option<Vec<_>>>()
        .filter(|_| !text.is_ascii())
}

/// What a secret stands for that is itself kept in Base64, or with escapes:
/// who decodes it shows it in this way.
fn stored(secret: &str) -> Vec<String> {
    let mut found = vec![secret.trim().to_owned()];
    for layer in Layer::ALL {
        let copy = Copy::of(secret.as_bytes(), &[], layer);
        let Some(copy) = copy else { continue };
        let text = String::from_utf8(copy.first().to_vec()).ok();
        let odd = |c: char| c.is_control() && !c.is_whitespace();
        found.extend(text.filter(|text| !text.contains(odd)));
    }
    found.retain(|text| text.len() >= LEAST && text != secret);
    found
}

/// In hexadecimal digits. Of one or two bytes they stand in every text.
fn hex(secret: &[u8]) -> Vec<(Form, String)> {
    if secret.len() < 3 {
        return Vec::new();
    }
    let mut lower = String::new();
    for byte in secret {
        let _ = write!(lower, "{byte:02x}");
    }
    let upper = lower.to_uppercase();
    vec![(Form::Foreign, lower), (Form::Foreign, upper)]
}

/// The secret in Base64, alone and behind one or two other bytes. What stands
/// behind or before it changes the characters at the edges, so of those forms
/// only what is whole is looked for.
fn base64(secret: &[u8]) -> Vec<(Form, String)> {
    let mut found = Vec::new();
    for engine in [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD] {
        // One or two characters stand in every text.
        if secret.len() >= 3 {
            found.push((Form::Base64, engine.encode(secret)));
        }
        for skipped in [0, 1, 2] {
            let inner = secret.get(skipped..).unwrap_or_default();
            let inner = &inner[..inner.len() - inner.len() % 3];
            if !inner.is_empty() {
                found.push((Form::Base64, engine.encode(inner)));
            }
        }
    }
    found
}
