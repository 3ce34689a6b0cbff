//! Random identifiers, and lots that depend on a seed alone.
//!
//! The identifiers name things on loopback and protect nothing, so the standard
//! library's hash seeds are random enough.

use std::hash::{BuildHasher, RandomState};

/// A number that is different each time.
pub(crate) fn draw_number() -> u64 {
    RandomState::new().hash_one("greenlight")
}

/// The `number`-th value of a sequence that depends on the seed alone
/// (`SplitMix64`).
pub(crate) fn draw_lot(seed: u64, number: u64) -> u64 {
    let step = 0x9e37_79b9_7f4a_7c15;
    let mut lot = seed.wrapping_add(number.wrapping_mul(step));
    lot = (lot ^ (lot >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    lot = (lot ^ (lot >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    lot ^ (lot >> 31)
}

/// `prefix` and `length` characters out of `alphabet`.
pub(crate) fn draw_text(prefix: &str, length: usize, alphabet: &[u8]) -> String {
    let mut text = String::with_capacity(prefix.len() + length);
    text.push_str(prefix);
    for _ in 0..length {
        let at = usize::try_from(draw_number() % alphabet.len().max(1) as u64).unwrap_or(0);
        if let Some(byte) = alphabet.get(at) {
            text.push(char::from(*byte));
        }
    }
    text
}

/// `prefix` and `length` letters and digits.
pub(crate) fn draw_token(prefix: &str, length: usize) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    draw_text(prefix, length, ALPHABET)
}

/// A version 4 UUID, the shape of AWS's request ids.
pub(crate) fn draw_uuid() -> String {
    let (high, low) = (draw_number(), draw_number());
    format!(
        "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xfff,
        (low >> 48) & 0xfff,
        low & 0xffff_ffff_ffff
    )
}
