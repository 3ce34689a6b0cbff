//! Variables that a script sets once the answer is there: captures.

use serde_json::{Value, json};

use super::{Expression, Script, Subject};
use crate::draft::{Place, escape};

/// A template with at most one part of the answer in it.
#[derive(Default)]
struct Joined {
    template: String,
    part: Option<Value>,
}

impl Script<'_, '_> {
    /// A variable that is set: from a part of the answer, to a text with such a
    /// part in it, or to a value that has nothing to do with the answer.
    pub(super) fn keep(&mut self, name: &str, value: &Expression) -> bool {
        let Some((subject, source)) = self.kept(value) else {
            return false;
        };
        let variables = &mut self.importer.variables;
        // What was demanded of it before was meant of its value before.
        let tested = Place::Variable(variables.name(name));
        if self.requested.step.expected(&tested).is_some() {
            return false;
        }
        let anyway = matches!(subject, Subject::Value(_));
        let known = variables.value(name);
        let stays = matches!(&subject, Subject::Value(value) if Some(value) == known);
        if stays && !variables.is_captured(name) {
            return true;
        }
        let ours = variables.capture(name);
        self.requested.kept.insert(name.to_owned(), subject);
        if anyway {
            self.requested.constants.insert(ours.clone());
        } else {
            self.requested.constants.remove(&ours);
        }
        self.requested.keeps.insert(ours.clone());
        self.requested.step.capture.insert(ours, source);
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
                let template = match &value {
                    Value::String(text) => text.clone(),
                    Value::Number(_) | Value::Bool(_) => format!("{{{{ {value} }}}}"),
                    _ => return None,
                };
                // It is this value whatever the answer is.
                let source = json!({ "from": "status", "transform": template });
                Some((Subject::Value(value), source))
            }
            Some(Subject::Place(place)) => {
                let source = place.source()?;
                Some((Subject::Place(place), source))
            }
            Some(_) => None,
            None => {
                // `"Bearer " + data.token`; a sum of numbers is no text.
                let joined = self.join(value).filter(|_| has_text(value))?;
                let mut source = match joined.part? {
                    Value::String(word) => json!({ "from": word }),
                    source => source,
                };
                source["transform"] = json!(joined.template);
                // It is no part of the answer any more.
                Some((Subject::Other, source))
            }
        }
    }

    /// Texts and values in a row, without a part of the answer.
    pub(super) fn text_of(&mut self, expression: &Expression) -> Option<String> {
        let joined = self.join(expression).filter(|_| has_text(expression))?;
        joined.part.is_none().then_some(joined.template)
    }

    fn join(&mut self, expression: &Expression) -> Option<Joined> {
        let text = |template| Joined {
            template,
            part: None,
        };
        match expression {
            Expression::Binary(left, "+", right) => {
                let (left, right) = (self.join(left)?, self.join(right)?);
                let one = left.part.is_none() || right.part.is_none();
                one.then(|| Joined {
                    template: left.template + &right.template,
                    part: left.part.or(right.part),
                })
            }
            Expression::Literal(Value::String(value)) => Some(text(escape(value))),
            other => match self.subject(other)? {
                Subject::Value(Value::String(value)) => Some(text(value)),
                Subject::Value(value @ (Value::Number(_) | Value::Bool(_))) => {
                    Some(text(value.to_string()))
                }
                Subject::Place(place) => Some(Joined {
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
