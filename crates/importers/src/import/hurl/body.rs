//! The body of a request: as it is written, or a file.

use serde_json::Value;

use super::super::files::FILE_HELP;
use super::super::json_body::is_better_as_yaml;
use super::Importer;
use super::entry::{BodyKind, HurlBody};
use super::lines::unescape;
use super::value::read_bytes;
use crate::draft::{self, StepDraft, escape, imply_content_type};
use diagnostic::Span;

/// What differs where JSON is sent as a text with variables in its texts.
const UNESCAPED: &str =
    "Values go into this text as they are: Hurl writes a quote in them as JSON does.";

impl Importer {
    /// Whether there is a body already: a request sends one.
    pub(super) fn has_body(&mut self, second: Option<Span>, step: &mut StepDraft) -> bool {
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
            "" => media_type(&name),
            kind => kind,
        };
        self.file_part(&name, kind, sent)
    }

    pub(super) fn import_body(&mut self, body: &HurlBody<'_>, step: &mut StepDraft) {
        if self.has_body(Some(body.span), step) {
            return;
        }
        let text = match body.kind {
            BodyKind::Json(text) | BodyKind::Text("json", text) => {
                if self.send_json(text, &mut step.request) {
                    return;
                }
                imply_content_type(&mut step.request, "application/json");
                if is_better_as_yaml(text) && text.contains("{{") {
                    step.add_note(UNESCAPED);
                }
                self.variables.template(text)
            }
            BodyKind::Text("graphql", text) => {
                let (query, variables) = text.split_once("\nvariables").unwrap_or((text, ""));
                if !self.send_graphql(query.trim(), variables, &mut step.request) {
                    let what = "the variables of a query";
                    self.lose_span(step, body.span, what, "add them to `json`");
                }
                return;
            }
            BodyKind::Xml(text) | BodyKind::Text("xml", text) => {
                imply_content_type(&mut step.request, "application/xml");
                self.variables.template(text)
            }
            BodyKind::Text("raw", text) => escape(text),
            BodyKind::Line(text) => self.variables.template(&unescape(text)),
            BodyKind::Text(_, text) => self.variables.template(text),
            BodyKind::Bytes(text) => match self.bytes_body(text) {
                Some(body) => {
                    step.request.body = Some(body);
                    return;
                }
                None => return self.lose_span(step, body.span, "a body of bytes", FILE_HELP),
            },
        };
        step.request.body = Some(draft::BodyDraft::Text(text));
    }

    /// A file, or bytes that are text.
    fn bytes_body(&mut self, text: &str) -> Option<draft::BodyDraft> {
        if let Some(name) = text.strip_prefix("file,") {
            let name = self.files.require(&unescape(name.trim()))?;
            return Some(draft::BodyDraft::File(name));
        }
        let text = String::from_utf8(read_bytes(text, &self.files)?).ok()?;
        Some(draft::BodyDraft::Text(escape(&text)))
    }
}

/// The media type that Hurl gives a file by its name.
fn media_type(name: &str) -> &'static str {
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
