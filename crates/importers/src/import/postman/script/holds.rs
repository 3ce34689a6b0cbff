//! Comparisons: `tests["…"] = responseCode.code === 200`, as in old collections,
//! and `pm.expect(data.id === 1).to.be.true`.

use serde_json::{Value, json};

use super::demand::variable;
use super::{Expression, Script, Subject};

impl Script<'_, '_, '_> {
    /// Demands that an expression is true, or that it is not; false if there
    /// is no way to say all of it.
    pub(super) fn holds(&mut self, expression: &Expression, negated: bool) -> bool {
        match expression {
            Expression::Not(inner) => self.holds(inner, !negated),
            Expression::Binary(left, "&&", right) if !negated => {
                let left = self.holds(left, false);
                self.holds(right, false) && left
            }
            Expression::Binary(left, "||", right) if negated => {
                let left = self.holds(left, true);
                self.holds(right, true) && left
            }
            Expression::Binary(left, sign, right) => self
                .compares(left, sign, right, negated)
                .unwrap_or_default(),
            _ => self.is_true(expression, negated).unwrap_or_default(),
        }
    }

    fn compares(
        &mut self,
        left: &Expression,
        sign: &str,
        right: &Expression,
        negated: bool,
    ) -> Option<bool> {
        let (left, right, sign) = match self.subject(left)? {
            // `200 === responseCode.code`
            Subject::Value(value) if variable(&value).is_none() => (right, left, turned(sign)),
            _ => (left, right, sign),
        };
        let subject = self.subject(left)?;
        let wanted = self.wanted(right)?;
        let operator = match sign {
            "==" | "!=" if matches!(subject, Subject::Json(_)) => {
                let negated = negated != (sign == "!=");
                return self.loosely(&subject, &wanted, negated);
            }
            "===" | "!==" | "==" | "!=" => "equals",
            "<" => "below",
            "<=" => "at_most",
            ">" => "above",
            ">=" => "at_least",
            _ => return None,
        };
        let negated = negated != sign.starts_with('!');
        if let Subject::Json(path) = &subject
            && operator != "equals"
        {
            // JavaScript takes a number also where it is written as a text.
            if !wanted.is_number() {
                return None;
            }
            let step = &mut self.asked.step;
            if negated {
                step.note(&format!(
                    "The original also passes where there is no `{path}`, or no number."
                ));
            }
            return Some(if negated {
                step.demand("json", Some(path), "not", json!({ operator: wanted }))
            } else {
                step.demand("json", Some(path), operator, wanted)
            });
        }
        Some(self.demand(&subject, operator, wanted, negated))
    }

    /// `==`, to which a number is the text that it is written as.
    fn loosely(&mut self, subject: &Subject, wanted: &Value, negated: bool) -> Option<bool> {
        let other = match wanted {
            Value::Number(number) => Some(json!(number.to_string())),
            Value::String(text) => {
                let number = text.parse::<serde_json::Number>().ok();
                let written = number.as_ref().map(ToString::to_string);
                number
                    .filter(|_| written.as_ref() == Some(text))
                    .map(Value::Number)
            }
            // To these more is equal than can be listed.
            Value::Null | Value::Array(_) | Value::Object(_) => return None,
            Value::Bool(_) => None,
        };
        Some(match other {
            Some(other) => {
                let both = json!([wanted, other]);
                self.demand(subject, "one_of", both, negated)
            }
            None => self.demand(subject, "equals", wanted.clone(), negated),
        })
    }

    /// What is true by itself.
    fn is_true(&mut self, expression: &Expression, negated: bool) -> Option<bool> {
        Some(match self.subject(expression)? {
            // Text that is not empty is true.
            subject @ (Subject::Header(_) | Subject::Cookie(_)) if !negated => {
                self.demand(&subject, "empty", json!(false), false)
            }
            subject @ Subject::Text => self.demand(&subject, "empty", json!(negated), false),
            subject @ Subject::Json(_) if !negated => {
                let false_like = json!({ "one_of": [false, 0, "", null] });
                self.demand(&subject, "not", false_like, false)
            }
            subject @ Subject::Count(_) if negated => {
                self.demand(&subject, "equals", json!(0), false)
            }
            subject @ Subject::Count(_) => self.demand(&subject, "above", json!(0), false),
            subject @ (Subject::Meets(..) | Subject::Holds(_)) => {
                self.demand(&subject, "equals", json!(true), negated)
            }
            _ => return None,
        })
    }
}

/// The sign for both sides in each other's place.
fn turned(sign: &str) -> &str {
    match sign {
        "<" => ">",
        "<=" => ">=",
        ">" => "<",
        ">=" => "<=",
        same => same,
    }
}
