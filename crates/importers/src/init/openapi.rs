//! What an OpenAPI document (3.0 or 3.1, JSON or YAML) promises of its GET
//! operations.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::shape::expect_type;
use crate::draft::{CheckDraft, Query, StepDraft, escape, member_path};
use diagnostic::{Diagnostic, Problems, Source, Span};

/// The most checks that are made of one document.
const MOST_CHECKS: usize = 500;
/// How far references are followed.
const MOST_REFERENCES: usize = 20;
/// The most members of an answer that are spoken of.
const MOST_MEMBERS: usize = 20;

/// Why an operation becomes no check.
#[derive(Debug, thiserror::Error)]
enum OperationError {
    #[error("its parameter `{name}` has no example")]
    NoExample { name: String },
    #[error("its parameter `{name}` is a {place}")]
    Unfillable { name: String, place: String },
    #[error("a part of its path is no parameter")]
    UndeclaredParameter,
    #[error("it promises no success")]
    NoSuccess,
}

/// The checks, and the operations that are left out.
pub(super) fn collect_checks(
    source: &Arc<Source>,
) -> Result<(Vec<CheckDraft>, Vec<String>), Problems> {
    let document = OpenApiDocument(parse_document(source)?);
    let paths = document.0["paths"].as_object();
    let mut checks = Vec::new();
    let mut left_out = Vec::new();
    for (path, item) in paths.into_iter().flatten() {
        let item = document.resolve(item);
        let Some(operation) = item.get("get") else {
            continue;
        };
        if checks.len() >= MOST_CHECKS {
            left_out.push(format!("Left out: all from {path} on."));
            break;
        }
        match document.import_operation(path, item, operation) {
            Ok(check) => checks.push(check),
            Err(why) => left_out.push(format!("Left out: GET {path}: {why}.")),
        }
    }
    if checks.is_empty() {
        return Err(
            Diagnostic::at(source, Span::new(0, 0), "nothing to check is promised")
                .expected("a GET operation without required parameters, or with examples for them")
                .found(if left_out.is_empty() {
                    "none".to_owned()
                } else {
                    left_out.join(" ")
                })
                .help("give the parameters of the document an `example`")
                .into(),
        );
    }
    Ok((checks, left_out))
}

fn parse_document(source: &Arc<Source>) -> Result<Value, Problems> {
    let document: Value = if let Ok(document) = serde_json::from_str(source.text()) {
        document
    } else {
        let mut problems = Vec::new();
        match diagnostic::yaml::parse(source, &mut problems) {
            Some(node) => node.to_json(),
            None => return Problems::ok_unless(problems, Value::Null),
        }
    };
    if document["openapi"]
        .as_str()
        .is_some_and(|version| version.starts_with("3."))
    {
        return Ok(document);
    }
    let old = document.get("swagger").is_some();
    Err(
        Diagnostic::at(source, Span::new(0, 0), "this is no OpenAPI document")
            .expected("`openapi: 3.0.x` or `3.1.x`")
            .found(if old { "Swagger 2" } else { "no `openapi`" })
            .help("convert it to OpenAPI 3")
            .into(),
    )
}

struct OpenApiDocument(Value);

impl OpenApiDocument {
    /// What a `$ref` inside the document stands for.
    fn resolve<'v>(&'v self, value: &'v Value) -> &'v Value {
        let mut value = value;
        for _ in 0..MOST_REFERENCES {
            let pointer = value["$ref"].as_str().and_then(|to| to.strip_prefix('#'));
            let Some(found) = pointer.and_then(|pointer| self.0.pointer(pointer)) else {
                break;
            };
            value = found;
        }
        value
    }

    /// A check of a GET operation: its request with the examples of required
    /// parameters, and its first promised success.
    fn import_operation(
        &self,
        path: &str,
        item: &Value,
        operation: &Value,
    ) -> Result<CheckDraft, OperationError> {
        let mut step = StepDraft::default();
        let (path, query) = self.fill_path(path, item, operation)?;
        step.request.path.clone_from(&path);
        step.request.query = query;
        self.expect(operation, &mut step)?;
        let text = |key: &str| {
            let text = operation[key].as_str()?.lines().next()?.trim();
            (!text.is_empty()).then(|| text.trim_end_matches('.').to_owned())
        };
        let mut check = CheckDraft {
            name: text("summary")
                .or_else(|| text("operationId"))
                .unwrap_or_else(|| format!("GET {path}")),
            steps: vec![step],
            ..CheckDraft::default()
        };
        if self.is_guarded(operation) {
            let why = "it needs a login: give it `auth`, and take this away";
            check.skip = Some(why.to_owned());
        }
        Ok(check)
    }

    /// Whether every way to ask needs a login.
    fn is_guarded(&self, operation: &Value) -> bool {
        let security = operation.get("security").or_else(|| self.0.get("security"));
        let ways = security.and_then(Value::as_array);
        ways.is_some_and(|ways| {
            let open = |way: &Value| way.as_object().is_some_and(Map::is_empty);
            !ways.is_empty() && !ways.iter().any(open)
        })
    }

    /// The path and query with the examples of the parameters that must be
    /// there.
    fn fill_path(
        &self,
        path: &str,
        item: &Value,
        operation: &Value,
    ) -> Result<(String, Map<String, Value>), OperationError> {
        let mut filled = path.to_owned();
        let mut query = Map::new();
        let lists = [&item["parameters"], &operation["parameters"]];
        for parameter in lists.into_iter().filter_map(Value::as_array).flatten() {
            let parameter = self.resolve(parameter);
            let name = parameter["name"].as_str().unwrap_or_default();
            let place = parameter["in"].as_str().unwrap_or_default();
            let required = place == "path" || parameter["required"] == json!(true);
            if !required {
                continue;
            }
            let missing = || OperationError::NoExample {
                name: name.to_owned(),
            };
            let example = self.example(parameter).ok_or_else(missing)?;
            let text = match &example {
                Value::String(text) => text.clone(),
                Value::Number(_) | Value::Bool(_) => example.to_string(),
                _ => return Err(missing()),
            };
            match place {
                "path" => {
                    let encoded: String =
                        url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
                    filled = filled.replace(&format!("{{{name}}}"), &encoded.replace('+', "%20"));
                }
                "query" => drop(query.insert(name.to_owned(), json!(escape(&text)))),
                _ => {
                    return Err(OperationError::Unfillable {
                        name: name.to_owned(),
                        place: place.to_owned(),
                    });
                }
            }
        }
        if filled.contains('{') {
            return Err(OperationError::UndeclaredParameter);
        }
        Ok((filled, query))
    }

    /// The nearest example of a parameter: its own, or one of its schema.
    fn example<'v>(&'v self, parameter: &'v Value) -> Option<&'v Value> {
        let first = |value: &'v Value| match value {
            Value::Array(items) => items.first(),
            Value::Object(members) => members
                .values()
                .next()
                .and_then(|one| self.resolve(one).get("value")),
            _ => None,
        };
        let schema = parameter.get("schema").map(|schema| self.resolve(schema));
        let of_schema = |key: &str| schema.and_then(|schema| schema.get(key));
        parameter
            .get("example")
            .or_else(|| parameter.get("examples").and_then(first))
            .or_else(|| of_schema("example"))
            .or_else(|| of_schema("examples").and_then(first))
            .or_else(|| of_schema("default"))
            .or_else(|| of_schema("enum").and_then(first))
    }

    /// Expects the first promised success: status, kind of content, shape.
    fn expect(&self, operation: &Value, step: &mut StepDraft) -> Result<(), OperationError> {
        let mut answers = operation["responses"].as_object().into_iter().flatten();
        let Some((code, answer)) = answers.find(|(code, _)| code.starts_with('2')) else {
            return Err(OperationError::NoSuccess);
        };
        let status = match code.parse::<u16>() {
            Ok(code) if (200..300).contains(&code) => json!(code),
            _ => json!("2xx"),
        };
        step.expect(&Query::Status, "equals", status);
        let content = self.resolve(answer)["content"].as_object();
        let mut content = content.into_iter().flatten();
        let found = content.find(|(kind, _)| kind.contains("json"));
        let Some((kind, content)) = found else {
            return Ok(());
        };
        super::shape::expect_content_type(step, kind);
        if let Some(schema) = content.get("schema") {
            self.expect_shape(schema, step);
        }
        Ok(())
    }

    /// The type of the whole, and that of each member that must be there.
    fn expect_shape(&self, schema: &Value, step: &mut StepDraft) {
        let mut required = Map::new();
        self.collect_required(schema, &mut required, 0);
        if required.is_empty() {
            expect_schema_type(step, "$", self.resolve(schema));
        }
        for (name, schema) in required.iter().take(MOST_MEMBERS) {
            expect_schema_type(step, &member_path("$", name), self.resolve(schema));
        }
    }

    /// The schemas of the members that must be there.
    fn collect_required(&self, schema: &Value, found: &mut Map<String, Value>, depth: usize) {
        if depth > MOST_REFERENCES {
            return;
        }
        let schema = self.resolve(schema);
        for part in schema["allOf"].as_array().into_iter().flatten() {
            self.collect_required(part, found, depth + 1);
        }
        let names = schema["required"].as_array().into_iter().flatten();
        for name in names.filter_map(Value::as_str) {
            found.insert(name.to_owned(), schema["properties"][name].clone());
        }
    }
}

/// Expects a type where the schema leaves no choice.
fn expect_schema_type(step: &mut StepDraft, path: &str, schema: &Value) {
    const TYPES: [&str; 6] = ["string", "number", "integer", "boolean", "array", "object"];
    let kind = schema["type"].as_str().filter(|kind| TYPES.contains(kind));
    let nullable = schema["nullable"] == json!(true);
    expect_type(step, path, kind.filter(|_| !nullable));
}
