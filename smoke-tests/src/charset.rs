//! The text of a body, in the character encoding that its `content-type` names
//! (RFC 9110, section 8.3.2), by the names that the [web] gives them.
//!
//! The only module that knows the crate of encodings.
//!
//! [web]: https://encoding.spec.whatwg.org/#names-and-labels

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8};
use http::HeaderMap;
use http::header::CONTENT_TYPE;

/// The encoding of a body: UTF-8 if it names none. The error is a name that
/// stands for none.
pub(crate) fn of(headers: &HeaderMap) -> Result<&'static Encoding, String> {
    let Some(name) = named(headers) else {
        return Ok(UTF_8);
    };
    Encoding::for_label(name.as_bytes()).ok_or(name)
}

/// The body as text, which is UTF-8 if it is nothing else; what is none in its
/// encoding is replaced.
pub(crate) fn text<'b>(headers: &HeaderMap, body: &'b [u8]) -> Cow<'b, str> {
    let encoding = of(headers).unwrap_or(UTF_8);
    encoding.decode_without_bom_handling(body).0
}

/// Whether a body is UTF-8, or says so.
pub(crate) fn is_utf8(headers: &HeaderMap) -> bool {
    of(headers).is_ok_and(|encoding| encoding == UTF_8)
}

fn named(headers: &HeaderMap) -> Option<String> {
    let kind = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    kind.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let is_it = name.trim().eq_ignore_ascii_case("charset");
        is_it.then(|| value.trim().trim_matches('"').to_owned())
    })
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn headers(kind: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(kind))])
    }

    #[test]
    fn a_body_is_text_in_the_encoding_that_it_names() {
        let check = |kind: &'static str, body: &[u8], wanted: &str| {
            assert_eq!(text(&headers(kind), body), wanted, "{kind}");
        };
        check("text/plain", "café".as_bytes(), "café");
        check("text/plain", b"caf\xe9", "caf\u{fffd}");
        check("text/plain; charset=ISO-8859-1", b"caf\xe9 \x80", "café €");
        check("text/html; a=b; Charset=\"latin1\"", b"caf\xe9", "café");
        check("text/html; charset=utf-8", "café".as_bytes(), "café");
        check("text/html; charset=gb2312", b"\xc4\xe3\xba\xc3", "你好");
        check("text/html; charset=Shift_JIS", b"\x82\xa0", "あ");
        check("text/html; charset=cp1251", b"\xe4\xe0", "да");
        check("text/html; charset=utf-16le", b"a\0b\0", "ab");
        check("charset=latin1", "café".as_bytes(), "café");
        check("text/html; charset=klingon", "café".as_bytes(), "café");
        assert_eq!(text(&HeaderMap::new(), b"\xff"), "\u{fffd}");
    }

    #[test]
    fn a_name_that_stands_for_no_encoding_is_told() {
        assert_eq!(
            of(&headers("text/html; charset=klingon")),
            Err("klingon".to_owned())
        );
        assert_eq!(of(&headers("text/html; charset=UTF8")), Ok(UTF_8));
    }
}
