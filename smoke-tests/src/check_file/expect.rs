//! The expectations and captures of a step.

use super::connection::of_first_and_all;
use super::keys::{EXPECTATIONS, SOURCE_WORDS, SOURCES};
use super::predicates::Kind;
use super::read::{Fields, Reader};
use super::{Capture, Expectation, Query};
use crate::diagnostic::Span;
use crate::jsonpath::Path;
use crate::predicate::{Operator, Predicate, Test};
use crate::suggest;
use crate::yaml::{Key, Node, Yaml};

impl Reader<'_> {
    /// The expectations of a step whose request stands at `request`. A step
    /// that says nothing of the status expects success, so that no step can
    /// pass on an error page by keeping silent.
    pub(super) fn expectations(&mut self, node: Option<&Node>, request: Span) -> Vec<Expectation> {
        let fields = node.and_then(|node| self.fields(node, "`expect`", &EXPECTATIONS));
        let mut expectations = Vec::new();
        match fields.and_then(|fields| fields.value("status")) {
            Some(node) => {
                let predicate = self.predicate(node, Kind::Status);
                expectations.extend(expectation(Query::Status, predicate));
            }
            None => expectations.push(Expectation {
                query: Query::Status,
                predicate: Predicate(vec![Test {
                    span: request,
                    operator: Operator::Status(vec![200..=299], "2xx".to_owned()),
                }]),
            }),
        }
        let Some(fields) = fields else {
            return expectations;
        };
        for (key, value) in self.entry_list_of(fields, "headers") {
            let name = self.header_name(key);
            let predicate = self.predicate(value, Kind::Texts);
            if let (Some(name), Some(predicate)) = (name, predicate) {
                expectations.extend(of_first_and_all(
                    predicate,
                    Query::Header(name.clone()),
                    Query::EachHeader(name),
                ));
            }
        }
        for (key, value) in self.entry_list_of(fields, "cookies") {
            self.cookie(&key.text, value, &mut expectations);
        }
        if let Some(node) = fields.value("grpc") {
            self.grpc_status_names(node);
        }
        let of_the_whole = [
            ("grpc", Query::Grpc, Kind::Text),
            ("version", Query::Version, Kind::Text),
            ("redirects", Query::Redirects, Kind::Json),
            ("url", Query::Url, Kind::Text),
            ("body", Query::Body, Kind::Text),
            ("size", Query::Size, Kind::Number),
            ("sha256", Query::Sha256, Kind::Text),
        ];
        for (key, query, kind) in of_the_whole {
            if let Some(node) = fields.value(key) {
                let predicate = self.predicate(node, kind);
                expectations.extend(expectation(query, predicate));
            }
        }
        if let Some(node) = fields.value("tls") {
            self.tls(node, &mut expectations);
        }
        if let Some(node) = fields.value("latency") {
            self.latency(node, &mut expectations);
        }
        if let Some(node) = fields.value("json") {
            for (key, value) in self.entry_list(node, "`json`") {
                let path = self.json_path(&key.text, key.span);
                let predicate = self.predicate(value, Kind::Json);
                expectations
                    .extend(path.and_then(|path| expectation(Query::Json(path), predicate)));
            }
        }
        expectations
    }

    /// The captures of a step.
    pub(super) fn captures(&mut self, node: &Node) -> Vec<Capture> {
        self.entry_list(node, "`capture`")
            .into_iter()
            .filter_map(|(key, value)| {
                let named = self.identifier(key, "a capture's name");
                let query = self.capture_source(value)?;
                named.then(|| Capture {
                    name: key.text.clone(),
                    span: key.span.to(value.span),
                    query,
                })
            })
            .collect()
    }

    fn capture_source(&mut self, node: &Node) -> Option<Query> {
        match &node.value {
            Yaml::String(text) if text == "status" => return Some(Query::Status),
            Yaml::String(text) if text == "body" => return Some(Query::Body),
            Yaml::String(text) if text == "url" => return Some(Query::Url),
            Yaml::Map(_) => {}
            _ => {
                self.wrong_type(
                    node,
                    "a capture",
                    "`status`, `body`, `url`, or a map such as `{ json: $.token }`",
                    "say where the value comes from",
                );
                return None;
            }
        }
        let fields = self.fields(node, "a capture", &SOURCES)?;
        let mut entries = fields.iter();
        let (Some((key, value)), None) = (entries.next(), entries.next()) else {
            let problem = self
                .at(node.span, "a capture with other than one source")
                .expected(format!(
                    "one of {}",
                    suggest::list(&[SOURCES.as_slice(), SOURCE_WORDS.as_slice()].concat())
                ))
                .found(format!("{} keys", fields.iter().count()))
                .help("write one capture for each value");
            self.report(problem);
            return None;
        };
        match key.text.as_str() {
            "json" => {
                let text = self.string(value, "a JSONPath")?;
                self.json_path(text, value.span).map(Query::Json)
            }
            "header" => {
                let text = self.string(value, "a header's name")?;
                let name = Key {
                    text: text.to_owned(),
                    span: value.span,
                };
                self.header_name(&name).map(Query::Header)
            }
            "cookie" => {
                let name = self.string(value, "a cookie's name")?;
                Some(Query::Cookie(name.to_owned()))
            }
            "regex" => self.pattern(value).map(Query::Regex),
            "tls" => self.tls_fact(value).map(Query::Tls),
            _ => None,
        }
    }

    /// The entries of the map below a key, if there is one.
    fn entry_list_of<'n>(&mut self, fields: Fields<'n>, key: &str) -> Vec<(&'n Key, &'n Node)> {
        match fields.value(key) {
            Some(node) => self.entry_list(node, &format!("`{key}`")),
            None => Vec::new(),
        }
    }

    fn entry_list<'n>(&mut self, node: &'n Node, what: &str) -> Vec<(&'n Key, &'n Node)> {
        let fields = self.entries(node, what);
        fields
            .iter()
            .flat_map(Fields::iter)
            .map(|(key, value)| (key, value))
            .collect()
    }

    fn json_path(&mut self, text: &str, span: Span) -> Option<Path> {
        match Path::parse(text) {
            Ok(path) => Some(path),
            Err((at, reason)) => {
                let stopped = match text.get(at..).and_then(|rest| rest.chars().next()) {
                    Some(c) => format!("`{c}` at character {}", text[..at].chars().count() + 1),
                    None => "its end".to_owned(),
                };
                let problem = self
                    .at(span, "a JSONPath that cannot be read")
                    .expected("a path as in RFC 9535, such as `$.items[0].name`")
                    .found(format!("`{text}`, stopped at {stopped} ({reason})"))
                    .help(
                        "begin with `$`; write names that hold `-` or spaces as `$['content-type']`",
                    );
                self.report(problem);
                None
            }
        }
    }
}

pub(super) fn expectation(query: Query, predicate: Option<Predicate>) -> Option<Expectation> {
    predicate.map(|predicate| Expectation { query, predicate })
}
