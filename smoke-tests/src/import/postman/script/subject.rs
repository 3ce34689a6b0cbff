//! What an expression of a script stands for: a part of the answer.

use serde_json::{Value, json};

use super::before::made;
use super::{Expression, Script, dotted};
use crate::draft::member;
use crate::json_schema::JsonSchema;

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
    /// Whether something is there.
    There(Box<Subject>),
    /// Whether a part of the JSON is as a schema demands.
    Valid(String, Value),
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
            Expression::Call(callee, arguments) => match made(expression) {
                Some(text) => Some(Subject::Value(json!(
                    self.importer.variables.template(&text)
                ))),
                None => self
                    .has_own(callee, arguments)
                    .or_else(|| self.called(&dotted(callee)?, arguments)),
            },
            _ => None,
        }
    }

    /// `jsonData.hasOwnProperty("id")`.
    fn has_own(&mut self, callee: &Expression, arguments: &[Expression]) -> Option<Subject> {
        let (Expression::Member(of, name), [Expression::Literal(Value::String(wanted))]) =
            (callee, arguments)
        else {
            return None;
        };
        match (name.as_str(), self.subject(of)?) {
            ("hasOwnProperty", Subject::Json(path)) => {
                let part = Subject::Json(member(&path, wanted));
                Some(Subject::There(Box::new(part)))
            }
            _ => None,
        }
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
            "pm.response.headers.has" => {
                let header = Subject::Header(only()?.to_ascii_lowercase());
                Some(Subject::There(Box::new(header)))
            }
            "pm.cookies.has" => Some(Subject::There(Box::new(Subject::Cookie(only()?)))),
            "tv4.validate" => match (
                self.subject(arguments.first()?)?,
                self.subject(arguments.get(1)?)?,
            ) {
                (Subject::Json(path), Subject::Value(schema)) => {
                    let schema = schema_of(&schema, "http://json-schema.org/draft-04/schema#")?;
                    Some(Subject::Valid(path, schema))
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
                // What the same answer gave it is still that part of it.
                if let Some(kept) = self.asked.kept.get(&name) {
                    return Some(kept.clone());
                }
                let expression = self.importer.variables.expression(&name);
                Some(Subject::Value(json!(format!("{{{{ {expression} }}}}"))))
            }
            _ => None,
        }
    }
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
