//! Where a value stands in a JSON text that is known to be well-formed.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use diagnostic::Span;

/// The span of the value that a JSON pointer (RFC 6901) leads to; that of the
/// last value on the way that is there, if it is not.
pub(super) fn find_span(text: &str, pointer: &str) -> Span {
    let mut here = text.trim();
    for step in pointer.split('/').skip(1) {
        let Some(next) = step_into(here, step) else {
            break;
        };
        here = next;
    }
    // What is found is a part of the text, and borrowed from it.
    let start = here.as_ptr() as usize - text.as_ptr() as usize;
    Span::new(start, start + here.len())
}

fn step_into<'t>(text: &'t str, step: &str) -> Option<&'t str> {
    if text.starts_with('[') {
        let items: Vec<&RawValue> = serde_json::from_str(text).ok()?;
        return items.get(step.parse::<usize>().ok()?).map(|raw| raw.get());
    }
    let members: BTreeMap<String, &RawValue> = serde_json::from_str(text).ok()?;
    members.get(step).map(|raw| raw.get())
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_value_is_found_by_the_way_to_it() {
        let text = r#" {"a": [1, {"b\u0063": "x]\"", "d": true}], "e": {}}"#;
        let check = |pointer: &str, value: &str| {
            assert_eq!(&text[super::find_span(text, pointer).range()], value);
        };
        check("/a/0", "1");
        check("/a/1/bc", r#""x]\"""#);
        check("/a/1/d", "true");
        check("/e", "{}");
        check("/a/1/nowhere", r#"{"b\u0063": "x]\"", "d": true}"#);
    }
}
