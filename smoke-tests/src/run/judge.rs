//! Holds an answer, or a message, against what it must be like.

use super::capture;
use super::cookies::Jar;
use super::step::Attempt;
use crate::answer::Answer;
use crate::check_file::{Capture, Expectation};
use crate::diagnostic::Diagnostic;
use crate::http::Response;
use crate::report::{Class, Failure};
use crate::template::Scope;
use crate::value::shown_text;

impl Attempt<'_> {
    /// Holds the answer against the expectations, and keeps the captures if
    /// all of them are met.
    pub(super) fn judge(
        &self,
        expectations: &[Expectation],
        captures: &[Capture],
        response: &Response,
        scope: &mut Scope,
        jar: &Jar,
    ) -> Vec<Failure> {
        let cookie = |name: &str| jar.value(name);
        let answer = Answer::new(response, &cookie);
        let mut failures = Vec::new();
        for expectation in expectations {
            let query = &expectation.query;
            let title = format!("unexpected {}", query.describe());
            let mut wrong = |span, expected: Option<String>, found: String| {
                let mut diagnostic = Diagnostic::at(self.source, span, title.clone()).found(found);
                diagnostic.expected = expected;
                failures.push(Failure {
                    class: Class::WrongAnswer,
                    diagnostic,
                });
            };
            let span = expectation.predicate.span();
            match answer.ask(query) {
                Err(senseless) => {
                    wrong(span, Some(senseless.expected.into_owned()), senseless.found);
                }
                Ok(value) => {
                    match expectation
                        .predicate
                        .judge(value.as_ref(), query.unit(), scope)
                    {
                        Ok(mismatches) => mismatches.into_iter().for_each(|mismatch| {
                            let aside = answer.aside(query);
                            let aside = aside.map(|text| format!(": {}", shown_text(&text)));
                            let found = mismatch.found + aside.as_deref().unwrap_or_default();
                            wrong(mismatch.span, Some(mismatch.expected), found);
                        }),
                        Err(reason) => {
                            wrong(span, Some("values to compare with".to_owned()), reason);
                        }
                    }
                }
            }
        }
        let mut taken = Vec::new();
        for capture in captures {
            match capture::take(capture, &answer, self.source, scope) {
                Ok(value) => taken.push((&capture.name, value)),
                Err(diagnostic) => failures.push(Failure {
                    class: Class::WrongAnswer,
                    diagnostic,
                }),
            }
        }
        failures.sort_by_key(|failure: &Failure| {
            failure
                .diagnostic
                .place
                .as_ref()
                .map(|place| place.span.start)
        });
        if failures.is_empty() {
            for (name, value) in taken {
                scope.set(name, &value);
            }
        }
        failures
    }
}
