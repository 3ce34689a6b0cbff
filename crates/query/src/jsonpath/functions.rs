//! `match` and `search` (RFC 9535, sections 2.4.6 and 2.4.7).
//!
//! They replace those of the JSONPath crate, which compile their pattern again
//! for each node and count nothing.

use std::cell::RefCell;
use std::collections::HashMap;

use serde_json::Value;
use serde_json_path::functions::{LogicalType, ValueType};

use crate::pattern::Pattern;

/// The most patterns that a thread keeps: a path has a few, but they may also
/// come from the answer.
const MOST_PATTERNS: usize = 16;

thread_local! {
    static PATTERNS: RefCell<HashMap<String, Option<Pattern>>> = RefCell::default();
}

/// Whether all of a text is as a pattern demands.
#[serde_json_path::function(name = "match")]
fn match_all(text: ValueType<'_>, pattern: ValueType<'_>) -> LogicalType {
    matches(&text, &pattern, |pattern| format!("(?R)^({pattern})$"))
}

/// Whether a part of a text is as a pattern demands.
#[serde_json_path::function(name = "search")]
fn search(text: ValueType<'_>, pattern: ValueType<'_>) -> LogicalType {
    matches(&text, &pattern, |pattern| format!("(?R)({pattern})"))
}

/// Whether a text matches the pattern that `full` makes of another text. A value
/// that is no text, or no pattern, does not match.
fn matches(
    text: &ValueType<'_>,
    pattern: &ValueType<'_>,
    full: impl FnOnce(&str) -> String,
) -> LogicalType {
    let (Some(Value::String(text)), Some(Value::String(pattern))) =
        (text.as_value(), pattern.as_value())
    else {
        return LogicalType::False;
    };
    let pattern = full(pattern);
    PATTERNS.with_borrow_mut(|patterns| {
        // An answer may hold any number of patterns, and memory is bounded.
        if patterns.len() >= MOST_PATTERNS && !patterns.contains_key(&pattern) {
            patterns.clear();
        }
        let pattern = patterns
            .entry(pattern)
            .or_insert_with_key(|pattern| Pattern::parse_within_path(pattern));
        let matches = pattern
            .as_ref()
            .is_some_and(|pattern| pattern.occurs_in(text));
        matches.into()
    })
}
