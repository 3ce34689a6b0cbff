//! The body of a request.

use serde_json::{Map, Value, json};

use super::request::{add, plain};
use super::{Found, Importer, is_on, text};
use crate::draft::Step;

impl Importer<'_> {
    pub(super) fn body(&mut self, found: &Found<'_>, step: &mut Step) {
        let Some(body) = found.request.get("body").filter(|body| is_on(body)) else {
            return;
        };
        let mode = text(body, "mode").unwrap_or_default();
        let value = body.get(mode).unwrap_or(&Value::Null);
        match mode {
            "raw" => self.raw(body, step),
            "urlencoded" => {
                let mut form = Map::new();
                for entry in value
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter(|entry| is_on(entry))
                {
                    let sent = entry.get("value").map(plain).unwrap_or_default();
                    let sent = json!(self.variables.template(&sent));
                    add(&mut form, text(entry, "key").unwrap_or_default(), sent);
                }
                without_content_type(step, "application/x-www-form-urlencoded");
                if !form.is_empty() {
                    step.request.insert("form".to_owned(), form.into());
                }
            }
            "graphql" => self.graphql(value, step),
            "formdata" if value.as_array().is_none_or(Vec::is_empty) => {}
            "formdata" => self.multipart(found, value, step),
            "file" => self.lost_body(
                found,
                step,
                "a body from a file",
                "put the file beside the check file, and write `file: its-name`",
            ),
            _ => {}
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
        if is_json && let Ok(value) = serde_json::from_str::<Value>(raw) {
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

    /// The fields of a form with files; of the files only their names are
    /// known.
    fn multipart(&mut self, found: &Found<'_>, fields: &Value, step: &mut Step) {
        let mut sent = Map::new();
        let fields = fields.as_array().into_iter().flatten();
        for field in fields.filter(|field| is_on(field)) {
            let name = text(field, "key").unwrap_or_default();
            if text(field, "type") == Some("file") || sent.contains_key(name) {
                let help = "put the file beside the check file, and add it to `multipart` as `{ file: its-name }`";
                self.lost_body(found, step, "a field of a form", help);
                continue;
            }
            let value = field.get("value").map(plain).unwrap_or_default();
            sent.insert(name.to_owned(), json!(self.variables.template(&value)));
        }
        if !sent.is_empty() {
            step.request.insert("multipart".to_owned(), sent.into());
        }
    }
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
