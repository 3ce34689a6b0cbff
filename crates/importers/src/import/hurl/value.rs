//! The words of a capture or an assert: names, texts, patterns, numbers.

use serde_json::{Value, json};

use super::super::files::SourceFiles;
use super::super::variables::Variables;
use super::lines::{find_closing, unescape};
use crate::draft::escape;
use query::digest;

/// One word.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Word {
    Name(String),
    /// In quotes or backticks; its templates are still Hurl's.
    Text(String),
    /// Without templates, whatever braces it holds.
    Raw(String),
    Pattern(String),
    /// `{{ … }}` without quotes: it keeps its type.
    Template(String),
    /// `hex,…;` and its like.
    Bytes(String),
}

/// The signs that compare; a value may follow without a blank.
const SIGNS: [&str; 6] = ["==", "!=", ">=", "<=", ">", "<"];

/// The words of a line; nothing if a quote is never closed.
pub(super) fn split_words(text: &str) -> Option<Vec<Word>> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (word, length) = match first {
            '"' => {
                let end = find_closing(&rest[1..], '"')?;
                (Word::Text(unescape(&rest[1..=end])), end + 2)
            }
            '`' if rest.starts_with("```") => {
                let end = rest[3..].find("```")?;
                let inside = &rest[3..end + 3];
                let (kind, text) = inside.split_once('\n').unwrap_or(("", inside));
                let text = text.to_owned();
                let word = match kind.trim() {
                    "raw" => Word::Raw(text),
                    // It stands for the JSON that such a query is sent as.
                    "graphql" => return None,
                    _ => Word::Text(text),
                };
                (word, end + 6)
            }
            '`' => {
                let end = find_closing(&rest[1..], '`')?;
                (Word::Text(unescape(&rest[1..=end])), end + 2)
            }
            '/' => {
                let end = find_closing(&rest[1..], '/')?;
                (Word::Pattern(rest[1..=end].replace("\\/", "/")), end + 2)
            }
            '{' if rest.starts_with("{{") => {
                let end = rest.find("}}")?;
                (Word::Template(rest[2..end].trim().to_owned()), end + 2)
            }
            _ if ["hex,", "base64,", "file,"]
                .iter()
                .any(|kind| rest.starts_with(kind)) =>
            {
                let end = rest.find(';')?;
                (Word::Bytes(rest[..end].to_owned()), end + 1)
            }
            _ if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) => {
                (Word::Name((*sign).to_owned()), sign.len())
            }
            _ => {
                let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
                (Word::Name(rest[..end].to_owned()), end)
            }
        };
        words.push(word);
        rest = rest[length..].trim_start();
    }
    Some(words)
}

impl Word {
    /// Whether it is this name, or this sign.
    pub(super) fn is_name(&self, name: &str) -> bool {
        matches!(self, Self::Name(found) if found == name)
    }

    /// The value that is compared with, as a check file writes it.
    pub(super) fn value(&self, variables: &mut Variables) -> Option<Value> {
        match self {
            Self::Text(text) => Some(variables.text(text).into()),
            Self::Raw(text) => Some(escape(text).into()),
            Self::Template(name) => {
                let expression = variables.typed_expression(name);
                Some(json!(format!("{{{{ {expression} }}}}")))
            }
            Self::Name(word) => match word.as_str() {
                "true" => Some(json!(true)),
                "false" => Some(json!(false)),
                "null" => Some(Value::Null),
                number => serde_json::from_str::<Value>(number)
                    .ok()
                    .filter(Value::is_number),
            },
            Self::Pattern(_) | Self::Bytes(_) => None,
        }
    }

    /// A regular expression without templates.
    pub(super) fn pattern(&self) -> Option<&str> {
        match self {
            Self::Pattern(pattern) => Some(pattern),
            word => word.plain_text(),
        }
    }

    /// The bytes that are meant, if they are written out.
    pub(super) fn bytes(&self, files: &SourceFiles) -> Option<Vec<u8>> {
        match self {
            Self::Bytes(text) => read_bytes(text, files),
            _ => None,
        }
    }

    /// The text between quotes, templates and all.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A text without templates.
    pub(super) fn plain_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) if !text.contains("{{") => Some(text),
            _ => None,
        }
    }
}

/// The bytes of `hex,…`, `base64,…` or `file,…`, without the semicolon.
pub(super) fn read_bytes(text: &str, files: &SourceFiles) -> Option<Vec<u8>> {
    match text.strip_prefix("file,") {
        Some(name) => files.bytes(name.trim()),
        None => decode_bytes(text),
    }
}

fn decode_bytes(text: &str) -> Option<Vec<u8>> {
    let (kind, text) = text.split_once(',')?;
    match kind {
        "hex" => {
            let digits: Vec<u32> = text
                .trim()
                .chars()
                .map(|c| c.to_digit(16))
                .collect::<Option<_>>()?;
            let pairs = digits.chunks(2);
            pairs
                .map(|pair| match pair {
                    [high, low] => u8::try_from(high * 16 + low).ok(),
                    _ => None,
                })
                .collect()
        }
        "base64" => {
            let text: String = text.split_whitespace().collect();
            digest::bytes_from_base64(&text)
        }
        _ => None,
    }
}
