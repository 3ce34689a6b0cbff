//! Expectations of a part of the answer, in the form that check files have.

use serde_json::{Value, json};

use super::{Operand, Script};
use crate::draft::{Query, member_path};
use query::pattern::Pattern;

impl Script<'_, '_> {
    /// Expects a text or a list: anything else has no length and holds nothing.
    pub(super) fn expect_length_type(&mut self, path: &str) {
        let schema = json!({ "type": ["array", "string"] });
        let place = Query::Json(path.to_owned());
        self.requested.step.expect(&place, "schema", schema);
    }

    /// Adds an expectation to the step; false if there is no way to say it.
    pub(super) fn expect(
        &mut self,
        subject: &Operand,
        operator: &'static str,
        wanted: Value,
        negated: bool,
    ) -> bool {
        match (subject, &wanted) {
            (Operand::Query(place), _) => self.expect_of_query(place, operator, wanted, negated),
            (Operand::Length(path), _) => self.expect_length(path, operator, wanted, negated),
            (Operand::Reason, Value::String(reason)) if operator == "equals" => {
                let status = status_by_reason(reason);
                status.is_some_and(|status| {
                    self.expect_of_query(&Query::Status, "equals", status, negated)
                })
            }
            (Operand::Meets(place, "exists", _), Value::Bool(there)) if operator == "equals" => {
                self.expect_of_query(place, "exists", json!(*there != negated), false)
            }
            (Operand::Meets(place, inner, value), Value::Bool(meets)) if operator == "equals" => {
                self.expect_of_query(place, inner, value.clone(), *meets == negated)
            }
            (Operand::Holds(comparison), Value::Bool(holds)) if operator == "equals" => {
                self.expect_truth(comparison, *holds == negated)
            }
            (Operand::TypeOf(path), Value::String(word)) if operator == "equals" => {
                let place = Query::Json(path.clone());
                match word.as_str() {
                    "string" | "number" | "boolean" => {
                        self.expect_of_query(&place, "type", wanted, negated)
                    }
                    "undefined" => self.expect_of_query(&place, "exists", json!(negated), false),
                    "object" if !negated => {
                        let schema = json!({ "type": ["object", "array", "null"] });
                        self.expect_of_query(&place, "schema", schema, false)
                    }
                    _ => false,
                }
            }
            (Operand::Value(value), _) => match variable_name(value) {
                // A check file cannot run without a value of the variable, so `exists` says nothing.
                Some(name) if operator != "exists" => {
                    let place = Query::Variable(name.to_owned());
                    self.expect_plain(&place, operator, wanted, negated)
                }
                Some(_) => false,
                None => self.is_met_by(value, operator, &wanted) == Some(!negated),
            },
            _ => false,
        }
    }

    /// Whether a value of the script's own meets an operator.
    fn is_met_by(&mut self, value: &Value, operator: &str, wanted: &Value) -> Option<bool> {
        let fixed = |value: &Value| !value.to_string().contains("{{");
        let is = match operator {
            _ if !fixed(value) || !fixed(wanted) => return None,
            "equals" => value == wanted,
            "one_of" => wanted.as_array()?.contains(value),
            _ => return None,
        };
        let note = "The original tests values of its own here, which are as it wants them.";
        self.requested.step.add_note(note);
        Some(is)
    }

    fn expect_plain(
        &mut self,
        place: &Query,
        operator: &str,
        wanted: Value,
        negated: bool,
    ) -> bool {
        let step = &mut self.requested.step;
        if negated {
            return step.expect(place, "not", json!({ operator: wanted }));
        }
        step.expect(place, operator, wanted)
    }

    fn expect_of_query(
        &mut self,
        place: &Query,
        operator: &str,
        mut wanted: Value,
        negated: bool,
    ) -> bool {
        let orders = matches!(operator, "above" | "below" | "at_least" | "at_most");
        if *place == Query::Latency {
            let Some(limit) = wanted.as_f64().filter(|limit| *limit >= 0.0) else {
                return false;
            };
            wanted = json!(format!("{}ms", limit.ceil()));
        }
        if !place.accepts(operator, &wanted) {
            return false;
        }
        if let Query::Json(path) = place {
            match (operator, &wanted) {
                ("contains", Value::Object(_)) if negated => {
                    // JavaScript stops where there is nothing that has members.
                    self.expect_something(place);
                }
                ("contains", Value::Object(_)) => {}
                ("contains", _) if negated => self.expect_length_type(path),
                // Chai orders numbers alone, and a check file also texts that are written as one.
                _ if orders && wanted.is_number() => {
                    self.requested.step.expect(place, "type", json!("number"));
                }
                _ if orders => return false,
                _ => {}
            }
        }
        let of = match place {
            Query::Json(name) | Query::Header(name) | Query::Cookie(name) => Some(name),
            _ => None,
        };
        if let (Some(of), true, "equals" | "one_of" | "type") = (of, negated, operator) {
            self.requested.step.add_note(&format!(
                "The original also passes where there is no `{of}`."
            ));
        }
        self.expect_plain(place, operator, wanted, negated)
    }

    /// Expects that something is there and is not `null`.
    pub(super) fn expect_something(&mut self, place: &Query) {
        let not_null = json!({ "not": { "const": null } });
        self.requested.step.expect(place, "schema", not_null);
    }

    fn expect_length(
        &mut self,
        path: &str,
        operator: &'static str,
        wanted: Value,
        negated: bool,
    ) -> bool {
        let place = Query::Json(path.to_owned());
        if !wanted.is_number() {
            return false;
        }
        if negated {
            // JavaScript stops where there is nothing that has a length.
            self.expect_length_type(path);
        }
        // Texts have a length too, unless a list is wanted.
        let demands = self.requested.step.expectation_of(&place);
        if demands.is_some_and(|demands| demands["type"] == "array") {
            let count = match operator {
                "equals" => wanted,
                order => json!({ order: wanted }),
            };
            return self.expect_plain(&place, "count", count, negated);
        }
        let schema = wanted
            .as_u64()
            .and_then(|length| length_schema(operator, length));
        schema.is_some_and(|schema| self.expect_plain(&place, "schema", schema, negated))
    }
}

/// A schema for a list or a text of such a length.
fn length_schema(operator: &str, length: u64) -> Option<Value> {
    let (least, most) = match operator {
        "equals" => (Some(length), Some(length)),
        "above" => (Some(length.checked_add(1)?), None),
        "at_least" => (Some(length), None),
        "below" => (None, Some(length.checked_sub(1)?)),
        "at_most" => (None, Some(length)),
        _ => return None,
    };
    let mut schema = json!({ "type": ["array", "string"] });
    for (bound, names) in [
        (least, ["minItems", "minLength"]),
        (most, ["maxItems", "maxLength"]),
    ] {
        for name in names {
            if let Some(bound) = bound {
                schema[name] = json!(bound);
            }
        }
    }
    Some(schema)
}

/// The name of the variable that a value stands for.
pub(super) fn variable_name(value: &Value) -> Option<&str> {
    let inside = value.as_str()?.strip_prefix("{{ ")?.strip_suffix(" }}")?;
    let in_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    inside.chars().all(in_name).then_some(inside)
}

/// The status that a reason phrase belongs to.
pub(super) fn status_by_reason(reason: &str) -> Option<Value> {
    let code = (100..600).find(|code| {
        let status = http::StatusCode::from_u16(*code).ok();
        let known = status.and_then(|status| status.canonical_reason());
        known.is_some_and(|known| known.eq_ignore_ascii_case(reason))
    });
    code.map(Value::from)
}

/// `a.b[0]` below a path.
pub(super) fn nested_path(path: &str, name: &str) -> String {
    let mut path = path.to_owned();
    for part in name.split('.') {
        let (name, indexes) = part.split_once('[').unwrap_or((part, ""));
        if !name.is_empty() {
            path = member_path(&path, name);
        }
        for index in indexes.split('[').filter(|index| !index.is_empty()) {
            let index = index.trim_end_matches(']');
            path = match index.parse::<u32>() {
                Ok(index) => format!("{path}[{index}]"),
                Err(_) => member_path(&path, index.trim_matches(['"', '\''])),
            };
        }
    }
    path
}

/// A regular expression that both languages read alike.
pub(super) fn to_pattern(pattern: &str, flags: &str) -> Option<Value> {
    let flags: String = flags.chars().filter(|flag| "ims".contains(*flag)).collect();
    let pattern = pattern.replace("\\/", "/");
    // Without Unicode's own rules on upper and lower case, which are not
    // JavaScript's either.
    let forms = match flags.as_str() {
        "" => vec![pattern],
        flags => vec![
            format!("(?{flags}){pattern}"),
            format!("(?{flags}-u){pattern}"),
        ],
    };
    let mut forms = forms.into_iter();
    forms
        .find(|form| Pattern::parse(form).is_ok())
        .map(Value::from)
}
