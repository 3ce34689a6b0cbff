//! XML into a tree.
//!
//! The only module that knows the XML parser. A document type may be named but
//! declare nothing, so that no entity can expand; and what the parser would
//! compare each with each is counted before it begins.

use std::collections::HashSet;

use roxmltree::{Document, Error, Node, NodeType, ParsingOptions};

use super::tree::{Builder, Excess, MOST_NODES, Name, Tree};

/// The most attributes of one tag.
const MOST_ATTRIBUTES: usize = 1024;

/// The most prefixes that a document declares.
const MOST_PREFIXES: usize = 64;

/// Reads a document. The error says what was found instead.
pub(super) fn read(text: &str) -> Result<Tree, String> {
    bounded(text)?;
    let options = ParsingOptions {
        // Without a subset of its own, which `bounded` refuses, it is a name.
        allow_dtd: true,
        nodes_limit: u32::try_from(MOST_NODES).unwrap_or(u32::MAX),
        ..ParsingOptions::default()
    };
    let document = Document::parse_with_options(text, options).map_err(|error| match error {
        Error::NodesLimitReached => Excess::Nodes.found(),
        error => malformed(text, &error),
    })?;
    tree(&document).map_err(Excess::found)
}

fn malformed(text: &str, error: &Error) -> String {
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
    format!("XML that is not well-formed at {place}: {reason}")
}

fn tree(document: &Document<'_>) -> Result<Tree, Excess> {
    let mut builder = Builder::new();
    let mut next = document.root().first_child();
    while let Some(node) = next {
        enter(&mut builder, node)?;
        next = node.first_child();
        let mut left = node;
        while next.is_none() && left != document.root() {
            if left.is_element() {
                builder.close();
            }
            next = left.next_sibling();
            let Some(parent) = left.parent() else { break };
            left = parent;
        }
    }
    Ok(builder.finish())
}

/// Adds a node; an element stays open.
fn enter(builder: &mut Builder, node: Node<'_, '_>) -> Result<(), Excess> {
    match node.node_type() {
        NodeType::Root => Ok(()),
        NodeType::Element => {
            for space in node.namespaces() {
                // XPath 1.0 has no name for a default namespace.
                if let Some(prefix) = space.name() {
                    builder.prefix(prefix, space.uri());
                }
            }
            let tag = node.tag_name();
            builder.open(name(tag.namespace(), tag.name()))?;
            for attribute in node.attributes() {
                let name = name(attribute.namespace(), attribute.name());
                builder.attribute(name, attribute.value())?;
            }
            Ok(())
        }
        NodeType::Text => builder.text(node.text().unwrap_or_default()),
        NodeType::Comment => builder.comment(node.text().unwrap_or_default()),
        NodeType::PI => match node.pi() {
            Some(pi) => builder.instruction(pi.target, pi.value.unwrap_or_default()),
            None => Ok(()),
        },
    }
}

fn name(space: Option<&str>, local: &str) -> Name {
    Name {
        space: space.filter(|space| !space.is_empty()).map(Box::from),
        local: local.into(),
    }
}

/// Refuses what the parser would take long for. It goes wrong only on what is
/// not well-formed, and the parser stops there.
fn bounded(text: &str) -> Result<(), String> {
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
        let (tag, after) = tag(rest);
        rest = after;
        if tag.starts_with("<!") {
            if unquoted(tag).any(|part| part.contains('[')) {
                return Err("a document type with declarations of its own".to_owned());
            }
            continue;
        }
        let mut attributes = 0;
        for part in unquoted(tag) {
            attributes += part.matches('=').count();
            for declared in part.split("xmlns:").skip(1) {
                let end = declared.find(|c: char| c == '=' || c.is_whitespace());
                prefixes.insert(&declared[..end.unwrap_or(declared.len())]);
            }
        }
        if attributes > MOST_ATTRIBUTES {
            return Err(Excess::Tag.found());
        }
        if prefixes.len() > MOST_PREFIXES {
            return Err(format!("more than {MOST_PREFIXES} prefixes of namespaces"));
        }
    }
    Ok(())
}

/// The tag that the text begins with, and what comes after it.
fn tag(text: &str) -> (&str, &str) {
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
fn unquoted(tag: &str) -> impl Iterator<Item = &str> {
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
