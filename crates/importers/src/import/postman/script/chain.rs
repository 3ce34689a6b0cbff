//! Assertions in Chai's way of speaking: `pm.expect(x).to.be.an("array")`.

use serde_json::{Value, json};

use super::expectation::{nested_path, status_by_reason, to_pattern};
use super::operand::{escape_texts, usable_schema};
use super::{Expression, Operand, Script, dotted_name};
use crate::draft::{Query, member_path};

/// Words that change nothing.
const NOISE: &str =
    "to be been is that which and has have with at of same but does still also deep nested all own";

/// One word of a chain, with its arguments if it is called.
struct ChainWord<'e> {
    name: &'e str,
    arguments: Option<&'e [Expression]>,
}

/// What the words so far have made of the assertion.
struct ChainState {
    subject: Operand,
    negated: bool,
}

impl Script<'_, '_> {
    /// Carries over an assertion; `None` or `Some(false)` if it is not one
    /// that can be.
    pub(super) fn import_assertion(&mut self, expression: &Expression) -> Option<bool> {
        let (subject, words) = self.split_chain(expression)?;
        let mut state = ChainState {
            subject,
            negated: false,
        };
        let mut asserted = false;
        for word in words {
            match (word.name, word.arguments) {
                // Chai negates all words that follow.
                ("not", None) => state.negated = true,
                (name, None) if NOISE.split(' ').any(|noise| noise == name) => {}
                (name, arguments) => {
                    let carried = match (&state.subject, arguments) {
                        (Operand::Other, _) => None,
                        (Operand::Response, arguments) => {
                            self.expect_of_response(name, arguments, state.negated)
                        }
                        (_, None) => self.apply_property(name, &mut state),
                        (_, Some(arguments)) => self.apply_method(name, arguments, &mut state),
                    };
                    if !carried? {
                        return Some(false);
                    }
                    asserted = true;
                }
            }
        }
        Some(asserted)
    }

    /// The subject and the words that follow it.
    fn split_chain<'e>(
        &mut self,
        expression: &'e Expression,
    ) -> Option<(Operand, Vec<ChainWord<'e>>)> {
        let mut words = Vec::new();
        let mut rest = expression;
        loop {
            let subject = match rest {
                Expression::Call(callee, arguments)
                    if dotted_name(callee).as_deref() == Some("pm.expect") =>
                {
                    Some(self.evaluate(arguments.first()?)?)
                }
                rest => {
                    let is_response = dotted_name(rest).as_deref() == Some("pm.response");
                    is_response.then_some(Operand::Response)
                }
            };
            if let Some(subject) = subject {
                words.reverse();
                return Some((subject, words));
            }
            let (callee, arguments) = match rest {
                Expression::Call(callee, arguments) => (&**callee, Some(arguments.as_slice())),
                other => (other, None),
            };
            let Expression::Member(of, name) = callee else {
                return None;
            };
            words.push(ChainWord { name, arguments });
            rest = of;
        }
    }

    /// `pm.response.to.have.status(200)` and its like.
    fn expect_of_response(
        &mut self,
        name: &str,
        arguments: Option<&[Expression]>,
        negated: bool,
    ) -> Option<bool> {
        let whole = Query::Json("$".to_owned());
        let whole = Operand::Query(whole);
        let body = Operand::Query(Query::Body);
        let Some(arguments) = arguments else {
            let status = match name {
                "json" => {
                    return Some(self.expect(&whole, "exists", json!(true), negated));
                }
                // Postman's `ok` is 200 and nothing else.
                "ok" => json!(200),
                "accepted" => json!(202),
                "badRequest" => json!(400),
                "unauthorized" => json!(401),
                "forbidden" => json!(403),
                "notFound" => json!(404),
                "rateLimited" => json!(429),
                "info" => json!("1xx"),
                "success" => json!("2xx"),
                "redirection" => json!("3xx"),
                "clientError" => json!("4xx"),
                "serverError" => json!("5xx"),
                "error" => json!(["4xx", "5xx"]),
                _ => return None,
            };
            return Some(self.expect(&Operand::Query(Query::Status), "equals", status, negated));
        };
        let (subject, operator, wanted) = match (name, arguments) {
            ("jsonBody", []) => (whole, "exists", json!(true)),
            ("body", []) => {
                return Some(self.expect(&body, "empty", json!(negated), false));
            }
            ("body", [Expression::Literal(wanted @ Value::String(_))]) => {
                (body, "equals", escape_texts(wanted))
            }
            ("status", [Expression::Literal(status)]) => {
                let status = match status {
                    Value::String(reason) => status_by_reason(reason)?,
                    code => code.clone(),
                };
                (Operand::Query(Query::Status), "equals", status)
            }
            ("header", [Expression::Literal(Value::String(header)), rest @ ..]) => {
                let subject = Operand::Query(Query::Header(header.to_ascii_lowercase()));
                match rest.first() {
                    None => (subject, "exists", json!(true)),
                    Some(value) => (subject, "equals", self.value_to_compare(value)?),
                }
            }
            ("jsonSchema", [schema, ..]) => {
                let Operand::Value(schema) = self.evaluate(schema)? else {
                    return None;
                };
                let schema = usable_schema(&schema, "http://json-schema.org/draft-07/schema#")?;
                (whole, "schema", schema)
            }
            ("jsonBody", [Expression::Literal(Value::String(path)), rest @ ..]) => {
                let subject = Operand::json(&nested_path("$", path));
                // Postman looks for the path alone, if it must not be there.
                match rest.first().filter(|_| !negated) {
                    None => (subject, "exists", json!(true)),
                    Some(value) => (subject, "equals", self.value_to_compare(value)?),
                }
            }
            _ => return None,
        };
        if operator == "exists" {
            return Some(self.expect(&subject, operator, json!(!negated), false));
        }
        Some(self.expect(&subject, operator, wanted, negated))
    }

    /// A word that is not called: `true`, `empty` and their like.
    fn apply_property(&mut self, name: &str, state: &mut ChainState) -> Option<bool> {
        let negated = state.negated;
        let is_truth = matches!(state.subject, Operand::Meets(..) | Operand::Holds(_));
        let (operator, wanted, negated) = match name {
            "true" => ("equals", json!(true), negated),
            "false" => ("equals", json!(false), negated),
            "null" => ("equals", Value::Null, negated),
            "undefined" => ("exists", json!(negated), false),
            "exist" if negated => {
                let note = "The original also passes where there is `null`.";
                self.requested.step.add_note(note);
                ("exists", json!(false), false)
            }
            // `null` does not exist, to Chai.
            "exist" => ("not", json!({ "equals": null }), false),
            "ok" if is_truth => ("equals", json!(true), negated),
            "ok" if !negated => ("not", json!({ "one_of": [false, 0, "", null] }), false),
            "empty" => ("empty", json!(!negated), false),
            "length" | "lengthOf" => {
                state.subject = Operand::Length(state.subject.path()?.to_owned());
                return Some(true);
            }
            // Other words, such as `any`, change what the words after them mean.
            _ => return None,
        };
        Some(self.expect(&state.subject, operator, wanted, negated))
    }

    fn apply_method(
        &mut self,
        name: &str,
        arguments: &[Expression],
        state: &mut ChainState,
    ) -> Option<bool> {
        let first = arguments.first()?;
        let negated = state.negated;
        let subject = state.subject.clone();
        let operator = match name {
            "eql" | "equal" | "equals" | "eq" | "eqls" => "equals",
            "include" | "includes" | "contain" | "contains" => "contains",
            "string" => {
                if let Operand::Query(place @ Query::Json(_)) = &subject {
                    self.requested.step.expect(place, "type", json!("string"));
                }
                "contains"
            }
            "above" | "greaterThan" | "gt" => "above",
            "below" | "lessThan" | "lt" => "below",
            "least" | "gte" | "greaterThanOrEqual" => "at_least",
            "most" | "lte" | "lessThanOrEqual" => "at_most",
            "within" if !negated => {
                let (low, high) = (
                    self.value_to_compare(first)?,
                    self.value_to_compare(arguments.get(1)?)?,
                );
                let low = self.expect(&subject, "at_least", low, false);
                return Some(self.expect(&subject, "at_most", high, false) && low);
            }
            "oneOf" if subject == Operand::Query(Query::Status) => "equals",
            "oneOf" => "one_of",
            "a" | "an" => {
                let kind = self.value_to_compare(first)?;
                let kind = kind.as_str()?.to_ascii_lowercase();
                let kinds = ["string", "number", "boolean", "array", "object", "null"];
                let known = kinds.contains(&kind.as_str());
                return known.then(|| self.expect(&subject, "type", json!(kind), negated));
            }
            "lengthOf" | "length" => {
                let length = Operand::Length(subject.path()?.to_owned());
                let wanted = self.value_to_compare(first)?;
                return Some(self.expect(&length, "equals", wanted, negated));
            }
            "match" | "matches" => {
                let Expression::Pattern(pattern, flags) = first else {
                    return None;
                };
                let wanted = to_pattern(pattern, flags)?;
                return Some(self.expect(&subject, "matches", wanted, negated));
            }
            "keys" | "key" if !negated => return self.expect_keys(subject.path()?, arguments),
            "property" => return self.expect_property(arguments, state),
            _ => return None,
        };
        let wanted = self.value_to_compare(first)?;
        Some(self.expect(&subject, operator, wanted, negated))
    }

    /// Members that have to be there.
    fn expect_keys(&mut self, path: &str, arguments: &[Expression]) -> Option<bool> {
        let mut all = true;
        for argument in arguments {
            let names = match self.value_to_compare(argument)? {
                Value::Array(names) => names,
                one => vec![one],
            };
            for name in names {
                let subject = Operand::json(&member_path(path, name.as_str()?));
                all &= self.expect(&subject, "exists", json!(true), false);
            }
        }
        Some(all)
    }

    /// A member of a map; the words that follow speak of its value.
    fn expect_property(
        &mut self,
        arguments: &[Expression],
        state: &mut ChainState,
    ) -> Option<bool> {
        let name = self.value_to_compare(arguments.first()?)?;
        let name = name.as_str()?;
        let subject = match &state.subject {
            Operand::Query(place @ Query::Json(path)) => {
                if state.negated && path != "$" {
                    // JavaScript stops where there is nothing that has properties.
                    self.expect_something(place);
                }
                Operand::json(&nested_path(path, name))
            }
            Operand::Headers => Operand::Query(Query::Header(name.to_ascii_lowercase())),
            _ => return None,
        };
        state.subject = subject.clone();
        Some(match arguments.get(1) {
            None => self.expect(&subject, "exists", json!(!state.negated), false),
            Some(value) => {
                let wanted = self.value_to_compare(value)?;
                self.expect(&subject, "equals", wanted, state.negated)
            }
        })
    }
}
