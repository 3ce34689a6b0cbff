//! The tree that HTML and XML become: one flat list in document order, with
//! bounds that hold whatever a server sends.

use std::collections::HashMap;

/// The deepest that elements are nested.
pub(super) const MOST_DEPTH: usize = 256;

/// The most nodes of a document: elements, attributes, texts and the rest.
pub(super) const MOST_NODES: usize = 200_000;

/// Why a document is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Excess {
    Depth,
    Nodes,
    /// A tag of so many attributes that to read it would take long.
    Tag,
}

impl Excess {
    /// What was found, for a message.
    pub(super) fn describe(self) -> String {
        match self {
            Self::Depth => format!("elements nested more than {MOST_DEPTH} deep"),
            Self::Nodes => format!("a document of more than {MOST_NODES} nodes"),
            Self::Tag => "a tag of too many attributes".to_owned(),
        }
    }
}

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RecordKind {
    Root,
    Element,
    Attribute,
    Text,
    Comment,
    Instruction,
}

/// A name and the namespace that it is in.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Name {
    pub(super) space: Option<Box<str>>,
    pub(super) local: Box<str>,
}

/// A node. Its attributes follow it, then its children, each with all that is
/// below it.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) kind: RecordKind,
    /// Its parent; the root is its own.
    pub(super) parent: u32,
    /// Where its children begin.
    pub(super) first: u32,
    /// Where all that is below it ends.
    pub(super) end: u32,
    /// Which of the names it has.
    pub(super) name: u32,
    /// Where its text stands: that of texts and elements in one place, so that
    /// an element's is a piece of it, and that of all others in another.
    text: (u32, u32),
}

/// A document.
#[derive(Debug)]
pub(super) struct Tree {
    records: Vec<Record>,
    names: Vec<Name>,
    prose: String,
    rest: String,
    /// The prefixes that the document declares, the first of each that does.
    pub(super) prefixes: Vec<(String, String)>,
}

impl Tree {
    pub(super) fn record(&self, at: u32) -> Option<&Record> {
        self.records.get(at as usize)
    }

    pub(super) fn name(&self, record: &Record) -> Option<&Name> {
        self.names.get(record.name as usize)
    }

    /// The string-value of XPath 1.0, section 5.
    pub(super) fn text(&self, record: &Record) -> &str {
        let whole = match record.kind {
            RecordKind::Root | RecordKind::Element | RecordKind::Text => &self.prose,
            RecordKind::Attribute | RecordKind::Comment | RecordKind::Instruction => &self.rest,
        };
        let (from, to) = record.text;
        whole.get(from as usize..to as usize).unwrap_or_default()
    }

    /// The element that holds all others.
    pub(super) fn document_element(&self) -> u32 {
        let element = |record: &Record| record.kind == RecordKind::Element;
        let at = self.records.iter().position(element).unwrap_or(0);
        u32::try_from(at).unwrap_or(0)
    }
}

/// No name.
const NAMELESS: u32 = u32::MAX;

/// Builds a tree from its nodes in document order.
pub(super) struct TreeBuilder {
    tree: Tree,
    indexes: HashMap<Name, u32>,
    /// The nodes that are not closed, the root first.
    open: Vec<u32>,
}

impl TreeBuilder {
    pub(super) fn new() -> Self {
        let root = Record {
            kind: RecordKind::Root,
            parent: 0,
            first: 1,
            end: 1,
            name: NAMELESS,
            text: (0, 0),
        };
        Self {
            tree: Tree {
                records: vec![root],
                names: Vec::new(),
                prose: String::new(),
                rest: String::new(),
                prefixes: Vec::new(),
            },
            indexes: HashMap::new(),
            open: vec![0],
        }
    }

    /// Begins an element; what follows is in it until it is closed.
    pub(super) fn open_element(&mut self, name: Name) -> Result<(), Excess> {
        // The root is open too.
        if self.open.len() > MOST_DEPTH {
            return Err(Excess::Depth);
        }
        let name = self.intern_name(name);
        let from = narrow(self.tree.prose.len());
        let at = self.push(RecordKind::Element, name, (from, from))?;
        self.open.push(at);
        Ok(())
    }

    /// Adds an attribute to the element that was just opened.
    pub(super) fn add_attribute(&mut self, name: Name, value: &str) -> Result<(), Excess> {
        let name = self.intern_name(name);
        self.push_with_text(RecordKind::Attribute, name, value)?;
        let first = self.next_index();
        if let Some(owner) = self.open_record() {
            owner.first = first;
        }
        Ok(())
    }

    pub(super) fn add_text(&mut self, text: &str) -> Result<(), Excess> {
        let from = narrow(self.tree.prose.len());
        self.tree.prose.push_str(text);
        let to = narrow(self.tree.prose.len());
        self.push(RecordKind::Text, NAMELESS, (from, to)).map(drop)
    }

    pub(super) fn add_comment(&mut self, text: &str) -> Result<(), Excess> {
        self.push_with_text(RecordKind::Comment, NAMELESS, text)
    }

    pub(super) fn add_instruction(&mut self, target: &str, text: &str) -> Result<(), Excess> {
        let name = self.intern_name(Name {
            space: None,
            local: target.into(),
        });
        self.push_with_text(RecordKind::Instruction, name, text)
    }

    /// Ends the element that was opened last.
    pub(super) fn close_element(&mut self) {
        let (end, to) = (self.next_index(), narrow(self.tree.prose.len()));
        if let Some(record) = self.open_record() {
            record.end = end;
            record.text.1 = to;
        }
        self.open.pop();
    }

    /// Takes note of a prefix, unless it was declared before.
    pub(super) fn declare_prefix(&mut self, prefix: &str, space: &str) {
        let prefixes = &mut self.tree.prefixes;
        if !prefixes.iter().any(|(known, _)| known == prefix) {
            prefixes.push((prefix.to_owned(), space.to_owned()));
        }
    }

    pub(super) fn finish(mut self) -> Tree {
        while !self.open.is_empty() {
            self.close_element();
        }
        self.tree
    }

    fn open_record(&mut self) -> Option<&mut Record> {
        let at = *self.open.last()?;
        self.tree.records.get_mut(at as usize)
    }

    fn next_index(&self) -> u32 {
        narrow(self.tree.records.len())
    }

    fn intern_name(&mut self, name: Name) -> u32 {
        let names = &mut self.tree.names;
        *self.indexes.entry(name).or_insert_with_key(|name| {
            names.push(name.clone());
            narrow(names.len() - 1)
        })
    }

    fn push_with_text(&mut self, kind: RecordKind, name: u32, text: &str) -> Result<(), Excess> {
        let from = narrow(self.tree.rest.len());
        self.tree.rest.push_str(text);
        let to = narrow(self.tree.rest.len());
        self.push(kind, name, (from, to)).map(drop)
    }

    fn push(&mut self, kind: RecordKind, name: u32, text: (u32, u32)) -> Result<u32, Excess> {
        if self.tree.records.len() >= MOST_NODES {
            return Err(Excess::Nodes);
        }
        let at = self.next_index();
        self.tree.records.push(Record {
            kind,
            parent: self.open.last().copied().unwrap_or(0),
            first: at + 1,
            end: at + 1,
            name,
            text,
        });
        Ok(at)
    }
}

/// A length that is bounded far below what a `u32` holds.
fn narrow(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
