//! A form with files.

use std::path::Path;

use http::HeaderValue;

use super::body::MOST_BODY_BYTES;
use super::keys::PART;
use super::reader::Reader;
use super::{FormPart, PartContent};
use crate::template::Template;
use diagnostic::units::human_bytes_beside;
use diagnostic::yaml::{Key, Node, Yaml};

impl Reader<'_> {
    /// The parts, in their order; a list sends a name several times.
    pub(super) fn read_multipart(&mut self, node: &Node) -> Option<Vec<FormPart>> {
        let fields = self.read_entries(node, "`multipart`")?;
        let mut parts = Vec::new();
        for (key, value) in fields.iter() {
            let values = match &value.value {
                Yaml::List(items) => items.as_slice(),
                _ => std::slice::from_ref(value),
            };
            parts.extend(values.iter().map(|value| self.read_form_part(key, value)));
        }
        if parts.is_empty() {
            let problem = self
                .at(node.span, "a form without a part")
                .expected("at least one `name: value`")
                .found("none")
                .help("write `multipart: { photo: { file: cup.png, type: image/png } }`");
            self.report(problem);
        }
        let parts: Vec<FormPart> = parts.into_iter().collect::<Option<_>>()?;
        let files = parts.iter().map(|part| match &part.content {
            PartContent::File(bytes) => bytes.len() as u64,
            PartContent::Text(_) => 0,
        });
        let sum: u64 = files.sum();
        if sum > MOST_BODY_BYTES {
            let (most, found) = human_bytes_beside(MOST_BODY_BYTES, sum);
            let problem = self
                .at(node.span, "a form whose files are too large")
                .expected(format!("{most} at most in all"))
                .found(found)
                .help("send smaller files");
            self.report(problem);
            return None;
        }
        Some(parts)
    }

    fn read_form_part(&mut self, key: &Key, node: &Node) -> Option<FormPart> {
        let Yaml::Map(_) = &node.value else {
            return Some(FormPart {
                name: key.text.clone(),
                filename: None,
                content_type: None,
                content: PartContent::Text(self.read_template(node, "a form field")?),
            });
        };
        let fields = self.read_fields(node, &PART)?;
        let content_type = match fields.value("type") {
            Some(node) => self.read_content_type(node).map(Some),
            None => Some(None),
        };
        let filename = match fields.value("filename") {
            Some(node) => self.read_template(node, "`filename`").map(Some),
            None => Some(None),
        };
        let (content, own_name) = match (fields.value("file"), fields.value("text")) {
            (Some(file), None) => {
                let bytes = self.read_file_beside(file, "sent")?;
                let name = self.read_string(file, "`file`")?;
                let name = Path::new(name).file_name().unwrap_or_default();
                let name = Template::parse(&name.to_string_lossy()).ok();
                (PartContent::File(bytes.into()), name)
            }
            (None, Some(text)) => (PartContent::Text(self.read_template(text, "`text`")?), None),
            _ => {
                let problem = self
                    .at(node.span, "a part of a form with other than one content")
                    .expected("`file` or `text`")
                    .found("none of them, or both")
                    .help("write `{ file: cup.png, type: image/png }`, or just the text");
                self.report(problem);
                return None;
            }
        };
        let (content_type, filename) = (content_type?, filename?);
        let is_file = matches!(content, PartContent::File(_));
        let untyped = is_file.then(|| "application/octet-stream".to_owned());
        Some(FormPart {
            name: key.text.clone(),
            filename: filename.or(own_name),
            content_type: content_type.or(untyped),
            content,
        })
    }

    fn read_content_type(&mut self, node: &Node) -> Option<String> {
        let text = self.read_string(node, "`type`")?;
        let fine = text.contains('/') && HeaderValue::from_str(text).is_ok();
        if !fine {
            let help = "write it as in the header `content-type`";
            self.report_wrong_type(node, "`type`", "a media type such as `image/png`", help);
            return None;
        }
        Some(text.to_owned())
    }
}
