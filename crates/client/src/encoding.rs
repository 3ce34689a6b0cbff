//! Content codings (RFC 9110, section 8.4.1), bounded: gzip both ways, deflate
//! and Brotli (RFC 7932) as they come.
//!
//! The only module that knows the compression crates.

use std::io::{self, Read, Write};

use brotli_decompressor::Decompressor;
use bytes::Bytes;
use flate2::Compression;
use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use flate2::write::GzEncoder;
use http::HeaderMap;
use http::header::CONTENT_ENCODING;

/// The `accept-encoding` of a request that names none. Brotli is not in it: a
/// service that has it would prefer it, and checks often expect gzip.
pub const ACCEPTED_CODINGS: &str = "gzip, deflate";

/// The codings that can be decoded.
const KNOWN_CODINGS: [&str; 4] = ["gzip", "x-gzip", "deflate", "br"];

/// How much of a body in Brotli is read at once.
const BUFFER: usize = 4096;

/// Why a body cannot be decoded.
#[derive(Debug, PartialEq, Eq)]
pub enum DecodeError {
    /// It is larger than the bound when it is decoded.
    TooLarge,
    /// It is not what its header says.
    Broken(String),
}

/// The codings of a body, in the order in which they were put on.
fn codings(headers: &HeaderMap) -> impl Iterator<Item = String> {
    headers
        .get_all(CONTENT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|coding| coding.trim().to_ascii_lowercase())
        .filter(|coding| !coding.is_empty() && coding != "identity")
}

/// The first coding of a body that cannot be decoded.
pub fn find_unknown_coding(headers: &HeaderMap) -> Option<String> {
    codings(headers).find(|coding| !KNOWN_CODINGS.contains(&coding.as_str()))
}

/// Takes the codings off a body; `most` is the bound of the result, in bytes. A
/// body with a coding that cannot be decoded stays as it came.
pub(crate) fn decode(headers: &HeaderMap, body: Bytes, most: usize) -> Result<Bytes, DecodeError> {
    // The answer to HEAD names a coding and has no body.
    if body.is_empty() || find_unknown_coding(headers).is_some() {
        return Ok(body);
    }
    let codings: Vec<String> = codings(headers).collect();
    codings.iter().rev().try_fold(body, |body, coding| {
        let decoded = match coding.as_str() {
            "deflate" if is_zlib(&body) => read_bounded(ZlibDecoder::new(body.as_ref()), most),
            // Some servers send deflate without the zlib format around it, which RFC
            // 9110 asks for.
            "deflate" => read_bounded(DeflateDecoder::new(body.as_ref()), most),
            "br" => read_bounded(Decompressor::new(body.as_ref(), BUFFER), most),
            _ => read_bounded(MultiGzDecoder::new(body.as_ref()), most),
        };
        decoded.map_err(|error| match error {
            DecodeError::Broken(reason) => {
                DecodeError::Broken(format!("a body that is not `{coding}`: {reason}"))
            }
            DecodeError::TooLarge => DecodeError::TooLarge,
        })
    })
}

/// Reads a decoder to its end, and never holds more than the bound: a small body
/// can decode to gigabytes.
fn read_bounded(from: impl Read, most: usize) -> Result<Bytes, DecodeError> {
    let mut decoded = Vec::new();
    let bound = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    from.take(bound)
        .read_to_end(&mut decoded)
        .map_err(|error| DecodeError::Broken(error.to_string()))?;
    if decoded.len() > most {
        return Err(DecodeError::TooLarge);
    }
    Ok(decoded.into())
}

/// Whether bytes begin as RFC 1950 says.
fn is_zlib(bytes: &[u8]) -> bool {
    matches!(bytes, [method, check, ..] if method & 0x0f == 8
        && (u16::from(*method) << 8 | u16::from(*check)) % 31 == 0)
}

/// The bytes in gzip.
pub(crate) fn gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes)?;
    encoder.finish()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn decoded(coding: &'static str, body: Vec<u8>, most: usize) -> Result<Bytes, DecodeError> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(coding));
        decode(&headers, body.into(), most)
    }

    #[test]
    fn what_was_encoded_comes_back_and_codings_are_taken_off_from_the_last() {
        let once = gzip(b"words").unwrap();
        let twice = gzip(&once).unwrap();
        assert_eq!(decoded("gzip", once.clone(), 5).unwrap(), "words");
        assert_eq!(decoded("X-GZIP", once.clone(), 5).unwrap(), "words");
        assert_eq!(
            decoded("gzip, identity, gzip", twice, 100).unwrap(),
            "words"
        );
        assert_eq!(decoded("zstd", once.clone(), 5).unwrap(), once);
        assert_eq!(decoded("gzip", Vec::new(), 5).unwrap(), "");
    }

    #[test]
    fn a_body_that_grows_beyond_the_bound_is_refused() {
        let bomb = gzip(&vec![0; 10_000_000]).unwrap();
        assert!(bomb.len() < 20_000);
        assert_eq!(
            decoded("gzip", bomb.clone(), 9_999_999),
            Err(DecodeError::TooLarge)
        );
        let nested = gzip(&bomb).unwrap();
        assert_eq!(
            decoded("gzip, gzip", nested, 50_000),
            Err(DecodeError::TooLarge)
        );
    }

    #[test]
    fn a_body_in_brotli_is_decoded() {
        // One block that is stored as it is (RFC 7932, section 9.2).
        let body = b"\x21\x10\x00\x04words\x03".to_vec();
        assert_eq!(decoded("br", body.clone(), 5).unwrap(), "words");
        assert_eq!(decoded("br", body.clone(), 4), Err(DecodeError::TooLarge));
        let cut = body[..6].to_vec();
        for body in [cut, b"words".to_vec()] {
            assert!(matches!(
                decoded("br", body, 99),
                Err(DecodeError::Broken(_))
            ));
        }
    }

    #[test]
    fn a_body_that_is_cut_or_something_else_is_broken() {
        let mut cut = gzip(b"words").unwrap();
        cut.truncate(12);
        for (coding, body) in [
            ("gzip", cut),
            ("gzip", b"words".to_vec()),
            ("deflate", vec![7; 9]),
        ] {
            assert!(
                matches!(decoded(coding, body, 99), Err(DecodeError::Broken(_))),
                "{coding}"
            );
        }
    }
}
