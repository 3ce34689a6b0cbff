//! Holds an answer, or a message, against what it must be like.

use serde_json::Value;

use super::capture;
use super::cookies::Jar;
use super::step::Attempt;
use crate::answer::{Answer, Senseless};
use crate::check_file::{Capture, Expectation, Query};
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
            if !matches!(query, Query::Variable(..)) {
                let aside = answer.aside(query);
                failures.extend(self.hold(expectation, answer.ask(query), aside, scope));
            }
        }
        let mut learned = scope.clone();
        let mut all_taken = true;
        for capture in captures {
            match capture::take(capture, &answer, self.source, scope) {
                Ok(value) => learned.set(&capture.name, &value),
                Err(diagnostic) => {
                    all_taken = false;
                    failures.push(wrong_answer(diagnostic));
                }
            }
        }
        learned.keep_secret(scope.secrets().to_vec());
        for expectation in expectations.iter().filter(|_| all_taken) {
            if let Query::Variable(named) = &expectation.query {
                let value = named.template.evaluate(&learned).map(Some);
                let value = value.map_err(|found| Senseless {
                    expected: "a value".into(),
                    found,
                });
                failures.extend(self.hold(expectation, value, None, &learned));
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
            *scope = learned;
        }
        failures
    }

    /// What of a value is not as expected.
    fn hold(
        &self,
        expectation: &Expectation,
        value: Result<Option<Value>, Senseless>,
        aside: Option<String>,
        scope: &Scope,
    ) -> Vec<Failure> {
        let Expectation { query, predicate } = expectation;
        let title = format!("unexpected {}", query.describe());
        let wrong = |span, expected: String, found: String| {
            let diagnostic = Diagnostic::at(self.source, span, title.clone());
            wrong_answer(diagnostic.expected(expected).found(found))
        };
        let value = match value {
            Ok(value) => value,
            Err(senseless) => {
                let expected = senseless.expected.into_owned();
                return vec![wrong(predicate.span(), expected, senseless.found)];
            }
        };
        let aside = aside.map(|text| format!(": {}", shown_text(&text)));
        let aside = aside.unwrap_or_default();
        match predicate.judge(value.as_ref(), query.unit(), scope) {
            Ok(mismatches) => mismatches
                .into_iter()
                .map(|one| wrong(one.span, one.expected, one.found + &aside))
                .collect(),
            Err(reason) => {
                let expected = "values to compare with".to_owned();
                vec![wrong(predicate.span(), expected, reason)]
            }
        }
    }
}

fn wrong_answer(diagnostic: Diagnostic) -> Failure {
    Failure {
        class: Class::WrongAnswer,
        diagnostic,
    }
}
