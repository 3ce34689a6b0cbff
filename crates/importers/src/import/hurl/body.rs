//! The body of a request: as it is written, forms with files, and files.

use serde_json::{Map, Value, json};

use super::super::Bodies;
use super::super::files::FILE_HELP;
use super::super::json_text::{is_better_as_yaml, is_compact, json_body, json_text};
use super::Importer;
use super::entry::{Body, BodyKind, Pair};
use super::lines::unescaped;
use super::value::bytes;
use crate::draft::{Step, can_be_sent, escape};

const SECOND: &str = "send one body in a request";

/// The most bytes of all files of a form.
const MOST_FILES: u64 = 1024 * 1024;

impl Importer {
    pub(super) fn second_body(&mut self, pairs: &[Pair<'_>], step: &mut Step) {
        if let Some(pair) = pairs.first() {
            self.lost(step, pair.span, "a second body", SECOND);
        }
    }

    pub(super) fn multipart(&mut self, pairs: &[Pair<'_>], step: &mut Step) {
        if step.has_body() {
            return self.second_body(pairs, step);
        }
        let mut fields = Map::new();
        let mut left = MOST_FILES;
        for pair in pairs {
            let Some(name) = self.known_name(pair, step) else {
                continue;
            };
            let value = match pair.value.strip_prefix("file,") {
                None => json!(self.variables.template(&unescaped(pair.value))),
                Some(file) => {
                    let Some(part) = self.file_part(file, &mut left) else {
                        self.lost(step, pair.span, "a field of a form", FILE_HELP);
                        continue;
                    };
                    part
                }
            };
            match fields.get_mut(&name) {
                None => drop(fields.insert(name, value)),
                Some(Value::Array(values)) => values.push(value),
                Some(one) => *one = json!([one.take(), value]),
            }
        }
        if !fields.is_empty() {
            step.request.insert("multipart".to_owned(), fields.into());
        }
    }

    /// `name; type`, as Hurl sends it, if there is room for it.
    fn file_part(&mut self, text: &str, left: &mut u64) -> Option<Value> {
        let (name, kind) = text.split_once(';')?;
        let name = unescaped(name.trim());
        let kind = match kind.trim() {
            "" => kind_of(&name).to_owned(),
            kind => kind.to_owned(),
        };
        let fine = kind.contains('/') && can_be_sent("content-type", &kind);
        *left = left.checked_sub(self.files.size(&name).filter(|_| fine)?)?;
        let name = self.files.need(&name)?;
        Some(json!({ "file": name, "type": kind }))
    }

    pub(super) fn body(&mut self, body: &Body<'_>, step: &mut Step) {
        if step.has_body() {
            return self.lost(step, body.span, "a second body", SECOND);
        }
        let (text, kind) = match body.kind {
            BodyKind::Json(text) | BodyKind::Text("json", text) => {
                if self.bodies == Bodies::Readable
                    && is_better_as_yaml(text)
                    && let Some(value) = json_body(text, &mut self.variables)
                {
                    self.reformed |= !is_compact(text);
                    drop_implied(step);
                    step.request.insert("json".to_owned(), value);
                    return;
                }
                if let Some(text) = json_text(text, &mut self.variables) {
                    implied(step, "application/json");
                    step.request.insert("text".to_owned(), json!(text));
                    return;
                }
                (text, Some("application/json"))
            }
            BodyKind::Text("graphql", text) => {
                let (query, variables) = text.split_once("\nvariables").unwrap_or((text, ""));
                let mut sent = Map::new();
                sent.insert(
                    "query".to_owned(),
                    json!(self.variables.template(query.trim())),
                );
                match json_body(variables, &mut self.variables) {
                    Some(variables) => drop(sent.insert("variables".to_owned(), variables)),
                    None if variables.trim().is_empty() => {}
                    None => self.lost(
                        step,
                        body.span,
                        "the variables of a query",
                        "add them to `json`",
                    ),
                }
                drop_implied(step);
                step.request.insert("json".to_owned(), sent.into());
                return;
            }
            BodyKind::Xml(text) | BodyKind::Text("xml", text) => (text, Some("application/xml")),
            BodyKind::Text("raw", text) => {
                step.request.insert("text".to_owned(), json!(escape(text)));
                return;
            }
            BodyKind::Line(text) => {
                let text = self.variables.template(&unescaped(text));
                step.request.insert("text".to_owned(), json!(text));
                return;
            }
            BodyKind::Text(_, text) => (text, None),
            BodyKind::Bytes(text) => {
                if self.body_of_bytes(text, step).is_none() {
                    self.lost(step, body.span, "a body of bytes", FILE_HELP);
                }
                return;
            }
        };
        if let Some(kind) = kind {
            implied(step, kind);
        }
        let text = self.variables.template(text);
        step.request.insert("text".to_owned(), json!(text));
    }

    /// A file, or bytes that are text.
    fn body_of_bytes(&mut self, text: &str, step: &mut Step) -> Option<()> {
        let (key, value) = if let Some(name) = text.strip_prefix("file,") {
            ("file", self.files.need(&unescaped(name.trim()))?)
        } else {
            let bytes = bytes(text, &self.files)?;
            ("text", escape(&String::from_utf8(bytes).ok()?))
        };
        step.request.insert(key.to_owned(), json!(value));
        Some(())
    }
}

/// Adds the header that a body of this kind has where nothing else is said.
fn implied(step: &mut Step, kind: &str) {
    let headers = step.request.entry("headers").or_insert_with(|| json!({}));
    if let Value::Object(headers) = headers {
        headers.entry("content-type").or_insert_with(|| json!(kind));
    }
}

/// Takes away the header that a JSON body sets by itself.
fn drop_implied(step: &mut Step) {
    if let Some(Value::Object(headers)) = step.request.get_mut("headers") {
        if headers.get("content-type") == Some(&json!("application/json")) {
            headers.shift_remove("content-type");
        }
        if headers.is_empty() {
            step.request.shift_remove("headers");
        }
    }
}

/// The media type that Hurl gives a file by its name.
fn kind_of(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "gif" => "image/gif",
        "jpg" | "jpeg" => "image/jpeg",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        "txt" => "text/plain",
        "htm" | "html" => "text/html",
        "pdf" => "application/pdf",
        "xml" => "application/xml",
        _ => "application/octet-stream",
    }
}
