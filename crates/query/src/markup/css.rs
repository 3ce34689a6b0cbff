//! CSS selectors, as expressions of XPath.
//!
//! The only module that knows the CSS crate.

use css_to_xpath::{Error, Mode, Translator, WHOLE_DOCUMENT};

use super::Wrong;
use super::xpath::XPath;

/// A selector that is known to be well-formed.
#[derive(Debug, Clone)]
pub struct Selector {
    text: String,
    /// In HTML names are without case, and in XML they are not.
    pub(super) of_html: XPath,
    pub(super) of_xml: XPath,
}

/// The longest selector, in bytes.
const MOST_BYTES: usize = 1024;

impl Selector {
    /// Reads a selector.
    pub fn parse(text: &str) -> Result<Self, Wrong> {
        if text.len() > MOST_BYTES {
            return Err(Wrong {
                expected: format!("at most {MOST_BYTES} bytes"),
                found: format!("{} bytes", text.len()),
                help: "divide it into several expectations".to_owned(),
            });
        }
        let of_html = translated(text, Mode::Html)?;
        let of_xml = translated(text, Mode::Xhtml)?;
        if of_html.is_never_true() {
            return Err(Wrong {
                expected: "a selector of what is in a document".to_owned(),
                found: format!("`{text}`, a part of which no element ever matches"),
                help: "leave out what only a browser knows, such as `:hover`".to_owned(),
            });
        }
        if of_html.prefixes().iter().any(|prefix| prefix != "xml") {
            return Err(Wrong {
                expected: "names without prefixes, which match in any namespace".to_owned(),
                found: format!("`{text}`"),
                help: "ask by `xpath` where the namespace matters".to_owned(),
            });
        }
        Ok(Self {
            text: text.to_owned(),
            of_html,
            of_xml,
        })
    }

    /// The selector as it was written.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }
}

fn translated(text: &str, mode: Mode) -> Result<XPath, Wrong> {
    let expression = Translator::new(mode).css_to_xpath(text, WHOLE_DOCUMENT);
    let expression = expression.map_err(|error| wrong(text, &error))?;
    XPath::made(&expression)
}

fn wrong(text: &str, error: &Error) -> Wrong {
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
    Wrong {
        expected: "a CSS selector, such as `ul.orders > li`".to_owned(),
        found: format!("`{text}`{stopped} ({reason})"),
        help: "select elements by what is in the document: names, ids, classes, attributes, places"
            .to_owned(),
    }
}
