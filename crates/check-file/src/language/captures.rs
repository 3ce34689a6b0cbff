//! The captures of a step: where a value comes from, what is made of it, and
//! whether it is a secret.

use super::keys::{CAPTURE, SOURCE_WORDS, SOURCES};
use super::reader::{Fields, Reader};
use super::{Capture, Phase, Query};
use diagnostic::suggest;
use diagnostic::yaml::{Key, Node, Yaml};

impl Reader<'_> {
    /// The captures of a step.
    pub(super) fn read_captures(&mut self, node: &Node) -> Vec<Capture> {
        self.read_entry_list(node, "`capture`")
            .into_iter()
            .filter_map(|(key, value)| {
                let named = self.check_identifier(key, "a capture's name");
                let capture = self.read_capture(key, value)?;
                named.then_some(capture)
            })
            .collect()
    }

    fn read_capture(&mut self, name: &Key, node: &Node) -> Option<Capture> {
        let capture = |query| Capture {
            name: name.text.clone(),
            span: name.span.to(node.span),
            query,
            transform: None,
            secret: false,
        };
        match &node.value {
            Yaml::String(text) if SOURCE_WORDS.contains(&text.as_str()) => {
                self.read_source_word(node).map(capture)
            }
            Yaml::Map(_) => {
                let fields = self.read_fields(node, &CAPTURE)?;
                let secret = match fields.value("secret") {
                    Some(node) => self.read_boolean(node, "`secret`"),
                    None => Some(false),
                };
                let transform = match fields.value("transform") {
                    Some(node) => {
                        let template = self.read_template(node, "`transform`");
                        template.map(|template| Some((template, node.span)))
                    }
                    None => Some(None),
                };
                let query = self.read_capture_source(fields)?;
                Some(Capture {
                    transform: transform?,
                    secret: secret?,
                    ..capture(query)
                })
            }
            _ => {
                self.report_wrong_type(
                    node,
                    "a capture",
                    "a word such as `status` or `body`, or a map such as `{ json: $.token }`",
                    "say where the value comes from",
                );
                None
            }
        }
    }

    fn read_capture_source(&mut self, fields: Fields<'_>) -> Option<Query> {
        let named = |key: &str| SOURCES.contains(&key);
        let sources: Vec<_> = fields.iter().filter(|(key, _)| named(&key.text)).collect();
        let [(key, value)] = sources.as_slice() else {
            let problem = self
                .at(fields.span, "a capture with other than one source")
                .expected(format!("one of {}", suggest::list(&SOURCES)))
                .found(match sources.len() {
                    0 => "none of them".to_owned(),
                    many => format!("{many} of them"),
                })
                .help("write one capture for each value");
            self.report(problem);
            return None;
        };
        match key.text.as_str() {
            "json" => {
                let text = self.read_string(value, "a JSONPath")?;
                self.parse_json_path(text, value.span).map(Query::Json)
            }
            "xpath" | "css" => self.read_markup_capture(&key.text, value),
            "header" => {
                let text = self.read_string(value, "a header's name")?;
                let name = Key {
                    text: text.to_owned(),
                    span: value.span,
                };
                self.read_header_name(&name).map(Query::Header)
            }
            "cookie" => {
                let name = self.read_string(value, "a cookie's name")?;
                Some(Query::Cookie(name.to_owned()))
            }
            "regex" => self.read_pattern(value).map(Query::Regex),
            "tls" => self.read_tls_fact(value).map(Query::Tls),
            "from" => self.read_source_word(value),
            _ => None,
        }
    }

    /// Reads a query that is one word alone, such as `status`.
    fn read_source_word(&mut self, node: &Node) -> Option<Query> {
        match &node.value {
            Yaml::String(text) if text == "status" => Some(Query::Status),
            Yaml::String(text) if text == "body" => Some(Query::Body),
            Yaml::String(text) if text == "url" => Some(Query::Url),
            Yaml::String(text) if text == "redirects" => Some(Query::Redirects),
            Yaml::String(text) if text == "version" => Some(Query::Version),
            Yaml::String(text) if text == "size" => Some(Query::Size),
            Yaml::String(text) if text == "sha256" => Some(Query::Sha256),
            Yaml::String(text) if text == "latency" => Some(Query::Latency(Phase::Total)),
            _ => {
                self.report_wrong_type(
                    node,
                    "`from`",
                    &format!("one of {}", suggest::list(&SOURCE_WORDS)),
                    "write `{ from: body, transform: … }`",
                );
                None
            }
        }
    }
}
