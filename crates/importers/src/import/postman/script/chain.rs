//! Assertions in Chai's way of speaking: `pm.expect(x).to.be.an("array")`.

use serde_json::{Value, json};

use super::demand::{kind, nested, regex};
use super::subject::schema_of;
use super::{Expression, Script, Subject, dotted};
use crate::draft::{escape, member};

/// One word of a chain, with its arguments if it is called.
struct Word<'e> {
    name: &'e str,
    arguments: Option<&'e [Expression]>,
}

/// What the words so far have made of the assertion.
struct State {
    subject: Subject,
    negated: bool,
    counts: bool,
}

impl Script<'_, '_, '_> {
    /// Carries over an assertion; `None` or `Some(false)` if it is not one
    /// that can be.
    pub(super) fn asserts(&mut self, expression: &Expression) -> Option<bool> {
        let (subject, words) = self.taken_apart(expression)?;
        if words.is_empty() || subject == Subject::NotUnderstood {
            return Some(false);
        }
        let mut state = State {
            subject,
            negated: false,
            counts: false,
        };
        let mut asserted = false;
        for word in words {
            match self.word(&word, &mut state)? {
                Said::Nothing => {}
                Said::Something => asserted = true,
                Said::TooMuch => return Some(false),
            }
        }
        Some(asserted)
    }

    /// The subject and the words that follow it.
    fn taken_apart<'e>(&mut self, expression: &'e Expression) -> Option<(Subject, Vec<Word<'e>>)> {
        let mut words = Vec::new();
        let mut rest = expression;
        loop {
            if let Expression::Call(callee, arguments) = rest
                && dotted(callee).as_deref() == Some("pm.expect")
            {
                let subject = self.subject(arguments.first()?)?;
                words.reverse();
                return Some((subject, words));
            }
            if dotted(rest).as_deref() == Some("pm.response") {
                words.reverse();
                return Some((Subject::Response, words));
            }
            rest = match rest {
                Expression::Call(callee, arguments) => {
                    let Expression::Member(of, name) = &**callee else {
                        return None;
                    };
                    words.push(Word {
                        name,
                        arguments: Some(arguments),
                    });
                    of
                }
                Expression::Member(of, name) => {
                    words.push(Word {
                        name,
                        arguments: None,
                    });
                    of
                }
                _ => return None,
            };
        }
    }

    fn word(&mut self, word: &Word<'_>, state: &mut State) -> Option<Said> {
        if word.name == "not" {
            // It stays so for all words that follow.
            state.negated = true;
            return Some(Said::Nothing);
        }
        let noise = [
            "to", "be", "been", "is", "that", "which", "and", "has", "have", "with", "at", "of",
            "same", "but", "does", "still", "also", "deep", "nested", "all", "own",
        ];
        if word.arguments.is_none() && noise.contains(&word.name) {
            return Some(Said::Nothing);
        }
        let said = match (state.subject.clone(), word.arguments) {
            (Subject::Response, arguments) => {
                self.of_response(word.name, arguments, state.negated)?
            }
            (_, None) => self.without_arguments(word.name, state)?,
            (_, Some(arguments)) => self.with_arguments(word.name, arguments, state)?,
        };
        Some(if said { Said::Something } else { Said::TooMuch })
    }

    /// `pm.response.to.have.status(200)` and its like.
    fn of_response(
        &mut self,
        name: &str,
        arguments: Option<&[Expression]>,
        negated: bool,
    ) -> Option<bool> {
        let class = match name {
            "ok" | "success" => Some(json!("2xx")),
            "redirection" => Some(json!("3xx")),
            "clientError" => Some(json!("4xx")),
            "serverError" => Some(json!("5xx")),
            "error" => Some(json!(["4xx", "5xx"])),
            "info" => Some(json!("1xx")),
            "accepted" => Some(json!(202)),
            "badRequest" => Some(json!(400)),
            "unauthorized" => Some(json!(401)),
            "forbidden" => Some(json!(403)),
            "notFound" => Some(json!(404)),
            "rateLimited" => Some(json!(429)),
            _ => None,
        };
        match (name, arguments) {
            (_, None) if class.is_some() => {
                // Postman's `ok` is 200 and nothing else.
                let wanted = if name == "ok" { json!(200) } else { class? };
                Some(self.demand(&Subject::Code, "equals", wanted, negated))
            }
            ("json", None) | ("jsonBody", Some([])) => Some(self.demand(
                &Subject::Json("$".to_owned()),
                "exists",
                json!(true),
                negated,
            )),
            ("withBody", None) => Some(self.demand(&Subject::Text, "empty", json!(negated), false)),
            ("status", Some([Expression::Literal(code @ Value::Number(_))])) => {
                Some(self.demand(&Subject::Code, "equals", code.clone(), negated))
            }
            ("header", Some([Expression::Literal(Value::String(header)), rest @ ..])) => {
                let subject = Subject::Header(header.to_ascii_lowercase());
                Some(match rest {
                    [] => self.demand(&subject, "exists", json!(true), negated),
                    [value, ..] => {
                        let wanted = self.wanted(value)?;
                        self.demand(&subject, "equals", wanted, negated)
                    }
                })
            }
            ("body", Some([Expression::Literal(wanted @ Value::String(_))])) => {
                Some(self.demand(&Subject::Text, "equals", escaped(wanted), negated))
            }
            ("body", Some([Expression::Pattern(pattern, flags)])) => {
                Some(self.demand(&Subject::Text, "matches", regex(pattern, flags)?, negated))
            }
            ("jsonSchema", Some([schema, ..])) => {
                let Subject::Value(schema) = self.subject(schema)? else {
                    return None;
                };
                let schema = schema_of(&schema, "http://json-schema.org/draft-07/schema#")?;
                let whole = Subject::Json("$".to_owned());
                Some(self.demand(&whole, "schema", schema, negated))
            }
            ("jsonBody", Some([Expression::Literal(wanted @ Value::Object(_))])) => {
                let note = "The original compares nothing here: `jsonBody` wants a path.";
                self.asked.step.note(note);
                let whole = Subject::Json("$".to_owned());
                Some(self.demand(&whole, "equals", escaped(wanted), negated))
            }
            ("jsonBody", Some([Expression::Literal(Value::String(path)), rest @ ..])) => {
                let subject = Subject::Json(nested("$", path));
                Some(match rest {
                    // Postman looks for the path alone, if it must not be there.
                    [] | [..] if negated => self.demand(&subject, "exists", json!(false), false),
                    [] => self.demand(&subject, "exists", json!(true), false),
                    [value, ..] => {
                        let wanted = self.wanted(value)?;
                        self.demand(&subject, "equals", wanted, false)
                    }
                })
            }
            _ => None,
        }
    }

    fn without_arguments(&mut self, name: &str, state: &mut State) -> Option<bool> {
        let negated = state.negated;
        let (operator, wanted, negated) = match name {
            "true" => ("equals", json!(true), negated),
            "false" => ("equals", json!(false), negated),
            "null" => ("equals", Value::Null, negated),
            "undefined" => ("exists", json!(negated), false),
            "exist" if negated => {
                self.asked
                    .step
                    .note("The original also passes where there is `null`.");
                ("exists", json!(false), false)
            }
            // `null` does not exist, to Chai.
            "exist" => ("not", json!({ "equals": null }), false),
            "ok" if matches!(state.subject, Subject::Meets(..) | Subject::Holds(_)) => {
                ("equals", json!(true), negated)
            }
            "ok" if negated => return None,
            "ok" => (
                "not",
                json!({ "one_of": [false, 0, "", Value::Null] }),
                false,
            ),
            "empty" => ("empty", json!(!negated), false),
            "length" | "lengthOf" => {
                let Subject::Json(path) = &state.subject else {
                    return None;
                };
                let path = path.clone();
                if negated {
                    self.has_length(&path);
                }
                state.subject = Subject::Count(path);
                state.counts = true;
                return Some(true);
            }
            // These change what the words after them mean.
            _ => return None,
        };
        Some(self.demand(&state.subject.clone(), operator, wanted, negated))
    }

    fn with_arguments(
        &mut self,
        name: &str,
        arguments: &[Expression],
        state: &mut State,
    ) -> Option<bool> {
        let subject = state.subject.clone();
        let negated = state.negated;
        let first = arguments.first();
        Some(match name {
            "eql" | "equal" | "equals" | "eq" | "eqls" => {
                let wanted = self.wanted(first?)?;
                self.demand(&subject, "equals", wanted, negated)
            }
            "include" | "includes" | "contain" | "contains" | "string" => {
                if subject == Subject::Headers {
                    return None;
                }
                let wanted = self.wanted(first?)?;
                if name == "string" && matches!(subject, Subject::Json(_)) {
                    self.demand(&subject, "type", json!("string"), false);
                }
                self.demand(&subject, "contains", wanted, negated)
            }
            "property" => return self.property(arguments, state),
            "a" | "an" => {
                let wanted = kind(&self.wanted(first?)?)?;
                self.demand(&subject, "type", json!(wanted), negated)
            }
            "lengthOf" | "length" => {
                let Subject::Json(path) = subject else {
                    return None;
                };
                let wanted = self.wanted(first?)?;
                if negated {
                    self.has_length(&path);
                }
                self.demand(&Subject::Count(path), "equals", wanted, negated)
            }
            "above" | "greaterThan" | "gt" => self.compared(&subject, "above", first?, negated)?,
            "below" | "lessThan" | "lt" => self.compared(&subject, "below", first?, negated)?,
            "least" | "gte" | "greaterThanOrEqual" => {
                self.compared(&subject, "at_least", first?, negated)?
            }
            "most" | "lte" | "lessThanOrEqual" => {
                self.compared(&subject, "at_most", first?, negated)?
            }
            "within" if !negated => {
                let [low, high] = arguments else { return None };
                self.compared(&subject, "at_least", low, false)?
                    && self.compared(&subject, "at_most", high, false)?
            }
            "oneOf" => {
                let wanted = self.wanted(first?)?;
                let operator = if subject == Subject::Code {
                    "equals"
                } else {
                    "one_of"
                };
                self.demand(&subject, operator, wanted, negated)
            }
            "match" | "matches" => {
                let Expression::Pattern(pattern, flags) = first? else {
                    return None;
                };
                self.demand(&subject, "matches", regex(pattern, flags)?, negated)
            }
            "keys" | "key" if !negated => {
                let Subject::Json(path) = &subject else {
                    return None;
                };
                let mut all = true;
                for argument in arguments {
                    let names = match self.wanted(argument)? {
                        Value::Array(names) => names,
                        one => vec![one],
                    };
                    for name in names {
                        let path = member(path, name.as_str()?);
                        all &= self.demand(&Subject::Json(path), "exists", json!(true), false);
                    }
                }
                all
            }
            _ => return None,
        })
    }

    fn compared(
        &mut self,
        subject: &Subject,
        operator: &str,
        limit: &Expression,
        negated: bool,
    ) -> Option<bool> {
        let limit = self.wanted(limit)?;
        if let (Subject::Count(path), true) = (subject, negated) {
            self.has_length(path);
        }
        Some(self.demand(subject, operator, limit, negated))
    }

    /// A member of a map; the words that follow speak of its value.
    fn property(&mut self, arguments: &[Expression], state: &mut State) -> Option<bool> {
        let name = self.wanted(arguments.first()?)?;
        let name = name.as_str()?;
        let subject = match &state.subject {
            Subject::Json(path) => Subject::Json(nested(path, name)),
            Subject::Headers => Subject::Header(name.to_ascii_lowercase()),
            _ => return None,
        };
        if let (Subject::Json(path), true) = (&state.subject, state.negated)
            && path != "$"
        {
            // Nothing has no properties, and is an error there.
            self.asked
                .step
                .demand("json", Some(path), "not", json!({ "equals": null }));
        }
        state.subject = subject.clone();
        Some(match arguments.get(1) {
            None => self.demand(&subject, "exists", json!(!state.negated), false),
            Some(value) => {
                let wanted = self.wanted(value)?;
                self.demand(&subject, "equals", wanted, state.negated)
            }
        })
    }

    /// A value to compare with.
    pub(super) fn wanted(&mut self, expression: &Expression) -> Option<Value> {
        match (expression, self.subject(expression)?) {
            // Texts of a script are no templates, and a check file's are.
            (Expression::Literal(value), _) => Some(escaped(value)),
            (_, Subject::Value(value)) => Some(value),
            _ => None,
        }
    }
}

enum Said {
    Nothing,
    Something,
    TooMuch,
}

/// A value with its texts as templates that give them back.
pub(super) fn escaped(value: &Value) -> Value {
    match value {
        Value::String(text) => escape(text).into(),
        Value::Array(items) => items.iter().map(escaped).collect(),
        Value::Object(members) => members
            .iter()
            .map(|(key, value)| (key.clone(), escaped(value)))
            .collect(),
        other => other.clone(),
    }
}
