//! The expectations of a step.

use super::keys::{EXPECT, Subject};
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
        let fields = node.and_then(|node| self.fields(node, &EXPECT));
        let mut expectations = Vec::new();
        if let Some(node) = fields.and_then(|fields| fields.value("status")) {
            let predicate = self.predicate(node, Subject::Status);
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
            let predicate = self.predicate(value, Subject::Texts);
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
            ("grpc", Query::Grpc),
            ("version", Query::Version),
            ("redirects", Query::Redirects),
            ("url", Query::Url),
            ("body", Query::Body),
            ("size", Query::Size),
            ("sha256", Query::Sha256),
        ];
        for (key, query) in of_the_whole {
            let predicate = self.predicate_below(fields, key);
            expectations.extend(expectation(query, predicate));
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
            let predicate = self.predicate(value, Subject::Json);
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
            let predicate = self.predicate(value, Subject::Json);
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

/// Where several values can be found, the operators for lists speak of all of
/// them and every other demand of the first.
pub(super) fn of_first_and_all(predicate: Predicate, first: Query, all: Query) -> Vec<Expectation> {
    let (of_all, of_first): (Vec<_>, Vec<_>) = predicate
        .0
        .into_iter()
        .partition(|test| test.operator.is_for_lists());
    [(first, of_first), (all, of_all)]
        .into_iter()
        .filter(|(_, tests)| !tests.is_empty())
        .map(|(query, tests)| Expectation {
            query,
            predicate: Predicate(tests),
        })
        .collect()
}
