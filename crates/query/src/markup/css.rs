//! CSS selectors, as expressions of XPath.
//!
//! The only module that knows the CSS crate.

use css_to_xpath::{Error, Mode, Translator, WHOLE_DOCUMENT};

use super::ExpressionError;
use super::xpath::XPath;

/// A selector that is known to be well-formed.
#[derive(Debug, Clone)]
pub struct Selector {
    text: String,
    /// In HTML names are without case, and in XML they are not.
    pub(super) for_html: XPath,
    pub(super) for_xml: XPath,
}

/// The longest selector, in bytes.
const MOST_BYTES: usize = 1024;

impl Selector {
    /// Reads a selector.
    pub fn parse(text: &str) -> Result<Self, ExpressionError> {
        if text.len() > MOST_BYTES {
            return Err(ExpressionError {
                expected: format!("at most {MOST_BYTES} bytes"),
                found: format!("{} bytes", text.len()),
                help: "divide it into several expectations".to_owned(),
            });
        }
        let for_html = translate(text, Mode::Html)?;
        let for_xml = translate(text, Mode::Xhtml)?;
        if for_html.has_impossible_condition() {
            return Err(ExpressionError {
                expected: "a selector of what is in a document".to_owned(),
                found: format!("`{text}`, a part of which no element ever matches"),
                help: "leave out what only a browser knows, such as `:hover`".to_owned(),
            });
        }
        if for_html.prefixes().iter().any(|prefix| prefix != "xml") {
            return Err(ExpressionError {
                expected: "names without prefixes, which match in any namespace".to_owned(),
                found: format!("`{text}`"),
                help: "ask by `xpath` where the namespace matters".to_owned(),
            });
        }
        Ok(Self {
            text: text.to_owned(),
            for_html,
            for_xml,
        })
    }

    /// The selector as it was written.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }
}

fn translate(text: &str, mode: Mode) -> Result<XPath, ExpressionError> {
    let expression = Translator::new(mode).css_to_xpath(text, WHOLE_DOCUMENT);
    let expression = expression.map_err(|error| explain(text, &error))?;
    XPath::parse_selector(&expression)
}

fn explain(text: &str, error: &Error) -> ExpressionError {
    let (reason, at) = match error {
        Error::Parse { kind, offset } => (kind.to_string(), Some(*offset)),
        Error::Unsupported { construct, offset } => (construct.clone(), *offset),
        error => (error.to_string(), None),
    };
    let stopped = at.map_or(String::new(), |at| {
        match text.get(at..).and_then(|rest| rest.chars().next()) {
            Some(c) => format!(
                ", stopped at `{c}` at character {}",
                text[..at].chars().count() + 1
            ),
            None => ", stopped at its end".to_owned(),
        }
    });
    ExpressionError {
        expected: "a CSS selector, such as `ul.orders > li`".to_owned(),
        found: format!("`{text}`{stopped} ({reason})"),
        help: "select elements by what is in the document: names, ids, classes, attributes, places"
            .to_owned(),
    }
}
