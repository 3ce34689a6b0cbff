//! What an expression of a script stands for.

use serde_json::{Value, json};

use super::{Expression, Script, dotted_name, dynamic_value};
use crate::draft::{DraftQuery, escape, member_path};
use query::json_schema::JsonSchema;

/// Something that can be asserted, or kept.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) enum ScriptValue {
    Response,
    Headers,
    Query(DraftQuery),
    /// The length of what a path leads to.
    Length(String),
    /// The words that HTTP has for the status.
    Reason,
    /// Whether a place meets a predicate: an operator and its value.
    Meets(DraftQuery, &'static str, Value),
    /// Whether a comparison holds.
    Holds(Box<Expression>),
    /// The word that `typeof` has for a part of the JSON.
    TypeOf(String),
    /// A value that the script itself, or a variable, gives.
    Value(Value),
    Other,
}

impl ScriptValue {
    pub(super) fn json(path: &str) -> Self {
        Self::Query(DraftQuery::Json(path.to_owned()))
    }

    /// The path, if it is a part of the JSON.
    pub(super) fn path(&self) -> Option<&str> {
        match self {
            Self::Query(DraftQuery::Json(path)) => Some(path),
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
    pub(super) fn evaluate(&mut self, expression: &Expression) -> Option<ScriptValue> {
        if let Some(name) = dotted_name(expression) {
            let place = match name.as_str() {
                "pm.response" => return Some(ScriptValue::Response),
                "pm.response.headers" => return Some(ScriptValue::Headers),
                "pm.response.status" | "pm.response.reason()" | "responseCode.name" => {
                    return Some(ScriptValue::Reason);
                }
                "pm.response.code" | "responseCode.code" => Some(DraftQuery::Status),
                "pm.response.responseTime" | "responseTime" => Some(DraftQuery::Latency),
                "pm.response.responseSize" => Some(DraftQuery::Size),
                "pm.response.text()" | "responseBody" => Some(DraftQuery::Body),
                "pm.response.json()" => Some(DraftQuery::Json("$".to_owned())),
                _ => None,
            };
            let variable = name.strip_prefix("environment.");
            let variable = variable.or_else(|| name.strip_prefix("globals."));
            let known = match (place, variable.filter(|name| !name.contains('.'))) {
                (Some(place), _) => Some(ScriptValue::Query(place)),
                (None, Some(variable)) => Some(self.resolve_variable(variable)),
                (None, None) => self.names.get(&name).cloned(),
            };
            if known.is_some() {
                return known;
            }
        }
        match expression {
            Expression::Literal(value) => Some(ScriptValue::Value(value.clone())),
            Expression::Member(of, name) => match (self.evaluate(of)?, name.as_str()) {
                (ScriptValue::Query(DraftQuery::Json(path)), "length") => {
                    Some(ScriptValue::Length(path))
                }
                (ScriptValue::Query(DraftQuery::Json(path)), name) => {
                    Some(ScriptValue::json(&member_path(&path, name)))
                }
                // What `postman.getResponseCookie` gives.
                (cookie @ ScriptValue::Query(DraftQuery::Cookie(_)), "value") => Some(cookie),
                _ => None,
            },
            Expression::Element(of, index) => {
                let of = self.evaluate(of)?;
                Some(ScriptValue::json(&format!("{}[{index}]", of.path()?)))
            }
            // `data.user || {}`: what takes its place has nothing in it.
            Expression::Binary(of, "||", other) if is_empty_literal(other) => self.evaluate(of),
            Expression::Binary(_, "+", _) => {
                let text = self.joined_text(expression)?;
                Some(ScriptValue::Value(json!(text)))
            }
            Expression::Binary(_, "-" | "*" | "/" | "%", _) => None,
            Expression::Not(_) | Expression::Binary(..) => {
                Some(ScriptValue::Holds(Box::new(expression.clone())))
            }
            Expression::TypeOf(of) => {
                let of = self.evaluate(of)?;
                Some(ScriptValue::TypeOf(of.path()?.to_owned()))
            }
            Expression::Call(callee, arguments) => {
                if let Some(made) = dynamic_value::dynamic_template(expression) {
                    let template = self.importer.variables.template(&made);
                    return Some(ScriptValue::Value(json!(template)));
                }
                let truth = self.resolve_method(callee, arguments);
                truth.or_else(|| self.resolve_function(&dotted_name(callee)?, arguments))
            }
            _ => None,
        }
    }

    /// `data.hasOwnProperty("id")`, `responseBody.includes("…")` and their like.
    fn resolve_method(
        &mut self,
        callee: &Expression,
        arguments: &[Expression],
    ) -> Option<ScriptValue> {
        let (Expression::Member(of, name), [wanted]) = (callee, arguments) else {
            return None;
        };
        let ScriptValue::Query(place) = self.evaluate(of)? else {
            return None;
        };
        let wanted = self.value_to_compare(wanted)?;
        let operator = match (name.as_str(), &place) {
            ("hasOwnProperty", DraftQuery::Json(path)) => {
                let path = member_path(path, wanted.as_str()?);
                return Some(existence_of(DraftQuery::Json(path)));
            }
            ("includes", DraftQuery::Json(_)) => "contains",
            ("includes" | "has", place) if place.is_text() => "contains",
            ("startsWith", place) if place.is_text() => "starts_with",
            ("endsWith", place) if place.is_text() => "ends_with",
            _ => return None,
        };
        Some(ScriptValue::Meets(place, operator, wanted))
    }

    /// The value of a variable, so far.
    fn resolve_variable(&mut self, name: &str) -> ScriptValue {
        // What the same answer gave it is still that part of it.
        if let Some(kept) = self.requested.captured_values.get(name) {
            return kept.clone();
        }
        let expression = self.importer.variables.expression(name);
        ScriptValue::Value(json!(format!("{{{{ {expression} }}}}")))
    }

    fn resolve_function(&mut self, name: &str, arguments: &[Expression]) -> Option<ScriptValue> {
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
                    Some(ScriptValue::Value(json!(variables.value(text?).is_some())))
                }
                _ => None,
            };
        }
        let header = || Some(DraftQuery::Header(text?.to_ascii_lowercase()));
        let cookie = || Some(DraftQuery::Cookie(text?.to_owned()));
        match name {
            "JSON.parse" => {
                let body = self.evaluate(arguments.first()?)?;
                (body == ScriptValue::Query(DraftQuery::Body)).then(|| ScriptValue::json("$"))
            }
            "pm.response.headers.get" | "postman.getResponseHeader" => {
                Some(ScriptValue::Query(header()?))
            }
            "pm.cookies.get" | "postman.getResponseCookie" => Some(ScriptValue::Query(cookie()?)),
            "pm.response.headers.has" => Some(existence_of(header()?)),
            "pm.cookies.has" => Some(existence_of(cookie()?)),
            "Array.isArray" | "_.isArray" => {
                let of = self.evaluate(arguments.first()?)?;
                let place = DraftQuery::Json(of.path()?.to_owned());
                Some(ScriptValue::Meets(place, "type", json!("array")))
            }
            "tv4.validate" => {
                let [of, schema] = arguments else {
                    return None;
                };
                let place = DraftQuery::Json(self.evaluate(of)?.path()?.to_owned());
                let ScriptValue::Value(schema) = self.evaluate(schema)? else {
                    return None;
                };
                let schema = usable_schema(&schema, "http://json-schema.org/draft-04/schema#")?;
                Some(ScriptValue::Meets(place, "schema", schema))
            }
            _ => None,
        }
    }

    /// A value to compare with.
    pub(super) fn value_to_compare(&mut self, expression: &Expression) -> Option<Value> {
        match (expression, self.evaluate(expression)?) {
            // Texts of a script are no templates, and a check file's are.
            (Expression::Literal(value), _) => Some(escape_texts(value)),
            (_, ScriptValue::Value(value)) => Some(value),
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
fn existence_of(place: DraftQuery) -> ScriptValue {
    ScriptValue::Meets(place, "exists", json!(true))
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
