//! Predicates: what an expectation demands of a value, and the judgement
//! whether a value meets it.

mod each;
mod json;
mod lists;

use std::ops::RangeInclusive;
use std::sync::Arc;

use serde_json::Value;

use crate::template::{Scope, Template, TemplateError};
use crate::value::ValueTemplate;
use diagnostic::Span;
use diagnostic::units::human_duration_with_days;
use each::{EachOutcome, judge_each};
pub(crate) use json::JsonType;
use json::{are_equal, contains, count_items_or_members, is_empty, to_number};
pub(crate) use lists::Order;
use lists::{find_disorder, find_repetition};
use query::json::is_too_large;
use query::json_schema::JsonSchema;
use query::pattern::Pattern;
use query::value::quote_value;
use query::work::budget;

/// Tests that must all hold.
#[derive(Debug, Clone)]
pub struct Predicate(pub(crate) Vec<Test>);

/// One operator and where it is written.
#[derive(Debug, Clone)]
pub(crate) struct Test {
    pub(crate) span: Span,
    pub(crate) operator: Operator,
}

/// An operator with its operand.
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
    Schema(Arc<JsonSchema>),
    Count(Predicate),
    /// Every element of a list meets it, and there is at least one.
    Each(Predicate),
    /// Whether no element of a list stands twice.
    Unique(bool),
    /// The elements of a list are in this order.
    Sorted(Order),
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

/// A test that does not hold, in the words of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// Where the test is written.
    pub span: Span,
    /// What the test demands.
    pub expected: String,
    /// What the value is.
    pub found: String,
}

/// The unit of the judged value, for the words of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// It is not a quantity.
    None,
    /// A status code.
    Status,
    /// Milliseconds.
    Milliseconds,
    /// Seconds.
    Seconds,
}

impl Predicate {
    /// Every test that does not hold for `value`, in the order in which they are
    /// written. For an absent value only the test that it does not exist holds.
    ///
    /// # Errors
    /// A template in the predicate cannot be filled in.
    pub fn judge(
        &self,
        value: Option<&Value>,
        unit: Unit,
        scope: &Scope,
    ) -> Result<Vec<Mismatch>, TemplateError> {
        let mut mismatches = Vec::new();
        for test in &self.0 {
            if !test.operator.holds(value, scope)? {
                let expected = test.operator.describe(unit, scope)?;
                let mut found = test.operator.describe_found(value, unit, scope);
                // "14 days" may be both what was expected and what was found, because
                // the words for a span of time leave out its smaller units.
                if let (Unit::Seconds, Some(Value::Number(seconds))) = (unit, value)
                    && expected.ends_with(&found)
                {
                    found = format!("{found} ({seconds} s)");
                }
                mismatches.push(Mismatch {
                    span: test.span,
                    expected,
                    found,
                });
            }
        }
        Ok(mismatches)
    }

    /// Where the first test is written.
    pub fn span(&self) -> Span {
        self.0.first().map(|test| test.span).unwrap_or_default()
    }

    /// Adds the templates inside to `found`, each with the place of its test.
    pub fn templates<'p>(&'p self, found: &mut Vec<(&'p Template, Span)>) {
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
                Operator::Count(predicate)
                | Operator::Each(predicate)
                | Operator::Not(predicate) => {
                    predicate.templates(found);
                }
                Operator::Matches(_)
                | Operator::Exists(_)
                | Operator::Empty(_)
                | Operator::Unique(_)
                | Operator::Sorted(_)
                | Operator::Type(_)
                | Operator::Schema(_)
                | Operator::Status(..) => {}
            }
            found.extend(inside.into_iter().map(|template| (template, test.span)));
        }
    }

    fn holds(&self, value: Option<&Value>, scope: &Scope) -> Result<bool, TemplateError> {
        for test in &self.0 {
            if !test.operator.holds(value, scope)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn is_about_absence(&self) -> bool {
        self.0.iter().all(|test| match &test.operator {
            Operator::Exists(_) => true,
            Operator::Not(inner) => inner.is_about_absence(),
            _ => false,
        })
    }

    fn describe(&self, unit: Unit, scope: &Scope) -> Result<String, TemplateError> {
        let parts: Result<Vec<_>, _> = self
            .0
            .iter()
            .map(|test| test.operator.describe(unit, scope))
            .collect();
        Ok(parts?.join(" and "))
    }
}

impl Operator {
    /// Whether the operator is about a list, where there may be one value or
    /// several.
    pub(crate) fn is_for_lists(&self) -> bool {
        matches!(
            self,
            Self::Count(_) | Self::Each(_) | Self::Unique(_) | Self::Sorted(_)
        )
    }

    fn holds(&self, value: Option<&Value>, scope: &Scope) -> Result<bool, TemplateError> {
        budget::spend(1);
        if let Self::Exists(wanted) = self {
            return Ok(value.is_some() == *wanted);
        }
        if let Self::Not(inner) = self {
            // A misspelt path finds nothing, and `not` of nothing would let it pass,
            // so that only `not: { exists: … }` holds for an absent value.
            return Ok((value.is_some() || inner.is_about_absence()) && !inner.holds(value, scope)?);
        }
        let Some(value) = value else {
            return Ok(false);
        };
        Ok(match self {
            Self::Exists(_) | Self::Not(_) => false,
            Self::Equals(wanted) => are_equal(value, wanted.evaluate_borrowed(scope)?.as_ref()),
            Self::Contains(wanted) => contains(value, wanted.evaluate_borrowed(scope)?.as_ref()),
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
                Value::Number(number) if is_too_large(number) => false,
                Value::Number(number) => pattern.occurs_in(&number.to_string()),
                _ => false,
            },
            Self::OneOf(choices) => {
                for choice in choices {
                    if are_equal(value, choice.evaluate_borrowed(scope)?.as_ref()) {
                        return Ok(true);
                    }
                }
                false
            }
            Self::Empty(wanted) => is_empty(value).is_some_and(|empty| empty == *wanted),
            Self::Type(wanted) => wanted.is_type_of(value),
            Self::Schema(schema) => schema.accepts(value),
            Self::Count(predicate) => match count_items_or_members(value) {
                Some(count) => predicate.holds(Some(&count), scope)?,
                None => false,
            },
            Self::Each(predicate) => judge_each(value, predicate, scope)? == EachOutcome::Holds,
            Self::Unique(wanted) => value
                .as_array()
                .is_some_and(|items| find_repetition(items).is_none() == *wanted),
            Self::Sorted(order) => value
                .as_array()
                .is_some_and(|items| find_disorder(items, *order).is_none()),
            Self::Compare(comparison, wanted) => {
                match (
                    to_number(value),
                    to_number(wanted.evaluate_borrowed(scope)?.as_ref()),
                ) {
                    (Some(found), Some(wanted)) if wanted.is_finite() => {
                        comparison.holds(found, wanted)
                    }
                    _ => false,
                }
            }
            Self::Status(ranges, _) => value
                .as_u64()
                .is_some_and(|status| ranges.iter().any(|range| range.contains(&status))),
        })
    }

    fn describe(&self, unit: Unit, scope: &Scope) -> Result<String, TemplateError> {
        Ok(match self {
            Self::Equals(wanted) => describe_value(&wanted.evaluate(scope)?, unit),
            Self::Contains(wanted) => format!(
                "something that contains {}",
                quote_value(&wanted.evaluate(scope)?)
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
                    .map(|choice| {
                        Ok::<_, TemplateError>(describe_value(&choice.evaluate(scope)?, unit))
                    })
                    .collect();
                format!("one of {}", choices?.join(", "))
            }
            Self::Exists(true) => "it to exist".to_owned(),
            Self::Exists(false) => "it not to exist".to_owned(),
            Self::Empty(true) => "it to be empty".to_owned(),
            Self::Empty(false) => "it not to be empty".to_owned(),
            Self::Type(wanted) => wanted.with_article().to_owned(),
            Self::Schema(schema) => format!("JSON as in {}", schema.name()),
            Self::Count(predicate) => {
                format!("a count of {}", predicate.describe(Unit::None, scope)?)
            }
            Self::Each(predicate) => {
                format!("of each element: {}", predicate.describe(unit, scope)?)
            }
            Self::Unique(true) => "a list in which each value stands once".to_owned(),
            Self::Unique(false) => "a list in which a value stands twice".to_owned(),
            Self::Sorted(order) => order.describe().to_owned(),
            Self::Compare(comparison, wanted) => {
                format!(
                    "{} {}",
                    comparison.describe(),
                    describe_value(&wanted.evaluate(scope)?, unit)
                )
            }
            Self::Status(_, text) => text.clone(),
            Self::Not(predicate) => format!("not {}", predicate.describe(unit, scope)?),
        })
    }

    fn describe_found(&self, value: Option<&Value>, unit: Unit, scope: &Scope) -> String {
        let Some(value) = value else {
            return "nothing".to_owned();
        };
        if let Self::Count(_) = self
            && let Some(count) = count_items_or_members(value)
        {
            return format!("{count}");
        }
        if let Self::Schema(schema) = self {
            return schema.problems(value).join("; ");
        }
        let in_list = match (self, value) {
            (Self::Unique(true), Value::Array(items)) => find_repetition(items),
            (Self::Sorted(order), Value::Array(items)) => find_disorder(items, *order),
            _ => None,
        };
        if let Some(found) = in_list {
            return found;
        }
        if let Self::Each(predicate) = self {
            match judge_each(value, predicate, scope) {
                Ok(EachOutcome::Not(at, item)) => {
                    let inside = predicate.judge(Some(item), unit, scope).ok();
                    let found = inside.and_then(|mut inside| inside.pop());
                    let found =
                        found.map_or_else(|| describe_value(item, unit), |inside| inside.found);
                    return format!("{found} at index {at}");
                }
                Ok(EachOutcome::Empty) => return "an empty list".to_owned(),
                Ok(EachOutcome::NoList | EachOutcome::Holds) | Err(_) => {}
            }
        }
        describe_value(value, unit)
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

    fn describe(self) -> &'static str {
        match self {
            Self::Above => "above",
            Self::Below => "below",
            Self::AtLeast => "at least",
            Self::AtMost => "at most",
        }
    }
}

fn describe_value(value: &Value, unit: Unit) -> String {
    match (unit, value) {
        (Unit::Milliseconds, Value::Number(number)) => format!("{number} ms"),
        (Unit::Seconds, Value::Number(number)) => {
            human_duration_with_days(number.as_f64().unwrap_or(f64::MAX))
        }
        (Unit::Status, Value::Number(number)) => number.to_string(),
        _ => quote_value(value),
    }
}
