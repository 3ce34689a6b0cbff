//! JSONPath (RFC 9535), and the one value that a path stands for.
//!
//! The only module that knows the JSONPath crate. `meter.rs` makes a path
//! count what it visits, `functions.rs` what the functions do that take long.

mod functions;
mod meter;

use serde_json::Value;

use crate::work::budget;

/// The longest path, in bytes.
const MOST_BYTES: usize = 4 * 1024;

/// The deepest that brackets are nested: each filter in another one is read
/// several times, so that the time to read a path grows exponentially with it.
const MOST_NESTING: usize = 12;

/// Why a path cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct PathError {
    /// The byte at which the parser stopped.
    pub at: usize,
    /// What is wrong, in one line.
    pub reason: String,
}

/// A path that is known to be well-formed.
#[derive(Debug, Clone)]
pub struct Path {
    text: String,
    query: serde_json_path::JsonPath,
    singular: bool,
}

impl Path {
    /// Reads a path.
    ///
    /// # Errors
    /// The text is no path of RFC 9535, is longer than 4 KiB, or nests brackets
    /// more than 12 deep.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        check_bounds(text)?;
        let parse = serde_json_path::JsonPath::parse;
        let query = parse(text).map_err(|error| PathError {
            at: error.position(),
            reason: error.message().to_owned(),
        })?;
        let singular = is_singular(text);
        let query = if singular {
            query
        } else {
            // The metered path selects the same nodes: it differs by filters that
            // select nothing.
            parse(&meter::meter_path(text)).unwrap_or(query)
        };
        Ok(Self {
            text: text.to_owned(),
            query,
            singular,
        })
    }

    /// The path as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether the path selects one value at the most.
    pub fn is_singular(&self) -> bool {
        self.singular
    }

    /// What the path selects: for a singular query the one value, if it is
    /// there; for any other the list of all that it selects, possibly empty.
    pub fn select(&self, document: &Value) -> Option<Value> {
        let nodes = self.query.query(document);
        // `$..*` selects a value once more with each value that holds it.
        nodes.iter().for_each(|node| spend_for_copy(node));
        if self.singular {
            nodes.first().cloned()
        } else {
            Some(Value::Array(nodes.into_iter().cloned().collect()))
        }
    }
}

/// Spends about what it takes to copy a value.
fn spend_for_copy(value: &Value) {
    match value {
        Value::Array(items) => {
            budget::spend_size(1 + items.len());
            items.iter().for_each(spend_for_copy);
        }
        Value::Object(members) => {
            budget::spend_size(1 + 2 * members.len());
            members.values().for_each(spend_for_copy);
        }
        Value::String(text) => budget::spend_size(1 + text.len() / 64),
        Value::Null | Value::Bool(_) | Value::Number(_) => budget::spend(1),
    }
}

/// Refuses what the parser would take too long, or go too deep, for.
fn check_bounds(path: &str) -> Result<(), PathError> {
    if path.len() > MOST_BYTES {
        return Err(PathError {
            at: path.floor_char_boundary(MOST_BYTES),
            reason: format!("a path of more than {MOST_BYTES} bytes"),
        });
    }
    let (mut quote, mut escaped, mut depth) = (None, false, 0_usize);
    for (at, byte) in path.bytes().enumerate() {
        match (quote, byte) {
            (Some(_), _) if escaped => escaped = false,
            (Some(_), b'\\') => escaped = true,
            (Some(open), _) if open == byte => quote = None,
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, b'(' | b'[') => depth += 1,
            (None, b')' | b']') => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MOST_NESTING {
            let reason = format!("brackets nested more than {MOST_NESTING} deep");
            return Err(PathError { at, reason });
        }
    }
    Ok(())
}

/// Whether a well-formed path is a singular query (RFC 9535, section 2.3.5.1):
/// nothing but names and indexes, so that it selects one value at the most.
fn is_singular(path: &str) -> bool {
    let mut quote = None;
    let mut characters = path.chars().peekable();
    while let Some(c) = characters.next() {
        match (quote, c) {
            (Some(_), '\\') => {
                characters.next();
            }
            (Some(open), _) if c == open => quote = None,
            (None, '\'' | '"') => quote = Some(c),
            (None, '*' | '?' | ',' | ':') => return false,
            (None, '.') if characters.peek() == Some(&'.') => return false,
            _ => {}
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_names_and_indexes_selects_one_value_and_any_other_a_list() {
        let document = serde_json::json!({"a": [{"b": 1}, {"b": 2}], "x,*": 3});
        let check = |path: &str, selected: Option<Value>| {
            let selects = Path::parse(path).unwrap().select(&document);
            assert_eq!(selects, selected, "{path}");
        };
        check("$.a[1].b", Some(2.into()));
        check("$['x,*']", Some(3.into()));
        check("$.nowhere", None);
        check("$.a[*].b", Some(serde_json::json!([1, 2])));
        check("$..b", Some(serde_json::json!([1, 2])));
        check("$.a[0:1].b", Some(serde_json::json!([1])));
        check("$.a[?@.b > 1].b", Some(serde_json::json!([2])));
        check("$.nowhere[*]", Some(serde_json::json!([])));
    }

    #[test]
    fn every_function_of_the_rfc_is_there() {
        let document = serde_json::json!([
            {"name": "espresso-cup", "tags": ["cup", "porcelain"]},
            {"name": "cup of tea", "tags": []},
        ]);
        let selected = |filter: &str| {
            let path = Path::parse(&format!("$[?{filter}].name")).unwrap();
            path.select(&document).unwrap()
        };
        let (first, second) = ("espresso-cup", "cup of tea");
        assert_eq!(selected("length(@.tags) == 2"), serde_json::json!([first]));
        assert_eq!(
            selected("count(@.tags[*]) == 0"),
            serde_json::json!([second])
        );
        assert_eq!(
            selected("value(@.tags[:1]) == 'cup'"),
            serde_json::json!([first])
        );
        assert_eq!(
            selected("match(@.name, '.*-cup')"),
            serde_json::json!([first])
        );
        assert_eq!(selected("match(@.name, 'cup')"), serde_json::json!([]));
        assert_eq!(
            selected("search(@.name, 'cup')"),
            serde_json::json!([first, second])
        );
    }
}
