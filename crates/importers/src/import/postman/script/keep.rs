//! Variables that a script sets once the answer is there: captures.

use serde_json::{Value, json};

use super::{Expression, Script, Subject};
use crate::draft::{escape, is_header};
use query::jsonpath::Path;

impl Script<'_, '_, '_> {
    /// A variable that is set: from a part of the answer, to a text with such a
    /// part in it, or to a value that has nothing to do with the answer.
    pub(super) fn keep(&mut self, name: &str, value: &Expression) -> bool {
        let Some((subject, source)) = self.kept(value) else {
            return false;
        };
        let ours = self.importer.variables.name(name);
        // What was demanded of it before was meant of its value before.
        let tested = self.asked.step.expect.get("variables");
        if tested.is_some_and(|tested| tested.get(&ours).is_some()) {
            return false;
        }
        let anyway = matches!(subject, Subject::Value(_));
        let known = self.importer.variables.value(name);
        let stays = matches!(&subject, Subject::Value(value) if Some(value) == known);
        if stays && !self.importer.variables.is_captured(name) {
            return true;
        }
        self.asked.kept.insert(name.to_owned(), subject);
        let ours = self.importer.variables.capture(name);
        if anyway {
            self.asked.constants.insert(ours.clone());
        } else {
            self.asked.constants.remove(&ours);
        }
        self.asked.keeps.insert(ours.clone());
        self.asked.step.capture.insert(ours, source);
        true
    }

    /// What a variable stands for, and the capture that it is.
    fn kept(&mut self, value: &Expression) -> Option<(Subject, Value)> {
        let subject = match value {
            Expression::Literal(Value::String(text)) => {
                let text = self.importer.variables.template(text);
                Some(Subject::Value(json!(text)))
            }
            value => self.subject(value),
        };
        match subject {
            Some(Subject::Value(value)) => {
                let source = made_anyway(&value)?;
                Some((Subject::Value(value), source))
            }
            Some(subject) => {
                let source = source(&subject)?;
                Some((subject, source))
            }
            // It is no part of the answer any more.
            None => Some((Subject::NotUnderstood, self.joined(value)?)),
        }
    }

    /// Texts and values in a row, without a part of the answer.
    pub(super) fn text_of(&mut self, expression: &Expression) -> Option<String> {
        let (mut template, mut part) = (String::new(), None);
        let is_text = has_text(expression);
        self.join(expression, &mut template, &mut part)?;
        (part.is_none() && is_text).then_some(template)
    }

    /// `"Bearer " + data.token`: one part of the answer among texts.
    fn joined(&mut self, expression: &Expression) -> Option<Value> {
        let (mut template, mut part) = (String::new(), None);
        // A sum of numbers is no text.
        if !has_text(expression) {
            return None;
        }
        self.join(expression, &mut template, &mut part)?;
        let mut source = match part? {
            Value::String(word) => json!({ "from": word }),
            source => source,
        };
        source["transform"] = json!(template);
        Some(source)
    }

    fn join(
        &mut self,
        expression: &Expression,
        template: &mut String,
        part: &mut Option<Value>,
    ) -> Option<()> {
        match expression {
            Expression::Binary(left, "+", right) => {
                self.join(left, template, part)?;
                self.join(right, template, part)
            }
            Expression::Literal(Value::String(text)) => {
                template.push_str(&escape(text));
                Some(())
            }
            other => match self.subject(other)? {
                Subject::Value(Value::String(value)) => {
                    template.push_str(&value);
                    Some(())
                }
                Subject::Value(value @ (Value::Number(_) | Value::Bool(_))) => {
                    template.push_str(&value.to_string());
                    Some(())
                }
                Subject::Value(_) => None,
                subject if part.is_none() => {
                    *part = Some(source(&subject)?);
                    template.push_str("{{ value }}");
                    Some(())
                }
                _ => None,
            },
        }
    }
}

/// Whether what is joined by `+` has a text among it, which makes a text of all.
fn has_text(expression: &Expression) -> bool {
    match expression {
        Expression::Binary(left, "+", right) => has_text(left) || has_text(right),
        Expression::Literal(value) => value.is_string(),
        _ => false,
    }
}

/// Where a capture takes a part of the answer from.
fn source(subject: &Subject) -> Option<Value> {
    Some(match subject {
        Subject::Json(path) if Path::parse(path).is_ok() => json!({ "json": path }),
        Subject::Header(name) if is_header(name) => json!({ "header": name }),
        Subject::Cookie(name) => json!({ "cookie": name }),
        Subject::Code => json!("status"),
        Subject::Text => json!("body"),
        _ => return None,
    })
}

/// A capture that is this value whatever the answer is.
fn made_anyway(value: &Value) -> Option<Value> {
    let template = match value {
        Value::String(text) => text.clone(),
        Value::Number(_) | Value::Bool(_) => format!("{{{{ {value} }}}}"),
        _ => return None,
    };
    Some(json!({ "from": "status", "transform": template }))
}
