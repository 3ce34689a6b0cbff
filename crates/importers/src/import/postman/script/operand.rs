//! What an expression of a script stands for.

use serde_json::{Value, json};

use super::{Expression, Script, dotted_name, dynamic_value};
use crate::draft::{Query, escape, member_path};
use query::json_schema::JsonSchema;

/// Something that can be asserted, or kept.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) enum Operand {
    Response,
    Headers,
    Query(Query),
    /// The length of what a path leads to.
    Length(String),
    /// The words that HTTP has for the status.
    Reason,
    /// Whether a place meets a predicate: an operator and its value.
    Meets(Query, &'static str, Value),
    /// Whether a comparison holds.
    Holds(Box<Expression>),
    /// The word that `typeof` has for a part of the JSON.
    TypeOf(String),
    /// A value that the script itself, or a variable, gives.
    Value(Value),
    Other,
}

impl Operand {
    pub(super) fn json(path: &str) -> Self {
        Self::Query(Query::Json(path.to_owned()))
    }

    /// The path, if it is a part of the JSON.
    pub(super) fn path(&self) -> Option<&str> {
        match self {
            Self::Query(Query::Json(path)) => Some(path),
            _ => None,
        }
    }
}

/// Where variables stand in scripts.
const SCOPES: [&str; 4] = [
    "pm.environment",
    "pm.collectionVariables",
    "pm.globals",
    "pm.variables",
];

impl Script<'_, '_> {
    pub(super) fn evaluate(&mut self, expression: &Expression) -> Option<Operand> {
        if let Some(name) = dotted_name(expression) {
            let place = match name.as_str() {
                "pm.response" => return Some(Operand::Response),
                "pm.response.headers" => return Some(Operand::Headers),
                "pm.response.status" | "pm.response.reason()" | "responseCode.name" => {
                    return Some(Operand::Reason);
                }
                "pm.response.code" | "responseCode.code" => Some(Query::Status),
                "pm.response.responseTime" | "responseTime" => Some(Query::Latency),
                "pm.response.responseSize" => Some(Query::Size),
                "pm.response.text()" | "responseBody" => Some(Query::Body),
                "pm.response.json()" => Some(Query::Json("$".to_owned())),
                _ => None,
            };
            let variable = name.strip_prefix("environment.");
            let variable = variable.or_else(|| name.strip_prefix("globals."));
            let known = match (place, variable.filter(|name| !name.contains('.'))) {
                (Some(place), _) => Some(Operand::Query(place)),
                (None, Some(variable)) => Some(self.resolve_variable(variable)),
                (None, None) => self.names.get(&name).cloned(),
            };
            if known.is_some() {
                return known;
            }
        }
        match expression {
            Expression::Literal(value) => Some(Operand::Value(value.clone())),
            Expression::Member(of, name) => match (self.evaluate(of)?, name.as_str()) {
                (Operand::Query(Query::Json(path)), "length") => Some(Operand::Length(path)),
                (Operand::Query(Query::Json(path)), name) => {
                    Some(Operand::json(&member_path(&path, name)))
                }
                // What `postman.getResponseCookie` gives.
                (cookie @ Operand::Query(Query::Cookie(_)), "value") => Some(cookie),
                _ => None,
            },
            Expression::Element(of, index) => {
                let of = self.evaluate(of)?;
                Some(Operand::json(&format!("{}[{index}]", of.path()?)))
            }
            // `data.user || {}`: what takes its place has nothing in it.
            Expression::Binary(of, "||", other) if is_empty_literal(other) => self.evaluate(of),
            Expression::Binary(_, "+", _) => {
                let text = self.joined_text(expression)?;
                Some(Operand::Value(json!(text)))
            }
            Expression::Binary(_, "-" | "*" | "/" | "%", _) => None,
            Expression::Not(_) | Expression::Binary(..) => {
                Some(Operand::Holds(Box::new(expression.clone())))
            }
            Expression::TypeOf(of) => {
                let of = self.evaluate(of)?;
                Some(Operand::TypeOf(of.path()?.to_owned()))
            }
            Expression::Call(callee, arguments) => {
                if let Some(made) = dynamic_value::dynamic_template(expression) {
                    let template = self.importer.variables.template(&made);
                    return Some(Operand::Value(json!(template)));
                }
                let truth = self.resolve_method(callee, arguments);
                truth.or_else(|| self.resolve_function(&dotted_name(callee)?, arguments))
            }
            _ => None,
        }
    }

    /// `data.hasOwnProperty("id")`, `responseBody.includes("…")` and their like.
    fn resolve_method(&mut self, callee: &Expression, arguments: &[Expression]) -> Option<Operand> {
        let (Expression::Member(of, name), [wanted]) = (callee, arguments) else {
            return None;
        };
        let Operand::Query(place) = self.evaluate(of)? else {
            return None;
        };
        let wanted = self.value_to_compare(wanted)?;
        let operator = match (name.as_str(), &place) {
            ("hasOwnProperty", Query::Json(path)) => {
                let path = member_path(path, wanted.as_str()?);
                return Some(existence_of(Query::Json(path)));
            }
            ("includes", Query::Json(_)) => "contains",
            ("includes" | "has", place) if place.is_text() => "contains",
            ("startsWith", place) if place.is_text() => "starts_with",
            ("endsWith", place) if place.is_text() => "ends_with",
            _ => return None,
        };
        Some(Operand::Meets(place, operator, wanted))
    }

    /// The value of a variable, so far.
    fn resolve_variable(&mut self, name: &str) -> Operand {
        // What the same answer gave it is still that part of it.
        if let Some(kept) = self.requested.captured_values.get(name) {
            return kept.clone();
        }
        let expression = self.importer.variables.expression(name);
        Operand::Value(json!(format!("{{{{ {expression} }}}}")))
    }

    fn resolve_function(&mut self, name: &str, arguments: &[Expression]) -> Option<Operand> {
        let text = match arguments {
            [Expression::Literal(Value::String(text))] => Some(text.as_str()),
            _ => None,
        };
        let (of, method) = name.rsplit_once('.')?;
        if SCOPES.contains(&of) || method.starts_with("getEnv") || method.starts_with("getGlobal") {
            let variables = &self.importer.variables;
            return match method {
                "get" | "getEnvironmentVariable" | "getGlobalVariable" => {
                    Some(self.resolve_variable(text?))
                }
                "has" if !variables.is_captured(text?) => {
                    Some(Operand::Value(json!(variables.value(text?).is_some())))
                }
                _ => None,
            };
        }
        let header = || Some(Query::Header(text?.to_ascii_lowercase()));
        let cookie = || Some(Query::Cookie(text?.to_owned()));
        match name {
            "JSON.parse" => {
                let body = self.evaluate(arguments.first()?)?;
                (body == Operand::Query(Query::Body)).then(|| Operand::json("$"))
            }
            "pm.response.headers.get" | "postman.getResponseHeader" => {
                Some(Operand::Query(header()?))
            }
            "pm.cookies.get" | "postman.getResponseCookie" => Some(Operand::Query(cookie()?)),
            "pm.response.headers.has" => Some(existence_of(header()?)),
            "pm.cookies.has" => Some(existence_of(cookie()?)),
            "Array.isArray" | "_.isArray" => {
                let of = self.evaluate(arguments.first()?)?;
                let place = Query::Json(of.path()?.to_owned());
                Some(Operand::Meets(place, "type", json!("array")))
            }
            "tv4.validate" => {
                let [of, schema] = arguments else {
                    return None;
                };
                let place = Query::Json(self.evaluate(of)?.path()?.to_owned());
                let Operand::Value(schema) = self.evaluate(schema)? else {
                    return None;
                };
                let schema = usable_schema(&schema, "http://json-schema.org/draft-04/schema#")?;
                Some(Operand::Meets(place, "schema", schema))
            }
            _ => None,
        }
    }

    /// A value to compare with.
    pub(super) fn value_to_compare(&mut self, expression: &Expression) -> Option<Value> {
        match (expression, self.evaluate(expression)?) {
            // Texts of a script are no templates, and a check file's are.
            (Expression::Literal(value), _) => Some(escape_texts(value)),
            (_, Operand::Value(value)) => Some(value),
            _ => None,
        }
    }
}

fn is_empty_literal(value: &Expression) -> bool {
    let Expression::Literal(value) = value else {
        return false;
    };
    *value == json!({}) || *value == json!([]) || *value == json!("")
}

/// Whether something is there.
fn existence_of(place: Query) -> Operand {
    Operand::Meets(place, "exists", json!(true))
}

/// A schema that can be used, in the draft that the original reads it in.
pub(super) fn usable_schema(schema: &Value, draft: &str) -> Option<Value> {
    let mut members = schema.as_object()?.clone();
    // Names of files and templates would be read as such.
    let plain = !members.contains_key("file") && !schema.to_string().contains("{{");
    if !members.contains_key("$schema") {
        members.shift_insert(0, "$schema".to_owned(), json!(draft));
    }
    let schema = Value::from(members);
    let usable = plain && JsonSchema::new(schema.clone(), None, String::new()).is_ok();
    usable.then_some(schema)
}

/// A value with its texts as templates that give them back.
pub(super) fn escape_texts(value: &Value) -> Value {
    match value {
        Value::String(text) => escape(text).into(),
        Value::Array(items) => items.iter().map(escape_texts).collect(),
        Value::Object(members) => members
            .iter()
            .map(|(key, value)| (key.clone(), escape_texts(value)))
            .collect(),
        other => other.clone(),
    }
}
