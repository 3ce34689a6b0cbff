//! Hashes, keyed hashes, encodings and random values.
//!
//! The only module that knows the cryptography of the TLS stack directly.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::{SecureRandom, SystemRandom};
use ring::{digest, hmac};

/// The SHA-256 of bytes, in hexadecimal digits.
pub fn sha256(bytes: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, bytes).as_ref())
}

/// What a server answers to the key of a WebSocket (RFC 6455, section 4.2.2),
/// which proves no more than that it speaks the protocol.
pub fn websocket_accept(key: &[u8]) -> String {
    let all = [key, b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"].concat();
    base64(digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, &all).as_ref())
}

/// The HMAC-SHA-256 (RFC 2104) of bytes, in hexadecimal digits.
pub fn hmac_sha256(bytes: &[u8], key: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    hex(hmac::sign(&key, bytes).as_ref())
}

/// Base64 (RFC 4648, section 4).
pub fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Base64 for URLs, without padding (RFC 4648, section 5).
pub fn base64_url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The bytes that Base64 stands for, in either alphabet (RFC 4648, sections 4 and
/// 5); `None` if the text is no Base64.
pub fn bytes_from_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD
        .decode(text)
        .or_else(|_| URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')))
        .ok()
}

/// The text that Base64 stands for; `None` if the bytes are no UTF-8.
pub fn from_base64(text: &str) -> Option<String> {
    String::from_utf8(bytes_from_base64(text)?).ok()
}

/// A random key of 16 bytes, in Base64; `None` if the system has no
/// randomness.
pub fn random_key() -> Option<String> {
    let mut bytes = [0; 16];
    SystemRandom::new().fill(&mut bytes).ok()?;
    Some(base64(&bytes))
}

/// A random UUID (RFC 9562, version 4); `None` if the system has no randomness.
pub fn uuid() -> Option<String> {
    let mut bytes = [0; 16];
    SystemRandom::new().fill(&mut bytes).ok()?;
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let digits = hex(&bytes);
    let parts = [0..8, 8..12, 12..16, 16..20, 20..32].map(|range| &digits[range]);
    Some(parts.join("-"))
}

/// A random number from `least` to `most`, both included; `None` if there is
/// no such number or the system has no randomness.
pub fn random(least: i64, most: i64) -> Option<i64> {
    let width = u64::try_from(most.checked_sub(least)?)
        .ok()?
        .checked_add(1)?;
    let mut bytes = [0; 16];
    SystemRandom::new().fill(&mut bytes).ok()?;
    // 128 random bits leave no bias worth speaking of in 64.
    let offset = u128::from_le_bytes(bytes) % u128::from(width);
    least.checked_add(i64::try_from(offset).ok()?)
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing into a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_the_standards() {
        // FIPS 180-2, appendix B.1; RFC 4231, test case 2.
        assert_eq!(
            sha256(b"abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!(
            hmac_sha256(b"what do ya want for nothing?", b"Jefe"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    #[test]
    fn a_websocket_is_accepted_as_in_the_standard() {
        // RFC 6455, section 1.3.
        let accept = websocket_accept(b"dGhlIHNhbXBsZSBub25jZQ==");
        assert_eq!(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[test]
    fn a_uuid_is_of_version_4_and_new_each_time() {
        let (one, two) = (uuid().unwrap(), uuid().unwrap());
        assert_ne!(one, two);
        assert_eq!(one.len(), 36);
        assert_eq!(&one[14..15], "4");
        assert!(matches!(&one[19..20], "8" | "9" | "a" | "b"));
    }

    #[test]
    fn a_random_number_stays_in_its_bounds() {
        for _ in 0..100 {
            assert!((3..=5).contains(&random(3, 5).unwrap()));
        }
        assert_eq!(random(7, 7), Some(7));
        assert_eq!(random(5, 3), None);
    }

    #[test]
    fn base64_goes_there_and_back() {
        assert_eq!(base64(b"a?>~"), "YT8+fg==");
        assert_eq!(base64_url(b"a?>~"), "YT8-fg");
        assert_eq!(from_base64("YT8+fg==").as_deref(), Some("a?>~"));
        assert_eq!(from_base64("YT8-fg").as_deref(), Some("a?>~"));
        assert_eq!(from_base64("*"), None);
    }
}
