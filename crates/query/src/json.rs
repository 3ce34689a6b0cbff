//! The JSON of a body, whatever its numbers.
//!
//! JSON bounds no number (RFC 8259, section 6), and one that no double holds
//! makes nothing else in a body unreadable. In its place stands a double just
//! below the largest one, another for each number that is written; who compares
//! numbers asks [`is_too_large`], and takes such a one for larger than all others
//! and equal to none.

use std::borrow::Cow;
use std::collections::HashMap;

use http::HeaderMap;
use serde_json::{Number, Value};

use crate::charset;

/// What a message says in the place of a number that no double holds.
pub const TOO_LARGE: &str = "a number that is too large to be kept";

/// How many doubles stand for numbers that no double holds. The largest one
/// does not: some services have it for no limit.
const MOST_STAND_INS: u64 = 1024;

/// Reads the body of an answer, which is UTF-8 if its headers say nothing else.
///
/// # Errors
/// The body is no JSON, or is nested too deep.
pub fn parse_body(headers: &HeaderMap, body: &[u8]) -> Result<Value, serde_json::Error> {
    if charset::is_utf8(headers, body) && std::str::from_utf8(body).is_err() {
        // The JSON crate names the byte that is no UTF-8; a decoded text would
        // hide it.
        return serde_json::from_slice(body);
    }
    parse(&charset::decode(headers, body))
}

/// Reads JSON.
///
/// # Errors
/// The text is no JSON, or is nested too deep.
pub fn parse(text: &str) -> Result<Value, serde_json::Error> {
    match replace_large_numbers(text) {
        Cow::Borrowed(text) => serde_json::from_str(text),
        Cow::Owned(text) => serde_json::from_str(&text),
    }
}

/// Whether a double stands for a number that no double holds.
pub fn is_too_large(number: &Number) -> bool {
    let value = number.as_f64().filter(|_| number.is_f64());
    value.is_some_and(|value| {
        let below = f64::MAX.to_bits() - value.abs().to_bits();
        (1..=MOST_STAND_INS).contains(&below)
    })
}

/// Whether a number that no double holds stands anywhere in a value.
pub fn has_too_large_number(value: &Value) -> bool {
    match value {
        Value::Number(number) => is_too_large(number),
        Value::Array(items) => items.iter().any(has_too_large_number),
        Value::Object(members) => members.values().any(has_too_large_number),
        Value::Null | Value::Bool(_) | Value::String(_) => false,
    }
}

/// The text with another number for each that no double holds.
fn replace_large_numbers(text: &str) -> Cow<'_, str> {
    let mut replaced = String::new();
    let mut stand_ins = HashMap::new();
    let mut copied = 0;
    let mut at = 0;
    let bytes = text.as_bytes();
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => at = end_of_string(bytes, at),
            b'-' | b'0'..=b'9' => {
                let rest = bytes[at..].iter();
                let digits =
                    rest.take_while(|byte| b"+-.eE".contains(byte) || byte.is_ascii_digit());
                let end = at + digits.count();
                let number = &text[at..end];
                let value = number.parse().unwrap_or(0.0);
                if f64::is_infinite(value) && is_json_number(number) {
                    // Equal texts get the same double, so that a number still
                    // equals itself.
                    let next = stand_ins.len() as u64;
                    let below = next.min(MOST_STAND_INS - 1);
                    let below = *stand_ins.entry(number).or_insert(below);
                    let instead = f64::from_bits(f64::MAX.to_bits() - 1 - below);
                    replaced.push_str(&text[copied..at]);
                    replaced.push_str(&Value::from(instead.copysign(value)).to_string());
                    copied = end;
                }
                at = end;
            }
            _ => at += 1,
        }
    }
    if replaced.is_empty() {
        return Cow::Borrowed(text);
    }
    replaced.push_str(&text[copied..]);
    Cow::Owned(replaced)
}

/// Whether what can be read as a number is one in JSON too (RFC 8259, section 6).
fn is_json_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let digit = |at: usize| digits.as_bytes().get(at).is_some_and(u8::is_ascii_digit);
    // Rust reads `007` and `.5` as numbers, JSON does not.
    let padded = digits.starts_with('0') && digit(1);
    let point = digits.find('.');
    digit(0) && !padded && point.is_none_or(|at| digit(at + 1))
}

/// Behind the quotation mark that ends a string.
fn end_of_string(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_number_that_no_double_holds_leaves_the_rest_readable() {
        let text = r#"{"a": [1e400, -1e400, 1E+999, 1, 1e400], "b\"": "1e400", "c": 1.7976931348623157e308}"#;
        let read = parse(text).unwrap();
        let beyond = |value: &Value| matches!(value, Value::Number(number) if is_too_large(number));
        let numbers: Vec<_> = read["a"].as_array().unwrap().iter().map(beyond).collect();
        assert_eq!(numbers, [true, true, true, false, true]);
        assert!(has_too_large_number(&read));
        assert_eq!(read["a"][0], read["a"][4]);
        assert_ne!(read["a"][0], read["a"][2]);
        assert!(read["a"][1].as_f64().unwrap() < 0.0);
        assert_eq!(read["b\""], "1e400");
        assert_eq!(read["c"], json!(f64::MAX));
        assert!(!beyond(&read["c"]));
        let long = format!("[{}]", "9".repeat(400));
        assert!(beyond(&parse(&long).unwrap()[0]));
    }

    #[test]
    fn what_is_no_json_stays_none() {
        for text in [
            "",
            "1e400e",
            "01e400",
            "-01e400",
            "1.e400",
            "-.5e400",
            "-e400",
            "{\"a\": 1e400",
            "\"1e400",
            "1e400 1e400",
            "+1e400",
            "-",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
