//! What the HTML parser fills: nodes that it may still move, and what is known
//! of their number and depth while it does.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};

use html5ever::interface::{ElemName, ElementFlags, NodeOrText, QuirksMode, TreeSink};
use html5ever::tendril::StrTendril;
use html5ever::{Attribute, LocalName, Namespace, QualName};

use super::super::tree::{Excess, MOST_DEPTH, MOST_NODES};

/// The most attributes of `html` and `body`, which collect them.
const MOST_ATTRIBUTES: usize = 1024;

/// What is known of the document while it is read.
#[derive(Default)]
pub(super) struct Bounds {
    nodes: Cell<usize>,
    depth: Cell<usize>,
    /// The attributes of the tag with the most of those that come in pieces.
    attributes: Cell<usize>,
    /// Whether the parser made a node of the last piece.
    pub(super) has_output: Cell<bool>,
}

impl Bounds {
    pub(super) fn check(&self) -> Result<(), Excess> {
        if self.depth.get() > MOST_DEPTH {
            return Err(Excess::Depth);
        }
        if self.nodes.get() > MOST_NODES {
            return Err(Excess::Nodes);
        }
        if self.attributes.get() > MOST_ATTRIBUTES {
            return Err(Excess::Tag);
        }
        Ok(())
    }
}

/// A node while the parser may still move it.
pub(super) struct SinkNode {
    parent: Option<usize>,
    pub(super) children: Vec<usize>,
    depth: usize,
    pub(super) data: NodeData,
}

pub(super) enum NodeData {
    Document,
    Element {
        name: QualName,
        attributes: Vec<Attribute>,
        /// Where the contents of a `template` are, which are not part of the
        /// document.
        contents: Option<usize>,
        holds_html: bool,
    },
    Text(StrTendril),
    Comment(StrTendril),
}

/// The name of an element, for the parser.
#[derive(Debug)]
pub(super) struct TagName(QualName);

impl ElemName for TagName {
    fn ns(&self) -> &Namespace {
        &self.0.ns
    }

    fn local_name(&self) -> &LocalName {
        &self.0.local
    }
}

/// Takes the nodes from the parser.
pub(super) struct Sink<'b> {
    parts: RefCell<Vec<SinkNode>>,
    bounds: &'b Bounds,
}

impl<'b> Sink<'b> {
    pub(super) fn new(bounds: &'b Bounds) -> Self {
        let sink = Self {
            parts: RefCell::default(),
            bounds,
        };
        sink.add(NodeData::Document);
        sink
    }

    fn add(&self, data: NodeData) -> usize {
        let own = match &data {
            NodeData::Element { attributes, .. } => 1 + attributes.len(),
            _ => 1,
        };
        self.bounds.nodes.set(self.bounds.nodes.get() + own);
        self.bounds.has_output.set(true);
        let mut parts = self.parts.borrow_mut();
        parts.push(SinkNode {
            parent: None,
            children: Vec::new(),
            depth: 0,
            data,
        });
        parts.len() - 1
    }

    /// Puts a node, or text, below a parent, at the end or at a place.
    fn insert(&self, parent: usize, at: Option<usize>, new: NodeOrText<usize>) {
        self.bounds.has_output.set(true);
        let child = match new {
            NodeOrText::AppendNode(node) => {
                self.detach(node);
                node
            }
            NodeOrText::AppendText(text) => {
                let mut parts = self.parts.borrow_mut();
                let children = &parts[parent].children;
                let before = at.unwrap_or(children.len()).checked_sub(1);
                let before = before.and_then(|before| children.get(before)).copied();
                // The parser gives a text in pieces, which are one node.
                if let Some(before) = before
                    && let NodeData::Text(known) = &mut parts[before].data
                {
                    known.push_tendril(&text);
                    return;
                }
                drop(parts);
                self.add(NodeData::Text(text))
            }
        };
        let mut parts = self.parts.borrow_mut();
        let depth = parts[parent].depth + 1;
        let children = &mut parts[parent].children;
        let at = at.unwrap_or(children.len()).min(children.len());
        children.insert(at, child);
        let part = &mut parts[child];
        part.parent = Some(parent);
        part.depth = depth;
        if let NodeData::Element { contents, .. } = &part.data {
            let contents = *contents;
            self.bounds.depth.set(self.bounds.depth.get().max(depth));
            if let Some(contents) = contents {
                parts[contents].depth = depth;
            }
        }
    }

    fn detach(&self, node: usize) {
        let mut parts = self.parts.borrow_mut();
        if let Some(parent) = parts[node].parent.take() {
            let siblings = &mut parts[parent].children;
            if let Some(at) = siblings.iter().rposition(|sibling| *sibling == node) {
                siblings.remove(at);
            }
        }
    }
}

impl TreeSink for Sink<'_> {
    type Handle = usize;
    type Output = Vec<SinkNode>;
    type ElemName<'a>
        = TagName
    where
        Self: 'a;

    fn finish(self) -> Vec<SinkNode> {
        self.parts.into_inner()
    }

    fn parse_error(&self, _: Cow<'static, str>) {}

    fn get_document(&self) -> usize {
        0
    }

    fn elem_name<'a>(&'a self, target: &'a usize) -> TagName {
        match &self.parts.borrow()[*target].data {
            NodeData::Element { name, .. } => TagName(name.clone()),
            // The parser asks elements only.
            _ => TagName(QualName::new(
                None,
                Namespace::default(),
                LocalName::default(),
            )),
        }
    }

    fn create_element(
        &self,
        name: QualName,
        attributes: Vec<Attribute>,
        flags: ElementFlags,
    ) -> usize {
        let contents = flags.template.then(|| self.add(NodeData::Document));
        self.add(NodeData::Element {
            name,
            attributes,
            contents,
            holds_html: flags.mathml_annotation_xml_integration_point,
        })
    }

    fn create_comment(&self, text: StrTendril) -> usize {
        self.add(NodeData::Comment(text))
    }

    // HTML has none: the parser makes comments of them.
    fn create_pi(&self, _: StrTendril, text: StrTendril) -> usize {
        self.add(NodeData::Comment(text))
    }

    fn append(&self, parent: &usize, child: NodeOrText<usize>) {
        self.insert(*parent, None, child);
    }

    fn append_based_on_parent_node(
        &self,
        element: &usize,
        previous: &usize,
        child: NodeOrText<usize>,
    ) {
        let has_parent = self.parts.borrow()[*element].parent.is_some();
        if has_parent {
            self.append_before_sibling(element, child);
        } else {
            self.append(previous, child);
        }
    }

    fn append_doctype_to_document(&self, _: StrTendril, _: StrTendril, _: StrTendril) {}

    fn get_template_contents(&self, target: &usize) -> usize {
        match &self.parts.borrow()[*target].data {
            NodeData::Element {
                contents: Some(contents),
                ..
            } => *contents,
            _ => *target,
        }
    }

    fn same_node(&self, one: &usize, other: &usize) -> bool {
        one == other
    }

    fn set_quirks_mode(&self, _: QuirksMode) {}

    fn append_before_sibling(&self, sibling: &usize, new: NodeOrText<usize>) {
        // The node may be a sibling already. It leaves first, because that moves
        // the places of the others.
        if let NodeOrText::AppendNode(node) = &new {
            self.detach(*node);
        }
        let parts = self.parts.borrow();
        let Some(parent) = parts[*sibling].parent else {
            return;
        };
        let children = &parts[parent].children;
        let at = children.iter().rposition(|child| child == sibling);
        drop(parts);
        self.insert(parent, at, new);
    }

    fn add_attrs_if_missing(&self, target: &usize, more: Vec<Attribute>) {
        if let NodeData::Element { attributes, .. } = &mut self.parts.borrow_mut()[*target].data {
            for attribute in more {
                if !attributes.iter().any(|known| known.name == attribute.name) {
                    attributes.push(attribute);
                    self.bounds.nodes.set(self.bounds.nodes.get() + 1);
                }
            }
            self.bounds.attributes.set(attributes.len());
        }
    }

    fn remove_from_parent(&self, target: &usize) {
        self.detach(*target);
    }

    fn reparent_children(&self, node: &usize, new_parent: &usize) {
        let mut parts = self.parts.borrow_mut();
        let children = std::mem::take(&mut parts[*node].children);
        let depth = parts[*new_parent].depth + 1;
        for child in &children {
            parts[*child].parent = Some(*new_parent);
            parts[*child].depth = depth;
        }
        parts[*new_parent].children.extend(children);
    }

    fn is_mathml_annotation_xml_integration_point(&self, target: &usize) -> bool {
        matches!(
            self.parts.borrow()[*target].data,
            NodeData::Element {
                holds_html: true,
                ..
            }
        )
    }
}
