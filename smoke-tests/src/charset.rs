//! The text of a body, in the character encoding that its `content-type` names
//! (RFC 9110, section 8.3.2).
//!
//! UTF-8, and the encoding that the web understands by Latin-1 and ASCII,
//! which is [windows-1252]. Whatever else is named is read as UTF-8.
//!
//! [windows-1252]: https://encoding.spec.whatwg.org/#windows-1252

use http::HeaderMap;
use http::header::CONTENT_TYPE;

/// What the bytes from 0x80 to 0x9F stand for.
const SIGNS: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}',
    '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

const LATIN: [&str; 8] = [
    "ascii",
    "cp1252",
    "iso-8859-1",
    "iso8859-1",
    "iso_8859-1",
    "latin1",
    "us-ascii",
    "windows-1252",
];

/// The body as text; what is none in its encoding is replaced.
pub(crate) fn text(headers: &HeaderMap, body: &[u8]) -> String {
    if is_latin(headers) {
        body.iter().map(|byte| letter(*byte)).collect()
    } else {
        String::from_utf8_lossy(body).into_owned()
    }
}

fn is_latin(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok());
    let mut parameters = kind.unwrap_or_default().split(';').skip(1);
    let named = parameters.find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let is_it = name.trim().eq_ignore_ascii_case("charset");
        is_it.then(|| value.trim().trim_matches('"').to_ascii_lowercase())
    });
    named.is_some_and(|name| LATIN.contains(&name.as_str()))
}

fn letter(byte: u8) -> char {
    match byte {
        0x80..=0x9f => SIGNS[usize::from(byte - 0x80)],
        byte => char::from(byte),
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn a_body_is_text_in_the_encoding_that_it_names() {
        let check = |kind: &'static str, body: &[u8], wanted: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
            assert_eq!(text(&headers, body), wanted, "{kind}");
        };
        check("text/plain", "café".as_bytes(), "café");
        check("text/plain", b"caf\xe9", "caf\u{fffd}");
        check("text/plain; charset=ISO-8859-1", b"caf\xe9 \x80", "café €");
        check("text/html; a=b; Charset=\"latin1\"", b"caf\xe9", "café");
        check("text/html; charset=utf-8", "café".as_bytes(), "café");
        check("charset=latin1", "café".as_bytes(), "café");
        assert_eq!(text(&HeaderMap::new(), b"\xff"), "\u{fffd}");
    }
}
