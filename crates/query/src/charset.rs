//! The text of a body: in the encoding of its byte order mark, or that its
//! `content-type` names (RFC 9110, section 8.3.2), or that it declares itself,
//! by the names that the [web] gives them.
//!
//! With `declaration.rs` the only module that knows the crate of encodings.
//!
//! [web]: https://encoding.spec.whatwg.org/#names-and-labels

mod declaration;

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8};
use http::HeaderMap;
use http::header::CONTENT_TYPE;

/// A `content-type` names a charset that no encoding has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the charset `{name}`, which stands for no encoding")]
pub struct UnknownCharset {
    /// The name in the header.
    pub name: String,
}

/// The encoding of a body: UTF-8 if the body and its headers name none.
///
/// # Errors
/// The header names a charset that stands for no encoding.
pub fn find_encoding(
    headers: &HeaderMap,
    body: &[u8],
) -> Result<&'static Encoding, UnknownCharset> {
    // The Encoding standard lets a byte order mark win over every other declaration.
    if let Some((encoding, _)) = Encoding::for_bom(body) {
        return Ok(encoding);
    }
    let kind = headers
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok());
    match parse_charset(kind) {
        Some(name) => Encoding::for_label(name.as_bytes()).ok_or(UnknownCharset { name }),
        None => Ok(declaration::find_declared(kind, body).unwrap_or(UTF_8)),
    }
}

/// The body as text, without a byte order mark. A body of an unknown charset is
/// read as UTF-8; U+FFFD stands for bytes that its encoding does not have.
pub fn decode<'b>(headers: &HeaderMap, body: &'b [u8]) -> Cow<'b, str> {
    let encoding = find_encoding(headers, body).unwrap_or(UTF_8);
    encoding.decode_with_bom_removal(body).0
}

/// Whether a body is to be read as UTF-8.
pub(crate) fn is_utf8(headers: &HeaderMap, body: &[u8]) -> bool {
    find_encoding(headers, body).is_ok_and(|encoding| encoding == UTF_8)
}

fn parse_charset(kind: Option<&str>) -> Option<String> {
    kind?.split(';').skip(1).find_map(|parameter| {
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
            assert_eq!(decode(&headers(kind), body), wanted, "{kind}");
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
        assert_eq!(decode(&HeaderMap::new(), b"\xff"), "\u{fffd}");
    }

    #[test]
    fn a_name_that_stands_for_no_encoding_is_told() {
        assert_eq!(
            find_encoding(&headers("text/html; charset=klingon"), b""),
            Err(UnknownCharset {
                name: "klingon".to_owned()
            })
        );
        assert_eq!(
            find_encoding(&headers("text/html; charset=UTF8"), b""),
            Ok(UTF_8)
        );
    }

    #[test]
    fn a_byte_order_mark_is_believed_before_all_and_dropped() {
        let check = |kind: &'static str, body: &[u8]| {
            assert_eq!(decode(&headers(kind), body), "é{}", "{kind}: {body:?}");
        };
        for kind in ["application/json", "text/html; charset=latin1", "a/b"] {
            check(kind, b"\xef\xbb\xbf\xc3\xa9{}");
            check(kind, b"\xff\xfe\xe9\0{\0}\0");
            check(kind, b"\xfe\xff\0\xe9\0{\0}");
        }
    }

    #[test]
    fn a_body_is_text_in_the_encoding_that_it_declares() {
        let check = |kind: &'static str, begin: &str, latin1: bool| {
            let body = [begin.as_bytes(), b"caf\xe9!"].concat();
            let wanted = if latin1 { "café!" } else { "caf\u{fffd}!" };
            let found = decode(&headers(kind), &body).into_owned();
            assert_eq!(found, format!("{begin}{wanted}"), "{kind}");
        };
        let xml = "<?xml version='1.0' encoding='ISO-8859-1'?><a>";
        for kind in [
            "text/xml",
            "application/xml",
            "image/svg+xml",
            "application/xhtml+xml",
            "",
        ] {
            check(kind, xml, true);
        }
        check("text/html", xml, true);
        check(
            "text/xml",
            "<?xml version=\"1.0\" encoding = \"latin1\"?><a>",
            true,
        );
        check(
            "text/xml",
            "<?xml version='1.0'?><a encoding='latin1'>",
            false,
        );
        check("text/xml; charset=utf-8", xml, false);
        check("text/plain", xml, false);
        check("application/json", "<meta charset=latin1>", false);
        check(
            "text/xml",
            " <?xml version='1.0' encoding='latin1'?><a>",
            false,
        );
        for page in [
            "<meta charset=latin1>",
            "<!doctype html><html><head><META CHARSET = 'Latin1' />",
            "<meta name=a content=b><meta/charset=\"latin1\">",
            "<!-- > <meta charset=utf-8> --><meta charset=latin1>",
            "<a title='<meta charset=utf-8>'><meta charset=latin1>",
            "<meta http-equiv=Content-Type content='text/html; charset=latin1'>",
            "<meta content='text/html; charset = \"latin1\"' http-equiv=\"content-type\">",
            "<meta charset=klingon><meta charset=latin1>",
            "<?a <meta charset=utf-8?></p <meta charset=utf-8><!x><meta charset=latin1 charset=utf-8>",
        ] {
            check("text/html", page, true);
            check("text/html; charset=utf-8", page, false);
        }
        for page in [
            "<meta content='text/html; charset=latin1'>",
            "<meta http-equiv=refresh content='text/html; charset=latin1'>",
            "<metal charset=latin1>",
            "<!-- <meta charset=latin1>",
            "<meta charset=utf-16><meta charset=latin1>",
            "<meta charset",
            "<meta charset='latin1",
        ] {
            check("text/html", page, false);
        }
        let late = format!("{}<meta charset=latin1>", " ".repeat(1010));
        check("text/html", &late, false);
    }

    #[test]
    fn xml_in_utf_16_is_known_by_its_first_characters() {
        let xml = "<?xml version='1.0' encoding='UTF-16'?><a>é</a>";
        for swap in [false, true] {
            let units = xml.encode_utf16().map(|unit| {
                if swap {
                    unit.to_be_bytes()
                } else {
                    unit.to_le_bytes()
                }
            });
            let body: Vec<u8> = units.flatten().collect();
            assert_eq!(decode(&headers("text/xml"), &body), xml);
        }
    }

    #[test]
    fn what_names_no_type_and_is_utf_8_stays_so() {
        let body = "<?xml version='1.0' encoding='latin1'?><a>é</a>";
        let cut = &body.as_bytes()[..=body.find('é').unwrap()];
        assert_eq!(decode(&HeaderMap::new(), body.as_bytes()), body);
        assert!(decode(&HeaderMap::new(), cut).ends_with("<a>\u{fffd}"));
    }
}
