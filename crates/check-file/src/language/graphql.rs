//! A GraphQL request, and what holds for each answer to one.

use http::Method;

use super::keys::GRAPHQL;
use super::method::RequestLine;
use super::reader::Reader;
use super::{Expectation, GraphQl, Query};
use crate::graphql::{Operation, parse_operations};
use crate::predicate::{Operator, Predicate, Test};
use crate::template::Template;
use crate::value::ValueTemplate;
use diagnostic::Span;
use diagnostic::suggest;
use diagnostic::yaml::{Node, Yaml};
use query::jsonpath::Path;

impl Reader<'_> {
    pub(super) fn read_graphql(&mut self, node: &Node) -> Option<GraphQl> {
        let fields = self.read_fields(node, &GRAPHQL)?;
        let Some(query) = fields.value("query") else {
            let problem = self
                .at(node.span, "a GraphQL request without a document")
                .expected("`query:` with operations, such as `query: \"{ orders { id } }\"`")
                .found("no key `query`")
                .help("write mutations below `query` too: that is the name of the document");
            self.report(problem);
            return None;
        };
        let variables = match fields.value("variables") {
            Some(node) => self.read_graphql_variables(node).map(Some),
            None => Some(None),
        };
        let operation = match fields.value("operation") {
            Some(node) => {
                let template = self.read_template(node, "`operation`");
                template.map(|template| Some((template, node.span)))
            }
            None => Some(None),
        };
        let text = self.read_string(query, "`query`")?;
        let document = self.parse_template(text, query.span)?;
        // A template has no text before the run, so that its operations are not
        // known here, and count as writing.
        let operations = if document.is_fixed() {
            self.parse_graphql_operations(text, query.span).map(Some)
        } else {
            Some(None)
        };
        let (variables, operation) = (variables?, operation?);
        let operations = operations?;
        if let Some(operations) = &operations {
            self.check_graphql_choice(operations, operation.as_ref(), query.span)?;
        }
        let reads = |operations: Vec<Operation>| operations.iter().all(|operation| operation.reads);
        Some(GraphQl {
            document,
            variables,
            operation: operation.map(|(template, _)| template),
            reads: operations.is_some_and(reads),
        })
    }

    fn read_graphql_variables(&mut self, node: &Node) -> Option<ValueTemplate> {
        if let Yaml::Map(_) = &node.value {
            return self.read_value(node);
        }
        let help = "write one `name: value` for each variable of the operation";
        self.report_wrong_type(node, "`variables`", "a map", help);
        None
    }

    fn parse_graphql_operations(&mut self, text: &str, span: Span) -> Option<Vec<Operation>> {
        let reason = match parse_operations(text) {
            Ok(operations) if operations.is_empty() => "no operation in it".to_owned(),
            Ok(operations) => return Some(operations),
            Err(error) => error.to_string(),
        };
        let problem = self
            .at(span, "a GraphQL document that cannot be read")
            .expected("operations such as `query { orders { id } }`, and their fragments")
            .found(reason)
            .help("close each `{`, `(` and `[`, and end each string on its line");
        self.report(problem);
        None
    }

    /// Reports a choice of operation that the server would refuse.
    fn check_graphql_choice(
        &mut self,
        operations: &[Operation],
        chosen: Option<&(Template, Span)>,
        document: Span,
    ) -> Option<()> {
        let names: Vec<&str> = operations
            .iter()
            .filter_map(|operation| operation.name.as_deref())
            .collect();
        match chosen {
            None if operations.len() > 1 => {
                let problem = self
                    .at(document, "several operations and no choice between them")
                    .expected("`operation:` with the name of one")
                    .found(format!("{} operations", operations.len()))
                    .help(format!("choose from {}", suggest::list(&names)));
                self.report(problem);
                None
            }
            Some((template, span)) if template.is_fixed() && !names.contains(&template.text()) => {
                let near = suggest::nearest(template.text(), names.iter().copied());
                let problem = self
                    .at(*span, "an operation that the document does not have")
                    .expected(match names.as_slice() {
                        [] => "a document with a named operation".to_owned(),
                        names => suggest::list(names),
                    })
                    .found(format!("`{}`", template.text()))
                    .help(match near {
                        Some(near) => format!("write `{near}` if that is meant"),
                        None => "write the name as it stands in the document".to_owned(),
                    });
                self.report(problem);
                None
            }
            _ => Some(()),
        }
    }

    pub(super) fn require_post(&mut self, line: &RequestLine<'_>) {
        if line.method != Method::POST {
            let problem = self
                .at(line.key.span, "a GraphQL request that is not a POST")
                .expected("`post:`")
                .found(format!("`{}`", line.word))
                .help("write `post:`; a document of queries needs no `writes: true`");
            self.report(problem);
        }
    }
}

/// A server answers 200 and says in the body what went wrong: unless the step
/// has an expectation of its own on `$.errors`, there must be none.
pub(super) fn expect_no_errors(expectations: &mut Vec<Expectation>, request: Span) {
    let speaks_of_errors = |path: &Path| {
        let begins = ["$.errors", "$['errors']", "$[\"errors\"]", "$..errors"];
        begins.iter().any(|begin| path.text().starts_with(begin))
    };
    let own = expectations.iter().any(
        |expectation| matches!(&expectation.query, Query::Json(path) if speaks_of_errors(path)),
    );
    // The path is a constant, and a well-formed one.
    if let (false, Ok(path)) = (own, Path::parse("$.errors[*]")) {
        expectations.push(Expectation {
            query: Query::Json(path),
            predicate: Predicate(vec![Test {
                span: request,
                operator: Operator::Equals(ValueTemplate::Fixed(serde_json::json!([]))),
            }]),
        });
    }
}
