//! A tree of YAML → a value of JSON, for callers that need no places.

use serde_json::Value;

use super::{Node, Yaml};

impl Node {
    /// The value as JSON, without its place.
    pub fn to_json(&self) -> Value {
        match &self.value {
            Yaml::Null => Value::Null,
            Yaml::Bool(value) => (*value).into(),
            Yaml::Number(number, _) => number.clone().into(),
            Yaml::String(text) => text.as_str().into(),
            Yaml::List(items) => items.iter().map(Self::to_json).collect(),
            Yaml::Map(entries) => entries
                .iter()
                .map(|(key, value)| (key.text.clone(), value.to_json()))
                .collect(),
        }
    }
}
