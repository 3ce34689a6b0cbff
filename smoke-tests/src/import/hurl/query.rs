//! What a capture or an assert asks of an answer, with its filters.

use serde_json::{Value, json};

use super::value::Word;
use crate::draft::is_header;
use crate::jsonpath::Path;
use crate::markup::{Kind, XPath};
use crate::pattern::Pattern;

/// A part of an answer, as a check file can name it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Part {
    Status,
    Version,
    Body,
    Size,
    Sha256,
    Duration,
    Header(String),
    Cookie(String),
    Json(String),
    /// The number of elements at a path.
    Count(String),
    Regex(String),
    /// An expression of XPath, and what its value is.
    XPath(String, Kind),
    /// The number of nodes of an expression.
    Nodes(String),
}

/// The part that the first words name, and the words after it.
pub(super) fn part(words: &[Word]) -> Option<(Part, &[Word])> {
    let (first, rest) = words.split_first()?;
    let Word::Name(name) = first else { return None };
    let (part, mut rest) = match name.as_str() {
        "status" => (Part::Status, rest),
        "version" => (Part::Version, rest),
        "body" => (Part::Body, rest),
        "sha256" => (Part::Sha256, rest),
        "duration" => (Part::Duration, rest),
        "bytes" if rest.first() == Some(&Word::Name("count".to_owned())) => {
            (Part::Size, &rest[1..])
        }
        "header" | "cookie" | "jsonpath" | "regex" | "xpath" => {
            let (argument, rest) = rest.split_first()?;
            (with_argument(name, argument)?, rest)
        }
        _ => return None,
    };
    let mut part = part;
    while let Some((filtered, after)) = filtered(&part, rest) {
        (part, rest) = (filtered, after);
    }
    Some((part, rest))
}

fn with_argument(name: &str, argument: &Word) -> Option<Part> {
    Some(match name {
        "header" => {
            let name = argument.fixed().filter(|name| is_header(name))?;
            Part::Header(name.to_ascii_lowercase())
        }
        "cookie" => Part::Cookie(
            argument
                .fixed()
                .filter(|name| !name.contains('['))?
                .to_owned(),
        ),
        "jsonpath" => Part::Json(path(argument.fixed()?)?),
        "xpath" => {
            let xpath = XPath::parse(argument.fixed()?).ok()?;
            Part::XPath(xpath.text().to_owned(), xpath.kind())
        }
        _ => {
            let pattern = match argument {
                Word::Pattern(pattern) => pattern.as_str(),
                word => word.fixed()?,
            };
            Pattern::parse(pattern).ok()?;
            Part::Regex(pattern.to_owned())
        }
    })
}

/// A path that both dialects read alike.
fn path(text: &str) -> Option<String> {
    Path::parse(text).ok().map(|_| text.to_owned())
}

/// The part after the next filter, if that is a filter that we have.
fn filtered<'w>(part: &Part, rest: &'w [Word]) -> Option<(Part, &'w [Word])> {
    let (Word::Name(filter), after) = rest.split_first()? else {
        return None;
    };
    match (part, filter.as_str()) {
        (Part::Json(path), "count") => Some((Part::Count(path.clone()), after)),
        (Part::Json(path), "first") => Some((Part::Json(format!("{}[0]", one(path)?)), after)),
        (Part::Json(path), "last") => Some((Part::Json(format!("{}[-1]", one(path)?)), after)),
        (Part::Json(path), "nth") => {
            let (Word::Name(at), after) = after.split_first()? else {
                return None;
            };
            let at: i32 = at.parse().ok()?;
            Some((Part::Json(format!("{}[{at}]", one(path)?)), after))
        }
        (Part::Body, "jsonpath") => {
            let (argument, after) = after.split_first()?;
            Some((Part::Json(path(argument.fixed()?)?), after))
        }
        (Part::XPath(xpath, Kind::Nodes), "count") => Some((Part::Nodes(xpath.clone()), after)),
        (Part::Body, "regex" | "xpath") => {
            let (argument, after) = after.split_first()?;
            Some((with_argument(filter, argument)?, after))
        }
        _ => None,
    }
}

/// A path that stands for one value, which may be a list.
fn one(path: &str) -> Option<&str> {
    let several = path.contains(['*', '?', ':']) || path.contains("..");
    (!several).then_some(path)
}

impl Part {
    /// The key of `expect`, and the name below it.
    pub(super) fn place(&self) -> Option<(&'static str, Option<&str>)> {
        Some(match self {
            Self::Status => ("status", None),
            Self::Version => ("version", None),
            Self::Body => ("body", None),
            Self::Size => ("size", None),
            Self::Sha256 => ("sha256", None),
            Self::Duration => ("latency", None),
            Self::Header(name) => ("headers", Some(name)),
            Self::Cookie(name) => ("cookies", Some(name)),
            Self::Json(path) | Self::Count(path) => ("json", Some(path)),
            Self::XPath(xpath, _) | Self::Nodes(xpath) => ("xpath", Some(xpath)),
            Self::Regex(_) => return None,
        })
    }

    /// Where a capture takes its value from.
    pub(super) fn source(&self) -> Option<Value> {
        Some(match self {
            Self::Status => json!("status"),
            Self::Body => json!("body"),
            Self::Header(name) => json!({ "header": name }),
            Self::Cookie(name) => json!({ "cookie": name }),
            Self::Json(path) => json!({ "json": path }),
            Self::Regex(pattern) => json!({ "regex": pattern }),
            Self::XPath(xpath, _) => json!({ "xpath": xpath }),
            _ => return None,
        })
    }
}
