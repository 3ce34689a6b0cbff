//! What a request sends as its body.

use std::path::Path;

use super::Body;
use super::keys::{BODIES, Property};
use super::reader::{Fields, Reader};
use crate::discover::describe_os_error;
use crate::template::Template;
use diagnostic::suggest;
use diagnostic::units::{human_bytes, human_bytes_beside};
use diagnostic::yaml::{Node, Yaml};

/// The largest file that is sent as a body or read as rows, in bytes.
pub(super) const MOST_BODY_BYTES: u64 = 1024 * 1024;

/// "`json`, `form` or …".
fn list_bodies() -> String {
    suggest::list(&BODIES.iter().map(|body| body.name).collect::<Vec<_>>())
}

impl Reader<'_> {
    /// The body, if there is one; `Err` if there is one that cannot be sent.
    pub(super) fn read_body(&mut self, fields: Fields<'_>) -> Result<Option<Body>, ()> {
        let mut found = BODIES.iter().filter_map(|body| fields.get(body.name));
        let Some((key, value)) = found.next() else {
            return Ok(None);
        };
        for (second, _) in found {
            let problem = self
                .at(second.span, "a request with two bodies")
                .expected(format!("one of {}", list_bodies()))
                .found(format!("`{}` beside `{}`", second.text, key.text))
                .help("remove one of the two");
            self.report(problem);
        }
        let body = match key.text.as_str() {
            "json" => self.read_value(value).map(Body::Json),
            "form" => Some(Body::Form(self.read_form(value))),
            "text" => self.read_template(value, "`text`").map(Body::Text),
            "graphql" => self.read_graphql(value).map(Body::GraphQl),
            "multipart" => self.read_multipart(value).map(Body::Multipart),
            _ => self.read_file_body(value).map(Body::File),
        };
        body.map(Some).ok_or(())
    }

    /// Whether the body is compressed. Only gzip is allowed, because not every
    /// server reads another coding.
    pub(super) fn read_compress(&mut self, property: &Property, node: &Node, body: bool) -> bool {
        let gzip = matches!(&node.value, Yaml::String(text) if text == "gzip");
        if !gzip {
            self.report_wrong_kind(node, property);
        } else if !body {
            let problem = self
                .at(node.span, "nothing to compress")
                .expected(format!("a body beside it: {}", list_bodies()))
                .found("none of them")
                .help("remove `compress`; answers are decoded without it");
            self.report(problem);
        }
        gzip
    }

    fn read_form(&mut self, node: &Node) -> Vec<(String, Template)> {
        let Some(fields) = self.read_entries(node, "`form`") else {
            return Vec::new();
        };
        fields
            .iter()
            .filter_map(|(key, value)| {
                Some((key.text.clone(), self.read_template(value, "a form field")?))
            })
            .collect()
    }

    fn read_file_body(&mut self, node: &Node) -> Option<bytes::Bytes> {
        self.read_file_beside(node, "sent").map(bytes::Bytes::from)
    }

    /// The bytes of a file that is named relative to the check file. `purpose`
    /// ends the title of a diagnostic: "the file … cannot be sent".
    pub(super) fn read_file_beside(&mut self, node: &Node, purpose: &str) -> Option<Vec<u8>> {
        let name = self.read_string(node, "`file`")?;
        let folder = self.source.path().parent().unwrap_or(Path::new(""));
        let path = folder.join(name);
        let mut most = human_bytes(MOST_BODY_BYTES);
        let found = match std::fs::metadata(&path) {
            Ok(about) if !about.is_file() => "something else".to_owned(),
            Ok(about) if about.len() > MOST_BODY_BYTES => {
                let found;
                (most, found) = human_bytes_beside(MOST_BODY_BYTES, about.len());
                found
            }
            Ok(_) => match std::fs::read(&path) {
                Ok(bytes) => return Some(bytes),
                Err(error) => describe_os_error(&error),
            },
            Err(error) => describe_os_error(&error),
        };
        let problem = self
            .at(node.span, format!("the file `{name}` cannot be {purpose}"))
            .expected(format!("a file of at most {most}, beside the check file"))
            .found(found)
            .help("give the path relative to the check file");
        self.report(problem);
        None
    }
}
