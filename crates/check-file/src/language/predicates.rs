//! The predicates of an expectation: a literal, or a map of operators.

use std::ops::RangeInclusive;

use super::keys::{Kind, OPERATORS, Property, Subject};
use super::reader::{Fields, Reader};
use crate::predicate::{Comparison, JsonType, Operator, Order, Predicate, Test};
use crate::value::ValueTemplate;
use diagnostic::yaml::{Key, Node, Yaml};
use query::pattern::Pattern;

impl Reader<'_> {
    /// A literal, which means equality, or a map of operators that must all
    /// hold.
    pub(super) fn read_predicate(&mut self, node: &Node, subject: Subject) -> Option<Predicate> {
        let Yaml::Map(_) = &node.value else {
            let operator = self.read_equals(node, subject)?;
            return Some(Predicate(vec![Test {
                span: node.span,
                operator,
            }]));
        };
        let fields = self.read_fields(node, &OPERATORS)?;
        if fields.iter().next().is_none() {
            let problem = self
                .at(node.span, "a predicate that demands nothing")
                .expected(format!("one of {}", OPERATORS.list_names()))
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
                    operator: self.read_operator(property, key, value, subject)?,
                })
            })
            .collect();
        tests.into_iter().collect::<Option<_>>().map(Predicate)
    }

    /// Reads the predicate below a key; the key's table says what it is about.
    pub(super) fn read_predicate_at(&mut self, fields: Fields<'_>, key: &str) -> Option<Predicate> {
        let (property, node) = fields.property(key)?;
        match property.kind {
            Kind::Predicate(subject) => self.read_predicate(node, subject),
            _ => None,
        }
    }

    fn read_operator(
        &mut self,
        property: &Property,
        key: &Key,
        node: &Node,
        subject: Subject,
    ) -> Option<Operator> {
        // `read_equals` reports an inexact value itself, with a better help.
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
            "equals" => self.read_equals(node, subject)?,
            "contains" => Operator::Contains(self.read_literal(node, subject)?),
            "starts_with" => Operator::StartsWith(self.read_template(node, "`starts_with`")?),
            "ends_with" => Operator::EndsWith(self.read_template(node, "`ends_with`")?),
            "matches" => Operator::Matches(self.read_pattern(node)?),
            "exists" => Operator::Exists(self.read_boolean(node, "`exists`")?),
            "empty" => Operator::Empty(self.read_boolean(node, "`empty`")?),
            "one_of" if subject == Subject::Status => self.read_equals(node, subject)?,
            "one_of" => Operator::OneOf(self.read_choices(node, subject)?),
            "above" => Operator::Compare(Comparison::Above, self.read_limit(node, subject)?),
            "below" => Operator::Compare(Comparison::Below, self.read_limit(node, subject)?),
            "at_least" => Operator::Compare(Comparison::AtLeast, self.read_limit(node, subject)?),
            "at_most" => Operator::Compare(Comparison::AtMost, self.read_limit(node, subject)?),
            "count" => Operator::Count(self.read_predicate(node, Subject::Json)?),
            "each" if subject == Subject::Texts => {
                Operator::Each(self.read_predicate(node, Subject::Text)?)
            }
            "each" => Operator::Each(self.read_predicate(node, Subject::Json)?),
            "unique" => Operator::Unique(self.read_boolean(node, "`unique`")?),
            "sorted" => Operator::Sorted(self.read_order(property, node)?),
            "type" => Operator::Type(self.read_json_type(node)?),
            "schema" => Operator::Schema(self.read_schema(node)?),
            "not" => Operator::Not(self.read_predicate(node, subject)?),
            _ => return None,
        })
    }

    fn read_equals(&mut self, node: &Node, subject: Subject) -> Option<Operator> {
        let inexact = match subject {
            Subject::Latency => Some(("a latency", "a limit such as `{ below: 300ms }`")),
            Subject::Span => Some(("a span of time", "a limit such as `{ above: 14d }`")),
            _ => None,
        };
        if let Some((what, expected)) = inexact {
            self.report_wrong_type(
                node,
                what,
                expected,
                &format!("no {} is exact; give it a limit", &what[2..]),
            );
            return None;
        }
        if subject != Subject::Status {
            return self.read_literal(node, subject).map(Operator::Equals);
        }
        let nodes = match &node.value {
            Yaml::List(items) if !items.is_empty() => items.as_slice(),
            _ => std::slice::from_ref(node),
        };
        let ranges: Vec<_> = nodes.iter().map(|node| self.read_status(node)).collect();
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

    pub(super) fn read_status(&mut self, node: &Node) -> Option<(RangeInclusive<u64>, String)> {
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
                .expected(Kind::Status.describe())
                .found(node.describe())
                .help("write a number from 100 to 599, or a class from `1xx` to `5xx`");
            self.report(problem);
        }
        range
    }

    fn read_literal(&mut self, node: &Node, subject: Subject) -> Option<ValueTemplate> {
        match subject {
            Subject::Text | Subject::Texts => self
                .read_template(node, "an expected text")
                .map(ValueTemplate::text),
            Subject::Json => self.read_value(node),
            Subject::Number | Subject::Rate => self.read_limit(node, subject),
            Subject::Latency => {
                let duration = self.read_duration(node, "a latency")?;
                let milliseconds = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
                Some(ValueTemplate::Fixed(milliseconds.into()))
            }
            Subject::Span => {
                let span = self.read_time_span(node)?;
                Some(ValueTemplate::Fixed(span.as_secs().into()))
            }
            Subject::Boolean => {
                let value = self.read_boolean(node, "an expected value")?;
                Some(ValueTemplate::Fixed(value.into()))
            }
            Subject::Status => self
                .read_status(node)
                .map(|(range, _)| ValueTemplate::Fixed((*range.start()).into())),
        }
    }

    fn read_limit(&mut self, node: &Node, subject: Subject) -> Option<ValueTemplate> {
        match (&node.value, subject) {
            (_, Subject::Latency | Subject::Span) => self.read_literal(node, subject),
            (Yaml::Number(number, _), Subject::Rate) => {
                let rate = number.as_f64().filter(|rate| (0.0..=1.0).contains(rate));
                if rate.is_none() {
                    let help = "write `0.01` for one in a hundred";
                    self.report_wrong_type(node, "a rate", "a number from 0 to 1", help);
                }
                rate.map(|_| ValueTemplate::Fixed(number.clone().into()))
            }
            (Yaml::Number(number, _), _) => Some(ValueTemplate::Fixed(number.clone().into())),
            (
                Yaml::String(text),
                Subject::Json | Subject::Text | Subject::Texts | Subject::Number,
            ) if text.contains("{{") => self
                .read_template(node, "a number")
                .map(ValueTemplate::text),
            _ => {
                self.report_wrong_type(node, "a limit", "a number", "write it without quotes");
                None
            }
        }
    }

    fn read_choices(&mut self, node: &Node, subject: Subject) -> Option<Vec<ValueTemplate>> {
        let items = self.read_list(node, "`one_of`")?;
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
            .map(|item| self.read_literal(item, subject))
            .collect();
        choices.into_iter().collect()
    }

    fn read_order(&mut self, property: &Property, node: &Node) -> Option<Order> {
        let order = match &node.value {
            Yaml::String(text) => Order::parse(text),
            _ => None,
        };
        if order.is_none() {
            self.report_wrong_kind(node, property);
        }
        order
    }

    fn read_json_type(&mut self, node: &Node) -> Option<JsonType> {
        // Unquoted `null` is YAML's null; as a type's name it means the word.
        let text = match &node.value {
            Yaml::Null => "null",
            _ => self.read_string(node, "`type`")?,
        };
        let kind = JsonType::parse(text);
        if kind.is_none() {
            let problem = self
                .at(node.span, "a type that JSON does not have")
                .expected(Kind::JsonType.describe())
                .found(node.describe())
                .help("write one of JSON's types");
            self.report(problem);
        }
        kind
    }

    pub(super) fn read_pattern(&mut self, node: &Node) -> Option<Pattern> {
        let text = self.read_string(node, "a regular expression")?;
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
