//! XML into a tree.
//!
//! The only module that knows the XML parser. A document type may be named but
//! declare nothing, so that no entity can expand; and what the parser would
//! compare each with each is counted before it begins.

use std::collections::HashSet;

use roxmltree::{Document, Error, Node, NodeType, ParsingOptions};

use super::tree::{Excess, MOST_NODES, Name, Tree, TreeBuilder};

/// The most attributes of one tag.
const MOST_ATTRIBUTES: usize = 1024;

/// The most prefixes that a document declares.
const MOST_PREFIXES: usize = 64;

/// Why a text is not read as XML: what was found in its place.
#[derive(Debug, thiserror::Error)]
pub(super) enum XmlError {
    #[error("{}", .0.describe())]
    Excess(Excess),
    #[error("more than {MOST_PREFIXES} prefixes of namespaces")]
    Prefixes,
    #[error("a document type with declarations of its own")]
    Declarations,
    #[error("XML that is not well-formed at {place}: {reason}")]
    Malformed { place: String, reason: String },
}

/// Reads a document.
pub(super) fn read(text: &str) -> Result<Tree, XmlError> {
    check_bounds(text)?;
    let options = ParsingOptions {
        // Without a subset of its own, which `check_bounds` refuses, it is a name.
        allow_dtd: true,
        nodes_limit: u32::try_from(MOST_NODES).unwrap_or(u32::MAX),
        ..ParsingOptions::default()
    };
    let document = Document::parse_with_options(text, options).map_err(|error| match error {
        Error::NodesLimitReached => XmlError::Excess(Excess::Nodes),
        error => explain_malformed(text, &error),
    })?;
    build_tree(&document).map_err(XmlError::Excess)
}

fn explain_malformed(text: &str, error: &Error) -> XmlError {
    let reason = error.to_string();
    let place = match error {
        // The parser has no place for these: what is missing is missing at the end.
        Error::NoRootNode | Error::UnclosedRootNode | Error::UnexpectedEndOfStream => {
            let line = text.lines().count().max(1);
            let last = text.lines().last().unwrap_or_default();
            format!("{line}:{}", last.chars().count() + 1)
        }
        error => error.pos().to_string(),
    };
    let reason = reason.replace(&format!(" at {place}"), "");
    let reason = reason.replace('\'', "`");
    XmlError::Malformed { place, reason }
}

fn build_tree(document: &Document<'_>) -> Result<Tree, Excess> {
    // A loop in the place of recursion, because only the builder bounds the depth.
    let mut builder = TreeBuilder::new();
    let mut next = document.root().first_child();
    while let Some(node) = next {
        add_node(&mut builder, node)?;
        next = node.first_child();
        let mut left = node;
        while next.is_none() && left != document.root() {
            if left.is_element() {
                builder.close_element();
            }
            next = left.next_sibling();
            let Some(parent) = left.parent() else { break };
            left = parent;
        }
    }
    Ok(builder.finish())
}

/// Adds a node; an element stays open.
fn add_node(builder: &mut TreeBuilder, node: Node<'_, '_>) -> Result<(), Excess> {
    match node.node_type() {
        NodeType::Root => Ok(()),
        NodeType::Element => {
            for space in node.namespaces() {
                // XPath 1.0 has no name for a default namespace.
                if let Some(prefix) = space.name() {
                    builder.declare_prefix(prefix, space.uri());
                }
            }
            let tag = node.tag_name();
            builder.open_element(tree_name(tag.namespace(), tag.name()))?;
            for attribute in node.attributes() {
                let name = tree_name(attribute.namespace(), attribute.name());
                builder.add_attribute(name, attribute.value())?;
            }
            Ok(())
        }
        NodeType::Text => builder.add_text(node.text().unwrap_or_default()),
        NodeType::Comment => builder.add_comment(node.text().unwrap_or_default()),
        NodeType::PI => match node.pi() {
            Some(pi) => builder.add_instruction(pi.target, pi.value.unwrap_or_default()),
            None => Ok(()),
        },
    }
}

fn tree_name(space: Option<&str>, local: &str) -> Name {
    Name {
        space: space.filter(|space| !space.is_empty()).map(Box::from),
        local: local.into(),
    }
}

/// Refuses what the parser would take long for. It goes wrong only on what is
/// not well-formed, and the parser stops there.
fn check_bounds(text: &str) -> Result<(), XmlError> {
    let mut prefixes = HashSet::new();
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        rest = &rest[at..];
        let skipped = [("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>")]
            .iter()
            .find(|(begin, _)| rest.starts_with(begin));
        if let Some((begin, end)) = skipped {
            let inside = &rest[begin.len()..];
            rest = match inside.find(end) {
                Some(at) => &inside[at + end.len()..],
                None => "",
            };
            continue;
        }
        let (tag, after) = split_tag(rest);
        rest = after;
        if tag.starts_with("<!") {
            if split_unquoted(tag).any(|part| part.contains('[')) {
                return Err(XmlError::Declarations);
            }
            continue;
        }
        let mut attributes = 0;
        for part in split_unquoted(tag) {
            attributes += part.matches('=').count();
            for declared in part.split("xmlns:").skip(1) {
                let end = declared.find(|c: char| c == '=' || c.is_whitespace());
                prefixes.insert(&declared[..end.unwrap_or(declared.len())]);
            }
        }
        if attributes > MOST_ATTRIBUTES {
            return Err(XmlError::Excess(Excess::Tag));
        }
        if prefixes.len() > MOST_PREFIXES {
            return Err(XmlError::Prefixes);
        }
    }
    Ok(())
}

/// The tag that the text begins with, and what comes after it.
fn split_tag(text: &str) -> (&str, &str) {
    let mut quote = None;
    for (at, byte) in text.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return text.split_at(at + 1),
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), _) if open == byte => quote = None,
            _ => {}
        }
    }
    (text, "")
}

/// The parts of a tag that are not in quotes.
fn split_unquoted(tag: &str) -> impl Iterator<Item = &str> {
    let mut rest = tag;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let Some(at) = rest.find(['"', '\'']) else {
            return Some(std::mem::take(&mut rest));
        };
        let (part, quoted) = rest.split_at(at);
        let quote = &quoted[..1];
        rest = match quoted[1..].find(quote) {
            Some(end) => &quoted[end + 2..],
            None => "",
        };
        Some(part)
    })
}
