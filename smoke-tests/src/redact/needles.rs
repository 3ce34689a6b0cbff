//! The forms that a secret commonly takes.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::Form;

/// What `encodeURIComponent` leaves as it is.
const COMPONENT: &AsciiSet = &UNRESERVED
    .remove(b'!')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')');
/// What RFC 3986 leaves as it is.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');
/// The same for a path, as the filter `urlencode` has it.
const PATH: &AsciiSet = &UNRESERVED.remove(b'/');

/// What HTML and XML have for a quotation mark, as one tool or another writes
/// it, and for an apostrophe.
const QUOTATION_MARKS: [&str; 4] = ["\"", "&quot;", "&#34;", "&#x22;"];
const APOSTROPHES: [&str; 5] = ["'", "&#39;", "&#039;", "&#x27;", "&apos;"];
/// What engines of templates escape beside these.
const MORE: [&[(char, &str)]; 3] = [
    &[],
    &[('`', "&#x60;"), ('=', "&#x3D;")],
    &[('`', "&#x60;"), ('=', "&#x3D;"), ('/', "&#x2F;")],
];

/// Each form with its text, none of them empty.
pub(super) fn needles(secret: &str) -> Vec<(Form, String)> {
    let once = quoted(secret);
    let twice = quoted(&once);
    let mut found = vec![
        (Form::Plain, secret.to_owned()),
        (Form::Json, once.clone()),
        (Form::JsonTwice, quoted(&twice)),
        (Form::JsonTwice, twice),
    ];
    let mut encoded = vec![form(secret)];
    for set in [NON_ALPHANUMERIC, UNRESERVED, COMPONENT, PATH] {
        let text = utf8_percent_encode(secret, set).to_string();
        encoded.push(lower_hex(&text));
        encoded.push(text);
    }
    // As the URL parser leaves it, which encodes less.
    for prefix in ["http://h/", "http://h/?"] {
        if let Ok(url) = url::Url::parse(&format!("{prefix}{secret}")) {
            let text = url.as_str().strip_prefix(prefix).unwrap_or_default();
            encoded.push(text.to_owned());
        }
    }
    encoded.retain(|text| text != secret);
    // A template that encodes makes of it what is encoded again when sent.
    let twice: Vec<_> = encoded.iter().map(|text| form(text)).collect();
    found.extend(encoded.into_iter().map(|text| (Form::Url, text)));
    found.extend(twice.into_iter().map(|text| (Form::UrlTwice, text)));
    found.extend(base64(secret.as_bytes()));
    let foreign = [secret, &once].into_iter().flat_map(foreign);
    found.extend(foreign.chain(hex(secret.as_bytes())));
    found.retain(|(form, text)| !text.is_empty() && (*form == Form::Plain || text != secret));
    found
}

/// As it stands between the quotes of a JSON string.
fn quoted(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

/// A text as other programs write it: in a page, and in JSON of their taste.
fn foreign(text: &str) -> impl Iterator<Item = (Form, String)> {
    let found = html(text).into_iter().chain(json(text));
    found.map(|text| (Form::Foreign, text))
}

/// As it stands in HTML or XML.
fn html(text: &str) -> Vec<String> {
    let text = text.replace('&', "&amp;");
    let text = text.replace('<', "&lt;").replace('>', "&gt;");
    let mut found = Vec::new();
    for quotation_mark in QUOTATION_MARKS {
        let text = text.replace('"', quotation_mark);
        for apostrophe in APOSTROPHES {
            let text = text.replace('\'', apostrophe);
            found.extend(MORE.map(|more| {
                let escape = |text: String, (from, to): &(char, &str)| text.replace(*from, to);
                more.iter().fold(text.clone(), escape)
            }));
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// As it stands in JSON where more is escaped than has to be.
fn json(text: &str) -> [String; 4] {
    let quoted = quoted(text);
    let in_html = |c: char| "<>&".contains(c);
    let in_all = |c: char| !c.is_ascii() || "<>&'+`".contains(c);
    let ascii = escaped(&quoted, |c| !c.is_ascii(), lower_unit);
    [
        escaped(&quoted, in_html, lower_unit),
        ascii.replace('/', "\\/"),
        ascii,
        escaped(&quoted.replace("\\\"", "\\u0022"), in_all, |unit| {
            format!("\\u{unit:04X}")
        }),
    ]
}

fn lower_unit(unit: u16) -> String {
    format!("\\u{unit:04x}")
}

/// Some characters by their numbers.
fn escaped(text: &str, which: impl Fn(char) -> bool, write: impl Fn(u16) -> String) -> String {
    let mut found = String::new();
    for c in text.chars() {
        if which(c) {
            let mut units = [0; 2];
            found.extend(c.encode_utf16(&mut units).iter().map(|unit| write(*unit)));
        } else {
            found.push(c);
        }
    }
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

/// `%2F` as `%2f`.
fn lower_hex(text: &str) -> String {
    let mut parts = text.split('%');
    let mut lower = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (hex, rest) = part.split_at_checked(2).unwrap_or((part, ""));
        lower.push('%');
        lower.push_str(&hex.to_lowercase());
        lower.push_str(rest);
    }
    lower
}

fn form(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// The secret in Base64, alone and behind one or two other bytes. What stands
/// behind or before it changes the characters at the edges, so of those forms
/// only what is whole is looked for.
fn base64(secret: &[u8]) -> Vec<(Form, String)> {
    let mut found = Vec::new();
    for (engine, url_safe, padded) in [
        (STANDARD, false, true),
        (STANDARD_NO_PAD, false, false),
        (URL_SAFE, true, true),
        (URL_SAFE_NO_PAD, true, false),
    ] {
        let form = Form::Base64 { url_safe, padded };
        let whole = engine.encode(secret);
        // One or two characters stand in every text.
        if secret.len() >= 3 {
            found.push((form, whole));
        }
        for skipped in [0, 1, 2] {
            let inner = secret.get(skipped..).unwrap_or_default();
            let inner = &inner[..inner.len() - inner.len() % 3];
            if !inner.is_empty() {
                found.push((Form::Within, engine.encode(inner)));
            }
        }
    }
    found
}
