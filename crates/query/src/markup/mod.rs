//! HTML and XML: what an XPath or a CSS selector finds in an answer.
//!
//! `html/` and `xml.rs` read a document into one `tree.rs`, `xpath/` asks
//! it, and `css.rs` makes an XPath of a selector. A document comes from a
//! server that may be broken or hostile, so that its size and depth and the
//! work that an expression makes of it are bounded; an expression comes from a
//! check file, and all that can be wrong with it is known before it is asked.

mod css;
mod html;
#[cfg(test)]
mod tests;
mod tree;
mod xml;
mod xpath;

use serde_json::Value;

pub use css::Selector;
pub use html::{LONGEST_NAME, decode_references, read_reference};
use tree::Tree;
use xpath::EvaluationError;
pub use xpath::{ValueKind, XPath};

use crate::work::budget;

/// What is wrong with an expression or a selector of a check file: the parts of
/// a diagnostic.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}, found {found}")]
pub struct ExpressionError {
    /// What should be.
    pub expected: String,
    /// What is.
    pub found: String,
    /// What to write.
    pub help: String,
}

/// Why a document gives no value for a query.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}, found {found}")]
pub struct MarkupError {
    /// What should be.
    pub expected: String,
    /// What is.
    pub found: String,
}

/// A query that finds values in a document.
#[derive(Debug, Clone)]
pub enum MarkupQuery {
    /// An `XPath` 1.0.
    XPath(XPath),
    /// A CSS selector.
    Css(Box<Selector>),
}

impl MarkupQuery {
    /// The type of the value that the query finds in any document.
    pub fn kind(&self) -> ValueKind {
        match self {
            Self::XPath(xpath) => xpath.kind(),
            Self::Css(_) => ValueKind::Nodes,
        }
    }

    /// The expression or selector as it was written.
    pub fn text(&self) -> &str {
        match self {
            Self::XPath(xpath) => xpath.text(),
            Self::Css(selector) => selector.text(),
        }
    }
}

/// A document that has been read.
#[derive(Debug)]
pub struct Markup {
    tree: Tree,
    format: MarkupFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum MarkupFormat {
    Html,
    Xml,
}

impl Markup {
    /// Reads a body. XML is what calls itself so by its type, or, without a
    /// type of HTML, by its first characters.
    pub fn read(content_type: Option<&str>, body: &str) -> Result<Self, MarkupError> {
        let unfit = |found: String| MarkupError {
            expected: "HTML or XML".to_owned(),
            found,
        };
        budget::spend_size(body.len());
        let kind = content_type.and_then(|kind| kind.split(';').next());
        let kind = kind.unwrap_or_default().trim().to_ascii_lowercase();
        let body = body.trim_start_matches('\u{feff}');
        // An absent element proves nothing where there is no document.
        if body.trim().is_empty() {
            return Err(unfit("an empty body".to_owned()));
        }
        if kind.ends_with("/json") || kind.ends_with("+json") {
            return Err(unfit(format!("a body of the type `{kind}`")));
        }
        let named = kind.ends_with("/xml") || kind.ends_with("+xml");
        if named || kind != "text/html" && body.starts_with("<?xml") {
            let tree = xml::read(body).map_err(|error| MarkupError {
                expected: "well-formed XML".to_owned(),
                found: error.to_string(),
            })?;
            let format = MarkupFormat::Xml;
            return Ok(Self { tree, format });
        }
        let tree = html::read(body).map_err(|excess| unfit(excess.describe()))?;
        let format = MarkupFormat::Html;
        Ok(Self { tree, format })
    }

    /// What a query finds: the one node's text, a list of several, or the
    /// value of an expression that is none of nodes.
    pub fn find(&self, finder: &MarkupQuery) -> Result<Option<Value>, MarkupError> {
        Ok(match self.find_all(finder)? {
            Value::Array(mut nodes) if nodes.len() < 2 => nodes.pop(),
            value => Some(value),
        })
    }

    /// What a query finds, with the texts of nodes as a list however many there
    /// are.
    pub fn find_all(&self, finder: &MarkupQuery) -> Result<Value, MarkupError> {
        let found = match (finder, self.format) {
            (MarkupQuery::XPath(xpath), _) => xpath.evaluate(&self.tree),
            (MarkupQuery::Css(selector), MarkupFormat::Html) => {
                selector.for_html.evaluate_as_selector(&self.tree)
            }
            (MarkupQuery::Css(selector), MarkupFormat::Xml) => {
                selector.for_xml.evaluate_as_selector(&self.tree)
            }
        };
        found.map_err(|error| match error {
            EvaluationError::Prefix(prefix) => MarkupError {
                expected: format!("XML that declares the prefix `{prefix}`"),
                found: match self.format {
                    MarkupFormat::Html => "HTML, which has no namespaces".to_owned(),
                    MarkupFormat::Xml => self.describe_prefixes(),
                },
            },
            EvaluationError::Work(found) => MarkupError {
                expected: "an expression that can be evaluated".to_owned(),
                found,
            },
        })
    }

    /// The prefixes of the document, for a message.
    fn describe_prefixes(&self) -> String {
        let prefixes: Vec<_> = self
            .tree
            .prefixes
            .iter()
            .map(|(name, _)| name.as_str())
            .collect();
        match prefixes.as_slice() {
            [] => "XML without namespaces".to_owned(),
            known => format!(
                "XML that declares {}",
                known
                    .iter()
                    .map(|name| format!("`{name}`"))
                    .collect::<Vec<_>>()
                    .join(", ")
            ),
        }
    }
}
