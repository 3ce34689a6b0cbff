//! Shows a tree to the evaluator, and counts what it looks at: an expression
//! over a large document may otherwise take hours.

use std::cell::Cell;
use std::cmp::Ordering;

use serde_json::{Number, Value};
use xpath_eval::{EvaluationContext, ExpandedName, Expr, Node, NodeKind};

use super::super::tree::{Name, Record, RecordKind, Tree};
use super::check::Analysis;
use crate::work::budget;

/// The most steps of one evaluation: nodes visited, texts compared and copied.
const MOST_STEPS: u64 = 10_000_000;

/// The most text that one expression gives.
const MOST_TEXT: usize = 8 * 1024 * 1024;

/// The namespace of the prefix `xml`, which no document declares.
const XML: &str = "http://www.w3.org/XML/1998/namespace";

/// Why an expression has no value over a document.
#[derive(Debug, PartialEq, Eq)]
pub(in super::super) enum EvaluationError {
    /// A prefix that the document does not declare.
    Prefix(String),
    /// It takes too many steps, or gives too much text.
    Work(String),
}

/// The value of an expression, the texts of nodes as a list.
pub(super) fn evaluate(
    expression: &Expr,
    analysis: &Analysis,
    tree: &Tree,
    by_css: bool,
) -> Result<Value, EvaluationError> {
    let space = |prefix: &str| {
        let declared = tree.prefixes.iter().find(|(known, _)| known == prefix);
        let declared = declared.map(|(_, space)| space.clone());
        declared.or_else(|| (prefix == "xml").then(|| XML.to_owned()))
    };
    if let Some(unknown) = analysis
        .prefixes
        .iter()
        .find(|prefix| space(prefix).is_none())
    {
        return Err(EvaluationError::Prefix(unknown.clone()));
    }
    let view = View {
        tree,
        any_space: by_css,
        compares_nodes: analysis.compares_nodes,
        steps: Cell::new(MOST_STEPS),
        texts: Cell::new(0),
    };
    let start = NodeHandle {
        view: &view,
        at: if by_css { tree.document_element() } else { 0 },
    };
    let mut context = EvaluationContext::new(start);
    context.namespaces = Some(&space);
    let value = xpath_eval::evaluate(expression, &context)
        .map_err(|error| EvaluationError::Work(error.to_string()))?;
    let value = match value {
        xpath_eval::Value::Boolean(value) => value.into(),
        xpath_eval::Value::Number(number) => json_number(number),
        xpath_eval::Value::String(text) => text.into(),
        xpath_eval::Value::NodeSet(nodes) => collect_texts(&nodes, by_css)?,
    };
    // Once the steps are spent the view shows no more nodes, so that the value is
    // one of a part of the document.
    if view.steps.get() == 0 {
        let found = format!("one that takes more than {MOST_STEPS} steps over this document");
        return Err(EvaluationError::Work(found));
    }
    Ok(value)
}

/// What is no number in JSON is the word that XPath has for it.
fn json_number(number: f64) -> Value {
    const MOST_WHOLE: f64 = 9_007_199_254_740_992.0;
    #[allow(clippy::cast_possible_truncation)]
    if number.fract() == 0.0 && number.abs() <= MOST_WHOLE {
        return (number as i64).into();
    }
    match Number::from_f64(number) {
        Some(number) => number.into(),
        None if number.is_nan() => "NaN".into(),
        None if number > 0.0 => "Infinity".into(),
        None => "-Infinity".into(),
    }
}

fn collect_texts(nodes: &[NodeHandle<'_>], collapsed: bool) -> Result<Value, EvaluationError> {
    let mut left = MOST_TEXT;
    let mut texts = Vec::with_capacity(nodes.len());
    for node in nodes {
        let text = node.text();
        let spent = left.checked_sub(text.len());
        left = spent.ok_or_else(|| {
            EvaluationError::Work("one that gives more than 8 MiB of text".to_owned())
        })?;
        texts.push(Value::String(if collapsed {
            collapse_white_space(text)
        } else {
            text.to_owned()
        }));
    }
    Ok(texts.into())
}

/// White space collapsed and trimmed, as `normalize-space` does.
fn collapse_white_space(text: &str) -> String {
    let blank = [' ', '\t', '\r', '\n'];
    let words = text.split(blank).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

/// A document, as one evaluation sees it.
struct View<'t> {
    tree: &'t Tree,
    /// Names of elements are without namespaces.
    any_space: bool,
    compares_nodes: bool,
    /// How many steps are left.
    steps: Cell<u64>,
    /// How many texts were asked for since the last move. Where nodes are
    /// compared with nodes, each is compared with so many.
    texts: Cell<u64>,
}

impl View<'_> {
    /// Whether so many more steps are allowed.
    fn spend(&self, steps: u64) -> bool {
        budget::spend(steps);
        let left = self.steps.get().saturating_sub(steps);
        self.steps.set(left);
        left > 0
    }

    fn spend_move(&self) -> bool {
        self.texts.set(0);
        self.spend(1)
    }

    /// Spends what it takes to look at a text of `length` bytes: one step for
    /// each `share` of them.
    fn spend_text(&self, length: usize, share: usize) -> bool {
        let before = self.texts.get();
        self.texts.set(before + 1);
        let compared = if self.compares_nodes { before } else { 0 };
        let length = u64::try_from(length / share).unwrap_or(u64::MAX);
        self.spend(1 + compared + length)
    }
}

/// A node of a view, or behind the nodes one of its namespaces.
#[derive(Clone, Copy)]
struct NodeHandle<'a> {
    view: &'a View<'a>,
    at: u32,
}

impl PartialEq for NodeHandle<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at
    }
}

impl Eq for NodeHandle<'_> {}

impl<'a> NodeHandle<'a> {
    fn record(self) -> Option<&'a Record> {
        self.view.tree.record(self.at)
    }

    fn namespace(self) -> Option<&'a (String, String)> {
        let at = u32::MAX - self.at;
        self.view.tree.prefixes.get(at as usize)
    }

    fn text(self) -> &'a str {
        match self.record() {
            Some(record) => self.view.tree.text(record),
            None => self.namespace().map_or("", |(_, space)| space),
        }
    }

    /// The name, and its namespace as this view has it.
    fn name(self) -> Option<(&'a Name, Option<&'a str>)> {
        let record = self.record()?;
        let name = self.view.tree.name(record)?;
        let hidden = self.view.any_space && record.kind == RecordKind::Element;
        let space = if hidden { None } else { name.space.as_deref() };
        Some((name, space))
    }
}

/// Nodes side by side.
struct Siblings<'a> {
    view: &'a View<'a>,
    next: u32,
    end: u32,
}

impl<'a> Siblings<'a> {
    fn new(view: &'a View<'a>, next: u32, end: u32) -> Self {
        Self { view, next, end }
    }
}

impl<'a> Iterator for Siblings<'a> {
    type Item = NodeHandle<'a>;

    fn next(&mut self) -> Option<NodeHandle<'a>> {
        if self.next >= self.end || !self.view.spend_move() {
            return None;
        }
        let node = NodeHandle {
            view: self.view,
            at: self.next,
        };
        self.next = node.record()?.end;
        Some(node)
    }
}

impl<'a> Node<'a> for NodeHandle<'a> {
    fn kind(self) -> NodeKind {
        match self.record().map(|record| record.kind) {
            Some(RecordKind::Root) => NodeKind::Root,
            Some(RecordKind::Element) => NodeKind::Element,
            Some(RecordKind::Attribute) => NodeKind::Attribute,
            Some(RecordKind::Text) => NodeKind::Text,
            Some(RecordKind::Comment) => NodeKind::Comment,
            Some(RecordKind::Instruction) => NodeKind::ProcessingInstruction,
            None => NodeKind::Namespace,
        }
    }

    fn parent(self) -> Option<Self> {
        self.view.spend_move();
        let parent = self.record()?.parent;
        let view = self.view;
        (parent != self.at).then_some(Self { view, at: parent })
    }

    fn children(self) -> impl Iterator<Item = Self> + 'a {
        let (first, end) = self.record().map_or((0, 0), |node| (node.first, node.end));
        Siblings::new(self.view, first, end)
    }

    fn attributes(self) -> impl Iterator<Item = Self> + 'a {
        let first = self.record().map_or(0, |node| node.first);
        Siblings::new(self.view, self.at.saturating_add(1), first)
    }

    // The evaluator asks only for `name()`, which gives the prefix of a namespace.
    fn namespaces(self) -> impl Iterator<Item = Self> + 'a {
        let view = self.view;
        let count = u32::try_from(view.tree.prefixes.len()).unwrap_or(0);
        (0..count).filter_map(move |nth| {
            let at = u32::MAX - nth;
            view.spend(1).then_some(Self { view, at })
        })
    }

    fn expanded_name(self) -> Option<ExpandedName> {
        self.view.spend(1);
        if let Some((name, space)) = self.name() {
            return Some(ExpandedName {
                namespace_uri: space.map(str::to_owned),
                local_name: name.local.to_string(),
            });
        }
        let (prefix, _) = self.namespace()?;
        Some(ExpandedName {
            namespace_uri: None,
            local_name: prefix.clone(),
        })
    }

    fn has_expanded_name(self, space: Option<&str>, local: &str) -> bool {
        let name = self.name();
        name.is_some_and(|(name, own)| &*name.local == local && own == space)
    }

    fn string_value(self) -> String {
        let text = self.text();
        if self.view.spend_text(text.len(), 8) {
            text.to_owned()
        } else {
            String::new()
        }
    }

    fn with_string_value<R>(self, look: impl FnOnce(&str) -> R) -> R {
        let text = self.text();
        let text = if self.view.spend_text(text.len(), 32) {
            text
        } else {
            ""
        };
        look(text)
    }

    fn document_order(self, other: Self) -> Ordering {
        self.at.cmp(&other.at)
    }

    fn is_id_attribute(self) -> bool {
        let name = self.name();
        name.is_some_and(|(name, space)| {
            &*name.local == "id" && space.is_none_or(|space| space == XML)
        })
    }
}
