//! The predicates of an expectation: a literal, or a map of operators.

use std::ops::RangeInclusive;

use super::keys::{Kind, OPERATORS, Property, Subject};
use super::read::{Fields, Reader};
use crate::predicate::{Comparison, JsonType, Operator, Order, Predicate, Test};
use crate::value::ValueTemplate;
use diagnostic::yaml::{Key, Node, Yaml};
use query::pattern::Pattern;

impl Reader<'_> {
    /// A literal, which means equality, or a map of operators that must all
    /// hold.
    pub(super) fn predicate(&mut self, node: &Node, subject: Subject) -> Option<Predicate> {
        let Yaml::Map(_) = &node.value else {
            let operator = self.equals(node, subject)?;
            return Some(Predicate(vec![Test {
                span: node.span,
                operator,
            }]));
        };
        let fields = self.fields(node, &OPERATORS)?;
        if fields.iter().next().is_none() {
            let problem = self
                .at(node.span, "a predicate that demands nothing")
                .expected(format!("one of {}", OPERATORS.list()))
                .found("an empty map")
                .help("write `{ exists: true }` if any value will do");
            self.report(problem);
            return None;
        }
        let tests: Vec<_> = fields
            .iter()
            .filter_map(|(key, value)| Some((OPERATORS.property(&key.text)?, key, value)))
            .map(|(property, key, value)| {
                Some(Test {
                    span: key.span.to(value.span),
                    operator: self.operator(property, key, value, subject)?,
                })
            })
            .collect();
        tests.into_iter().collect::<Option<_>>().map(Predicate)
    }

    /// The predicate below a key, of what its table says that it speaks of.
    pub(super) fn predicate_below(&mut self, fields: Fields<'_>, key: &str) -> Option<Predicate> {
        let (property, node) = fields.property(key)?;
        match property.kind {
            Kind::Predicate(subject) => self.predicate(node, subject),
            _ => None,
        }
    }

    fn operator(
        &mut self,
        property: &Property,
        key: &Key,
        node: &Node,
        subject: Subject,
    ) -> Option<Operator> {
        // `equals` is for exact values only, and says itself what else to write.
        if !property.is_for(subject) && property.name != "equals" {
            let of = match subject {
                Subject::Status => "the status",
                Subject::Latency => "the latency",
                Subject::Span => "a span of time",
                Subject::Boolean => "`true` or `false`",
                Subject::Rate => "a rate",
                Subject::Number => "a number",
                Subject::Text | Subject::Texts | Subject::Json => "text",
            };
            let problem = self
                .at(key.span, format!("`{}` does not apply to {of}", key.text))
                .expected("an operator for this kind of value")
                .found(format!("`{}`", key.text))
                .help("`count`, `each`, `unique` and `sorted` are for lists, `type` and `schema` for JSON, text operators for text and JSON");
            self.report(problem);
            return None;
        }
        Some(match property.name {
            "equals" => self.equals(node, subject)?,
            "contains" => Operator::Contains(self.literal(node, subject)?),
            "starts_with" => Operator::StartsWith(self.template(node, "`starts_with`")?),
            "ends_with" => Operator::EndsWith(self.template(node, "`ends_with`")?),
            "matches" => Operator::Matches(self.pattern(node)?),
            "exists" => Operator::Exists(self.boolean(node, "`exists`")?),
            "empty" => Operator::Empty(self.boolean(node, "`empty`")?),
            "one_of" if subject == Subject::Status => self.equals(node, subject)?,
            "one_of" => Operator::OneOf(self.choices(node, subject)?),
            "above" => Operator::Compare(Comparison::Above, self.number(node, subject)?),
            "below" => Operator::Compare(Comparison::Below, self.number(node, subject)?),
            "at_least" => Operator::Compare(Comparison::AtLeast, self.number(node, subject)?),
            "at_most" => Operator::Compare(Comparison::AtMost, self.number(node, subject)?),
            "count" => Operator::Count(self.predicate(node, Subject::Json)?),
            "each" if subject == Subject::Texts => {
                Operator::Each(self.predicate(node, Subject::Text)?)
            }
            "each" => Operator::Each(self.predicate(node, Subject::Json)?),
            "unique" => Operator::Unique(self.boolean(node, "`unique`")?),
            "sorted" => Operator::Sorted(self.order(property, node)?),
            "type" => Operator::Type(self.json_type(node)?),
            "schema" => Operator::Schema(self.schema(node)?),
            "not" => Operator::Not(self.predicate(node, subject)?),
            _ => return None,
        })
    }

    fn equals(&mut self, node: &Node, subject: Subject) -> Option<Operator> {
        let inexact = match subject {
            Subject::Latency => Some(("a latency", "a limit such as `{ below: 300ms }`")),
            Subject::Span => Some(("a span of time", "a limit such as `{ above: 14d }`")),
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
        if subject != Subject::Status {
            return self.literal(node, subject).map(Operator::Equals);
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
                .expected(Kind::Status.expected())
                .found(node.describe())
                .help("write a number from 100 to 599, or a class from `1xx` to `5xx`");
            self.report(problem);
        }
        range
    }

    fn literal(&mut self, node: &Node, subject: Subject) -> Option<ValueTemplate> {
        match subject {
            Subject::Text | Subject::Texts => self
                .template(node, "an expected text")
                .map(ValueTemplate::text),
            Subject::Json => self.value(node),
            Subject::Number | Subject::Rate => self.number(node, subject),
            Subject::Latency => {
                let duration = self.duration(node, "a latency")?;
                let milliseconds = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
                Some(ValueTemplate::Fixed(milliseconds.into()))
            }
            Subject::Span => {
                let span = self.span(node)?;
                Some(ValueTemplate::Fixed(span.as_secs().into()))
            }
            Subject::Boolean => {
                let value = self.boolean(node, "an expected value")?;
                Some(ValueTemplate::Fixed(value.into()))
            }
            Subject::Status => self
                .status(node)
                .map(|(range, _)| ValueTemplate::Fixed((*range.start()).into())),
        }
    }

    fn number(&mut self, node: &Node, subject: Subject) -> Option<ValueTemplate> {
        match (&node.value, subject) {
            (_, Subject::Latency | Subject::Span) => self.literal(node, subject),
            (Yaml::Number(number, _), Subject::Rate) => {
                let rate = number.as_f64().filter(|rate| (0.0..=1.0).contains(rate));
                if rate.is_none() {
                    let help = "write `0.01` for one in a hundred";
                    self.wrong_type(node, "a rate", "a number from 0 to 1", help);
                }
                rate.map(|_| ValueTemplate::Fixed(number.clone().into()))
            }
            (Yaml::Number(number, _), _) => Some(ValueTemplate::Fixed(number.clone().into())),
            (
                Yaml::String(text),
                Subject::Json | Subject::Text | Subject::Texts | Subject::Number,
            ) if text.contains("{{") => self.template(node, "a number").map(ValueTemplate::text),
            _ => {
                self.wrong_type(node, "a limit", "a number", "write it without quotes");
                None
            }
        }
    }

    fn choices(&mut self, node: &Node, subject: Subject) -> Option<Vec<ValueTemplate>> {
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
        let choices: Vec<_> = items
            .iter()
            .map(|item| self.literal(item, subject))
            .collect();
        choices.into_iter().collect()
    }

    fn order(&mut self, property: &Property, node: &Node) -> Option<Order> {
        let order = match &node.value {
            Yaml::String(text) => Order::parse(text),
            _ => None,
        };
        if order.is_none() {
            self.refuse(node, property);
        }
        order
    }

    fn json_type(&mut self, node: &Node) -> Option<JsonType> {
        // Unquoted `null` is YAML's null; as a type's name it means the word.
        let text = match &node.value {
            Yaml::Null => "null",
            _ => self.string(node, "`type`")?,
        };
        let kind = JsonType::parse(text);
        if kind.is_none() {
            let problem = self
                .at(node.span, "a type that JSON does not have")
                .expected(Kind::JsonType.expected())
                .found(node.describe())
                .help("write one of JSON's types");
            self.report(problem);
        }
        kind
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
