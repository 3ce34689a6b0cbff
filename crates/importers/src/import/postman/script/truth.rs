//! Comparisons: `tests["…"] = responseCode.code === 200`, as in old collections,
//! and `pm.expect(data.id === 1).to.be.true`.

use serde_json::{Value, json};

use super::demand::variable;
use super::{Expression, Script, Subject};
use crate::draft::Place;

impl Script<'_, '_> {
    /// Demands that an expression is true, or that it is not; false if there
    /// is no way to say all of it.
    pub(super) fn holds(&mut self, expression: &Expression, negated: bool) -> bool {
        let carried = match expression {
            Expression::Not(inner) => return self.holds(inner, !negated),
            Expression::Binary(left, "&&", right) if !negated => {
                let left = self.holds(left, false);
                return self.holds(right, false) && left;
            }
            Expression::Binary(left, "||", right) if negated => {
                let left = self.holds(left, true);
                return self.holds(right, true) && left;
            }
            Expression::Binary(_, "||", _) => self.either(expression),
            Expression::Binary(left, sign, right) => self.compares(left, sign, right, negated),
            _ => self.is_true(expression, negated),
        };
        carried.unwrap_or_default()
    }

    /// `code === 200 || code === 201`: one value of several.
    fn either(&mut self, expression: &Expression) -> Option<bool> {
        let mut choices = Vec::new();
        let subject = self.choices(expression, &mut choices)?;
        let operator = match subject {
            Subject::Place(Place::Status) => "equals",
            _ => "one_of",
        };
        Some(self.demand(&subject, operator, choices.into(), false))
    }

    fn choices(&mut self, found: &Expression, choices: &mut Vec<Value>) -> Option<Subject> {
        let Expression::Binary(left, sign, right) = found else {
            return None;
        };
        if *sign == "||" {
            let subject = self.choices(left, choices)?;
            return (self.choices(right, choices)? == subject).then_some(subject);
        }
        let (subject, wanted, sign) = self.sides(left, sign, right)?;
        choices.push(wanted);
        let loose = sign == "==" && subject.path().is_some();
        (!loose && matches!(sign, "===" | "==")).then_some(subject)
    }

    /// The subject, what it is compared with, and the sign that fits: a script
    /// may have it as `200 === responseCode.code`.
    fn sides<'s>(
        &mut self,
        left: &Expression,
        sign: &'s str,
        right: &Expression,
    ) -> Option<(Subject, Value, &'s str)> {
        let subject = self.subject(left)?;
        if let Subject::Value(value) = &subject
            && variable(value).is_none()
        {
            let turned = match sign {
                "<" => ">",
                "<=" => ">=",
                ">" => "<",
                ">=" => "<=",
                same => same,
            };
            return Some((self.subject(right)?, self.wanted(left)?, turned));
        }
        Some((subject, self.wanted(right)?, sign))
    }

    fn compares(
        &mut self,
        left: &Expression,
        sign: &str,
        right: &Expression,
        negated: bool,
    ) -> Option<bool> {
        let (subject, wanted, sign) = self.sides(left, sign, right)?;
        let negated = negated != sign.starts_with('!');
        let operator = match sign {
            "==" | "!=" if subject.path().is_some() => {
                return self.loosely(&subject, &wanted, negated);
            }
            "===" | "!==" | "==" | "!=" => "equals",
            "<" => "below",
            "<=" => "at_most",
            ">" => "above",
            ">=" => "at_least",
            _ => return None,
        };
        let (Subject::Place(place @ Place::Json(path)), true) = (&subject, operator != "equals")
        else {
            return Some(self.demand(&subject, operator, wanted, negated));
        };
        // JavaScript takes a number also where it is written as a text.
        if !wanted.is_number() {
            return None;
        }
        let step = &mut self.requested.step;
        if !negated {
            return Some(step.demand(place, operator, wanted));
        }
        step.note(&format!(
            "The original also passes where there is no `{path}`, or no number."
        ));
        Some(step.demand(place, "not", json!({ operator: wanted })))
    }

    /// `==`, to which a number is the text that it is written as.
    fn loosely(&mut self, subject: &Subject, wanted: &Value, negated: bool) -> Option<bool> {
        let other = match wanted {
            Value::Number(number) => Some(json!(number.to_string())),
            Value::String(text) => {
                let number = text.parse::<serde_json::Number>().ok();
                let same = number.filter(|number| number.to_string() == *text);
                same.map(Value::Number)
            }
            // To these more is equal than can be listed.
            Value::Null | Value::Array(_) | Value::Object(_) => return None,
            Value::Bool(_) => None,
        };
        Some(match other {
            Some(other) => self.demand(subject, "one_of", json!([wanted, other]), negated),
            None => self.demand(subject, "equals", wanted.clone(), negated),
        })
    }

    /// What is true by itself.
    fn is_true(&mut self, expression: &Expression, negated: bool) -> Option<bool> {
        let subject = self.subject(expression)?;
        let (operator, wanted) = match &subject {
            // Text that is not empty is true.
            Subject::Place(Place::Header(_) | Place::Cookie(_)) if !negated => {
                ("empty", json!(false))
            }
            Subject::Place(Place::Body) => ("empty", json!(negated)),
            Subject::Place(Place::Json(_)) if !negated => {
                ("not", json!({ "one_of": [false, 0, "", null] }))
            }
            Subject::Length(_) if negated => ("equals", json!(0)),
            Subject::Length(_) => ("above", json!(0)),
            Subject::Meets(..) | Subject::Holds(_) => ("equals", json!(!negated)),
            _ => return None,
        };
        Some(self.demand(&subject, operator, wanted, false))
    }
}
