//! What is looked for in a text and in its copies for each secret.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};

use super::Form;
use super::finder::fold_blanks;
use super::layers::{DecodedCopy, Layer};

/// Shorter secrets are not looked for in what was decoded from Base64 or from
/// hexadecimal digits: there they would be found by chance.
pub(super) const LEAST_LENGTH: usize = 6;

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

/// All that stands for a secret: the secret as it is, and the encodings of a
/// short one, which no decoded copy is searched for.
pub(super) fn derive_needles(secret: usize, value: &str) -> Vec<Needle> {
    let short = value.len() < LEAST_LENGTH;
    let mut found = vec![(Form::Plain, value.to_owned())];
    if short {
        found.extend(encode_base64(value.as_bytes()));
        found.extend(encode_hex(value.as_bytes()));
    } else {
        let decoded = decode_secret(value).into_iter();
        found.extend(decoded.map(|text| (Form::Foreign, text)));
    }
    let needle = |form, text: String, bytes: &[u8]| Needle {
        secret,
        text,
        folded: fold_blanks(bytes),
        form,
        short,
    };
    let found = found.into_iter();
    let found = found.map(|(form, text)| needle(form, text.clone(), text.as_bytes()));
    let charsets = encode_latin1(value).into_iter().chain(encode_utf16(value));
    let charsets = charsets.map(|bytes| needle(Form::Foreign, value.to_owned(), &bytes));
    // In another charset a short secret is found by chance.
    found.chain(charsets.filter(|_| !short)).collect()
}

/// A text in UTF-16, in either order of bytes. It stands so below Base64, and in
/// answers whose service does not declare UTF-16.
fn encode_utf16(text: &str) -> [Vec<u8>; 2] {
    let units = || text.encode_utf16();
    [
        units().flat_map(u16::to_le_bytes).collect(),
        units().flat_map(u16::to_be_bytes).collect(),
    ]
}

/// A text that is not ASCII, in the encoding of old pages and scripts.
fn encode_latin1(text: &str) -> Option<Vec<u8>> {
    let bytes = text.chars().map(|c| u8::try_from(u32::from(c)).ok());
    bytes
        .collect::<Option<Vec<_>>>()
        .filter(|_| !text.is_ascii())
}

/// What a secret decodes to that is itself stored in Base64, in hexadecimal
/// digits or with escapes: a service that decodes it shows it in this way.
fn decode_secret(secret: &str) -> Vec<String> {
    let mut found = vec![secret.trim().to_owned()];
    for layer in Layer::ALL {
        let copy = DecodedCopy::peel(secret.as_bytes(), &[], layer);
        let Some(copy) = copy else { continue };
        let text = String::from_utf8(copy.first_run().to_vec()).ok();
        // Most secrets decode to some bytes; those with control characters are
        // noise, and no text.
        let is_noise = |c: char| c.is_control() && !c.is_whitespace();
        found.extend(text.filter(|text| !text.contains(is_noise)));
    }
    found.retain(|text| text.len() >= LEAST_LENGTH && text != secret);
    found
}

/// The secret in hexadecimal digits, small and large. The digits of one or two
/// bytes stand in every text, so they are left out.
fn encode_hex(secret: &[u8]) -> Vec<(Form, String)> {
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

/// The secret in Base64, alone and behind one or two other bytes. Its neighbours
/// change the characters at the edges, so of those forms only the groups that
/// belong to the secret alone are looked for.
fn encode_base64(secret: &[u8]) -> Vec<(Form, String)> {
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
