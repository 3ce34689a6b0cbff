//! The predicates of an expectation: a literal, or a map of operators.

use std::ops::RangeInclusive;

use super::keys::OPERATORS;
use super::read::Reader;
use crate::predicate::{Comparison, JsonType, Operator, Predicate, Test};
use crate::value::ValueTemplate;
use diagnostic::suggest;
use diagnostic::yaml::{Key, Node, Yaml};
use query::pattern::Pattern;

/// What kind of value a predicate speaks of; it decides what a literal means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Status,
    Text,
    /// Text of which there may be several.
    Texts,
    Boolean,
    /// A share of all, from 0 to 1.
    Rate,
    Json,
    Number,
    Latency,
    /// A span of time that may be many days long.
    Span,
}

impl Reader<'_> {
    /// A literal, which means equality, or a map of operators that must all
    /// hold.
    pub(super) fn predicate(&mut self, node: &Node, kind: Kind) -> Option<Predicate> {
        let Yaml::Map(_) = &node.value else {
            let operator = self.equals(node, kind)?;
            return Some(Predicate(vec![Test {
                span: node.span,
                operator,
            }]));
        };
        let fields = self.fields(node, "a predicate", &OPERATORS)?;
        if fields.iter().next().is_none() {
            let problem = self
                .at(node.span, "a predicate that demands nothing")
                .expected(format!("one of {}", suggest::list(&OPERATORS)))
                .found("an empty map")
                .help("write `{ exists: true }` if any value will do");
            self.report(problem);
            return None;
        }
        let tests: Vec<_> = fields
            .iter()
            .filter(|(key, _)| OPERATORS.contains(&key.text.as_str()))
            .map(|(key, value)| {
                Some(Test {
                    span: key.span.to(value.span),
                    operator: self.operator(key, value, kind)?,
                })
            })
            .collect();
        tests.into_iter().collect::<Option<_>>().map(Predicate)
    }

    fn operator(&mut self, key: &Key, node: &Node, kind: Kind) -> Option<Operator> {
        let text_only = ["contains", "starts_with", "ends_with", "matches", "empty"];
        let no_text = !matches!(kind, Kind::Text | Kind::Texts | Kind::Json);
        let name = key.text.as_str();
        if no_text && text_only.contains(&name)
            || !matches!(kind, Kind::Json | Kind::Texts) && matches!(name, "count" | "each")
            || kind != Kind::Json && matches!(name, "type" | "schema")
        {
            let of = match kind {
                Kind::Status => "the status",
                Kind::Latency => "the latency",
                Kind::Span => "a span of time",
                Kind::Boolean => "`true` or `false`",
                Kind::Rate => "a rate",
                Kind::Number => "a number",
                Kind::Text | Kind::Texts | Kind::Json => "text",
            };
            let problem = self
                .at(key.span, format!("`{}` does not apply to {of}", key.text))
                .expected("an operator for this kind of value")
                .found(format!("`{}`", key.text))
                .help("`count` and `each` are for lists, `type` and `schema` for JSON, text operators for text and JSON");
            self.report(problem);
            return None;
        }
        Some(match key.text.as_str() {
            "equals" => self.equals(node, kind)?,
            "contains" => Operator::Contains(self.literal(node, kind)?),
            "starts_with" => Operator::StartsWith(self.template(node, "`starts_with`")?),
            "ends_with" => Operator::EndsWith(self.template(node, "`ends_with`")?),
            "matches" => Operator::Matches(self.pattern(node)?),
            "exists" => Operator::Exists(self.boolean(node, "`exists`")?),
            "empty" => Operator::Empty(self.boolean(node, "`empty`")?),
            "one_of" if kind == Kind::Status => self.equals(node, kind)?,
            "one_of" => Operator::OneOf(self.choices(node, kind)?),
            "above" => Operator::Compare(Comparison::Above, self.number(node, kind)?),
            "below" => Operator::Compare(Comparison::Below, self.number(node, kind)?),
            "at_least" => Operator::Compare(Comparison::AtLeast, self.number(node, kind)?),
            "at_most" => Operator::Compare(Comparison::AtMost, self.number(node, kind)?),
            "count" => Operator::Count(self.predicate(node, Kind::Json)?),
            "each" if kind == Kind::Texts => Operator::Each(self.predicate(node, Kind::Text)?),
            "each" => Operator::Each(self.predicate(node, Kind::Json)?),
            "type" => Operator::Type(self.json_type(node)?),
            "schema" => Operator::Schema(self.schema(node)?),
            "not" => Operator::Not(self.predicate(node, kind)?),
            _ => return None,
        })
    }

    fn equals(&mut self, node: &Node, kind: Kind) -> Option<Operator> {
        let inexact = match kind {
            Kind::Latency => Some(("a latency", "a limit such as `{ below: 300ms }`")),
            Kind::Span => Some(("a span of time", "a limit such as `{ above: 14d }`")),
            _ => None,
        };
        if let Some((what, expected)) = inexact {
            self.wrong_type(
                node,
                what,
                expected,
                &format!("no {} is exact; give it a limit", &what[2..]),
            );
            return None;
        }
        if kind != Kind::Status {
            return self.literal(node, kind).map(Operator::Equals);
        }
        let nodes = match &node.value {
            Yaml::List(items) if !items.is_empty() => items.as_slice(),
            _ => std::slice::from_ref(node),
        };
        let ranges: Vec<_> = nodes.iter().map(|node| self.status(node)).collect();
        let (ranges, texts): (Vec<_>, Vec<_>) = ranges
            .into_iter()
            .collect::<Option<Vec<_>>>()?
            .into_iter()
            .unzip();
        let text = match texts.as_slice() {
            [one] => one.clone(),
            several => format!("one of {}", several.join(", ")),
        };
        Some(Operator::Status(ranges, text))
    }

    pub(super) fn status(&mut self, node: &Node) -> Option<(RangeInclusive<u64>, String)> {
        let range = match &node.value {
            Yaml::Number(number, _) => number
                .as_u64()
                .filter(|status| (100..=599).contains(status))
                .map(|status| (status..=status, status.to_string())),
            Yaml::String(text) => match text.as_bytes() {
                [digit @ b'1'..=b'5', b'x' | b'X', b'x' | b'X'] => {
                    let first = u64::from(digit - b'0') * 100;
                    Some((first..=first + 99, text.to_ascii_lowercase()))
                }
                _ => None,
            },
            _ => None,
        };
        if range.is_none() {
            let problem = self
                .at(node.span, "a status that HTTP does not have")
                .expected("a status code such as `200`, a class such as `2xx`, or a list of them")
                .found(node.describe())
                .help("write a number from 100 to 599, or a class from `1xx` to `5xx`");
            self.report(problem);
        }
        range
    }

    fn literal(&mut self, node: &Node, kind: Kind) -> Option<ValueTemplate> {
        match kind {
            Kind::Text | Kind::Texts => self
                .template(node, "an expected text")
                .map(ValueTemplate::text),
            Kind::Json => self.value(node),
            Kind::Number | Kind::Rate => self.number(node, kind),
            Kind::Latency => {
                let duration = self.duration(node, "a latency")?;
                let milliseconds = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
                Some(ValueTemplate::Fixed(milliseconds.into()))
            }
            Kind::Span => {
                let span = self.span(node)?;
                Some(ValueTemplate::Fixed(span.as_secs().into()))
            }
            Kind::Boolean => {
                let value = self.boolean(node, "an expected value")?;
                Some(ValueTemplate::Fixed(value.into()))
            }
            Kind::Status => self
                .status(node)
                .map(|(range, _)| ValueTemplate::Fixed((*range.start()).into())),
        }
    }

    fn number(&mut self, node: &Node, kind: Kind) -> Option<ValueTemplate> {
        match (&node.value, kind) {
            (_, Kind::Latency | Kind::Span) => self.literal(node, kind),
            (Yaml::Number(number, _), Kind::Rate) => {
                let rate = number.as_f64().filter(|rate| (0.0..=1.0).contains(rate));
                if rate.is_none() {
                    let help = "write `0.01` for one in a hundred";
                    self.wrong_type(node, "a rate", "a number from 0 to 1", help);
                }
                rate.map(|_| ValueTemplate::Fixed(number.clone().into()))
            }
            (Yaml::Number(number, _), _) => Some(ValueTemplate::Fixed(number.clone().into())),
            (Yaml::String(text), Kind::Json | Kind::Text | Kind::Texts | Kind::Number)
                if text.contains("{{") =>
            {
                self.template(node, "a number").map(ValueTemplate::text)
            }
            _ => {
                self.wrong_type(node, "a limit", "a number", "write it without quotes");
                None
            }
        }
    }

    fn choices(&mut self, node: &Node, kind: Kind) -> Option<Vec<ValueTemplate>> {
        let items = self.list(node, "`one_of`")?;
        if items.is_empty() {
            let problem = self
                .at(node.span, "`one_of` without a choice")
                .expected("at least one value")
                .found("an empty list")
                .help("list the values that will do");
            self.report(problem);
            return None;
        }
        let choices: Vec<_> = items.iter().map(|item| self.literal(item, kind)).collect();
        choices.into_iter().collect()
    }

    fn json_type(&mut self, node: &Node) -> Option<JsonType> {
        // Unquoted `null` is YAML's null; as a type's name it means the word.
        let text = match &node.value {
            Yaml::Null => "null",
            _ => self.string(node, "`type`")?,
        };
        match JsonType::parse(text) {
            Ok(kind) => Some(kind),
            Err(names) => {
                let problem = self
                    .at(node.span, "a type that JSON does not have")
                    .expected(names)
                    .found(node.describe())
                    .help("write one of JSON's types");
                self.report(problem);
                None
            }
        }
    }

    pub(super) fn pattern(&mut self, node: &Node) -> Option<Pattern> {
        let text = self.string(node, "a regular expression")?;
        match Pattern::parse(text) {
            Ok(pattern) => Some(pattern),
            Err(reason) => {
                let problem = self
                    .at(node.span, "a regular expression that cannot be read")
                    .expected("a regular expression without look-around or back-references")
                    .found(format!("`{text}`: {reason}"))
                    .help("put the expression in single quotes, where `\\` stands for itself");
                self.report(problem);
                None
            }
        }
    }
}
