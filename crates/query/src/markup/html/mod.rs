//! HTML into a tree, as browsers read it: nothing is malformed.
//!
//! The only module that knows the HTML parser, which fills `sink.rs`; `names.rs`
//! asks it for its names of characters. It is fed
//! piece by piece, and no further once the document is larger or deeper than
//! the tree may be: what it does for each tag grows with the depth, so that
//! bounds afterwards would come too late.

mod names;
mod sink;

use html5ever::tendril::{StrTendril, TendrilSink};
use html5ever::tree_builder::TreeBuilderOpts;
use html5ever::{ParseOpts, QualName, parse_document};

use super::tree::{Excess, Name, Tree, TreeBuilder};
pub use names::{LONGEST_NAME, decode_references, read_reference};
use sink::{Bounds, NodeData, Sink, SinkNode};

/// How many bytes are read between two looks at the bounds.
const PIECE: usize = 512;

/// The most parts of one tag, or of a comment: each attribute is compared with
/// all others of its tag, and begins with a part.
const MOST_PARTS: usize = 20_000;

/// Reads a document.
pub(super) fn read(text: &str) -> Result<Tree, Excess> {
    let options = ParseOpts {
        tree_builder: TreeBuilderOpts {
            // Without scripts `noscript` holds elements.
            scripting_enabled: false,
            ..TreeBuilderOpts::default()
        },
        ..ParseOpts::default()
    };
    let bounds = Bounds::default();
    let mut parser = parse_document(Sink::new(&bounds), options);
    let (mut rest, mut parts) = (text, 0);
    while !rest.is_empty() {
        let at = rest.floor_char_boundary(PIECE.min(rest.len()));
        let (piece, after) = rest.split_at(at);
        parser.process(StrTendril::from_slice(piece));
        rest = after;
        // Nothing comes of a tag before it is closed.
        parts = if bounds.has_output.take() {
            0
        } else {
            parts + count_parts(piece)
        };
        if parts > MOST_PARTS {
            return Err(Excess::Tag);
        }
        bounds.check()?;
    }
    let nodes = parser.finish();
    bounds.check()?;
    build_tree(&nodes)
}

/// At least as many as attributes begin in it.
fn count_parts(piece: &str) -> usize {
    let mut blank = false;
    let mut parts = 0;
    for byte in piece.bytes() {
        let before = std::mem::replace(&mut blank, byte.is_ascii_whitespace());
        let begins = matches!(byte, b'/' | b'"' | b'\'') || blank && !before;
        parts += usize::from(begins);
    }
    parts
}

/// The nodes in document order.
fn build_tree(parts: &[SinkNode]) -> Result<Tree, Excess> {
    enum Next {
        Enter(usize),
        Close,
    }
    let mut builder = TreeBuilder::new();
    let children = |of: &SinkNode| -> Vec<Next> {
        let children = of.children.iter().rev().copied();
        children.map(Next::Enter).collect()
    };
    let mut next = parts.first().map(children).unwrap_or_default();
    while let Some(step) = next.pop() {
        let Next::Enter(at) = step else {
            builder.close_element();
            continue;
        };
        let Some(part) = parts.get(at) else { continue };
        match &part.data {
            NodeData::Document => {}
            NodeData::Text(text) => builder.add_text(text)?,
            NodeData::Comment(text) => builder.add_comment(text)?,
            NodeData::Element {
                name, attributes, ..
            } => {
                builder.open_element(plain_name(name))?;
                for attribute in attributes {
                    builder.add_attribute(plain_name(&attribute.name), &attribute.value)?;
                }
                next.push(Next::Close);
                next.extend(children(part));
            }
        }
    }
    Ok(builder.finish())
}

/// A name as XPath and CSS ask for it in HTML: in lower case, in no namespace.
fn plain_name(name: &QualName) -> Name {
    let local = name.local.to_ascii_lowercase();
    let local = match &name.prefix {
        Some(prefix) if !prefix.is_empty() => format!("{prefix}:{local}"),
        _ => local.to_string(),
    };
    Name {
        space: None,
        local: local.into(),
    }
}
