//! JSON Schema: whether a value is as a schema demands.
//!
//! The only module that knows the validator. A schema is one document and
//! never asks for another one, neither from the disk nor from the network.

mod email;

use std::error::Error;
use std::fmt;

use boon::{CompileError, Compiler, Draft, ErrorKind, SchemaIndex, Schemas, ValidationError};
use serde_json::{Map, Value};

use crate::value::shown;

/// The most of what is wrong with a value that is said.
const MOST_SAID: usize = 5;
/// Where the validator takes the document to be; nobody ever asks there.
const BASE: &str = "http://schema.invalid/schema";

/// A schema that can be used.
pub(crate) struct JsonSchema {
    schemas: Schemas,
    index: SchemaIndex,
    /// What it is called in messages.
    name: String,
}

impl fmt::Debug for JsonSchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("JsonSchema").field(&self.name).finish()
    }
}

struct Refuse;

impl boon::UrlLoader for Refuse {
    fn load(&self, _: &str) -> Result<Value, Box<dyn Error>> {
        Err("a reference to another document, which is never loaded".into())
    }
}

impl JsonSchema {
    /// Makes ready the schema at a place (`#/components/schemas/Order`) of a
    /// document, or all of the document. `name` is for messages.
    ///
    /// # Errors
    /// What is wrong with the schema.
    pub(crate) fn new(mut document: Value, at: Option<&str>, name: String) -> Result<Self, String> {
        let mut compiler = Compiler::new();
        compiler.use_loader(Box::new(Refuse));
        compiler.enable_format_assertions();
        for format in email::FORMATS {
            compiler.register_format(format);
        }
        let version = document.get("openapi").and_then(Value::as_str);
        if version.is_some_and(|version| version.starts_with("3.0")) {
            // What OpenAPI 3.0 calls a schema is of draft 4, but for `null`.
            compiler.set_default_draft(Draft::V4);
            allow_null(&mut document);
        } else {
            compiler.set_default_draft(Draft::V2020_12);
        }
        let said = |error: CompileError| said(&error);
        compiler.add_resource(BASE, document).map_err(said)?;
        let mut schemas = Schemas::new();
        let place = format!("{BASE}{}", at.unwrap_or_default());
        let index = compiler.compile(&place, &mut schemas).map_err(said)?;
        Ok(Self {
            schemas,
            index,
            name,
        })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn accepts(&self, value: &Value) -> bool {
        self.schemas.validate(value, self.index).is_ok()
    }

    /// What of a value is not as the schema demands, each with its place as a
    /// JSON Pointer (RFC 6901); a bounded number of it.
    pub(crate) fn problems(&self, value: &Value) -> Vec<String> {
        let Err(error) = self.schemas.validate(value, self.index) else {
            return Vec::new();
        };
        let mut problems = innermost(&error, value);
        if problems.len() > MOST_SAID {
            let more = problems.len() - MOST_SAID;
            problems.truncate(MOST_SAID);
            problems.push(format!("and {more} more"));
        }
        problems
    }
}

/// The innermost problems, by their place: the validator knows no order.
fn innermost(error: &ValidationError<'_, '_>, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    leaves(error, value, &mut found);
    found.sort();
    found.into_iter().map(|(_, problem)| problem).collect()
}

/// Adds the innermost problems, each with its place; the alternatives of one
/// that fits none are one problem.
fn leaves(error: &ValidationError<'_, '_>, value: &Value, found: &mut Vec<(String, String)>) {
    let alternatives = matches!(error.kind, ErrorKind::AnyOf | ErrorKind::OneOf(_));
    if error.causes.is_empty() || alternatives {
        let pointer = error.instance_location.to_string();
        let here = value.pointer(&pointer).map(shown).unwrap_or_default();
        let place = if pointer.is_empty() {
            "at the top".to_owned()
        } else {
            format!("at `{pointer}`")
        };
        let problem = format!("{place} {here}: {}", demand(&error.kind));
        found.push((pointer, problem));
        return;
    }
    for cause in &error.causes {
        leaves(cause, value, found);
    }
}

fn demand(kind: &ErrorKind<'_, '_>) -> String {
    match kind {
        ErrorKind::Type { want, .. } => {
            let names: Vec<_> = want.iter().map(|kind| kind.to_string()).collect();
            format!("expected {}", names.join(" or "))
        }
        ErrorKind::Required { want } => format!("without {}", quoted(want)),
        ErrorKind::AdditionalProperties { got } => {
            let names: Vec<_> = got.iter().map(AsRef::as_ref).collect();
            format!("with {}, which is not allowed", quoted(&names))
        }
        ErrorKind::AnyOf | ErrorKind::OneOf(None) => {
            "expected one of the alternatives, and none fits".to_owned()
        }
        ErrorKind::OneOf(Some(_)) => "expected one of the alternatives, and several fit".to_owned(),
        ErrorKind::FalseSchema => "expected not to be there".to_owned(),
        other => other.to_string(),
    }
}

fn quoted(names: &[&str]) -> String {
    let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

/// What is wrong with a schema, without the address that it does not have.
fn said(error: &CompileError) -> String {
    let text = match error {
        CompileError::ValidationError { src, .. } => {
            let mut found = innermost(src, &Value::Null);
            found.truncate(MOST_SAID);
            found.join("; ").replace("  ", " ").replace(" :", ":")
        }
        CompileError::LoadUrlError { url, src } => format!("`{url}`: {src}"),
        CompileError::InvalidRegex { regex, .. } => {
            format!("`{regex}`, which is no regular expression")
        }
        CompileError::JsonPointerNotFound(place) => format!("nothing at `{place}`"),
        other => other.to_string(),
    };
    text.replace(BASE, "")
}

/// Turns OpenAPI 3.0's `nullable: true` into what JSON Schema says.
fn allow_null(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(allow_null),
        Value::Object(members) => {
            members.values_mut().for_each(allow_null);
            if members.get("nullable") != Some(&Value::Bool(true)) {
                return;
            }
            members.remove("nullable");
            if let Some(Value::String(kind)) = members.get("type").cloned() {
                members.insert("type".to_owned(), vec![kind, "null".to_owned()].into());
                if let Some(Value::Array(choices)) = members.get_mut("enum") {
                    choices.push(Value::Null);
                }
            } else {
                let schema = Value::Object(std::mem::take(members));
                let null = Map::from_iter([("type".to_owned(), "null".into())]);
                let choices = vec![Value::Object(null), schema];
                members.insert("anyOf".to_owned(), choices.into());
            }
        }
        _ => {}
    }
}
