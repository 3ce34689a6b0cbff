//! XPath 1.0: an expression that is known to be well-formed, and what it says
//! of a document.
//!
//! `mod.rs` reads an expression, `check.rs` finds what makes no sense in it,
//! and `view.rs` shows a document to the evaluator. They are the only modules
//! that know the XPath crate.

mod check;
mod view;

use serde_json::Value;
use xpath_eval::Expr;

use super::ExpressionError;
use super::tree::Tree;
use crate::work::threads::run_with_room;
use check::Analysis;
pub(super) use view::EvaluationError;

/// The longest expression, in bytes.
const MOST_BYTES: usize = 1024;

/// The deepest that brackets are nested: the parser goes down with them.
const MOST_NESTING: usize = 32;

/// The longest expression, and the most brackets and signs, whose reading fits
/// into any stack.
const SHORT: usize = 2 * 1024;
const FLAT: usize = 24;

/// The longest and deepest that a selector may become.
const MOST_SELECTOR_BYTES: usize = 64 * 1024;
const MOST_SELECTOR_NESTING: usize = 64;

/// What the value of an expression is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueKind {
    /// Nodes of the document, which count by their text.
    Nodes,
    /// A text.
    Text,
    /// A number.
    Number,
    /// `true` or `false`.
    Boolean,
}

/// An expression that is known to be well-formed.
#[derive(Debug, Clone)]
pub struct XPath {
    text: String,
    expression: Expr,
    analysis: Analysis,
}

impl XPath {
    /// Reads an expression.
    pub fn parse(text: &str) -> Result<Self, ExpressionError> {
        check_bounds(text, MOST_BYTES, MOST_NESTING)?;
        Self::read_with_room(text)
    }

    /// Reads what a selector became.
    pub(super) fn parse_selector(text: &str) -> Result<Self, ExpressionError> {
        check_bounds(text, MOST_SELECTOR_BYTES, MOST_SELECTOR_NESTING)?;
        Self::read_with_room(text)
    }

    /// The parser goes down with brackets and with each sign before a number.
    fn read_with_room(text: &str) -> Result<Self, ExpressionError> {
        let goes_down = |byte: &u8| matches!(byte, b'(' | b'[' | b'-');
        if text.len() <= SHORT && text.bytes().filter(goes_down).count() <= FLAT {
            return Self::read(text);
        }
        run_with_room(|| Self::read(text)).unwrap_or_else(|error| {
            Err(ExpressionError {
                expected: "a thread to read it".to_owned(),
                found: error.to_string(),
                help: "raise the limits of the process".to_owned(),
            })
        })
    }

    fn read(text: &str) -> Result<Self, ExpressionError> {
        let expression = xpath_eval::parse(text).map_err(|error| {
            let stopped = match text
                .get(error.position..)
                .and_then(|rest| rest.chars().next())
            {
                Some(c) => {
                    let before = &text[..error.position];
                    format!("`{c}` at character {}", before.chars().count() + 1)
                }
                None => "its end".to_owned(),
            };
            let reason = error.message.replace('\'', "`");
            let reason = reason.rsplit(", ").next().unwrap_or_default();
            ExpressionError {
                expected: "an expression of XPath 1.0, such as `//h1` or `count(//li)`".to_owned(),
                found: format!("`{text}`, stopped at {stopped} ({reason})"),
                help: "write attributes as `@href`, conditions as `//a[@href]` and texts in quotes"
                    .to_owned(),
            }
        })?;
        let analysis = Analysis::new(&expression)?;
        Ok(Self {
            text: text.to_owned(),
            expression,
            analysis,
        })
    }

    /// The expression as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What its value is, whatever the document.
    pub fn kind(&self) -> ValueKind {
        self.analysis.kind
    }

    /// The prefixes of namespaces in it.
    pub fn prefixes(&self) -> &[String] {
        &self.analysis.prefixes
    }

    /// Whether it has a condition that is never true.
    pub(super) fn has_impossible_condition(&self) -> bool {
        self.analysis.has_impossible_condition
    }

    /// The value over a document: the texts of nodes as a list.
    pub(super) fn evaluate(&self, tree: &Tree) -> Result<Value, EvaluationError> {
        view::evaluate(&self.expression, &self.analysis, tree, false)
    }

    /// The same for a selector: from the document's element on, without regard
    /// to the namespaces of elements.
    pub(super) fn evaluate_as_selector(&self, tree: &Tree) -> Result<Value, EvaluationError> {
        view::evaluate(&self.expression, &self.analysis, tree, true)
    }
}

/// Refuses what the parser would go too deep for.
fn check_bounds(text: &str, most_bytes: usize, most_nesting: usize) -> Result<(), ExpressionError> {
    let too_much = |expected: String, found: String| ExpressionError {
        expected,
        found,
        help: "divide it into several expectations".to_owned(),
    };
    if text.len() > most_bytes {
        return Err(too_much(
            format!("at most {most_bytes} bytes"),
            format!("{} bytes", text.len()),
        ));
    }
    let (mut quote, mut depth, mut deepest) = (None, 0_usize, 0);
    for byte in text.bytes() {
        match (quote, byte) {
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), _) if open == byte => quote = None,
            (None, b'(' | b'[') => depth += 1,
            (None, b')' | b']') => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    if deepest > most_nesting {
        return Err(too_much(
            format!("brackets nested at most {most_nesting} deep"),
            format!("{deepest} deep"),
        ));
    }
    Ok(())
}
