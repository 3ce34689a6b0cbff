//! The body of a request.

use serde_json::{Map, Value, json};

use super::super::files::FILE_HELP;
use super::Importer;
use super::collection::{FoundRequest, enabled_pairs, is_enabled, text_at, to_text};
use crate::draft::{
    BodyDraft, StepDraft, add_member, escape, imply_content_type, is_sendable_header,
};

impl Importer {
    pub(super) fn import_body(&mut self, found: &FoundRequest<'_>, step: &mut StepDraft) {
        let Some(body) = found.request.get("body").filter(|body| is_enabled(body)) else {
            return;
        };
        let mode = text_at(body, "mode").unwrap_or_default();
        let value = &body[mode];
        // Postman sends no body with these methods, unless a setting says so.
        let method = step.request.method.as_str();
        let pruned = ["GET", "HEAD", "COPY", "PURGE", "UNLOCK"].contains(&method);
        if pruned && found.setting("disableBodyPruning") != Some(&json!(true)) {
            return;
        }
        match mode {
            "raw" => self.import_raw_body(body, step),
            "urlencoded" => {
                let pairs: Vec<_> = enabled_pairs(value).collect();
                self.send_form(&pairs, &mut step.request);
            }
            "graphql" => self.import_graphql(found, value, step),
            "formdata" => self.import_multipart(found, value, step),
            "file" => {
                let name = value.as_str().or_else(|| text_at(value, "src"));
                let file = name.and_then(|name| self.files.require(name));
                let content = text_at(value, "content");
                step.request.body = match (file, content) {
                    (Some(file), _) => Some(BodyDraft::File(file)),
                    (None, Some(content)) => Some(BodyDraft::Text(escape(content))),
                    // Postman sends nothing where no file is chosen.
                    (None, None) if name.is_none_or(str::is_empty) => None,
                    (None, None) => {
                        return self.lose_body(found, step, "a body from a file", FILE_HELP);
                    }
                };
            }
            "" | "none" => {}
            _ => {
                let help = "send it as `json`, `text` or `file`";
                self.lose_body(found, step, "a body of this kind", help);
            }
        }
    }

    fn lose_body(
        &mut self,
        found: &FoundRequest<'_>,
        step: &mut StepDraft,
        what: &str,
        help: &str,
    ) {
        let mode = text_at(&found.request["body"], "mode").unwrap_or_default();
        self.lose_pointer(step, &found.pointer_to("body"), (what, mode), help);
    }

    fn import_raw_body(&mut self, body: &Value, step: &mut StepDraft) {
        let raw = text_at(body, "raw").unwrap_or_default();
        if raw.is_empty() {
            return;
        }
        let language = body["options"]["raw"]["language"].as_str();
        let kind = step.request.headers.get("content-type");
        let kind = kind.and_then(Value::as_str);
        let is_json = language == Some("json") || kind.is_some_and(|kind| kind.contains("json"));
        let has_type = kind.is_some();
        let readable = serde_json::from_str::<Value>(raw).is_ok();
        if is_json && readable && self.send_json(raw, &mut step.request) {
            return;
        }
        let implied = match language {
            Some("json") => Some("application/json"),
            Some("xml") => Some("application/xml"),
            Some("html") => Some("text/html"),
            Some("javascript") => Some("application/javascript"),
            _ if !has_type => Some("text/plain"),
            _ => None,
        };
        if let Some(implied) = implied {
            imply_content_type(&mut step.request, implied);
        }
        step.request.body = Some(BodyDraft::Text(self.variables.template(raw)));
    }

    /// A query and its variables, which Postman keeps as a text of JSON.
    fn import_graphql(&mut self, found: &FoundRequest<'_>, value: &Value, step: &mut StepDraft) {
        let query = text_at(value, "query").unwrap_or_default();
        let variables = to_text(&value["variables"]);
        if !self.send_graphql(query, &variables, &mut step.request) {
            let what = "the variables of a query";
            self.lose_body(found, step, what, "add them to `json`");
        }
        let operation = text_at(value, "operationName").filter(|name| !name.is_empty());
        if let (Some(operation), Some(BodyDraft::Json(sent))) = (operation, &mut step.request.body)
        {
            sent["operationName"] = json!(operation);
        }
    }

    /// The fields of a form with files.
    fn import_multipart(&mut self, found: &FoundRequest<'_>, fields: &Value, step: &mut StepDraft) {
        let mut sent = Map::new();
        let mut bytes = 0;
        let fields = fields.as_array().into_iter().flatten();
        for field in fields.filter(|field| is_enabled(field)) {
            let name = text_at(field, "key").unwrap_or_default();
            let Some(name) = self.variables.resolve(name) else {
                let help = "write the name out: a template stands for values, and not for names";
                self.lose_body(found, step, "a field whose name a variable gives", help);
                continue;
            };
            let kind = text_at(field, "contentType").unwrap_or_default();
            let is_valid_type = kind.contains('/') && is_sendable_header("content-type", kind);
            let kind = if is_valid_type { kind } else { "" };
            if text_at(field, "type") != Some("file") {
                let value = json!(self.variables.template(&to_text(&field["value"])));
                let value = match kind {
                    "" => value,
                    kind => json!({ "text": value, "type": kind }),
                };
                add_member(&mut sent, &name, value);
                continue;
            }
            let sources = match &field["src"] {
                Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
                Value::String(name) => vec![name.as_str()],
                _ => Vec::new(),
            };
            for file in sources {
                match self.file_part(file, kind, &mut bytes) {
                    Some(part) => add_member(&mut sent, &name, part),
                    None => self.lose_body(found, step, "a field of a form", FILE_HELP),
                }
            }
        }
        if !sent.is_empty() {
            step.request.body = Some(BodyDraft::Multipart(sent));
        }
    }
}
