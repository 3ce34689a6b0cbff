//! The expectations of a step.

use super::connection::of_first_and_all;
use super::keys::EXPECTATIONS;
use super::predicates::Kind;
use super::read::{Fields, Reader};
use super::{Expectation, Query};
use crate::predicate::{Operator, Predicate, Test};
use crate::template::Template;
use diagnostic::Span;
use diagnostic::yaml::{Key, Node};
use query::jsonpath::Path;

/// A variable of which something is expected.
#[derive(Debug, Clone)]
pub struct Named {
    pub(crate) name: String,
    pub span: Span,
    /// What gives its value.
    pub template: Template,
}

impl Reader<'_> {
    /// The expectations of a step whose request stands at `request`. A step
    /// that says nothing of the status expects success, so that no step can
    /// pass on an error page by keeping silent; a WebSocket is open after 101.
    pub(super) fn expectations(
        &mut self,
        node: Option<&Node>,
        request: Span,
        opens: bool,
    ) -> Vec<Expectation> {
        let fields = node.and_then(|node| self.fields(node, "`expect`", &EXPECTATIONS));
        let mut expectations = Vec::new();
        if let Some(node) = fields.and_then(|fields| fields.value("status")) {
            let predicate = self.predicate(node, Kind::Status);
            expectations.extend(expectation(Query::Status, predicate));
        } else {
            let (range, word) = if opens {
                (101..=101, "101")
            } else {
                (200..=299, "2xx")
            };
            expectations.push(Expectation {
                query: Query::Status,
                predicate: Predicate(vec![Test {
                    span: request,
                    operator: Operator::Status(vec![range], word.to_owned()),
                }]),
            });
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
        self.of_json(fields, &mut expectations);
        self.of_markup(fields, &mut expectations);
        self.of_variables(fields, &mut expectations);
        expectations
    }

    /// What is expected of variables, those that the step captures among them.
    fn of_variables(&mut self, fields: Fields<'_>, expectations: &mut Vec<Expectation>) {
        for (key, value) in self.entry_list_of(fields, "variables") {
            let named = self.identifier(key, "a variable's name");
            let predicate = self.predicate(value, Kind::Json);
            let template = Template::parse(&format!("{{{{ {} }}}}", key.text));
            if let (true, Ok(template)) = (named, template) {
                let named = Named {
                    name: key.text.clone(),
                    span: key.span,
                    template,
                };
                expectations.extend(expectation(Query::Variable(named.into()), predicate));
            }
        }
    }

    /// What is expected by JSONPath.
    pub(super) fn of_json(&mut self, fields: Fields<'_>, expectations: &mut Vec<Expectation>) {
        for (key, value) in self.entry_list_of(fields, "json") {
            let path = self.json_path(&key.text, key.span);
            let predicate = self.predicate(value, Kind::Json);
            expectations.extend(path.and_then(|path| expectation(Query::Json(path), predicate)));
        }
    }

    /// The entries of the map below a key, if there is one.
    pub(super) fn entry_list_of<'n>(
        &mut self,
        fields: Fields<'n>,
        key: &str,
    ) -> Vec<(&'n Key, &'n Node)> {
        match fields.value(key) {
            Some(node) => self.entry_list(node, &format!("`{key}`")),
            None => Vec::new(),
        }
    }

    pub(super) fn entry_list<'n>(
        &mut self,
        node: &'n Node,
        what: &str,
    ) -> Vec<(&'n Key, &'n Node)> {
        let fields = self.entries(node, what);
        fields
            .iter()
            .flat_map(Fields::iter)
            .map(|(key, value)| (key, value))
            .collect()
    }

    pub(super) fn json_path(&mut self, text: &str, span: Span) -> Option<Path> {
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
