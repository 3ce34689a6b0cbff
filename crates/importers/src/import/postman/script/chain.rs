//! Assertions in Chai's way of speaking: `pm.expect(x).to.be.an("array")`.

use serde_json::{Value, json};

use super::demand::{nested, regex, status_of};
use super::subject::{escaped, schema_of};
use super::{Expression, Script, Subject, dotted};
use crate::draft::{Place, member};

/// Words that change nothing.
const NOISE: &str =
    "to be been is that which and has have with at of same but does still also deep nested all own";

/// One word of a chain, with its arguments if it is called.
struct Word<'e> {
    name: &'e str,
    arguments: Option<&'e [Expression]>,
}

/// What the words so far have made of the assertion.
struct State {
    subject: Subject,
    negated: bool,
}

impl Script<'_, '_> {
    /// Carries over an assertion; `None` or `Some(false)` if it is not one
    /// that can be.
    pub(super) fn asserts(&mut self, expression: &Expression) -> Option<bool> {
        let (subject, words) = self.chain(expression)?;
        let mut state = State {
            subject,
            negated: false,
        };
        let mut asserted = false;
        for word in words {
            match (word.name, word.arguments) {
                // It stays so for all words that follow.
                ("not", None) => state.negated = true,
                (name, None) if NOISE.split(' ').any(|noise| noise == name) => {}
                (name, arguments) => {
                    let carried = match (&state.subject, arguments) {
                        (Subject::Other, _) => None,
                        (Subject::Response, arguments) => {
                            self.of_response(name, arguments, state.negated)
                        }
                        (_, None) => self.property_word(name, &mut state),
                        (_, Some(arguments)) => self.method_word(name, arguments, &mut state),
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
    fn chain<'e>(&mut self, expression: &'e Expression) -> Option<(Subject, Vec<Word<'e>>)> {
        let mut words = Vec::new();
        let mut rest = expression;
        loop {
            let subject = match rest {
                Expression::Call(callee, arguments)
                    if dotted(callee).as_deref() == Some("pm.expect") =>
                {
                    Some(self.subject(arguments.first()?)?)
                }
                rest => {
                    let is_response = dotted(rest).as_deref() == Some("pm.response");
                    is_response.then_some(Subject::Response)
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
            words.push(Word { name, arguments });
            rest = of;
        }
    }

    /// `pm.response.to.have.status(200)` and its like.
    fn of_response(
        &mut self,
        name: &str,
        arguments: Option<&[Expression]>,
        negated: bool,
    ) -> Option<bool> {
        let whole = Place::Json("$".to_owned());
        let whole = Subject::Place(whole);
        let body = Subject::Place(Place::Body);
        let Some(arguments) = arguments else {
            let status = match name {
                "json" => return Some(self.demand(&whole, "exists", json!(true), negated)),
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
            return Some(self.demand(&Subject::Place(Place::Status), "equals", status, negated));
        };
        let (subject, operator, wanted) = match (name, arguments) {
            ("jsonBody", []) => (whole, "exists", json!(true)),
            ("body", []) => return Some(self.demand(&body, "empty", json!(negated), false)),
            ("body", [Expression::Literal(wanted @ Value::String(_))]) => {
                (body, "equals", escaped(wanted))
            }
            ("status", [Expression::Literal(status)]) => {
                let status = match status {
                    Value::String(reason) => status_of(reason)?,
                    code => code.clone(),
                };
                (Subject::Place(Place::Status), "equals", status)
            }
            ("header", [Expression::Literal(Value::String(header)), rest @ ..]) => {
                let subject = Subject::Place(Place::Header(header.to_ascii_lowercase()));
                match rest.first() {
                    None => (subject, "exists", json!(true)),
                    Some(value) => (subject, "equals", self.wanted(value)?),
                }
            }
            ("jsonSchema", [schema, ..]) => {
                let Subject::Value(schema) = self.subject(schema)? else {
                    return None;
                };
                let schema = schema_of(&schema, "http://json-schema.org/draft-07/schema#")?;
                (whole, "schema", schema)
            }
            ("jsonBody", [Expression::Literal(Value::String(path)), rest @ ..]) => {
                let subject = Subject::json(&nested("$", path));
                // Postman looks for the path alone, if it must not be there.
                match rest.first().filter(|_| !negated) {
                    None => (subject, "exists", json!(true)),
                    Some(value) => (subject, "equals", self.wanted(value)?),
                }
            }
            _ => return None,
        };
        if operator == "exists" {
            return Some(self.demand(&subject, operator, json!(!negated), false));
        }
        Some(self.demand(&subject, operator, wanted, negated))
    }

    /// A word that is not called: `true`, `empty` and their like.
    fn property_word(&mut self, name: &str, state: &mut State) -> Option<bool> {
        let negated = state.negated;
        let is_truth = matches!(state.subject, Subject::Meets(..) | Subject::Holds(_));
        let (operator, wanted, negated) = match name {
            "true" => ("equals", json!(true), negated),
            "false" => ("equals", json!(false), negated),
            "null" => ("equals", Value::Null, negated),
            "undefined" => ("exists", json!(negated), false),
            "exist" if negated => {
                let note = "The original also passes where there is `null`.";
                self.requested.step.note(note);
                ("exists", json!(false), false)
            }
            // `null` does not exist, to Chai.
            "exist" => ("not", json!({ "equals": null }), false),
            "ok" if is_truth => ("equals", json!(true), negated),
            "ok" if !negated => ("not", json!({ "one_of": [false, 0, "", null] }), false),
            "empty" => ("empty", json!(!negated), false),
            "length" | "lengthOf" => {
                state.subject = Subject::Length(state.subject.path()?.to_owned());
                return Some(true);
            }
            // Others change what the words after them mean.
            _ => return None,
        };
        Some(self.demand(&state.subject, operator, wanted, negated))
    }

    fn method_word(
        &mut self,
        name: &str,
        arguments: &[Expression],
        state: &mut State,
    ) -> Option<bool> {
        let first = arguments.first()?;
        let negated = state.negated;
        let subject = state.subject.clone();
        let operator = match name {
            "eql" | "equal" | "equals" | "eq" | "eqls" => "equals",
            "include" | "includes" | "contain" | "contains" => "contains",
            "string" => {
                if let Subject::Place(place @ Place::Json(_)) = &subject {
                    self.requested.step.demand(place, "type", json!("string"));
                }
                "contains"
            }
            "above" | "greaterThan" | "gt" => "above",
            "below" | "lessThan" | "lt" => "below",
            "least" | "gte" | "greaterThanOrEqual" => "at_least",
            "most" | "lte" | "lessThanOrEqual" => "at_most",
            "within" if !negated => {
                let (low, high) = (self.wanted(first)?, self.wanted(arguments.get(1)?)?);
                let low = self.demand(&subject, "at_least", low, false);
                return Some(self.demand(&subject, "at_most", high, false) && low);
            }
            "oneOf" if subject == Subject::Place(Place::Status) => "equals",
            "oneOf" => "one_of",
            "a" | "an" => {
                let kind = self.wanted(first)?;
                let kind = kind.as_str()?.to_ascii_lowercase();
                let kinds = ["string", "number", "boolean", "array", "object", "null"];
                let known = kinds.contains(&kind.as_str());
                return known.then(|| self.demand(&subject, "type", json!(kind), negated));
            }
            "lengthOf" | "length" => {
                let length = Subject::Length(subject.path()?.to_owned());
                let wanted = self.wanted(first)?;
                return Some(self.demand(&length, "equals", wanted, negated));
            }
            "match" | "matches" => {
                let Expression::Pattern(pattern, flags) = first else {
                    return None;
                };
                let wanted = regex(pattern, flags)?;
                return Some(self.demand(&subject, "matches", wanted, negated));
            }
            "keys" | "key" if !negated => return self.keys(subject.path()?, arguments),
            "property" => return self.property(arguments, state),
            _ => return None,
        };
        let wanted = self.wanted(first)?;
        Some(self.demand(&subject, operator, wanted, negated))
    }

    /// Members that have to be there.
    fn keys(&mut self, path: &str, arguments: &[Expression]) -> Option<bool> {
        let mut all = true;
        for argument in arguments {
            let names = match self.wanted(argument)? {
                Value::Array(names) => names,
                one => vec![one],
            };
            for name in names {
                let subject = Subject::json(&member(path, name.as_str()?));
                all &= self.demand(&subject, "exists", json!(true), false);
            }
        }
        Some(all)
    }

    /// A member of a map; the words that follow speak of its value.
    fn property(&mut self, arguments: &[Expression], state: &mut State) -> Option<bool> {
        let name = self.wanted(arguments.first()?)?;
        let name = name.as_str()?;
        let subject = match &state.subject {
            Subject::Place(place @ Place::Json(path)) => {
                if state.negated && path != "$" {
                    // Nothing has no properties, and is an error there.
                    self.is_something(place);
                }
                Subject::json(&nested(path, name))
            }
            Subject::Headers => Subject::Place(Place::Header(name.to_ascii_lowercase())),
            _ => return None,
        };
        state.subject = subject.clone();
        Some(match arguments.get(1) {
            None => self.demand(&subject, "exists", json!(!state.negated), false),
            Some(value) => {
                let wanted = self.wanted(value)?;
                self.demand(&subject, "equals", wanted, state.negated)
            }
        })
    }
}
