//! The body of a request: as it is written, or a file.

use serde_json::{Map, Value, json};

use super::super::files::FILE_HELP;
use super::super::json_text::{json_body, json_text};
use super::Importer;
use super::entry::{Body, BodyKind};
use super::lines::unescape;
use super::value::bytes;
use crate::draft::{self, Step, escape, implied_type, type_by_itself};
use diagnostic::Span;

impl Importer {
    /// Whether there is a body already: a request sends one.
    pub(super) fn has_body(&mut self, second: Option<Span>, step: &mut Step) -> bool {
        let has_body = step.request.body.is_some();
        if let (Some(span), true) = (second, has_body) {
            self.lose_span(step, span, "a second body", "send one body in a request");
        }
        has_body
    }

    /// `name; type`, as Hurl sends it, if there is room for it.
    pub(super) fn file_field(&mut self, text: &str, sent: &mut u64) -> Option<Value> {
        let (name, kind) = text.split_once(';')?;
        let name = unescape(name.trim());
        let kind = match kind.trim() {
            "" => kind_of(&name),
            kind => kind,
        };
        self.file_part(&name, kind, sent)
    }

    pub(super) fn body(&mut self, body: &Body<'_>, step: &mut Step) {
        if self.has_body(Some(body.span), step) {
            return;
        }
        let request = &mut step.request;
        let text = match body.kind {
            BodyKind::Json(text) | BodyKind::Text("json", text) => {
                if self.send_json(text, request) {
                    return;
                }
                implied_type(request, "application/json");
                let json = json_text(text, &mut self.variables);
                json.unwrap_or_else(|| self.variables.template(text))
            }
            BodyKind::Text("graphql", text) => {
                let (query, variables) = text.split_once("\nvariables").unwrap_or((text, ""));
                let query = json!(self.variables.template(query.trim()));
                let mut sent = Map::from_iter([("query".to_owned(), query)]);
                type_by_itself(request, "application/json");
                match json_body(variables, &mut self.variables) {
                    Some(variables) => drop(sent.insert("variables".to_owned(), variables)),
                    None if variables.trim().is_empty() => {}
                    None => {
                        let what = "the variables of a query";
                        self.lose_span(step, body.span, what, "add them to `json`");
                    }
                }
                step.request.body = Some(draft::Body::Json(sent.into()));
                return;
            }
            BodyKind::Xml(text) | BodyKind::Text("xml", text) => {
                implied_type(request, "application/xml");
                self.variables.template(text)
            }
            BodyKind::Text("raw", text) => escape(text),
            BodyKind::Line(text) => self.variables.template(&unescape(text)),
            BodyKind::Text(_, text) => self.variables.template(text),
            BodyKind::Bytes(text) => match self.body_of_bytes(text) {
                Some(body) => {
                    request.body = Some(body);
                    return;
                }
                None => return self.lose_span(step, body.span, "a body of bytes", FILE_HELP),
            },
        };
        request.body = Some(draft::Body::Text(text));
    }

    /// A file, or bytes that are text.
    fn body_of_bytes(&mut self, text: &str) -> Option<draft::Body> {
        if let Some(name) = text.strip_prefix("file,") {
            let name = self.files.need(&unescape(name.trim()))?;
            return Some(draft::Body::File(name));
        }
        let text = String::from_utf8(bytes(text, &self.files)?).ok()?;
        Some(draft::Body::Text(escape(&text)))
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
