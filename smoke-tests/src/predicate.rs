//! Predicates: what an expectation demands of a value, and the judgement
//! whether a value meets it.

use std::ops::RangeInclusive;

use serde_json::Value;

use crate::diagnostic::Span;
use crate::pattern::Pattern;
use crate::suggest;
use crate::template::{Scope, Template};
use crate::value::{ValueTemplate, shown};

/// Tests that must all hold.
#[derive(Debug, Clone)]
pub(crate) struct Predicate(pub(crate) Vec<Test>);

/// One demand and where it is written.
#[derive(Debug, Clone)]
pub(crate) struct Test {
    pub(crate) span: Span,
    pub(crate) operator: Operator,
}

/// What can be demanded.
#[derive(Debug, Clone)]
pub(crate) enum Operator {
    Equals(ValueTemplate),
    Contains(ValueTemplate),
    StartsWith(Template),
    EndsWith(Template),
    Matches(Pattern),
    OneOf(Vec<ValueTemplate>),
    Exists(bool),
    Empty(bool),
    Type(JsonType),
    Count(Predicate),
    Compare(Comparison, ValueTemplate),
    /// A status code, with the text it was written as: `200`, `2xx`, a list.
    Status(Vec<RangeInclusive<u64>>, String),
    Not(Predicate),
}

/// An order between numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    Above,
    Below,
    AtLeast,
    AtMost,
}

/// The types of JSON (RFC 8259), with whole numbers told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum JsonType {
    String,
    Number,
    Integer,
    Boolean,
    Array,
    Object,
    Null,
}

/// A demand that was not met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mismatch {
    /// The demand that was not met.
    pub(crate) span: Span,
    pub(crate) expected: String,
    pub(crate) found: String,
}

/// How numbers of the judged value are said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    None,
    Status,
    Milliseconds,
}

impl Predicate {
    /// Every demand that `value` does not meet; an absent value meets only the
    /// demand not to exist. The error is a template without a value.
    pub(crate) fn judge(
        &self,
        value: Option<&Value>,
        unit: Unit,
        scope: &Scope,
    ) -> Result<Vec<Mismatch>, String> {
        let mut mismatches = Vec::new();
        for test in &self.0 {
            if !test.operator.holds(value, scope)? {
                mismatches.push(Mismatch {
                    span: test.span,
                    expected: test.operator.say(unit, scope)?,
                    found: test.operator.say_found(value, unit),
                });
            }
        }
        Ok(mismatches)
    }

    /// Where the first demand stands.
    pub(crate) fn span(&self) -> Span {
        self.0.first().map(|test| test.span).unwrap_or_default()
    }

    /// Adds the templates inside to `found`, each with the place of its demand.
    pub(crate) fn templates<'p>(&'p self, found: &mut Vec<(&'p Template, Span)>) {
        for test in &self.0 {
            let mut inside = Vec::new();
            match &test.operator {
                Operator::Equals(value)
                | Operator::Contains(value)
                | Operator::Compare(_, value) => value.templates(&mut inside),
                Operator::OneOf(values) => {
                    for value in values {
                        value.templates(&mut inside);
                    }
                }
                Operator::StartsWith(template) | Operator::EndsWith(template) => {
                    inside.push(template);
                }
                Operator::Count(predicate) | Operator::Not(predicate) => {
                    predicate.templates(found);
                }
                Operator::Matches(_)
                | Operator::Exists(_)
                | Operator::Empty(_)
                | Operator::Type(_)
                | Operator::Status(..) => {}
            }
            found.extend(inside.into_iter().map(|template| (template, test.span)));
        }
    }

    fn holds(&self, value: Option<&Value>, scope: &Scope) -> Result<bool, String> {
        for test in &self.0 {
            if !test.operator.holds(value, scope)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn speaks_of_absence(&self) -> bool {
        self.0.iter().all(|test| match &test.operator {
            Operator::Exists(_) => true,
            Operator::Not(inner) => inner.speaks_of_absence(),
            _ => false,
        })
    }

    fn say(&self, unit: Unit, scope: &Scope) -> Result<String, String> {
        let parts: Result<Vec<_>, _> = self
            .0
            .iter()
            .map(|test| test.operator.say(unit, scope))
            .collect();
        Ok(parts?.join(" and "))
    }
}

impl Operator {
    fn holds(&self, value: Option<&Value>, scope: &Scope) -> Result<bool, String> {
        if let Self::Exists(wanted) = self {
            return Ok(value.is_some() == *wanted);
        }
        if let Self::Not(inner) = self {
            // `not` of an absent value would pass unseen, so absence has to be
            // demanded in so many words.
            return Ok(
                (value.is_some() || inner.speaks_of_absence()) && !inner.holds(value, scope)?
            );
        }
        let Some(value) = value else {
            return Ok(false);
        };
        Ok(match self {
            Self::Exists(_) | Self::Not(_) => false,
            Self::Equals(wanted) => equal(value, &wanted.evaluate(scope)?),
            Self::Contains(wanted) => contains(value, &wanted.evaluate(scope)?),
            Self::StartsWith(wanted) => {
                let wanted = wanted.render(scope)?;
                value.as_str().is_some_and(|text| text.starts_with(&wanted))
            }
            Self::EndsWith(wanted) => {
                let wanted = wanted.render(scope)?;
                value.as_str().is_some_and(|text| text.ends_with(&wanted))
            }
            Self::Matches(pattern) => match value {
                Value::String(text) => pattern.occurs_in(text),
                Value::Number(number) => pattern.occurs_in(&number.to_string()),
                _ => false,
            },
            Self::OneOf(choices) => {
                for choice in choices {
                    if equal(value, &choice.evaluate(scope)?) {
                        return Ok(true);
                    }
                }
                false
            }
            Self::Empty(wanted) => is_empty(value).is_some_and(|empty| empty == *wanted),
            Self::Type(wanted) => wanted.is_type_of(value),
            Self::Count(predicate) => match count(value) {
                Some(count) => predicate.holds(Some(&count), scope)?,
                None => false,
            },
            Self::Compare(comparison, wanted) => {
                match (number(value), number(&wanted.evaluate(scope)?)) {
                    (Some(found), Some(wanted)) => comparison.holds(found, wanted),
                    _ => false,
                }
            }
            Self::Status(ranges, _) => value
                .as_u64()
                .is_some_and(|status| ranges.iter().any(|range| range.contains(&status))),
        })
    }

    fn say(&self, unit: Unit, scope: &Scope) -> Result<String, String> {
        Ok(match self {
            Self::Equals(wanted) => say_value(&wanted.evaluate(scope)?, unit),
            Self::Contains(wanted) => format!(
                "something that contains {}",
                shown(&wanted.evaluate(scope)?)
            ),
            Self::StartsWith(wanted) => {
                format!("text that starts with `\"{}\"`", wanted.render(scope)?)
            }
            Self::EndsWith(wanted) => {
                format!("text that ends with `\"{}\"`", wanted.render(scope)?)
            }
            Self::Matches(pattern) => format!("text that matches `{}`", pattern.text()),
            Self::OneOf(choices) => {
                let choices: Result<Vec<_>, _> = choices
                    .iter()
                    .map(|choice| Ok::<_, String>(say_value(&choice.evaluate(scope)?, unit)))
                    .collect();
                format!("one of {}", choices?.join(", "))
            }
            Self::Exists(true) => "it to exist".to_owned(),
            Self::Exists(false) => "it not to exist".to_owned(),
            Self::Empty(true) => "it to be empty".to_owned(),
            Self::Empty(false) => "it not to be empty".to_owned(),
            Self::Type(wanted) => wanted.with_article().to_owned(),
            Self::Count(predicate) => format!("a count of {}", predicate.say(Unit::None, scope)?),
            Self::Compare(comparison, wanted) => {
                format!(
                    "{} {}",
                    comparison.words(),
                    say_value(&wanted.evaluate(scope)?, unit)
                )
            }
            Self::Status(_, text) => text.clone(),
            Self::Not(predicate) => format!("not {}", predicate.say(unit, scope)?),
        })
    }

    fn say_found(&self, value: Option<&Value>, unit: Unit) -> String {
        let Some(value) = value else {
            return "nothing".to_owned();
        };
        if let Self::Count(_) = self
            && let Some(count) = count(value)
        {
            return format!("{count}");
        }
        say_value(value, unit)
    }
}

impl Comparison {
    fn holds(self, found: f64, wanted: f64) -> bool {
        match self {
            Self::Above => found > wanted,
            Self::Below => found < wanted,
            Self::AtLeast => found >= wanted,
            Self::AtMost => found <= wanted,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Above => "above",
            Self::Below => "below",
            Self::AtLeast => "at least",
            Self::AtMost => "at most",
        }
    }
}

impl JsonType {
    const ALL: [(&str, Self); 7] = [
        ("string", Self::String),
        ("number", Self::Number),
        ("integer", Self::Integer),
        ("boolean", Self::Boolean),
        ("array", Self::Array),
        ("object", Self::Object),
        ("null", Self::Null),
    ];

    /// The type of that name, or the words that would have been right.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let names = Self::ALL.map(|(name, _)| name);
        Self::ALL
            .into_iter()
            .find_map(|(name, kind)| (name == text).then_some(kind))
            .ok_or_else(|| suggest::list(&names))
    }

    fn is_type_of(self, value: &Value) -> bool {
        match self {
            Self::String => value.is_string(),
            Self::Number => value.is_number(),
            // JSON Schema's rule: 3.0 is an integer too.
            Self::Integer => value.as_f64().is_some_and(|number| number.fract() == 0.0),
            Self::Boolean => value.is_boolean(),
            Self::Array => value.is_array(),
            Self::Object => value.is_object(),
            Self::Null => value.is_null(),
        }
    }

    fn with_article(self) -> &'static str {
        match self {
            Self::String => "a string",
            Self::Number => "a number",
            Self::Integer => "an integer",
            Self::Boolean => "a boolean",
            Self::Array => "an array",
            Self::Object => "an object",
            Self::Null => "`null`",
        }
    }
}

fn say_value(value: &Value, unit: Unit) -> String {
    match (unit, value) {
        (Unit::Milliseconds, Value::Number(number)) => format!("{number} ms"),
        (Unit::Status, Value::Number(number)) => number.to_string(),
        _ => shown(value),
    }
}

/// JSON equality, with numbers compared by value: `1` equals `1.0`.
fn equal(found: &Value, wanted: &Value) -> bool {
    match (found, wanted) {
        (Value::Number(a), Value::Number(b)) => {
            a == b || a.as_f64() == b.as_f64() && !(a.is_u64() && b.is_u64())
        }
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter()
                    .all(|(name, a)| b.get(name).is_some_and(|b| equal(a, b)))
        }
        _ => found == wanted,
    }
}

/// Text holds a part, an array an element, an object all given members.
fn contains(found: &Value, wanted: &Value) -> bool {
    match (found, wanted) {
        (Value::String(text), Value::String(part)) => text.contains(part.as_str()),
        (Value::Array(items), wanted) => items.iter().any(|item| equal(item, wanted)),
        (Value::Object(members), Value::Object(wanted)) => wanted
            .iter()
            .all(|(name, wanted)| members.get(name).is_some_and(|found| equal(found, wanted))),
        _ => false,
    }
}

fn is_empty(value: &Value) -> Option<bool> {
    match value {
        Value::String(text) => Some(text.is_empty()),
        Value::Array(items) => Some(items.is_empty()),
        Value::Object(members) => Some(members.is_empty()),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

fn count(value: &Value) -> Option<Value> {
    match value {
        Value::Array(items) => Some(items.len().into()),
        Value::Object(members) => Some(members.len().into()),
        _ => None,
    }
}

/// A number, or text that is written as one, as in a header.
fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok().filter(|n: &f64| n.is_finite()),
        _ => None,
    }
}
