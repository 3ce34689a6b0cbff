//! YAML, of which JSON is a part, as plain values for those who do not ask
//! where they stand.

#![cfg(feature = "cli")]

use serde_json::Value;

use super::{Node, Yaml};

impl Node {
    /// The value without its place.
    pub(crate) fn plain(&self) -> Value {
        match &self.value {
            Yaml::Null => Value::Null,
            Yaml::Bool(value) => (*value).into(),
            Yaml::Number(number, _) => number.clone().into(),
            Yaml::String(text) => text.as_str().into(),
            Yaml::List(items) => items.iter().map(Self::plain).collect(),
            Yaml::Map(entries) => entries
                .iter()
                .map(|(key, value)| (key.text.clone(), value.plain()))
                .collect(),
        }
    }
}

/// The value of a text; `null` for one that cannot be read.
#[cfg(test)]
pub(crate) fn read(text: &str) -> Value {
    let source = crate::diagnostic::Source::new("plain.yaml", text);
    let node = super::parse(&source, &mut Vec::new());
    node.map_or(Value::Null, |node| node.plain())
}
