//! Variables that a script sets once the answer is there: captures.

use serde_json::{Value, json};

use super::{Expression, Operand, Script};
use crate::draft::{Query, escape};

/// A template with at most one part of the answer in it.
#[derive(Default)]
struct JoinedText {
    template: String,
    part: Option<Value>,
}

impl Script<'_, '_> {
    /// A variable that is set: from a part of the answer, to a text with such a
    /// part in it, or to a value that has nothing to do with the answer.
    pub(super) fn import_capture(&mut self, name: &str, value: &Expression) -> bool {
        let Some((subject, source)) = self.capture_value(value) else {
            return false;
        };
        let variables = &mut self.importer.variables;
        // An expectation of the former value would be held against the new one.
        let tested = Query::Variable(variables.name(name));
        if self.requested.step.expectation_of(&tested).is_some() {
            return false;
        }
        let is_constant = matches!(subject, Operand::Value(_));
        let known = variables.value(name);
        let stays = matches!(&subject, Operand::Value(value) if Some(value) == known);
        if stays && !variables.is_captured(name) {
            return true;
        }
        let own_name = variables.capture(name);
        self.requested
            .captured_values
            .insert(name.to_owned(), subject);
        if is_constant {
            self.requested.constants.insert(own_name.clone());
        } else {
            self.requested.constants.remove(&own_name);
        }
        self.requested.captures.insert(own_name.clone());
        self.requested.step.capture.insert(own_name, source);
        true
    }

    /// What a variable stands for, and the capture that it is.
    fn capture_value(&mut self, value: &Expression) -> Option<(Operand, Value)> {
        let subject = match value {
            Expression::Literal(Value::String(text)) => {
                let text = self.importer.variables.template(text);
                Some(Operand::Value(json!(text)))
            }
            value => self.evaluate(value),
        };
        match subject {
            Some(Operand::Value(value)) => {
                let template = match &value {
                    Value::String(text) => text.clone(),
                    Value::Number(_) | Value::Bool(_) => format!("{{{{ {value} }}}}"),
                    _ => return None,
                };
                // Every answer has a status, so the capture always gives this value.
                let source = json!({ "from": "status", "transform": template });
                Some((Operand::Value(value), source))
            }
            Some(Operand::Query(place)) => {
                let source = place.source()?;
                Some((Operand::Query(place), source))
            }
            Some(_) => None,
            None => {
                // `"Bearer " + data.token`; a sum of numbers is no text.
                let joined = self.join_parts(value).filter(|_| has_text(value))?;
                let mut source = match joined.part? {
                    Value::String(word) => json!({ "from": word }),
                    source => source,
                };
                source["transform"] = json!(joined.template);
                // A joined text is no part of the answer, so nothing can be expected of it.
                Some((Operand::Other, source))
            }
        }
    }

    /// Texts and values in a row, without a part of the answer.
    pub(super) fn joined_text(&mut self, expression: &Expression) -> Option<String> {
        let joined = self
            .join_parts(expression)
            .filter(|_| has_text(expression))?;
        joined.part.is_none().then_some(joined.template)
    }

    fn join_parts(&mut self, expression: &Expression) -> Option<JoinedText> {
        let text = |template| JoinedText {
            template,
            part: None,
        };
        match expression {
            Expression::Binary(left, "+", right) => {
                let (left, right) = (self.join_parts(left)?, self.join_parts(right)?);
                let one = left.part.is_none() || right.part.is_none();
                one.then(|| JoinedText {
                    template: left.template + &right.template,
                    part: left.part.or(right.part),
                })
            }
            Expression::Literal(Value::String(value)) => Some(text(escape(value))),
            other => match self.evaluate(other)? {
                Operand::Value(Value::String(value)) => Some(text(value)),
                Operand::Value(value @ (Value::Number(_) | Value::Bool(_))) => {
                    Some(text(value.to_string()))
                }
                Operand::Query(place) => Some(JoinedText {
                    template: "{{ value }}".to_owned(),
                    part: Some(place.source()?),
                }),
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
