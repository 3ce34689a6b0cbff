//! What is expected of HTML and XML, by XPath and by CSS selectors.

use super::expect::{expectation, of_first_and_all};
use super::keys::Subject;
use super::read::{Fields, Reader};
use super::{Expectation, Query};
use diagnostic::Span;
use diagnostic::yaml::Node;
use query::markup::{self, Finder, Selector, Wrong, XPath};

impl Reader<'_> {
    /// What is expected by XPath and by CSS. The operators for lists speak of all
    /// nodes, also if there is one or none.
    pub(super) fn of_markup(&mut self, fields: Fields<'_>, expectations: &mut Vec<Expectation>) {
        for language in ["xpath", "css"] {
            for (key, value) in self.entry_list_of(fields, language) {
                let finder = self.finder(language, &key.text, key.span);
                let kind = match finder.as_ref().map(Finder::kind) {
                    Some(markup::Kind::Nodes) => Subject::Texts,
                    Some(markup::Kind::Text) => Subject::Text,
                    Some(markup::Kind::Number) => Subject::Number,
                    Some(markup::Kind::Boolean) => Subject::Boolean,
                    // Whatever it is, other mistakes are found.
                    None => Subject::Json,
                };
                let predicate = self.predicate(value, kind);
                let (Some(finder), Some(predicate)) = (finder, predicate) else {
                    continue;
                };
                let query = Query::Markup(finder.clone());
                if kind == Subject::Texts {
                    let all = Query::EachMarkup(finder);
                    expectations.extend(of_first_and_all(predicate, query, all));
                } else {
                    expectations.extend(expectation(query, Some(predicate)));
                }
            }
        }
    }

    /// What a capture takes by XPath or by CSS.
    pub(super) fn captured_markup(&mut self, language: &str, node: &Node) -> Option<Query> {
        let text = self.string(node, name(language))?;
        self.finder(language, text, node.span).map(Query::Markup)
    }

    fn finder(&mut self, language: &str, text: &str, span: Span) -> Option<Finder> {
        let finder = match language {
            "css" => Selector::parse(text).map(Box::new).map(Finder::Css),
            _ => XPath::parse(text).map(Finder::XPath),
        };
        let said = |wrong: Wrong| {
            self.at(span, format!("{} that cannot be used", name(language)))
                .expected(wrong.expected)
                .found(wrong.found)
                .help(wrong.help)
        };
        match finder.map_err(said) {
            Ok(finder) => Some(finder),
            Err(problem) => {
                self.report(problem);
                None
            }
        }
    }
}

fn name(language: &str) -> &'static str {
    match language {
        "css" => "a CSS selector",
        _ => "an XPath",
    }
}
