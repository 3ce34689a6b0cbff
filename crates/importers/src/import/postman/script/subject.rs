//! What an expression of a script stands for.

use serde_json::{Value, json};

use super::{Expression, Script, dotted, made};
use crate::draft::{Place, escape, member};
use query::json_schema::JsonSchema;

/// Something that can be asserted, or kept.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) enum Subject {
    Response,
    Headers,
    Place(Place),
    /// The length of what a path leads to.
    Length(String),
    /// The words that HTTP has for the status.
    Reason,
    /// Whether a place meets a predicate: an operator and its value.
    Meets(Place, &'static str, Value),
    /// Whether a comparison holds.
    Holds(Box<Expression>),
    /// The word that `typeof` has for a part of the JSON.
    TypeOf(String),
    /// A value that the script itself, or a variable, gives.
    Value(Value),
    Other,
}

impl Subject {
    pub(super) fn json(path: &str) -> Self {
        Self::Place(Place::Json(path.to_owned()))
    }

    /// The path, if it is a part of the JSON.
    pub(super) fn path(&self) -> Option<&str> {
        match self {
            Self::Place(Place::Json(path)) => Some(path),
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
    pub(super) fn subject(&mut self, expression: &Expression) -> Option<Subject> {
        if let Some(name) = dotted(expression) {
            let place = match name.as_str() {
                "pm.response" => return Some(Subject::Response),
                "pm.response.headers" => return Some(Subject::Headers),
                "pm.response.status" | "pm.response.reason()" | "responseCode.name" => {
                    return Some(Subject::Reason);
                }
                "pm.response.code" | "responseCode.code" => Some(Place::Status),
                "pm.response.responseTime" | "responseTime" => Some(Place::Latency),
                "pm.response.responseSize" => Some(Place::Size),
                "pm.response.text()" | "responseBody" => Some(Place::Body),
                "pm.response.json()" => Some(Place::Json("$".to_owned())),
                _ => None,
            };
            let variable = name.strip_prefix("environment.");
            let variable = variable.or_else(|| name.strip_prefix("globals."));
            let known = match (place, variable.filter(|name| !name.contains('.'))) {
                (Some(place), _) => Some(Subject::Place(place)),
                (None, Some(variable)) => Some(self.variable(variable)),
                (None, None) => self.names.get(&name).cloned(),
            };
            if known.is_some() {
                return known;
            }
        }
        match expression {
            Expression::Literal(value) => Some(Subject::Value(value.clone())),
            Expression::Member(of, name) => match (self.subject(of)?, name.as_str()) {
                (Subject::Place(Place::Json(path)), "length") => Some(Subject::Length(path)),
                (Subject::Place(Place::Json(path)), name) => {
                    Some(Subject::json(&member(&path, name)))
                }
                // What `postman.getResponseCookie` gives.
                (cookie @ Subject::Place(Place::Cookie(_)), "value") => Some(cookie),
                _ => None,
            },
            Expression::Element(of, index) => {
                let of = self.subject(of)?;
                Some(Subject::json(&format!("{}[{index}]", of.path()?)))
            }
            // `data.user || {}`: what takes its place has nothing in it.
            Expression::Binary(of, "||", other) if is_nothing(other) => self.subject(of),
            Expression::Binary(_, "+", _) => {
                let text = self.text_of(expression)?;
                Some(Subject::Value(json!(text)))
            }
            Expression::Binary(_, "-" | "*" | "/" | "%", _) => None,
            Expression::Not(_) | Expression::Binary(..) => {
                Some(Subject::Holds(Box::new(expression.clone())))
            }
            Expression::TypeOf(of) => {
                let of = self.subject(of)?;
                Some(Subject::TypeOf(of.path()?.to_owned()))
            }
            Expression::Call(callee, arguments) => {
                if let Some(made) = made::value(expression) {
                    let template = self.importer.variables.template(&made);
                    return Some(Subject::Value(json!(template)));
                }
                let truth = self.method(callee, arguments);
                truth.or_else(|| self.function(&dotted(callee)?, arguments))
            }
            _ => None,
        }
    }

    /// `data.hasOwnProperty("id")`, `responseBody.includes("…")` and their like.
    fn method(&mut self, callee: &Expression, arguments: &[Expression]) -> Option<Subject> {
        let (Expression::Member(of, name), [wanted]) = (callee, arguments) else {
            return None;
        };
        let Subject::Place(place) = self.subject(of)? else {
            return None;
        };
        let wanted = self.wanted(wanted)?;
        let operator = match (name.as_str(), &place) {
            ("hasOwnProperty", Place::Json(path)) => {
                let path = member(path, wanted.as_str()?);
                return Some(there(Place::Json(path)));
            }
            ("includes", Place::Json(_)) => "contains",
            ("includes" | "has", place) if place.is_text() => "contains",
            ("startsWith", place) if place.is_text() => "starts_with",
            ("endsWith", place) if place.is_text() => "ends_with",
            _ => return None,
        };
        Some(Subject::Meets(place, operator, wanted))
    }

    /// The value of a variable, so far.
    fn variable(&mut self, name: &str) -> Subject {
        // What the same answer gave it is still that part of it.
        if let Some(kept) = self.requested.kept.get(name) {
            return kept.clone();
        }
        let expression = self.importer.variables.expression(name);
        Subject::Value(json!(format!("{{{{ {expression} }}}}")))
    }

    fn function(&mut self, name: &str, arguments: &[Expression]) -> Option<Subject> {
        let text = match arguments {
            [Expression::Literal(Value::String(text))] => Some(text.as_str()),
            _ => None,
        };
        let (of, method) = name.rsplit_once('.')?;
        if SCOPES.contains(&of) || method.starts_with("getEnv") || method.starts_with("getGlobal") {
            let variables = &self.importer.variables;
            return match method {
                "get" | "getEnvironmentVariable" | "getGlobalVariable" => {
                    Some(self.variable(text?))
                }
                "has" if !variables.is_captured(text?) => {
                    Some(Subject::Value(json!(variables.value(text?).is_some())))
                }
                _ => None,
            };
        }
        let header = || Some(Place::Header(text?.to_ascii_lowercase()));
        let cookie = || Some(Place::Cookie(text?.to_owned()));
        match name {
            "JSON.parse" => {
                let body = self.subject(arguments.first()?)?;
                (body == Subject::Place(Place::Body)).then(|| Subject::json("$"))
            }
            "pm.response.headers.get" | "postman.getResponseHeader" => {
                Some(Subject::Place(header()?))
            }
            "pm.cookies.get" | "postman.getResponseCookie" => Some(Subject::Place(cookie()?)),
            "pm.response.headers.has" => Some(there(header()?)),
            "pm.cookies.has" => Some(there(cookie()?)),
            "Array.isArray" | "_.isArray" => {
                let of = self.subject(arguments.first()?)?;
                let place = Place::Json(of.path()?.to_owned());
                Some(Subject::Meets(place, "type", json!("array")))
            }
            "tv4.validate" => {
                let [of, schema] = arguments else {
                    return None;
                };
                let place = Place::Json(self.subject(of)?.path()?.to_owned());
                let Subject::Value(schema) = self.subject(schema)? else {
                    return None;
                };
                let schema = schema_of(&schema, "http://json-schema.org/draft-04/schema#")?;
                Some(Subject::Meets(place, "schema", schema))
            }
            _ => None,
        }
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

fn is_nothing(value: &Expression) -> bool {
    let Expression::Literal(value) = value else {
        return false;
    };
    *value == json!({}) || *value == json!([]) || *value == json!("")
}

/// Whether something is there.
fn there(place: Place) -> Subject {
    Subject::Meets(place, "exists", json!(true))
}

/// A schema that can be used, in the draft that the original reads it in.
pub(super) fn schema_of(schema: &Value, draft: &str) -> Option<Value> {
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
