//! JSON values with templates in their strings.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::template::{Scope, Template, TemplateError, check_depth};

/// A JSON value whose strings may be templates.
#[derive(Debug, Clone)]
pub enum ValueTemplate {
    /// A value without any template in it.
    Fixed(Value),
    /// A string that is a template.
    Text(Template),
    /// A list that holds a template somewhere.
    List(Vec<ValueTemplate>),
    /// A map that holds a template somewhere.
    Map(Vec<(String, ValueTemplate)>),
}

impl ValueTemplate {
    /// A string, which is a template if it holds expressions.
    pub(crate) fn text(template: Template) -> Self {
        if template.names().next().is_none() && !template.text().contains("{{") {
            Self::Fixed(Value::String(template.text().to_owned()))
        } else {
            Self::Text(template)
        }
    }

    /// Adds the templates inside to `found`.
    pub fn templates<'v>(&'v self, found: &mut Vec<&'v Template>) {
        match self {
            Self::Fixed(_) => {}
            Self::Text(template) => found.push(template),
            Self::List(items) => items.iter().for_each(|item| item.templates(found)),
            Self::Map(members) => members.iter().for_each(|(_, value)| value.templates(found)),
        }
    }

    /// As [`Self::evaluate`], without a copy of a value that holds no template.
    pub(crate) fn evaluate_borrowed(&self, scope: &Scope) -> Result<Cow<'_, Value>, TemplateError> {
        match self {
            Self::Fixed(value) => Ok(Cow::Borrowed(value)),
            other => other.evaluate(scope).map(Cow::Owned),
        }
    }

    /// The value with all templates filled in.
    ///
    /// # Errors
    /// A template cannot be filled in, or the value is nested too deep.
    pub fn evaluate(&self, scope: &Scope) -> Result<Value, TemplateError> {
        match self {
            Self::Fixed(value) => Ok(value.clone()),
            Self::Text(template) => template.evaluate(scope),
            Self::List(items) => items
                .iter()
                .map(|item| item.evaluate(scope))
                .collect::<Result<_, _>>()
                .map(Value::Array)
                .and_then(check_depth),
            Self::Map(members) => members
                .iter()
                .map(|(name, value)| Ok((name.clone(), value.evaluate(scope)?)))
                .collect::<Result<Map<_, _>, TemplateError>>()
                .map(Value::Object)
                .and_then(check_depth),
        }
    }
}
