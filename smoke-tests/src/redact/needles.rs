//! The forms that a secret commonly takes.

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

/// Each form with its text, none of them empty.
pub(super) fn needles(secret: &str) -> Vec<(Form, String)> {
    let quoted = serde_json::Value::from(secret).to_string();
    let quoted = quoted[1..quoted.len() - 1].to_owned();
    let mut found = vec![(Form::Plain, secret.to_owned()), (Form::Json, quoted)];
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
    found.retain(|(form, text)| !text.is_empty() && (*form == Form::Plain || text != secret));
    found
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
