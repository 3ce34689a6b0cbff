//! YAML text to a tree of values that know where they stand.
//!
//! With `tabs.rs` the only module that knows the YAML parser. It is strict where a
//! check file gains from it: one document, string keys, no duplicate keys, JSON's
//! types only (YAML 1.2 core schema), and bounds on depth and on what aliases may
//! expand to.

mod json;
mod marks;
mod node;
pub mod scalar;
mod tabs;

use std::collections::HashMap;
use std::sync::Arc;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError};

use crate::{Diagnostic, Source, Span};
use marks::{collection_end, find_indent_tab};
pub use node::{Key, Node, Yaml};

/// The most values a file may hold once its aliases are expanded.
pub(crate) const MAX_VALUES: usize = 100_000;
/// The deepest nesting of lists and maps.
pub(crate) const MAX_DEPTH: usize = 64;

/// Reads the one document of a file. What is wrong is added to `problems`. A
/// mistake that leaves a usable tree, such as a duplicate key, does not end the
/// reading; the tree is absent after one that does, and for an empty file.
pub fn parse(source: &Arc<Source>, problems: &mut Vec<Diagnostic>) -> Option<Node> {
    let mut builder = TreeBuilder {
        source,
        offsets: character_offsets(source.text()),
        problems,
        anchors: HashMap::new(),
        values: 0,
        anchored_values: 0,
    };
    builder.read_document(&mut Parser::new_from_str(&tabs::replace_refused_tabs(
        source.text(),
    )))
}

/// The byte offset of each character, because the parser counts characters. Absent
/// for ASCII, where both are the same.
fn character_offsets(text: &str) -> Option<Vec<usize>> {
    (!text.is_ascii()).then(|| {
        text.char_indices()
            .map(|(at, _)| at)
            .chain([text.len()])
            .collect()
    })
}

/// Ends the reading; its reason is among the problems already.
struct Abort;

/// A value that has an anchor, so that aliases may stand for it.
#[derive(Clone)]
struct Anchor {
    node: Node,
    /// How many values it holds.
    size: usize,
    /// How deep it is nested.
    height: usize,
}

struct TreeBuilder<'a> {
    source: &'a Arc<Source>,
    offsets: Option<Vec<usize>>,
    problems: &'a mut Vec<Diagnostic>,
    anchors: HashMap<usize, Anchor>,
    values: usize,
    /// How many values the copies for aliases hold.
    anchored_values: usize,
}

type Events<'a> = Parser<'a, saphyr_parser::StrInput<'a>>;

impl TreeBuilder<'_> {
    fn read_document(&mut self, events: &mut Events<'_>) -> Option<Node> {
        let mut root = None;
        loop {
            let (event, span) = self.next_event(events).ok()?;
            match event {
                Event::StreamEnd => return root,
                Event::DocumentStart(_) if root.is_some() => {
                    self.problems.push(
                        Diagnostic::at(self.source, span, "a second document in one file")
                            .expected("one YAML document")
                            .found("another after `---`")
                            .help("move it to a file of its own"),
                    );
                    return None;
                }
                Event::StreamStart
                | Event::DocumentStart(_)
                | Event::DocumentEnd
                | Event::Nothing => {}
                event => root = Some(self.read_node(event, span, events, 0).ok()?),
            }
        }
    }

    fn read_node(
        &mut self,
        event: Event<'_>,
        span: Span,
        events: &mut Events<'_>,
        depth: usize,
    ) -> Result<Node, Abort> {
        self.check_depth(depth, span)?;
        self.count_values(1, span)?;
        let before = self.values;
        let (anchor, node) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                if let Some(tag) = tag {
                    self.refuse_tag(&tag.to_string(), span);
                }
                let value = self.read_scalar(&text, style, span);
                (anchor, Node { span, value })
            }
            Event::SequenceStart(anchor, tag) => {
                if let Some(tag) = tag {
                    self.refuse_tag(&tag.to_string(), span);
                }
                (anchor, self.read_list(span, events, depth)?)
            }
            Event::MappingStart(anchor, tag) => {
                if let Some(tag) = tag {
                    self.refuse_tag(&tag.to_string(), span);
                }
                (anchor, self.read_map(span, events, depth)?)
            }
            Event::Alias(anchor) => {
                // The parser itself refuses an alias whose anchor does not stand
                // before it; one inside its own anchor gets here.
                let Some(Anchor { node, size, height }) = self.anchors.get(&anchor).cloned() else {
                    self.problems.push(
                        Diagnostic::at(self.source, span, "an alias to the value that holds it")
                            .expected("an alias to a value that ends before it")
                            .found("one inside its own anchor")
                            .help("write the value out"),
                    );
                    return Err(Abort);
                };
                self.count_values(size, span)?;
                self.check_depth(depth + height, span)?;
                return Ok(node);
            }
            _ => return Err(Abort),
        };
        if anchor > 0 {
            let size = self.values - before + 1;
            // The copy costs memory before any alias stands for it, and anchors
            // inside each other copy the same values again.
            self.anchored_values += size;
            if self.anchored_values > MAX_VALUES {
                return Err(self.refuse_more_values(span));
            }
            let anchored = Anchor {
                node: node.clone(),
                size,
                height: node.height(),
            };
            self.anchors.insert(anchor, anchored);
        }
        Ok(node)
    }

    fn read_list(
        &mut self,
        start: Span,
        events: &mut Events<'_>,
        depth: usize,
    ) -> Result<Node, Abort> {
        let mut items = Vec::new();
        loop {
            let (event, span) = self.next_event(events)?;
            if event == Event::SequenceEnd {
                let span = items
                    .iter()
                    .fold(start.to(collection_end(start, span)), |all, item: &Node| {
                        all.to(item.span)
                    });
                return Ok(Node {
                    span,
                    value: Yaml::List(items),
                });
            }
            items.push(self.read_node(event, span, events, depth + 1)?);
        }
    }

    fn read_map(
        &mut self,
        start: Span,
        events: &mut Events<'_>,
        depth: usize,
    ) -> Result<Node, Abort> {
        let mut entries: Vec<(Key, Node)> = Vec::new();
        let mut seen: HashMap<String, Span> = HashMap::new();
        loop {
            let (event, span) = self.next_event(events)?;
            if event == Event::MappingEnd {
                let span = entries
                    .iter()
                    .fold(start.to(collection_end(start, span)), |all, (key, item)| {
                        all.to(key.span).to(item.span)
                    });
                return Ok(Node {
                    span,
                    value: Yaml::Map(entries),
                });
            }
            let key = match event {
                Event::Scalar(text, ..) => Some(Key {
                    text: text.into_owned(),
                    span,
                }),
                event => {
                    let key = self.read_node(event, span, events, depth + 1)?;
                    self.problems.push(
                        Diagnostic::at(self.source, key.span, "a key that is not a string")
                            .expected("a string")
                            .found(key.describe())
                            .help("put text that begins with `{`, `[` or `*` in quotes"),
                    );
                    None
                }
            };
            let (event, span) = self.next_event(events)?;
            let value = self.read_node(event, span, events, depth + 1)?;
            let Some(key) = key else { continue };
            if let Some(first) = seen.get(&key.text) {
                self.problems.push(
                    Diagnostic::at(
                        self.source,
                        key.span,
                        format!("duplicate key `{}`", key.text),
                    )
                    .expected("each key once")
                    .found("it again")
                    .help("remove one of the two")
                    .related(self.source, *first, "first written here"),
                );
                continue;
            }
            seen.insert(key.text.clone(), key.span);
            entries.push((key, value));
        }
    }

    fn read_scalar(&mut self, text: &str, style: ScalarStyle, span: Span) -> Yaml {
        if style != ScalarStyle::Plain {
            return Yaml::String(text.to_owned());
        }
        match text {
            "" | "~" | "null" | "Null" | "NULL" => Yaml::Null,
            "true" | "True" | "TRUE" => Yaml::Bool(true),
            "false" | "False" | "FALSE" => Yaml::Bool(false),
            _ => match scalar::parse_number(text) {
                Some(Ok(number)) => Yaml::Number(number, text.to_owned()),
                Some(Err(why)) => {
                    self.problems.push(
                        Diagnostic::at(self.source, span, "a number that JSON cannot hold")
                            .expected("a finite number")
                            .found(format!("`{text}`, {why}"))
                            .help("put it in quotes if text is meant"),
                    );
                    Yaml::Null
                }
                None => Yaml::String(text.to_owned()),
            },
        }
    }

    fn refuse_tag(&mut self, tag: &str, span: Span) {
        self.problems.push(
            Diagnostic::at(
                self.source,
                span,
                format!("the tag `{tag}` is not supported"),
            )
            .expected("a plain value")
            .found("a tagged one")
            .help("remove the tag; put the value in quotes if text is meant"),
        );
    }

    /// Refuses a value that is nested too deeply: readers go down by recursion.
    fn check_depth(&mut self, depth: usize, span: Span) -> Result<(), Abort> {
        if depth <= MAX_DEPTH {
            return Ok(());
        }
        self.problems.push(
            Diagnostic::at(self.source, span, "nested too deeply")
                .expected(format!("at most {MAX_DEPTH} levels"))
                .found("more")
                .help("flatten the value, or put it into a file of its own"),
        );
        Err(Abort)
    }

    /// Counts values, those of aliases included: a few lines of aliases in aliases
    /// can stand for billions.
    fn count_values(&mut self, more: usize, span: Span) -> Result<(), Abort> {
        self.values = self.values.saturating_add(more);
        if self.values <= MAX_VALUES {
            return Ok(());
        }
        Err(self.refuse_more_values(span))
    }

    /// Reports that the file holds too many values.
    fn refuse_more_values(&mut self, span: Span) -> Abort {
        self.problems.push(
            Diagnostic::at(self.source, span, "too many values")
                .expected(format!("at most {MAX_VALUES} once aliases are expanded"))
                .found("more")
                .help("split the file, or use fewer aliases"),
        );
        Abort
    }

    /// The next event of the parser, with its span in bytes.
    fn next_event<'a>(&mut self, events: &mut Events<'a>) -> Result<(Event<'a>, Span), Abort> {
        match events.next_event() {
            Some(Ok((event, span))) => {
                let span = Span::new(
                    self.byte_offset(span.start.index()),
                    self.byte_offset(span.end.index()),
                );
                Ok((event, span))
            }
            Some(Err(error)) => {
                let problem = self.describe_syntax_error(&error);
                self.problems.push(problem);
                Err(Abort)
            }
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    fn describe_syntax_error(&self, error: &ScanError) -> Diagnostic {
        let at = self.byte_offset(error.marker().index());
        let text = self.source.text();
        let line_start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
        let indent = &text[line_start..];
        let indent = &indent[..indent.len() - indent.trim_start().len()];
        // The parser's message for a tab depends on where it meets the tab; the
        // message here does not.
        let tab = match indent.find('\t') {
            Some(tab) => Some(line_start + tab),
            None if error.info().contains("tab") => find_indent_tab(text, at),
            None => None,
        };
        if let Some(at) = tab {
            return Diagnostic::at(
                self.source,
                Span::new(at, at + 1),
                "a tab in the indentation",
            )
            .expected("spaces")
            .found("a tab")
            .help("indent with spaces; YAML does not allow tabs there");
        }
        Diagnostic::at(self.source, Span::new(at, at), "this is not YAML")
            .expected("well-formed YAML")
            .found(format!("an error: {}", error.info()))
            .help("check the indentation, and put text that holds `: `, ` #`, `{` or `[` in quotes")
    }

    /// The byte offset of a character that the parser counts.
    fn byte_offset(&self, character: usize) -> usize {
        match &self.offsets {
            None => character.min(self.source.text().len()),
            Some(offsets) => offsets
                .get(character)
                .copied()
                .unwrap_or(self.source.text().len()),
        }
    }
}
