//! Bodies of JSON in which the original's templates may stand without quotes:
//! as values of their own type, or as text.

use serde_json::{Value, json};

use super::hurl::lines::find_closing;
use super::variables::{TemplatePart, Variables, split_template};

/// Round a template without quotes; no JSON text holds these unescaped.
const OPEN: char = '\u{1}';
const CLOSE: char = '\u{2}';

/// A JSON body with our templates. Hurl lets templates stand without quotes;
/// these keep their type, and those in quotes are text.
pub(super) fn parse_json_body(text: &str, variables: &mut Variables) -> Option<Value> {
    let mut marked = String::new();
    let mut quoted = false;
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if !quoted
            && rest.starts_with("{{")
            && let Some(end) = rest.find("}}")
        {
            let name = rest[2..end].trim();
            if name.contains(['"', '\\', '{']) {
                return None;
            }
            marked.extend(["\"\\u0001", name, "\\u0002\""]);
            rest = &rest[end + 2..];
            continue;
        }
        if quoted && c == '\\' {
            let length = 1 + rest[1..].chars().next().map_or(0, char::len_utf8);
            marked.push_str(&rest[..length]);
            rest = &rest[length..];
            continue;
        }
        quoted ^= c == '"';
        marked.push(c);
        rest = &rest[c.len_utf8()..];
    }
    let value: Value = serde_json::from_str(&marked).ok()?;
    restore_templates(value, variables)
}

fn restore_templates(value: Value, variables: &mut Variables) -> Option<Value> {
    Some(match value {
        Value::String(text) => match text.strip_prefix(OPEN).and_then(|t| t.strip_suffix(CLOSE)) {
            Some(name) => json!(format!("{{{{ {} }}}}", variables.typed_expression(name))),
            None => variables.text(&text).into(),
        },
        Value::Array(items) => {
            let items = items
                .into_iter()
                .map(|item| restore_templates(item, variables));
            items.collect::<Option<_>>()?
        }
        // No template stands for a name.
        Value::Object(members) => {
            let members = members.into_iter();
            let members = members.map(|(key, value)| {
                Some((
                    variables.resolve(&key)?,
                    restore_templates(value, variables)?,
                ))
            });
            members.collect::<Option<_>>()?
        }
        other => other,
    })
}

/// Whether variables stand inside of the texts of a body.
fn has_variables_in_texts(text: &str) -> bool {
    let mut rest = text;
    while let Some((_, quoted)) = rest.split_once('"') {
        let Some(end) = find_closing(quoted, '"') else {
            return false;
        };
        if split_template(&quoted[..end]).any(|part| matches!(part, TemplatePart::Variable(_))) {
            return true;
        }
        rest = &quoted[end + 1..];
    }
    false
}

/// Whether the body is better written in a check file's own form: values have
/// to be written into its texts as JSON does, or it is sent in the same bytes.
pub(super) fn is_better_as_yaml(text: &str) -> bool {
    has_variables_in_texts(text) || is_compact(text)
}

/// Whether a body that is read and written again has the same bytes.
pub(super) fn is_compact(text: &str) -> bool {
    let written =
        serde_json::from_str::<Value>(text).and_then(|value| serde_json::to_string(&value));
    written.is_ok_and(|written| written == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_json_body_keeps_the_types_of_its_templates() {
        let mut variables = Variables::default();
        variables.capture("id");
        let body = parse_json_body(
            r#"{"a": {{id}}, "b": "{{id}}", "c": "x{{d}}\"", "e": [{{f}}]}"#,
            &mut variables,
        );
        let wanted = json!({
            "a": "{{ id }}", "b": "{{ id | string }}", "c": "x{{ d }}\"", "e": ["{{ f }}"],
        });
        assert_eq!(body, Some(wanted));
    }

    #[test]
    fn what_has_variables_in_texts_or_is_sent_alike_is_better_as_yaml() {
        for (text, better) in [
            ("{ \"a\": \"x{{b}}\" }", true),
            ("{\"a\":[1,\"b c\"]}", true),
            ("{ \"a\": 1 }", false),
            ("{\"a\":{{b}}}", false),
            ("[1.0, 1e3]", false),
        ] {
            assert_eq!(is_better_as_yaml(text), better, "{text}");
        }
    }

    #[test]
    fn what_is_compact_is_written_as_it_was_read() {
        for text in ["{\"a b\":[1,\"{{id}}\",2.5]}", "\"x\"", "[]"] {
            assert!(is_compact(text), "{text}");
        }
        for text in [
            "{\"a\": 1}",
            "[1,\n2]",
            "\"\\u0041\"",
            "[1.00]",
            "[1e100]",
            "\"\\/\"",
            "[{{id}}]",
        ] {
            assert!(!is_compact(text), "{text}");
        }
    }
}
