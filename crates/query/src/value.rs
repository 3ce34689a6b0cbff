//! JSON values: how deep they are, and how a message shows them.

use serde_json::Value;

use crate::json;

/// How deep JSON may be nested: the bound of the JSON crate, so that no code that
/// descends into a value needs more stack than that.
pub const MOST_LEVELS: usize = 127;

/// How deep a value is nested.
pub fn levels(value: &Value) -> usize {
    let inside = match value {
        Value::Array(items) => items.iter().map(levels).max(),
        Value::Object(members) => members.values().map(levels).max(),
        _ => return 0,
    };
    1 + inside.unwrap_or(0)
}

/// Whether a text of JSON is nested deeper than [`MOST_LEVELS`], which the JSON
/// crate refuses.
pub fn is_too_deep(json: &[u8]) -> bool {
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for byte in json {
        match byte {
            // Brackets in a string are text, and `\"` does not end the string.
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'[' | b'{' if !quoted => depth += 1,
            b']' | b'}' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MOST_LEVELS {
            return true;
        }
    }
    false
}

/// The most characters of a value that a message shows.
const MOST_SHOWN: usize = 160;

/// A value as a message shows it: compact JSON, shortened, in backticks.
pub fn quote_value(value: &Value) -> String {
    match value {
        Value::String(text) => quote_text(text),
        Value::Number(number) if json::is_too_large(number) => json::TOO_LARGE.to_owned(),
        other => format!("`{}`", shorten(&other.to_string())),
    }
}

/// A text as a message shows it: with quotes, shortened, in backticks.
pub fn quote_text(text: &str) -> String {
    format!(
        "`\"{}\"`",
        shorten(text).replace('\n', "\\n").replace('\r', "\\r")
    )
}

fn shorten(text: &str) -> String {
    match text.char_indices().nth(MOST_SHOWN) {
        None => text.to_owned(),
        Some((at, _)) => format!("{}… ({} bytes)", &text[..at], text.len()),
    }
}
