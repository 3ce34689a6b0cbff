//! JSON values with templates in their strings.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::json;
use crate::template::{Scope, Template, not_too_deep};

/// A JSON value whose strings may be templates.
#[derive(Debug, Clone)]
pub(crate) enum ValueTemplate {
    /// A value without any template in it.
    Fixed(Value),
    /// A string that is a template.
    Text(Template),
    /// A list that holds a template somewhere.
    List(Vec<ValueTemplate>),
    /// A map that holds a template somewhere.
    Map(Vec<(String, ValueTemplate)>),
}

impl ValueTemplate {
    /// A string, which is a template if it holds expressions.
    pub(crate) fn text(template: Template) -> Self {
        if template.names().next().is_none() && !template.text().contains("{{") {
            Self::Fixed(Value::String(template.text().to_owned()))
        } else {
            Self::Text(template)
        }
    }

    /// Adds the templates inside to `found`.
    pub(crate) fn templates<'v>(&'v self, found: &mut Vec<&'v Template>) {
        match self {
            Self::Fixed(_) => {}
            Self::Text(template) => found.push(template),
            Self::List(items) => items.iter().for_each(|item| item.templates(found)),
            Self::Map(members) => members.iter().for_each(|(_, value)| value.templates(found)),
        }
    }

    /// The same without a copy of what holds no template.
    pub(crate) fn filled(&self, scope: &Scope) -> Result<Cow<'_, Value>, String> {
        match self {
            Self::Fixed(value) => Ok(Cow::Borrowed(value)),
            other => other.evaluate(scope).map(Cow::Owned),
        }
    }

    /// The value with all templates filled in.
    pub(crate) fn evaluate(&self, scope: &Scope) -> Result<Value, String> {
        match self {
            Self::Fixed(value) => Ok(value.clone()),
            Self::Text(template) => template.evaluate(scope),
            Self::List(items) => items
                .iter()
                .map(|item| item.evaluate(scope))
                .collect::<Result<_, _>>()
                .map(Value::Array)
                .and_then(not_too_deep),
            Self::Map(members) => members
                .iter()
                .map(|(name, value)| Ok((name.clone(), value.evaluate(scope)?)))
                .collect::<Result<Map<_, _>, String>>()
                .map(Value::Object)
                .and_then(not_too_deep),
        }
    }
}

/// The deepest that JSON is nested which can be read: the reader's own bound,
/// which nothing that goes down with a value has to exceed.
pub(crate) const MOST_LEVELS: usize = 127;

/// How deep a value is nested.
pub(crate) fn levels(value: &Value) -> usize {
    let inside = match value {
        Value::Array(items) => items.iter().map(levels).max(),
        Value::Object(members) => members.values().map(levels).max(),
        _ => return 0,
    };
    1 + inside.unwrap_or(0)
}

/// Whether JSON is nested deeper than can be read.
pub(crate) fn is_too_deep(json: &[u8]) -> bool {
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for byte in json {
        match byte {
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
pub(crate) fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => shown_text(text),
        Value::Number(number) if json::is_beyond(number) => json::BEYOND.to_owned(),
        other => format!("`{}`", shortened(&other.to_string())),
    }
}

/// A text as a message shows it: with quotes, shortened, in backticks.
pub(crate) fn shown_text(text: &str) -> String {
    format!(
        "`\"{}\"`",
        shortened(text).replace('\n', "\\n").replace('\r', "\\r")
    )
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(MOST_SHOWN) {
        None => text.to_owned(),
        Some((at, _)) => format!("{}… ({} bytes)", &text[..at], text.len()),
    }
}
