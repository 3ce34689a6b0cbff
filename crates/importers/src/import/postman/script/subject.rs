//! What an expression of a script stands for: a part of the answer.

use serde_json::{Value, json};

use super::before::made;
use super::{Expression, Script, dotted};
use crate::draft::member;
use query::json_schema::JsonSchema;

/// Something that can be asserted, or kept.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) enum Subject {
    Response,
    Headers,
    Json(String),
    /// The number of elements at a path.
    Count(String),
    Text,
    Code,
    Time,
    Size,
    Header(String),
    Cookie(String),
    /// Whether a part meets a predicate: an operator and its value.
    Meets(Box<Subject>, &'static str, Value),
    /// Whether a comparison holds.
    Holds(Box<Expression>),
    /// The word that `typeof` has for a part of the JSON.
    TypeOf(String),
    /// A value that the script itself, or a variable, gives.
    Value(Value),
    NotUnderstood,
}

impl Script<'_, '_, '_> {
    pub(super) fn subject(&mut self, expression: &Expression) -> Option<Subject> {
        if let Some(name) = dotted(expression) {
            let known = match name.as_str() {
                "pm.response" => Some(Subject::Response),
                "pm.response.code" | "responseCode.code" => Some(Subject::Code),
                "pm.response.responseTime" | "responseTime" => Some(Subject::Time),
                "pm.response.responseSize" => Some(Subject::Size),
                "pm.response.headers" => Some(Subject::Headers),
                "responseBody" => Some(Subject::Text),
                _ if is_variable(&name) => Some(self.variable(name.split_once('.')?.1)),
                _ => self.names.get(&name).cloned(),
            };
            if known.is_some() {
                return known;
            }
        }
        match expression {
            Expression::Literal(value) => Some(Subject::Value(value.clone())),
            Expression::Member(of, name) => match (self.subject(of)?, name.as_str()) {
                (Subject::Json(path), "length") => Some(Subject::Count(path)),
                (Subject::Json(path), name) => Some(Subject::Json(member(&path, name))),
                // What `postman.getResponseCookie` gives.
                (cookie @ Subject::Cookie(_), "value") => Some(cookie),
                _ => None,
            },
            Expression::Index(of, index) => match (self.subject(of)?, &**index) {
                (Subject::Json(path), Expression::Literal(Value::String(name))) => {
                    Some(Subject::Json(member(&path, name)))
                }
                (Subject::Json(path), Expression::Literal(Value::Number(at))) => {
                    Some(Subject::Json(format!("{path}[{}]", at.as_i64()?)))
                }
                _ => None,
            },
            Expression::Not(_) => Some(Subject::Holds(Box::new(expression.clone()))),
            Expression::Binary(_, sign, _) if !matches!(*sign, "+" | "-" | "*" | "/" | "%") => {
                Some(Subject::Holds(Box::new(expression.clone())))
            }
            Expression::Binary(_, "+", _) => {
                let text = self.text_of(expression)?;
                Some(Subject::Value(json!(text)))
            }
            Expression::TypeOf(of) => match self.subject(of)? {
                Subject::Json(path) => Some(Subject::TypeOf(path)),
                _ => None,
            },
            Expression::Call(callee, arguments) => match made(expression) {
                Some(text) => Some(Subject::Value(json!(
                    self.importer.variables.template(&text)
                ))),
                None => self
                    .asked_of_itself(callee, arguments)
                    .or_else(|| self.called(&dotted(callee)?, arguments)),
            },
            _ => None,
        }
    }

    /// `jsonData.hasOwnProperty("id")`, `responseBody.includes("…")` and their
    /// like.
    fn asked_of_itself(
        &mut self,
        callee: &Expression,
        arguments: &[Expression],
    ) -> Option<Subject> {
        let (Expression::Member(of, name), [wanted]) = (callee, arguments) else {
            return None;
        };
        let subject = self.subject(of)?;
        let is_text = matches!(
            subject,
            Subject::Text | Subject::Header(_) | Subject::Cookie(_)
        );
        let operator = match (name.as_str(), &subject) {
            ("hasOwnProperty", Subject::Json(path)) => {
                let Expression::Literal(Value::String(name)) = wanted else {
                    return None;
                };
                let part = Subject::Json(member(path, name));
                return Some(there(part));
            }
            ("includes", Subject::Json(_)) => "contains",
            ("includes" | "has", _) if is_text => "contains",
            ("startsWith", _) if is_text => "starts_with",
            ("endsWith", _) if is_text => "ends_with",
            _ => return None,
        };
        let wanted = self.wanted(wanted)?;
        Some(Subject::Meets(Box::new(subject), operator, wanted))
    }

    /// The value of a variable, so far.
    fn variable(&mut self, name: &str) -> Subject {
        // What the same answer gave it is still that part of it.
        if let Some(kept) = self.asked.kept.get(name) {
            return kept.clone();
        }
        let expression = self.importer.variables.expression(name);
        Subject::Value(json!(format!("{{{{ {expression} }}}}")))
    }

    fn called(&mut self, name: &str, arguments: &[Expression]) -> Option<Subject> {
        let only = || match arguments {
            [Expression::Literal(Value::String(only))] => Some(only.clone()),
            _ => None,
        };
        match name {
            "pm.response.json" => Some(Subject::Json("$".to_owned())),
            "pm.response.text" => Some(Subject::Text),
            "JSON.parse" => match self.subject(arguments.first()?)? {
                Subject::Text => Some(Subject::Json("$".to_owned())),
                _ => None,
            },
            "pm.response.headers.get" | "postman.getResponseHeader" => {
                Some(Subject::Header(only()?.to_ascii_lowercase()))
            }
            "pm.cookies.get" | "postman.getResponseCookie" => Some(Subject::Cookie(only()?)),
            "pm.environment.has"
            | "pm.collectionVariables.has"
            | "pm.globals.has"
            | "pm.variables.has" => {
                let name = only()?;
                let variables = &self.importer.variables;
                let is_set = variables.is_captured(&name);
                (!is_set).then(|| Subject::Value(json!(variables.value(&name).is_some())))
            }
            "pm.response.headers.has" => {
                let header = Subject::Header(only()?.to_ascii_lowercase());
                Some(there(header))
            }
            "pm.cookies.has" => Some(there(Subject::Cookie(only()?))),
            "Array.isArray" | "_.isArray" => match self.subject(arguments.first()?)? {
                of @ Subject::Json(_) => Some(Subject::Meets(Box::new(of), "type", json!("array"))),
                _ => None,
            },
            "tv4.validate" => match (
                self.subject(arguments.first()?)?,
                self.subject(arguments.get(1)?)?,
            ) {
                (Subject::Json(path), Subject::Value(schema)) => {
                    let schema = schema_of(&schema, "http://json-schema.org/draft-04/schema#")?;
                    let of = Box::new(Subject::Json(path));
                    Some(Subject::Meets(of, "schema", schema))
                }
                _ => None,
            },
            "pm.environment.get"
            | "pm.collectionVariables.get"
            | "pm.globals.get"
            | "pm.variables.get"
            | "postman.getEnvironmentVariable"
            | "postman.getGlobalVariable" => {
                let name = only()?;
                Some(self.variable(&name))
            }
            _ => None,
        }
    }
}

/// Whether something is there.
fn there(what: Subject) -> Subject {
    Subject::Meets(Box::new(what), "exists", json!(true))
}

/// Whether a name is that of a variable, as old scripts write it.
fn is_variable(name: &str) -> bool {
    let mut parts = name.split('.');
    matches!(
        (parts.next(), parts.next(), parts.next()),
        (Some("environment" | "globals"), Some(_), None)
    )
}

/// A schema that can be used, in the draft that the original reads it in.
pub(super) fn schema_of(schema: &Value, draft: &str) -> Option<Value> {
    let Value::Object(members) = schema else {
        return None;
    };
    let mut schema = members.clone();
    if !schema.contains_key("$schema") {
        schema.shift_insert(0, "$schema".to_owned(), json!(draft));
    }
    let schema = Value::from(schema);
    // Names of files and templates would be read as such.
    let plain = !members.contains_key("file") && !schema.to_string().contains("{{");
    let usable = plain && JsonSchema::new(schema.clone(), None, String::new()).is_ok();
    usable.then_some(schema)
}
