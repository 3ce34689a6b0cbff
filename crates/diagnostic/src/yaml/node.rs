//! A value of a YAML document, which knows where it stands.

use crate::Span;

/// A value and where it stands.
#[derive(Debug, Clone)]
pub struct Node {
    /// Where it is written.
    pub span: Span,
    /// What it is.
    pub value: Yaml,
}

/// What a node holds.
#[derive(Debug, Clone)]
pub enum Yaml {
    /// Nothing.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, with the text it was written as.
    Number(serde_json::Number, String),
    /// A text.
    String(String),
    /// A list.
    List(Vec<Node>),
    /// A map, in the order in which it is written.
    Map(Vec<(Key, Node)>),
}

/// A map's key.
#[derive(Debug, Clone)]
pub struct Key {
    /// The key.
    pub text: String,
    /// Where it is written.
    pub span: Span,
}

impl Node {
    /// The value in the words of a diagnostic: its kind, and what it is if that
    /// is short.
    pub fn describe(&self) -> String {
        match &self.value {
            Yaml::Null => "nothing".to_owned(),
            Yaml::Bool(value) => format!("the boolean `{value}`"),
            Yaml::Number(_, text) => format!("the number `{text}`"),
            Yaml::String(text) if text.is_empty() => "an empty string".to_owned(),
            Yaml::String(text) => format!("the string `{}`", shorten(text)),
            Yaml::List(_) => "a list".to_owned(),
            Yaml::Map(_) => "a map".to_owned(),
        }
    }

    /// How many levels of lists and maps the value has; zero for a scalar.
    pub(super) fn height(&self) -> usize {
        let inside = match &self.value {
            Yaml::List(items) => items.iter().map(Self::height).max(),
            Yaml::Map(entries) => entries.iter().map(|(_, value)| value.height()).max(),
            _ => return 0,
        };
        1 + inside.unwrap_or(0)
    }
}

/// Cuts a text to what a message has room for.
fn shorten(text: &str) -> String {
    const MOST: usize = 40;
    if text.chars().count() <= MOST {
        text.to_owned()
    } else {
        text.chars().take(MOST).chain(['…']).collect()
    }
}
