//! What is expected of HTML and XML, by XPath and by CSS selectors.

use super::expect::{make_expectation, split_first_and_all};
use super::keys::Subject;
use super::reader::{Fields, Reader};
use super::{Expectation, Query};
use diagnostic::Span;
use diagnostic::yaml::Node;
use query::markup::{self, ExpressionError, MarkupQuery, Selector, XPath};

impl Reader<'_> {
    /// What is expected by XPath and by CSS. The operators for lists speak of all
    /// nodes, also if there is one or none.
    pub(super) fn read_markup_expectations(
        &mut self,
        fields: Fields<'_>,
        expectations: &mut Vec<Expectation>,
    ) {
        for language in ["xpath", "css"] {
            for (key, value) in self.read_entries_at(fields, language) {
                let markup = self.parse_markup_query(language, &key.text, key.span);
                let kind = match markup.as_ref().map(MarkupQuery::kind) {
                    Some(markup::ValueKind::Nodes) => Subject::Texts,
                    Some(markup::ValueKind::Text) => Subject::Text,
                    Some(markup::ValueKind::Number) => Subject::Number,
                    Some(markup::ValueKind::Boolean) => Subject::Boolean,
                    // The query is reported already. A predicate on any value
                    // lets the reader find the mistakes below it too.
                    None => Subject::Json,
                };
                let predicate = self.read_predicate(value, kind);
                let (Some(markup), Some(predicate)) = (markup, predicate) else {
                    continue;
                };
                let query = Query::Markup(markup.clone());
                if kind == Subject::Texts {
                    let all = Query::EachMarkup(markup);
                    expectations.extend(split_first_and_all(predicate, query, all));
                } else {
                    expectations.extend(make_expectation(query, Some(predicate)));
                }
            }
        }
    }

    /// What a capture takes by XPath or by CSS.
    pub(super) fn read_markup_capture(&mut self, language: &str, node: &Node) -> Option<Query> {
        let text = self.read_string(node, describe_language(language))?;
        self.parse_markup_query(language, text, node.span)
            .map(Query::Markup)
    }

    fn parse_markup_query(
        &mut self,
        language: &str,
        text: &str,
        span: Span,
    ) -> Option<MarkupQuery> {
        let query = match language {
            "css" => Selector::parse(text).map(Box::new).map(MarkupQuery::Css),
            _ => XPath::parse(text).map(MarkupQuery::XPath),
        };
        let explain = |error: ExpressionError| {
            self.at(
                span,
                format!("{} that cannot be used", describe_language(language)),
            )
            .expected(error.expected)
            .found(error.found)
            .help(error.help)
        };
        match query.map_err(explain) {
            Ok(query) => Some(query),
            Err(problem) => {
                self.report(problem);
                None
            }
        }
    }
}

fn describe_language(language: &str) -> &'static str {
    match language {
        "css" => "a CSS selector",
        _ => "an XPath",
    }
}
