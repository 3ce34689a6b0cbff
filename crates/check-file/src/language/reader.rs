//! The tools that every part of a check file is read with. Reading goes on
//! after a mistake, so that all of them are reported at once.

use std::sync::Arc;
use std::time::Duration;

use super::keys::{IDENTIFIER, Kind, Property, Table};
use crate::template::Template;
use diagnostic::suggest;
use diagnostic::units;
use diagnostic::yaml::{Key, Node, Yaml};
use diagnostic::{Diagnostic, Source, Span};

/// Reads one file and gathers what is wrong with it.
pub(super) struct Reader<'a> {
    pub(super) source: &'a Arc<Source>,
    pub(super) problems: &'a mut Vec<Diagnostic>,
}

/// The entries of a map.
#[derive(Clone, Copy)]
pub(super) struct Fields<'n> {
    pub(super) span: Span,
    entries: &'n [(Key, Node)],
    /// The table of the keys, if they are known.
    table: Option<&'static Table>,
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

    /// The key of the table, and its value in the map.
    pub(super) fn property(&self, key: &str) -> Option<(&'static Property, &'n Node)> {
        Some((self.table?.property(key)?, self.value(key)?))
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

    /// Adds a diagnostic; reading goes on.
    pub(super) fn report(&mut self, problem: Diagnostic) {
        self.problems.push(problem);
    }

    /// Reports a value of the wrong type. `what` names the value, `help` says how
    /// the right one is written.
    pub(super) fn report_wrong_type(
        &mut self,
        node: &Node,
        what: &str,
        expected: &str,
        help: &str,
    ) {
        let problem = self
            .at(node.span, format!("{what} of the wrong type"))
            .expected(expected)
            .found(node.describe())
            .help(help);
        self.report(problem);
    }

    /// Reports a value that is not of its key's kind.
    pub(super) fn report_wrong_kind(&mut self, node: &Node, property: &Property) {
        let what = format!("`{}`", property.name);
        let help = format!("write it like `{}`", property.example_line());
        self.report_wrong_type(node, &what, &property.kind.describe(), &help);
    }

    /// Reads a map, and reports keys that are not in the table.
    pub(super) fn read_fields<'n>(
        &mut self,
        node: &'n Node,
        table: &'static Table,
    ) -> Option<Fields<'n>> {
        let what = table.title;
        let fields = self.read_entries(node, what)?;
        for (key, _) in fields.iter() {
            if !table.has(&key.text) {
                let near = suggest::nearest(&key.text, table.names());
                let problem = self
                    .at(key.span, format!("unknown key `{}` in {what}", key.text))
                    .expected(match near {
                        Some(near) => format!("`{near}` or another key of {what}"),
                        None => table.list_names(),
                    })
                    .found(format!("`{}`", key.text))
                    .help(match near {
                        Some(near) => format!("write `{near}` if that is meant"),
                        None => "remove the key".to_owned(),
                    });
                self.report(problem);
            }
        }
        Some(Fields {
            table: Some(table),
            ..fields
        })
    }

    /// Reads a map with any keys.
    pub(super) fn read_entries<'n>(&mut self, node: &'n Node, what: &str) -> Option<Fields<'n>> {
        let Yaml::Map(entries) = &node.value else {
            self.report_wrong_type(
                node,
                what,
                &Kind::Object.describe(),
                "write `key: value` lines, or `{ key: value }`",
            );
            return None;
        };
        Some(Fields {
            span: node.span,
            entries,
            table: None,
        })
    }

    /// Reads a list.
    pub(super) fn read_list<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n [Node]> {
        let Yaml::List(items) = &node.value else {
            self.report_wrong_type(
                node,
                what,
                "a list",
                "write `[one, another]`, or lines that begin with `- `",
            );
            return None;
        };
        Some(items)
    }

    /// Reads a string that is not empty.
    pub(super) fn read_string<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n str> {
        match &node.value {
            Yaml::String(text) if !text.trim().is_empty() => Some(text),
            _ => {
                let help = "write text, in quotes if it looks like a number or a map";
                self.report_wrong_type(node, what, &Kind::Text.describe(), help);
                None
            }
        }
    }

    /// Reads a value that is sent or compared as text: a string, or a number or
    /// boolean as it is written.
    pub(super) fn read_text(&mut self, node: &Node, what: &str) -> Option<String> {
        match &node.value {
            Yaml::String(text) | Yaml::Number(_, text) => Some(text.clone()),
            Yaml::Bool(value) => Some(value.to_string()),
            Yaml::Null | Yaml::List(_) | Yaml::Map(_) => {
                self.report_wrong_type(
                    node,
                    what,
                    &Kind::Scalar.describe(),
                    "write `\"\"` for empty text, and quotes around `{` or `[`",
                );
                None
            }
        }
    }

    /// Reads text that may hold templates.
    pub(super) fn read_template(&mut self, node: &Node, what: &str) -> Option<Template> {
        let text = self.read_text(node, what)?;
        self.parse_template(&text, node.span)
    }

    /// Parses a template from text that stands at `span`.
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

    /// Reads `true` or `false`.
    pub(super) fn read_boolean(&mut self, node: &Node, what: &str) -> Option<bool> {
        if let Yaml::Bool(value) = node.value {
            return Some(value);
        }
        let help = "write it without quotes";
        self.report_wrong_type(node, what, &Kind::Flag.describe(), help);
        None
    }

    /// Reads a whole number within the bounds of its key.
    pub(super) fn read_whole_number(&mut self, node: &Node, property: &Property) -> Option<u64> {
        let number = match &node.value {
            Yaml::Number(number, _) => number.as_u64(),
            _ => None,
        };
        let number = number.filter(|number| property.kind.includes_number(*number));
        if number.is_none() {
            self.report_wrong_kind(node, property);
        }
        number
    }

    /// Reads a number within the bounds of its key.
    pub(super) fn read_number(&mut self, node: &Node, property: &Property) -> Option<f64> {
        let number = match (&node.value, property.kind) {
            (Yaml::Number(number, _), Kind::Number(least, most)) => number
                .as_f64()
                .filter(|number| (f64::from(least)..=f64::from(most)).contains(number)),
            _ => None,
        };
        if number.is_none() {
            self.report_wrong_kind(node, property);
        }
        number
    }

    /// Reads a duration with a unit.
    pub(super) fn read_duration(&mut self, node: &Node, what: &str) -> Option<Duration> {
        let parsed = match &node.value {
            Yaml::String(text) => units::parse_duration(text),
            _ => None,
        };
        if parsed.is_none() {
            let mut problem = self
                .at(node.span, format!("{what} that is not a duration"))
                .expected(Kind::Duration.describe())
                .found(node.describe());
            problem = problem.help(match &node.value {
                Yaml::Number(_, text) => format!("add a unit: `{text}s` or `{text}ms`"),
                _ => "write whole numbers with the units `ms`, `s`, `m` or `h`".to_owned(),
            });
            self.report(problem);
        }
        parsed
    }

    /// Reads a span of time, which may be many days long.
    pub(super) fn read_time_span(&mut self, node: &Node) -> Option<Duration> {
        let parsed = match &node.value {
            Yaml::String(text) => units::parse_duration_with_days(text),
            _ => None,
        };
        if parsed.is_none() {
            let help = "write whole numbers with the units `d`, `h`, `m` or `s`";
            self.report_wrong_type(node, "a span of time", units::SPAN, help);
        }
        parsed
    }

    /// Reads a duration above zero.
    pub(super) fn read_positive_duration(&mut self, node: &Node, what: &str) -> Option<Duration> {
        let duration = self.read_duration(node, what)?;
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

    /// Whether a key is a name that templates can use; reports one that is not.
    pub(super) fn check_identifier(&mut self, key: &Key, what: &str) -> bool {
        let mut characters = key.text.chars();
        let fine = characters
            .next()
            .is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
            && characters.all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !fine {
            let problem = self
                .at(key.span, format!("{what} that templates cannot use"))
                .expected(IDENTIFIER.describe())
                .found(format!("`{}`", key.text))
                .help("write it like `access_token`");
            self.report(problem);
        }
        fine
    }
}
