//! Variables of other tools: their names, their values, and the templates
//! that use them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::dynamic::{dynamic_expression, quote};
use crate::draft::{escape, identifier};

/// The values of a Postman environment, or of Postman's globals.
#[derive(Debug, Clone, Default)]
pub struct PostmanEnvironment {
    pub(super) values: Vec<GivenVariable>,
}

/// A variable that the original gives a value.
#[derive(Debug, Clone)]
pub(super) struct GivenVariable {
    pub(super) name: String,
    pub(super) value: Value,
    pub(super) secret: bool,
}

/// How far values are followed that name other variables.
pub(super) const MOST_DEPTH: usize = 20;

/// What is known of the variables of one file.
#[derive(Debug, Default)]
pub(super) struct Variables {
    pub(super) given: BTreeMap<String, GivenVariable>,
    pub(super) order: Vec<String>,
    /// The names as they are in the check file, by those of the original.
    names: BTreeMap<String, String>,
    /// Those that are used before, or without, an answer giving them a value.
    pub(super) used: BTreeSet<String>,
    captured: BTreeSet<String>,
    /// Those that the answer at hand gives a value: steps after it know them,
    /// and its own expectations do not.
    fresh: BTreeSet<String>,
    fresh_is_used: bool,
    /// Whether the original sends the name of a variable that has no value.
    sends_names: bool,
    /// Those that stand for values of any type.
    pub(super) typed: BTreeSet<String>,
}

/// A part of a text in which `{{ … }}` stands for a value.
pub(super) enum TemplatePart<'t> {
    Text(&'t str),
    Variable(&'t str),
}

impl Variables {
    /// Variables as Postman knows them.
    pub(super) fn for_postman() -> Self {
        Self {
            sends_names: true,
            ..Self::default()
        }
    }

    /// What is sent for a variable that is used before an answer gives it a
    /// value, if the original sends something then.
    pub(super) fn text_before_set(&self, name: &str) -> Option<String> {
        let sent = self.sends_names && self.is_captured(name);
        sent.then(|| escape(&format!("{{{{{name}}}}}")))
    }

    /// Gives a variable its value; the last one wins.
    pub(super) fn declare(&mut self, name: String, value: Value, secret: bool) {
        let given = GivenVariable {
            name: name.clone(),
            value,
            secret,
        };
        if self.given.insert(name.clone(), given).is_none() {
            self.order.push(name);
        }
    }

    /// What the original says, if it says something.
    pub(super) fn value(&self, name: &str) -> Option<&Value> {
        self.given.get(name).map(|given| &given.value)
    }

    /// The text, if the values of all its variables are known by now.
    pub(super) fn resolve(&self, text: &str) -> Option<String> {
        let mut known = String::new();
        for part in split_template(text) {
            match part {
                TemplatePart::Text(text) => known.push_str(text),
                TemplatePart::Variable(name) if self.is_captured(name) => return None,
                TemplatePart::Variable(name) => match self.value(name)? {
                    Value::String(value) if !value.contains("{{") => known.push_str(value),
                    value @ (Value::Number(_) | Value::Bool(_)) => {
                        known.push_str(&value.to_string());
                    }
                    _ => return None,
                },
            }
        }
        Some(known)
    }

    /// The value of the variable that a text consists of.
    pub(super) fn value_of_template(&self, text: &str) -> Option<String> {
        let name = text.strip_prefix("{{")?.strip_suffix("}}")?;
        self.value(name.trim())?.as_str().map(str::to_owned)
    }

    /// The name under which an answer's value is kept.
    pub(super) fn capture(&mut self, name: &str) -> String {
        self.captured.insert(name.to_owned());
        self.fresh.insert(name.to_owned());
        self.name(name)
    }

    /// A name of our own under which an answer's value is kept.
    pub(super) fn capture_under_new_name(&mut self, word: &str) -> String {
        let is_taken = |name: &String| {
            self.names.contains_key(name) || self.names.values().any(|own_name| own_name == name)
        };
        let names = (1..).map(|number| format!("{}_{number}", identifier(word)));
        let name = names.into_iter().find(|name| !is_taken(name));
        self.capture(&name.unwrap_or_default())
    }

    /// Goes on to the next answer.
    pub(super) fn start_next_answer(&mut self) {
        self.fresh.clear();
        self.fresh_is_used = false;
    }

    /// Whether a template since the last time asked used a value of the answer
    /// at hand.
    pub(super) fn take_fresh_use(&mut self) -> bool {
        std::mem::take(&mut self.fresh_is_used)
    }

    /// Whether an answer's value is kept under this name, so far.
    pub(super) fn is_captured(&self, name: &str) -> bool {
        self.captured.contains(name)
    }

    /// The text as a template.
    pub(super) fn template(&mut self, text: &str) -> String {
        self.template_at_depth(text, 0)
    }

    fn template_at_depth(&mut self, text: &str, depth: usize) -> String {
        let mut template = String::new();
        for part in split_template(text) {
            match part {
                TemplatePart::Text(text) => template.push_str(&escape(text)),
                TemplatePart::Variable(name) => match self.value_naming_captures(name) {
                    Some(value) if depth < MOST_DEPTH => {
                        template.push_str(&self.template_at_depth(&value, depth + 1));
                    }
                    _ => {
                        let expression = self.expression(name);
                        template.extend(["{{ ", &expression, " }}"]);
                    }
                },
            }
        }
        template
    }

    /// The text in the form of a URL's query or of a form's fields.
    pub(super) fn urlencode(&mut self, text: &str) -> String {
        let encoded = |part| match part {
            TemplatePart::Text(text) => {
                url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
            }
            TemplatePart::Variable(name) => {
                format!("{{{{ {} | string | urlencode }}}}", self.expression(name))
            }
        };
        split_template(text).map(encoded).collect()
    }

    /// The text as an expression; nothing for one that cannot be written in a
    /// template.
    pub(super) fn quote(&mut self, text: &str) -> Option<String> {
        let mut terms = Vec::new();
        for part in split_template(text) {
            terms.push(match part {
                TemplatePart::Text(text) => quote(text)?,
                TemplatePart::Variable(name) => self.expression(name),
            });
        }
        Some(match terms.as_slice() {
            [] => "''".to_owned(),
            [one] => one.clone(),
            _ => format!("({})", terms.join(" ~ ")),
        })
    }

    /// The value of a variable that names captures, which the variables of a
    /// check file cannot do: it is written out where it is used.
    fn value_naming_captures(&self, name: &str) -> Option<String> {
        if self.is_captured(name) {
            return None;
        }
        let value = self.value(name)?.as_str()?;
        let of_capture =
            |part| matches!(part, TemplatePart::Variable(inner) if self.is_captured(inner));
        split_template(value)
            .any(of_capture)
            .then(|| value.to_owned())
    }

    /// The text as a template that gives text, even where it is nothing but a
    /// captured number.
    pub(super) fn text(&mut self, text: &str) -> String {
        let mut parts = split_template(text);
        if let (Some(TemplatePart::Variable(name)), None) = (parts.next(), parts.next())
            && self.is_captured(name)
        {
            return format!("{{{{ {} | string }}}}", self.expression(name));
        }
        self.template(text)
    }

    /// What stands between the braces of a template.
    pub(super) fn expression(&mut self, name: &str) -> String {
        let name = name.trim();
        if let Some(made) = dynamic_expression(name) {
            return made;
        }
        self.fresh_is_used |= self.fresh.contains(name);
        if !self.is_captured(name) {
            self.used.insert(name.to_owned());
        }
        self.name(name)
    }

    /// The same where the original takes a value of any type.
    pub(super) fn typed_expression(&mut self, name: &str) -> String {
        self.typed.insert(name.trim().to_owned());
        self.expression(name)
    }

    pub(super) fn name(&mut self, name: &str) -> String {
        if let Some(known) = self.names.get(name) {
            return known.clone();
        }
        let mut own_name = identifier(name);
        while self.names.values().any(|is_taken| *is_taken == own_name) {
            own_name.push('_');
        }
        self.names.insert(name.to_owned(), own_name.clone());
        own_name
    }
}

/// How long the `{{ … }}` is that a text begins with, if it does.
pub(super) fn variable_length(text: &str) -> Option<usize> {
    let inner = text.strip_prefix("{{")?;
    let end = inner.find("}}")?;
    let name = inner.get(..end)?;
    (!name.trim().is_empty() && !name.contains(['{', '\n', '"'])).then_some(end + 4)
}

/// The text in its parts; braces that never close are text.
pub(super) fn split_template(text: &str) -> impl Iterator<Item = TemplatePart<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        if let Some(end) = variable_length(rest) {
            let (variable, after) = rest.split_at(end);
            rest = after;
            let name = variable.trim_start_matches('{').trim_end_matches('}');
            return Some(TemplatePart::Variable(name.trim()));
        }
        let begin = usize::from(rest.starts_with("{{")) * 2;
        let next = rest
            .match_indices("{{")
            .map(|(at, _)| at)
            .find(|at| *at >= begin.max(1) && variable_length(&rest[*at..]).is_some());
        let (text, after) = rest.split_at(next.unwrap_or(rest.len()));
        rest = after;
        Some(TemplatePart::Text(text))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_name_variables_as_we_do() {
        let mut variables = Variables::default();
        variables.capture("id");
        let mut check = |text: &str, template: &str| {
            assert_eq!(variables.template(text), template);
        };
        check("/{{base-url}}/x", "/{{ base_url }}/x");
        check("{{$guid}}", "{{ uuid() }}");
        check("{{}} {{ a", "{{ '{{' }}}} {{ '{{' }} a");
        check("a{{b}}c{{ d }}", "a{{ b }}c{{ d }}");
        assert_eq!(variables.text("{{id}}"), "{{ id | string }}");
        assert_eq!(variables.text("x{{id}}"), "x{{ id }}");
    }
}
