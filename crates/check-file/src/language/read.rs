//! The tools that every part of a check file is read with. Reading goes on
//! after a mistake, so that all of them are reported at once.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use super::fragments::Library;
use crate::template::Template;
use diagnostic::suggest;
use diagnostic::units;
use diagnostic::yaml::{Key, Node, Yaml};
use diagnostic::{Diagnostic, Source, Span};

/// Reads one file and gathers what is wrong with it.
pub(super) struct Reader<'a> {
    pub(super) source: &'a Arc<Source>,
    pub(super) problems: &'a mut Vec<Diagnostic>,
    /// The fragments that steps may use, once they are read.
    pub(super) library: Option<Rc<Library>>,
}

/// The entries of a map whose keys are known.
#[derive(Clone, Copy)]
pub(super) struct Fields<'n> {
    pub(super) span: Span,
    entries: &'n [(Key, Node)],
}

impl<'n> Fields<'n> {
    /// The entry with this key.
    pub(super) fn get(&self, key: &str) -> Option<&'n (Key, Node)> {
        self.entries.iter().find(|(known, _)| known.text == key)
    }

    /// The value of this key.
    pub(super) fn value(&self, key: &str) -> Option<&'n Node> {
        self.get(key).map(|(_, value)| value)
    }

    /// All entries, in their order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &'n (Key, Node)> {
        self.entries.iter()
    }
}

impl Reader<'_> {
    /// A diagnostic at a place of this file.
    pub(super) fn at(&self, span: Span, title: impl Into<String>) -> Diagnostic {
        Diagnostic::at(self.source, span, title)
    }

    /// Takes note of something wrong.
    pub(super) fn report(&mut self, problem: Diagnostic) {
        self.problems.push(problem);
    }

    /// Takes note of a value of the wrong type. `help` says how the right one
    /// is written.
    pub(super) fn wrong_type(&mut self, node: &Node, what: &str, expected: &str, help: &str) {
        let problem = self
            .at(node.span, format!("{what} of the wrong type"))
            .expected(expected)
            .found(node.describe())
            .help(help);
        self.report(problem);
    }

    /// A map with these keys only. `what` names the map: "a check".
    pub(super) fn fields<'n>(
        &mut self,
        node: &'n Node,
        what: &str,
        keys: &[&str],
    ) -> Option<Fields<'n>> {
        let fields = self.entries(node, what)?;
        for (key, _) in fields.iter() {
            if !keys.contains(&key.text.as_str()) {
                let near = suggest::nearest(&key.text, keys.iter().copied());
                let problem = self
                    .at(key.span, format!("unknown key `{}` in {what}", key.text))
                    .expected(match near {
                        Some(near) => format!("`{near}` or another key of {what}"),
                        None => suggest::list(keys),
                    })
                    .found(format!("`{}`", key.text))
                    .help(match near {
                        Some(near) => format!("write `{near}` if that is meant"),
                        None => "remove the key".to_owned(),
                    });
                self.report(problem);
            }
        }
        Some(fields)
    }

    /// A map with any keys.
    pub(super) fn entries<'n>(&mut self, node: &'n Node, what: &str) -> Option<Fields<'n>> {
        let Yaml::Map(entries) = &node.value else {
            self.wrong_type(
                node,
                what,
                "a map",
                "write `key: value` lines, or `{ key: value }`",
            );
            return None;
        };
        Some(Fields {
            span: node.span,
            entries,
        })
    }

    /// A list.
    pub(super) fn list<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n [Node]> {
        let Yaml::List(items) = &node.value else {
            self.wrong_type(
                node,
                what,
                "a list",
                "write `[one, another]`, or lines that begin with `- `",
            );
            return None;
        };
        Some(items)
    }

    /// A string that is not empty.
    pub(super) fn string<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n str> {
        match &node.value {
            Yaml::String(text) if !text.trim().is_empty() => Some(text),
            _ => {
                let help = "write text, in quotes if it looks like a number or a map";
                self.wrong_type(node, what, "a string that is not empty", help);
                None
            }
        }
    }

    /// A value that is sent or compared as text: a string, or a number or
    /// boolean as it is written.
    pub(super) fn text(&mut self, node: &Node, what: &str) -> Option<String> {
        match &node.value {
            Yaml::String(text) | Yaml::Number(_, text) => Some(text.clone()),
            Yaml::Bool(value) => Some(value.to_string()),
            Yaml::Null | Yaml::List(_) | Yaml::Map(_) => {
                self.wrong_type(
                    node,
                    what,
                    "text",
                    "write `\"\"` for empty text, and quotes around `{` or `[`",
                );
                None
            }
        }
    }

    /// Text that may hold templates.
    pub(super) fn template(&mut self, node: &Node, what: &str) -> Option<Template> {
        let text = self.text(node, what)?;
        self.parse_template(&text, node.span)
    }

    /// A template from text that stands at `span`.
    pub(super) fn parse_template(&mut self, text: &str, span: Span) -> Option<Template> {
        match Template::parse(text) {
            Ok(template) => Some(template),
            Err(reason) => {
                let problem = self
                    .at(span, "a template that cannot be read")
                    .expected("an expression such as `{{ name }}`")
                    .found(reason)
                    .help("close each `{{` with `}}` and name a variable or a capture in between");
                self.report(problem);
                None
            }
        }
    }

    /// `true` or `false`.
    pub(super) fn boolean(&mut self, node: &Node, what: &str) -> Option<bool> {
        if let Yaml::Bool(value) = node.value {
            return Some(value);
        }
        self.wrong_type(node, what, "`true` or `false`", "write it without quotes");
        None
    }

    /// A duration with a unit.
    pub(super) fn duration(&mut self, node: &Node, what: &str) -> Option<Duration> {
        let parsed = match &node.value {
            Yaml::String(text) => units::parse_duration(text),
            _ => None,
        };
        if parsed.is_none() {
            let mut problem = self
                .at(node.span, format!("{what} that is not a duration"))
                .expected(units::DURATION)
                .found(node.describe());
            problem = problem.help(match &node.value {
                Yaml::Number(_, text) => format!("add a unit: `{text}s` or `{text}ms`"),
                _ => "write whole numbers with the units `ms`, `s`, `m` or `h`".to_owned(),
            });
            self.report(problem);
        }
        parsed
    }

    /// A span of time, which may be many days long.
    pub(super) fn span(&mut self, node: &Node) -> Option<Duration> {
        let parsed = match &node.value {
            Yaml::String(text) => units::parse_span(text),
            _ => None,
        };
        if parsed.is_none() {
            let help = "write whole numbers with the units `d`, `h`, `m` or `s`";
            self.wrong_type(node, "a span of time", units::SPAN, help);
        }
        parsed
    }

    /// A duration above zero.
    pub(super) fn positive_duration(&mut self, node: &Node, what: &str) -> Option<Duration> {
        let duration = self.duration(node, what)?;
        if duration.is_zero() {
            let problem = self
                .at(node.span, format!("{what} of zero"))
                .expected("a duration above zero")
                .found(node.describe())
                .help("leave the key out for its default");
            self.report(problem);
            return None;
        }
        Some(duration)
    }

    /// A name that templates can use.
    pub(super) fn identifier(&mut self, key: &Key, what: &str) -> bool {
        let mut characters = key.text.chars();
        let fine = characters
            .next()
            .is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
            && characters.all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !fine {
            let problem = self
                .at(key.span, format!("{what} that templates cannot use"))
                .expected("letters, digits and `_`, not beginning with a digit")
                .found(format!("`{}`", key.text))
                .help("write it like `access_token`");
            self.report(problem);
        }
        fine
    }
}
