//! Several expectations of one value, as one predicate.

use serde_json::{Map, Value, json};

/// Adds one operator to a predicate; false if there is no room for it. Equality
/// alone is written as a literal. `text` says that the value is known to be
/// text.
pub(super) fn merge(predicate: &mut Value, operator: &str, value: Value, text: bool) -> bool {
    let literal = operator == "equals" && !value.is_object();
    if predicate.is_null() && literal && !value.is_null() {
        *predicate = value;
        return true;
    }
    let mut tests = match std::mem::take(predicate) {
        Value::Null => Map::new(),
        Value::Object(tests) => tests,
        other => Map::from_iter([("equals".to_owned(), other)]),
    };
    let fits = add_operator(&mut tests, operator, value, text);
    *predicate = match tests.get("equals") {
        Some(only) if tests.len() == 1 && !only.is_object() && !only.is_null() => only.clone(),
        _ => tests.into(),
    };
    fits
}

fn add_operator(tests: &mut Map<String, Value>, operator: &str, value: Value, text: bool) -> bool {
    match tests.get_mut(operator) {
        None => {
            tests.insert(operator.to_owned(), value);
            true
        }
        Some(there) if *there == value || same_number(there, &value) => true,
        // A value cannot equal both, so the check fails as the original does.
        Some(there) if operator == "equals" && !is_template(there) && !is_template(&value) => {
            add_operator(tests, "one_of", json!([value]), text)
        }
        Some(there) if operator == "not" => refuse_both(there, &value, text),
        Some(Value::Object(inner)) if operator == "each" => match value {
            Value::Object(more) => add_all(inner, more, false),
            _ => false,
        },
        Some(_) => match (&value, text) {
            (Value::String(part), true)
                if operator == "contains"
                    && !part.contains("{{")
                    && !tests.contains_key("matches") =>
            {
                tests.insert("matches".to_owned(), json!(escape_pattern(part)));
                true
            }
            _ => add_below_negations(tests, operator, value, text),
        },
    }
}

/// Adds an operator that the predicate has already: below two negations there
/// is room for a second one.
fn add_below_negations(
    tests: &mut Map<String, Value>,
    operator: &str,
    value: Value,
    text: bool,
) -> bool {
    let refused = tests.entry("not").or_insert_with(|| json!({ "not": {} }));
    if !refused.get("not").is_some_and(Value::is_object) {
        *refused = json!({ "not": { "not": refused.take() } });
    }
    match refused.get_mut("not") {
        Some(Value::Object(inner)) => add_operator(inner, operator, value, text),
        _ => false,
    }
}

/// Numbers are equal however they are written.
fn same_number(one: &Value, other: &Value) -> bool {
    matches!((one, other), (Value::Number(_), Value::Number(_))) && one.as_f64() == other.as_f64()
}

fn is_template(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.contains("{{"))
}

/// Joins two refusals: the value may be neither.
fn refuse_both(there: &mut Value, value: &Value, text: bool) -> bool {
    if let Some(Value::Object(inner)) = there.get_mut("not") {
        return add_operator(inner, "not", value.clone(), text);
    }
    if let (true, Some(a), Some(b)) = (text, pattern(there), pattern(value)) {
        *there = json!({ "matches": format!("{a}|{b}") });
        return true;
    }
    let (Some(mut choices), Some(more)) = (choices(there), choices(value)) else {
        return false;
    };
    choices.extend(more);
    *there = json!({ "one_of": choices });
    true
}

/// The values that a predicate of equality alone allows.
fn choices(predicate: &Value) -> Option<Vec<Value>> {
    let tests = predicate.as_object().filter(|tests| tests.len() == 1)?;
    match (tests.get("equals"), tests.get("one_of")) {
        (Some(value), None) => Some(vec![value.clone()]),
        (None, Some(Value::Array(values))) => Some(values.clone()),
        _ => None,
    }
}

/// A pattern for what a predicate of one operator on text looks for.
fn pattern(predicate: &Value) -> Option<String> {
    let tests = predicate.as_object().filter(|tests| tests.len() == 1)?;
    match (tests.get("contains"), tests.get("matches")) {
        (Some(Value::String(part)), None) if !part.contains("{{") => Some(escape_pattern(part)),
        (None, Some(Value::String(pattern))) if !pattern.starts_with("(?") => Some(pattern.clone()),
        _ => None,
    }
}

fn add_all(tests: &mut Map<String, Value>, more: Map<String, Value>, text: bool) -> bool {
    let mut fits = true;
    for (operator, value) in more {
        fits &= add_operator(tests, &operator, value, text);
    }
    fits
}

/// A pattern that matches this text and nothing else.
pub(crate) fn escape_pattern(text: &str) -> String {
    let mut pattern = String::new();
    for c in text.chars() {
        if c.is_ascii_punctuation()
            && !matches!(
                c,
                '_' | '/' | '"' | '\'' | ',' | ';' | ':' | '=' | '<' | '>' | '@' | '!' | '%' | '`'
            )
        {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern
}
