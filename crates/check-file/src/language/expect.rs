//! The expectations of a step.

use super::keys::{EXPECT, Subject};
use super::reader::{Fields, Reader};
use super::{Expectation, Query};
use crate::predicate::{Operator, Predicate, Test};
use crate::template::Template;
use diagnostic::Span;
use diagnostic::yaml::{Key, Node};
use query::jsonpath::{Path, PathError};

/// A variable of which something is expected.
#[derive(Debug, Clone)]
pub struct NamedVariable {
    pub(crate) name: String,
    pub span: Span,
    /// The template whose value it is.
    pub template: Template,
}

impl Reader<'_> {
    /// The expectations of a step whose request stands at `request`. A step
    /// whose `expect` has no `status` expects success, so that it cannot pass on an
    /// error page.
    pub(super) fn read_expectations(
        &mut self,
        node: Option<&Node>,
        request: Span,
        opens: bool,
    ) -> Vec<Expectation> {
        let fields = node.and_then(|node| self.read_fields(node, &EXPECT));
        let mut expectations = Vec::new();
        if let Some(node) = fields.and_then(|fields| fields.value("status")) {
            let predicate = self.read_predicate(node, Subject::Status);
            expectations.extend(make_expectation(Query::Status, predicate));
        } else {
            // A WebSocket is open after 101, and any other request has succeeded
            // after 2xx.
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
        for (key, value) in self.read_entries_at(fields, "headers") {
            let name = self.read_header_name(key);
            let predicate = self.read_predicate(value, Subject::Texts);
            if let (Some(name), Some(predicate)) = (name, predicate) {
                expectations.extend(split_first_and_all(
                    predicate,
                    Query::Header(name.clone()),
                    Query::EachHeader(name),
                ));
            }
        }
        for (key, value) in self.read_entries_at(fields, "cookies") {
            self.read_cookie(&key.text, value, &mut expectations);
        }
        if let Some(node) = fields.value("grpc") {
            self.check_grpc_status_names(node);
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
            let predicate = self.read_predicate_at(fields, key);
            expectations.extend(make_expectation(query, predicate));
        }
        if let Some(node) = fields.value("tls") {
            self.read_tls(node, &mut expectations);
        }
        if let Some(node) = fields.value("latency") {
            self.read_latency(node, &mut expectations);
        }
        self.read_json_expectations(fields, &mut expectations);
        self.read_markup_expectations(fields, &mut expectations);
        self.read_variable_expectations(fields, &mut expectations);
        expectations
    }

    /// What is expected of variables, those that the step captures among them.
    fn read_variable_expectations(
        &mut self,
        fields: Fields<'_>,
        expectations: &mut Vec<Expectation>,
    ) {
        for (key, value) in self.read_entries_at(fields, "variables") {
            let named = self.check_identifier(key, "a variable's name");
            let predicate = self.read_predicate(value, Subject::Json);
            let template = Template::parse(&format!("{{{{ {} }}}}", key.text));
            if let (true, Ok(template)) = (named, template) {
                let named = NamedVariable {
                    name: key.text.clone(),
                    span: key.span,
                    template,
                };
                expectations.extend(make_expectation(Query::Variable(named.into()), predicate));
            }
        }
    }

    /// What is expected by JSONPath.
    pub(super) fn read_json_expectations(
        &mut self,
        fields: Fields<'_>,
        expectations: &mut Vec<Expectation>,
    ) {
        for (key, value) in self.read_entries_at(fields, "json") {
            let path = self.parse_json_path(&key.text, key.span);
            let predicate = self.read_predicate(value, Subject::Json);
            expectations
                .extend(path.and_then(|path| make_expectation(Query::Json(path), predicate)));
        }
    }

    /// The entries of the map below a key, if there is one.
    pub(super) fn read_entries_at<'n>(
        &mut self,
        fields: Fields<'n>,
        key: &str,
    ) -> Vec<(&'n Key, &'n Node)> {
        match fields.value(key) {
            Some(node) => self.read_entry_list(node, &format!("`{key}`")),
            None => Vec::new(),
        }
    }

    pub(super) fn read_entry_list<'n>(
        &mut self,
        node: &'n Node,
        what: &str,
    ) -> Vec<(&'n Key, &'n Node)> {
        let fields = self.read_entries(node, what);
        fields
            .iter()
            .flat_map(Fields::iter)
            .map(|(key, value)| (key, value))
            .collect()
    }

    pub(super) fn parse_json_path(&mut self, text: &str, span: Span) -> Option<Path> {
        match Path::parse(text) {
            Ok(path) => Some(path),
            Err(PathError { at, reason }) => {
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

pub(super) fn make_expectation(query: Query, predicate: Option<Predicate>) -> Option<Expectation> {
    predicate.map(|predicate| Expectation { query, predicate })
}

/// Splits a predicate where a query may find several values: the operators for
/// lists are about all of them, and every other one is about the first.
pub(super) fn split_first_and_all(
    predicate: Predicate,
    first: Query,
    all: Query,
) -> Vec<Expectation> {
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
