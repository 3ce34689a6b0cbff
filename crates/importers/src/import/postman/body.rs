//! The body of a request.

use http::Method;
use serde_json::{Map, Value, json};

use super::super::Bodies;
use super::super::files::FILE_HELP;
use super::super::json_text::{is_better_as_yaml, is_compact};
use super::request::{add, plain};
use super::{Found, Importer, is_on, text};
use crate::draft::{Step, can_be_sent, escape};

/// The most bytes of all files of a form.
const MOST_FILES: u64 = 1024 * 1024;

impl Importer<'_> {
    pub(super) fn body(&mut self, found: &Found<'_>, method: &Method, step: &mut Step) {
        let Some(body) = found.request.get("body").filter(|body| is_on(body)) else {
            return;
        };
        let mode = text(body, "mode").unwrap_or_default();
        let value = body.get(mode).unwrap_or(&Value::Null);
        // Postman leaves it away where it has no meaning, unless told not to.
        let pruned = ["GET", "HEAD", "COPY", "PURGE", "UNLOCK"].contains(&method.as_str());
        if pruned && found.setting("disableBodyPruning") != Some(&json!(true)) {
            return;
        }
        match mode {
            "raw" => self.raw(body, step),
            "urlencoded" => {
                let entries = value.as_array().into_iter().flatten();
                let pairs: Vec<(String, String)> = entries
                    .filter(|entry| is_on(entry))
                    .map(|entry| {
                        let sent = entry.get("value").map(plain).unwrap_or_default();
                        (text(entry, "key").unwrap_or_default().to_owned(), sent)
                    })
                    .collect();
                self.form(pairs, step);
            }
            "graphql" => self.graphql(value, step),
            "formdata" if value.as_array().is_none_or(Vec::is_empty) => {}
            "formdata" => self.multipart(found, value, step),
            "file" => {
                let name = value.as_str().or_else(|| text(value, "src"));
                let path = name.and_then(|name| self.files.need(name));
                match (path, value.get("content").and_then(Value::as_str)) {
                    (Some(path), _) => {
                        step.request.insert("file".to_owned(), json!(path));
                    }
                    (None, Some(content)) => {
                        let content = escape(content);
                        step.request.insert("text".to_owned(), json!(content));
                    }
                    // No file is chosen, and nothing is sent.
                    (None, None) if name.is_none_or(str::is_empty) => {}
                    (None, None) => self.lost_body(found, step, "a body from a file", FILE_HELP),
                }
            }
            "" | "none" => {}
            _ => self.lost_body(
                found,
                step,
                "a body of this kind",
                "send it as `json`, `text` or `file`",
            ),
        }
    }

    fn form(&mut self, pairs: Vec<(String, String)>, step: &mut Step) {
        let twice = |(key, _): &(String, String)| {
            pairs.iter().filter(|(other, _)| other == key).count() > 1
        };
        let named = |(key, _): &(String, String)| self.variables.known(key).is_none();
        if pairs.iter().any(|pair| twice(pair) || named(pair)) {
            return step.form_text(pairs.into_iter(), &mut |text| {
                self.variables.urlencoded(text)
            });
        }
        let mut form = Map::new();
        for (key, sent) in pairs {
            let key = self.variables.known(&key).unwrap_or(key);
            add(&mut form, &key, json!(self.variables.template(&sent)));
        }
        without_content_type(step, "application/x-www-form-urlencoded");
        if !form.is_empty() {
            step.request.insert("form".to_owned(), form.into());
        }
    }

    fn lost_body(&mut self, found: &Found<'_>, step: &mut Step, what: &str, help: &str) {
        let way = [
            found.way.as_slice(),
            &["request".to_owned(), "body".to_owned()],
        ]
        .concat();
        let mode = found.request["body"]["mode"].as_str().unwrap_or_default();
        let note = self.lost(&way, what, mode, help);
        step.notes.push(note);
    }

    fn raw(&mut self, body: &Value, step: &mut Step) {
        let raw = text(body, "raw").unwrap_or_default();
        if raw.is_empty() {
            return;
        }
        let language = body["options"]["raw"]["language"].as_str();
        let kind = content_type(step).map(str::to_owned);
        let is_json =
            language == Some("json") || kind.as_deref().is_some_and(|kind| kind.contains("json"));
        if is_json
            && self.bodies == Bodies::Readable
            && is_better_as_yaml(raw)
            && let Ok(value) = serde_json::from_str::<Value>(raw)
        {
            self.reformed |= !is_compact(raw);
            without_content_type(step, "application/json");
            let value = self.variables.json(&value);
            step.request.insert("json".to_owned(), value);
            return;
        }
        let implied = match language {
            Some("json") => Some("application/json"),
            Some("xml") => Some("application/xml"),
            Some("html") => Some("text/html"),
            Some("javascript") => Some("application/javascript"),
            _ if kind.is_none() => Some("text/plain"),
            _ => None,
        };
        if let (Some(implied), None) = (implied, &kind)
            && let Value::Object(headers) =
                step.request.entry("headers").or_insert_with(|| json!({}))
        {
            headers.insert("content-type".to_owned(), json!(implied));
        }
        let text = self.variables.template(raw);
        step.request.insert("text".to_owned(), json!(text));
    }

    /// A query and its variables, which Postman keeps as a text of JSON.
    fn graphql(&mut self, value: &Value, step: &mut Step) {
        let query = text(value, "query").unwrap_or_default();
        let mut sent =
            Map::from_iter([("query".to_owned(), json!(self.variables.template(query)))]);
        let variables = match value.get("variables") {
            Some(Value::String(text)) => serde_json::from_str(text).unwrap_or_default(),
            other => other.cloned().unwrap_or_default(),
        };
        if variables.is_object() {
            sent.insert("variables".to_owned(), self.variables.json(&variables));
        }
        if let Some(operation) = text(value, "operationName").filter(|name| !name.is_empty()) {
            sent.insert("operationName".to_owned(), json!(operation));
        }
        without_content_type(step, "application/json");
        step.request.insert("json".to_owned(), sent.into());
    }

    /// The fields of a form with files.
    fn multipart(&mut self, found: &Found<'_>, fields: &Value, step: &mut Step) {
        let mut sent = Map::new();
        let mut left = MOST_FILES;
        let fields = fields.as_array().into_iter().flatten();
        for field in fields.filter(|field| is_on(field)) {
            let name = text(field, "key").unwrap_or_default();
            let Some(name) = self.variables.known(name) else {
                let help = "write the name out: a template stands for values, and not for names";
                self.lost_body(found, step, "a field whose name a variable gives", help);
                continue;
            };
            let name = name.as_str();
            if text(field, "type") == Some("file") {
                let names = match &field["src"] {
                    Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
                    Value::String(name) => vec![name.as_str()],
                    _ => Vec::new(),
                };
                for file in names {
                    let size = self
                        .files
                        .size(file)
                        .and_then(|size| left.checked_sub(size));
                    let Some(path) = size.and_then(|_| self.files.need(file)) else {
                        self.lost_body(found, step, "a field of a form", FILE_HELP);
                        continue;
                    };
                    left = size.unwrap_or_default();
                    let mut part = json!({ "file": path });
                    if let Some(kind) = content_type_of(field) {
                        part["type"] = json!(kind);
                    }
                    add(&mut sent, name, part);
                }
                continue;
            }
            let value = field.get("value").map(plain).unwrap_or_default();
            let value = json!(self.variables.template(&value));
            let value = match content_type_of(field) {
                Some(kind) => json!({ "text": value, "type": kind }),
                None => value,
            };
            add(&mut sent, name, value);
        }
        if !sent.is_empty() {
            step.request.insert("multipart".to_owned(), sent.into());
        }
    }
}

/// The media type that a field of a form gives itself.
fn content_type_of(field: &Value) -> Option<&str> {
    let kind = text(field, "contentType")?;
    (kind.contains('/') && can_be_sent("content-type", kind)).then_some(kind)
}

fn content_type(step: &Step) -> Option<&str> {
    step.request.get("headers")?.get("content-type")?.as_str()
}

/// Takes away what the body says by itself.
fn without_content_type(step: &mut Step, implied: &str) {
    let Some(Value::Object(headers)) = step.request.get_mut("headers") else {
        return;
    };
    if headers.get("content-type").and_then(Value::as_str) == Some(implied) {
        headers.shift_remove("content-type");
    }
    if headers.is_empty() {
        step.request.shift_remove("headers");
    }
}
