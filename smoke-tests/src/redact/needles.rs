//! The forms that a secret commonly takes.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::Form;

/// Each form with its text, none of them empty.
pub(super) fn needles(secret: &str) -> Vec<(Form, String)> {
    let quoted = serde_json::Value::from(secret).to_string();
    let quoted = quoted[1..quoted.len() - 1].to_owned();
    let encoded = utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string();
    let form: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let mut found = vec![
        (Form::Plain, secret.to_owned()),
        (Form::Json, quoted),
        (Form::Url, encoded.to_lowercase()),
        (Form::Url, encoded),
        (Form::Url, form),
    ];
    // As the URL parser leaves it, which encodes less.
    for prefix in ["http://h/", "http://h/?"] {
        if let Ok(url) = url::Url::parse(&format!("{prefix}{secret}")) {
            let path = url.as_str().strip_prefix(prefix).unwrap_or_default();
            found.push((Form::Url, path.to_owned()));
        }
    }
    found.extend(base64(secret.as_bytes()));
    found.retain(|(form, text)| !text.is_empty() && (*form == Form::Plain || text != secret));
    found
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
