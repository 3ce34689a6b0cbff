//! JSON values: their types, and how they are compared.

use serde_json::Value;

use query::json::is_too_large;
use query::work::budget;

/// The types of JSON (RFC 8259), with whole numbers told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum JsonType {
    String,
    Number,
    Integer,
    Boolean,
    Array,
    Object,
    Null,
}

impl JsonType {
    const ALL: [Self; 7] = [
        Self::String,
        Self::Number,
        Self::Integer,
        Self::Boolean,
        Self::Array,
        Self::Object,
        Self::Null,
    ];

    /// Their names, in the same order.
    pub(crate) const NAMES: [&str; 7] = [
        "string", "number", "integer", "boolean", "array", "object", "null",
    ];

    /// The type of that name.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let at = Self::NAMES.iter().position(|name| *name == text)?;
        Self::ALL.get(at).copied()
    }

    pub(super) fn is_type_of(self, value: &Value) -> bool {
        match self {
            Self::String => value.is_string(),
            Self::Number => value.is_number(),
            // JSON Schema counts 3.0 as an integer too.
            Self::Integer => value.as_f64().is_some_and(|number| number.fract() == 0.0),
            Self::Boolean => value.is_boolean(),
            Self::Array => value.is_array(),
            Self::Object => value.is_object(),
            Self::Null => value.is_null(),
        }
    }

    pub(super) fn with_article(self) -> &'static str {
        match self {
            Self::String => "a string",
            Self::Number => "a number",
            Self::Integer => "an integer",
            Self::Boolean => "a boolean",
            Self::Array => "an array",
            Self::Object => "an object",
            Self::Null => "`null`",
        }
    }
}

/// JSON equality, with numbers compared by value: `1` equals `1.0`.
pub(super) fn are_equal(found: &Value, wanted: &Value) -> bool {
    budget::spend(1);
    match (found, wanted) {
        (Value::String(a), Value::String(b)) => {
            budget::spend_size(a.len().min(b.len()) / 64);
            a == b
        }
        (Value::Number(a), Value::Number(b)) => {
            // A number that no double holds was replaced by another one, so that it
            // equals nothing.
            if is_too_large(a) || is_too_large(b) {
                return false;
            }
            let whole = (a.is_i64() || a.is_u64()) && (b.is_i64() || b.is_u64());
            a == b || (!whole && a.as_f64() == b.as_f64())
        }
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| are_equal(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter()
                    .all(|(name, a)| b.get(name).is_some_and(|b| are_equal(a, b)))
        }
        _ => found == wanted,
    }
}

/// Text holds a part, an array an element, an object all given members.
pub(super) fn contains(found: &Value, wanted: &Value) -> bool {
    match (found, wanted) {
        (Value::String(text), Value::String(part)) => {
            budget::spend_size((text.len() + part.len()) / 8);
            text.contains(part.as_str())
        }
        (Value::Array(items), wanted) => items.iter().any(|item| are_equal(item, wanted)),
        (Value::Object(members), Value::Object(wanted)) => wanted.iter().all(|(name, wanted)| {
            members
                .get(name)
                .is_some_and(|found| are_equal(found, wanted))
        }),
        _ => false,
    }
}

pub(super) fn is_empty(value: &Value) -> Option<bool> {
    match value {
        Value::String(text) => Some(text.is_empty()),
        Value::Array(items) => Some(items.is_empty()),
        Value::Object(members) => Some(members.is_empty()),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

pub(super) fn count_items_or_members(value: &Value) -> Option<Value> {
    match value {
        Value::Array(items) => Some(items.len().into()),
        Value::Object(members) => Some(members.len().into()),
        _ => None,
    }
}

/// A number, or text that is written as one, as in a header.
pub(super) fn to_number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) if is_too_large(number) => {
            number.as_f64().map(|value| f64::INFINITY.copysign(value))
        }
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok().filter(|n: &f64| n.is_finite()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_are_equal_by_value() {
        assert!(are_equal(&json!(1), &json!(1.0)));
        assert!(are_equal(&json!([{"a": 2.0}]), &json!([{"a": 2}])));
        assert!(!are_equal(&json!(1), &json!("1")));
        // As floating-point numbers these two are the same.
        assert!(!are_equal(
            &json!(9_007_199_254_740_993_u64),
            &json!(9_007_199_254_740_992_u64)
        ));
        assert!(!are_equal(
            &json!(-9_007_199_254_740_993_i64),
            &json!(-9_007_199_254_740_992_i64)
        ));
    }

    #[test]
    fn containing_depends_on_the_type() {
        assert!(contains(&json!("abc"), &json!("b")));
        assert!(contains(&json!([1, 2]), &json!(2)));
        assert!(contains(&json!({"a": 1, "b": 2}), &json!({"b": 2})));
        assert!(!contains(&json!({"a": 1}), &json!("a")));
        assert!(!contains(&json!(12), &json!(1)));
    }
}
