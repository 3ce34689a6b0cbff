//! Comparisons: `tests["…"] = responseCode.code === 200`, as in old collections,
//! and `pm.expect(data.id === 1).to.be.true`.

use serde_json::{Value, json};

use super::expectation::variable_name;
use super::{Expression, Operand, Script};
use crate::draft::Query;

impl Script<'_, '_> {
    /// Expects that an expression is true, or that it is not; false if there
    /// is no way to say all of it.
    pub(super) fn expect_truth(&mut self, expression: &Expression, negated: bool) -> bool {
        let carried = match expression {
            Expression::Not(inner) => return self.expect_truth(inner, !negated),
            Expression::Binary(left, "&&", right) if !negated => {
                let left = self.expect_truth(left, false);
                return self.expect_truth(right, false) && left;
            }
            Expression::Binary(left, "||", right) if negated => {
                let left = self.expect_truth(left, true);
                return self.expect_truth(right, true) && left;
            }
            Expression::Binary(_, "||", _) => self.expect_choice(expression),
            Expression::Binary(left, sign, right) => {
                self.expect_comparison(left, sign, right, negated)
            }
            _ => self.expect_truthy(expression, negated),
        };
        carried.unwrap_or_default()
    }

    /// `code === 200 || code === 201`: one value of several.
    fn expect_choice(&mut self, expression: &Expression) -> Option<bool> {
        let mut choices = Vec::new();
        let subject = self.collect_choices(expression, &mut choices)?;
        let operator = match subject {
            Operand::Query(Query::Status) => "equals",
            _ => "one_of",
        };
        Some(self.expect(&subject, operator, choices.into(), false))
    }

    fn collect_choices(&mut self, found: &Expression, choices: &mut Vec<Value>) -> Option<Operand> {
        let Expression::Binary(left, sign, right) = found else {
            return None;
        };
        if *sign == "||" {
            let subject = self.collect_choices(left, choices)?;
            return (self.collect_choices(right, choices)? == subject).then_some(subject);
        }
        let (subject, wanted, sign) = self.split_comparison(left, sign, right)?;
        choices.push(wanted);
        let loose = sign == "==" && subject.path().is_some();
        (!loose && matches!(sign, "===" | "==")).then_some(subject)
    }

    /// The subject, what it is compared with, and the sign that fits: a script
    /// may have it as `200 === responseCode.code`.
    fn split_comparison<'s>(
        &mut self,
        left: &Expression,
        sign: &'s str,
        right: &Expression,
    ) -> Option<(Operand, Value, &'s str)> {
        let subject = self.evaluate(left)?;
        if let Operand::Value(value) = &subject
            && variable_name(value).is_none()
        {
            let turned = match sign {
                "<" => ">",
                "<=" => ">=",
                ">" => "<",
                ">=" => "<=",
                same => same,
            };
            return Some((self.evaluate(right)?, self.value_to_compare(left)?, turned));
        }
        Some((subject, self.value_to_compare(right)?, sign))
    }

    fn expect_comparison(
        &mut self,
        left: &Expression,
        sign: &str,
        right: &Expression,
        negated: bool,
    ) -> Option<bool> {
        let (subject, wanted, sign) = self.split_comparison(left, sign, right)?;
        let negated = negated != sign.starts_with('!');
        let operator = match sign {
            "==" | "!=" if subject.path().is_some() => {
                return self.expect_loose_equality(&subject, &wanted, negated);
            }
            "===" | "!==" | "==" | "!=" => "equals",
            "<" => "below",
            "<=" => "at_most",
            ">" => "above",
            ">=" => "at_least",
            _ => return None,
        };
        let (Operand::Query(place @ Query::Json(path)), true) = (&subject, operator != "equals")
        else {
            return Some(self.expect(&subject, operator, wanted, negated));
        };
        // JavaScript takes a number also where it is written as a text.
        if !wanted.is_number() {
            return None;
        }
        let step = &mut self.requested.step;
        if !negated {
            return Some(step.expect(place, operator, wanted));
        }
        step.add_note(&format!(
            "The original also passes where there is no `{path}`, or no number."
        ));
        Some(step.expect(place, "not", json!({ operator: wanted })))
    }

    /// `==`, to which a number is the text that it is written as.
    fn expect_loose_equality(
        &mut self,
        subject: &Operand,
        wanted: &Value,
        negated: bool,
    ) -> Option<bool> {
        let other = match wanted {
            Value::Number(number) => Some(json!(number.to_string())),
            Value::String(text) => {
                let number = text.parse::<serde_json::Number>().ok();
                let same = number.filter(|number| number.to_string() == *text);
                same.map(Value::Number)
            }
            // `==` makes more values equal to these than a list can hold.
            Value::Null | Value::Array(_) | Value::Object(_) => return None,
            Value::Bool(_) => None,
        };
        Some(match other {
            Some(other) => self.expect(subject, "one_of", json!([wanted, other]), negated),
            None => self.expect(subject, "equals", wanted.clone(), negated),
        })
    }

    /// What is true by itself.
    fn expect_truthy(&mut self, expression: &Expression, negated: bool) -> Option<bool> {
        let subject = self.evaluate(expression)?;
        let (operator, wanted) = match &subject {
            // To JavaScript a text is true if it is not empty.
            Operand::Query(Query::Header(_) | Query::Cookie(_)) if !negated => {
                ("empty", json!(false))
            }
            Operand::Query(Query::Body) => ("empty", json!(negated)),
            Operand::Query(Query::Json(_)) if !negated => {
                ("not", json!({ "one_of": [false, 0, "", null] }))
            }
            Operand::Length(_) if negated => ("equals", json!(0)),
            Operand::Length(_) => ("above", json!(0)),
            Operand::Meets(..) | Operand::Holds(_) => ("equals", json!(!negated)),
            _ => return None,
        };
        Some(self.expect(&subject, operator, wanted, false))
    }
}
