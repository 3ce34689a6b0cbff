//! JSON Schema: whether a value is as a schema demands.
//!
//! The only module that knows the validator. A schema is one document and
//! never asks for another one, neither from the disk nor from the network.
//! `meter.rs` makes it count what it takes to hold a value against it.

mod meter;

mod email;

use std::error::Error;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use boon::{
    CompileError, Compiler, Draft, ErrorKind, Format, SchemaIndex, Schemas, ValidationError,
};
use serde_json::{Map, Value, json};

use crate::value::{levels, quote_value};
use crate::work::budget::{self, AT_ONCE, Estimate};
use crate::work::threads::run_with_room;

/// The most problems of one value that a message lists.
const MOST_LISTED: usize = 5;
/// The URL by which the validator knows the document. `.invalid` is no domain
/// (RFC 2606), and nothing is ever loaded.
const BASE: &str = "http://schema.invalid/schema";
/// The URL of the schema that accepts what the document's schema refuses.
const REFUSES: &str = "http://schema.invalid/refuses";
/// The most problems of one value whose texts are written before the first are
/// chosen.
const MOST_TEXTS: usize = 100;
/// The most steps, times the levels of the value, to find what is wrong with
/// it: of each problem the validator keeps the whole way to it.
const MOST_TO_FIND: u64 = 8_000_000;
/// How deep a document of schemas may be nested to be compiled on the caller's
/// stack, however small that is.
const SHALLOW: usize = 12;

/// Why a schema cannot be used, in one line.
#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    /// The validator refuses the schema.
    #[error("{reason}")]
    Malformed {
        /// What is wrong, without the address that the schema does not have.
        reason: String,
    },
    /// References follow one another in a row that is too long.
    #[error("more than {most} references that lead to nothing but another one")]
    References {
        /// How many may follow one another.
        most: usize,
    },
    /// The system started no thread whose stack is large enough.
    #[error("no thread to read it: {source}")]
    NoThread {
        /// What the system says.
        source: std::io::Error,
    },
}

impl From<CompileError> for SchemaError {
    fn from(error: CompileError) -> Self {
        Self::Malformed {
            reason: explain(&error),
        }
    }
}

/// A compiled schema.
pub struct JsonSchema {
    schemas: Schemas,
    index: SchemaIndex,
    /// The schema negated. The validator keeps every problem of a value that it
    /// refuses; asked by the negation, it keeps none of a value that is wrong.
    refuses: SchemaIndex,
    /// What messages call the schema.
    name: String,
}

impl fmt::Debug for JsonSchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("JsonSchema").field(&self.name).finish()
    }
}

struct NoLoader;

impl boon::UrlLoader for NoLoader {
    fn load(&self, _: &str) -> Result<Value, Box<dyn Error>> {
        Err("a reference to another document, which is never loaded".into())
    }
}

impl JsonSchema {
    /// Compiles the schema at a place (`#/components/schemas/Order`) of a
    /// document, or all of the document. `name` is for messages.
    ///
    /// # Errors
    /// What is wrong with the schema, or that the system started no thread.
    pub fn new(document: Value, at: Option<&str>, name: String) -> Result<Self, SchemaError> {
        if levels(&document) <= SHALLOW {
            return Self::compile(document, at, name);
        }
        // The validator descends into the document, and needs stack for each level.
        let compiled = run_with_room(move || Self::compile(document, at, name));
        compiled.unwrap_or_else(|source| Err(SchemaError::NoThread { source }))
    }

    fn compile(mut document: Value, at: Option<&str>, name: String) -> Result<Self, SchemaError> {
        let mut compiler = Compiler::new();
        compiler.use_loader(Box::new(NoLoader));
        compiler.enable_format_assertions();
        for (name, func) in meter::FORMATS.iter() {
            compiler.register_format(Format { name, func: *func });
        }
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
        meter::meter(&mut document, at)?;
        let place = format!("{BASE}{}", at.unwrap_or_default());
        let refuses = json!({ "not": { "$ref": place } });
        compiler.add_resource(BASE, document)?;
        compiler.add_resource(REFUSES, refuses)?;
        let mut schemas = Schemas::new();
        let index = compiler.compile(&place, &mut schemas)?;
        let refuses = compiler.compile(REFUSES, &mut schemas)?;
        Ok(Self {
            schemas,
            index,
            refuses,
            name,
        })
    }

    /// What messages call the schema.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether a value is as the schema demands.
    pub fn accepts(&self, value: &Value) -> bool {
        let _alone = lock_if_much();
        self.schemas.validate(value, self.refuses).is_err()
    }

    /// What of a value is not as the schema demands, each with its place as a
    /// JSON Pointer (RFC 6901); a bounded number of it.
    pub fn problems(&self, value: &Value) -> Vec<String> {
        let levels = u64::try_from(1 + levels(value)).unwrap_or(u64::MAX);
        let _alone = lock_if_much();
        let found = budget::run_within_steps(MOST_TO_FIND / levels, || self.find_problems(value));
        found.unwrap_or_else(|_| {
            let found = "JSON that is wrong in more ways than can be told";
            vec![found.to_owned()]
        })
    }

    fn find_problems(&self, value: &Value) -> Vec<String> {
        let Err(error) = self.schemas.validate(value, self.index) else {
            return Vec::new();
        };
        let (mut problems, total) = find_innermost(&error, value);
        if total > MOST_LISTED {
            let more = total - MOST_LISTED;
            problems.truncate(MOST_LISTED);
            problems.push(format!("and {more} more"));
        }
        problems
    }
}

/// Waits until no other thread judges with a large budget: two such judgements
/// at once would need more memory than a small Lambda function has. A judgement
/// with a small budget does not wait.
fn lock_if_much() -> Option<MutexGuard<'static, ()>> {
    static ALONE: Mutex<()> = Mutex::new(());
    let is_much = budget::remaining()
        .is_some_and(|left| left.estimate == Estimate::Usual && left.steps > AT_ONCE.steps);
    is_much.then(|| ALONE.lock().unwrap_or_else(PoisonError::into_inner))
}

/// The first of the innermost problems by their place, because the validator
/// knows no order, and how many there are in all.
fn find_innermost(error: &ValidationError<'_, '_>, value: &Value) -> (Vec<String>, usize) {
    let mut found = Vec::new();
    collect_leaves(error, &mut found);
    let total = found.len();
    found.sort_by(|(one, _), (other, _)| one.cmp(other));
    // A text may be as long as the value.
    found.truncate(MOST_TEXTS);
    let texts = found.into_iter().map(|(pointer, error)| {
        let here = value.pointer(&pointer).map(quote_value).unwrap_or_default();
        let place = if pointer.is_empty() {
            "at the top".to_owned()
        } else {
            format!("at `{pointer}`")
        };
        let problem = format!("{place} {here}: {}", describe_problem(&error.kind));
        (pointer, problem)
    });
    let mut texts: Vec<_> = texts.collect();
    texts.sort();
    let problems = texts.into_iter().map(|(_, problem)| problem).collect();
    (problems, total)
}

/// Adds the innermost problems, each with its place; the alternatives of one
/// that fits none are one problem.
fn collect_leaves<'e, 's, 'v>(
    error: &'e ValidationError<'s, 'v>,
    found: &mut Vec<(String, &'e ValidationError<'s, 'v>)>,
) {
    let alternatives = matches!(error.kind, ErrorKind::AnyOf | ErrorKind::OneOf(_));
    if error.causes.is_empty() || alternatives {
        found.push((error.instance_location.to_string(), error));
        return;
    }
    for cause in &error.causes {
        collect_leaves(cause, found);
    }
}

fn describe_problem(kind: &ErrorKind<'_, '_>) -> String {
    match kind {
        ErrorKind::Type { want, .. } => {
            let names: Vec<_> = want.iter().map(|kind| kind.to_string()).collect();
            format!("expected {}", names.join(" or "))
        }
        ErrorKind::Required { want } => format!("without {}", quote_names(want)),
        ErrorKind::AdditionalProperties { got } => {
            let names: Vec<_> = got.iter().map(AsRef::as_ref).collect();
            format!("with {}, which is not allowed", quote_names(&names))
        }
        ErrorKind::AnyOf | ErrorKind::OneOf(None) => {
            "expected one of the alternatives, and none fits".to_owned()
        }
        ErrorKind::OneOf(Some(_)) => "expected one of the alternatives, and several fit".to_owned(),
        ErrorKind::FalseSchema => "expected not to be there".to_owned(),
        other => other.to_string(),
    }
}

fn quote_names(names: &[&str]) -> String {
    let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

/// What is wrong with a schema, without the address that it does not have.
fn explain(error: &CompileError) -> String {
    let text = match error {
        CompileError::ValidationError { src, .. } => {
            let (mut found, _) = find_innermost(src, &Value::Null);
            found.truncate(MOST_LISTED);
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
