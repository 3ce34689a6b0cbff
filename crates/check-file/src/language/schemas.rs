//! JSON Schemas of expectations: inline, from a file, or inside an OpenAPI
//! document.

use std::ffi::OsStr;
use std::path::Path;
use std::sync::Arc;

use serde_json::Value;

use super::keys::SCHEMA;
use super::reader::Reader;
use diagnostic::yaml::{self, Node, Yaml};
use query::json_schema::JsonSchema;

impl Reader<'_> {
    /// The schema of a `schema` predicate, ready to be used.
    pub(super) fn read_schema(&mut self, node: &Node) -> Option<Arc<JsonSchema>> {
        let in_file = match &node.value {
            Yaml::Map(entries) => entries.iter().any(|(key, _)| key.text == "file"),
            Yaml::Bool(_) => false,
            _ => {
                let expected = "a JSON Schema, or `{ file: order.schema.json }`";
                let help = "write `{ type: object, required: [id] }`, or name a file";
                self.report_wrong_type(node, "`schema`", expected, help);
                return None;
            }
        };
        let (document, at, name) = if in_file {
            self.read_schema_file(node)?
        } else {
            (to_json(node), None, "the schema".to_owned())
        };
        match JsonSchema::new(document, at.as_deref(), name) {
            Ok(schema) => Some(Arc::new(schema)),
            Err(reason) => {
                let problem = self
                    .at(node.span, "a schema that cannot be used")
                    .expected("a JSON Schema that refers to nothing outside its document")
                    .found(reason.to_string())
                    .help("drafts 4 to 2020-12 are understood; `at: \"#/components/schemas/Order\"` names a part of the file");
                self.report(problem);
                None
            }
        }
    }

    /// The document of a file, the place in it, and what to call it.
    fn read_schema_file(&mut self, node: &Node) -> Option<(Value, Option<String>, String)> {
        let fields = self.read_fields(node, &SCHEMA)?;
        let (_, file) = fields.get("file")?;
        let at = match fields.value("at") {
            Some(node) => Some(self.read_place_in_document(node)?),
            None => None,
        };
        let bytes = self.read_file_beside(file, "read as a schema")?;
        let name = self.read_string(file, "`file`")?;
        let document = match Path::new(name).extension().and_then(OsStr::to_str) {
            Some("yaml" | "yml") => self.parse_yaml_document(name, &bytes)?,
            _ => match serde_json::from_slice(&bytes) {
                Ok(document) => document,
                Err(error) => {
                    let problem = self
                        .at(file.span, format!("`{name}` does not hold a schema"))
                        .expected("JSON, or YAML in a file named `….yaml`")
                        .found(error.to_string())
                        .help("check the file with `smoke validate` again once it is mended");
                    self.report(problem);
                    return None;
                }
            },
        };
        let name = format!("`{name}{}`", at.as_deref().unwrap_or_default());
        Some((document, at, name))
    }

    fn read_place_in_document(&mut self, node: &Node) -> Option<String> {
        let text = self.read_string(node, "`at`")?;
        if text.starts_with("#/") {
            return Some(text.to_owned());
        }
        let problem = self
            .at(node.span, "a place that is not in the document")
            .expected("a reference such as `#/components/schemas/Order`")
            .found(format!("`{text}`"))
            .help("begin with `#/`; write `~1` for `/` and `~0` for `~` in a name");
        self.report(problem);
        None
    }

    /// A YAML document beside the check file; its own problems are reported
    /// with their places in it.
    fn parse_yaml_document(&mut self, name: &str, bytes: &[u8]) -> Option<Value> {
        let folder = self.source.path().parent().unwrap_or(Path::new(""));
        let text = String::from_utf8_lossy(bytes);
        let source = self.source.beside(folder.join(name), text);
        yaml::parse(&source, self.problems).map(|root| to_json(&root))
    }
}

/// A tree of YAML as JSON, without the places.
pub(crate) fn to_json(node: &Node) -> Value {
    match &node.value {
        Yaml::Null => Value::Null,
        Yaml::Bool(value) => (*value).into(),
        Yaml::Number(number, _) => Value::Number(number.clone()),
        Yaml::String(text) => text.as_str().into(),
        Yaml::List(items) => items.iter().map(to_json).collect(),
        Yaml::Map(entries) => {
            let entries = entries.iter();
            let entries = entries.map(|(key, value)| (key.text.clone(), to_json(value)));
            Value::Object(entries.collect())
        }
    }
}
