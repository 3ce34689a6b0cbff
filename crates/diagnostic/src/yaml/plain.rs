//! YAML, of which JSON is a part, as plain values for those who do not ask
//! where they stand.

use serde_json::Value;

use super::{Node, Yaml};

impl Node {
    /// The value without its place.
    pub fn plain(&self) -> Value {
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
