//! An answer and what it must be like: each capture and each expectation within
//! a budget, and what is known before all of them are done.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use super::capture;
use crate::parsed_response::{InapplicableQuery, ParsedResponse};
use check_file::template::Scope;
use check_file::{Capture, Expectation, Query};
use client::http::Response;
use diagnostic::{Diagnostic, Source, Span};
use query::value::quote_text;
use query::work::budget::{self, AT_MOST, Budget, Exhausted};
use redact::Secret;
use report::{Class, Failure};

/// What helps where a judgement is too much.
pub(super) const ASK_LESS: &str =
    "expect less of it: a narrower path, a simpler schema or pattern, or a smaller answer";

/// An answer, and what it must be like.
pub(super) struct JudgementInput<'a> {
    pub(super) expectations: &'a [Expectation],
    pub(super) captures: &'a [Capture],
    pub(super) response: &'a Response,
    pub(super) source: &'a Arc<Source>,
    /// How much all of it may take; of [`AT_MOST`], which is the end of it, each
    /// expectation and each capture has all.
    pub(super) budget: Budget,
}

/// What came of it.
pub(super) struct Judgement {
    pub(super) failures: Vec<Failure>,
    /// With what was captured.
    pub(super) learned: Scope,
    pub(super) secrets: Vec<Secret>,
    pub(super) hides_secret: bool,
}

/// An expectation or a capture, for a message.
pub(super) struct JudgedPart {
    pub(super) span: Span,
    pub(super) what: String,
}

/// What is known before all is.
#[derive(Default)]
pub(super) struct JudgementProgress(Mutex<PartialJudgement>);

#[derive(Default)]
pub(super) struct PartialJudgement {
    /// Which part is worked at: captures first, then expectations.
    pub(super) at: usize,
    /// How many captures were taken.
    pub(super) captured: usize,
    pub(super) failures: Vec<Failure>,
    pub(super) secrets: Vec<Secret>,
}

impl JudgementProgress {
    /// Nothing is known but where it stopped the last time.
    fn begin(&self) {
        self.note(|known| {
            *known = PartialJudgement {
                at: known.at,
                ..PartialJudgement::default()
            };
        });
    }

    fn note(&self, change: impl FnOnce(&mut PartialJudgement)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub(super) fn take(&self) -> PartialJudgement {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl JudgementInput<'_> {
    /// Captures first, so that secrets are known whatever comes of the rest.
    ///
    /// # Errors
    /// It is more work than the budget allows, and there is a larger one.
    pub(super) fn judge(
        &self,
        scope: &Scope,
        cookie: &dyn Fn(&str) -> Option<String>,
        progress: &JudgementProgress,
    ) -> Result<Judgement, Exhausted> {
        let judge = || self.judge_parts(scope, cookie, progress);
        if self.budget == AT_MOST {
            Ok(judge())
        } else {
            budget::run_within(self.budget, judge)
        }
    }

    /// Does what belongs to one expectation or capture.
    fn attempt<T>(&self, work: impl FnOnce() -> T) -> Result<T, Exhausted> {
        if self.budget == AT_MOST {
            budget::run_within(AT_MOST, work)
        } else {
            // Where the budget of all ends, this does not return.
            Ok(work())
        }
    }

    fn judge_parts(
        &self,
        scope: &Scope,
        cookie: &dyn Fn(&str) -> Option<String>,
        progress: &JudgementProgress,
    ) -> Judgement {
        let answer = ParsedResponse::new(self.response, cookie);
        let mut failures = Vec::new();
        // What a capture finds is a secret of this scope, and a value of that.
        let mut inner = if self.captures.is_empty() {
            Scope::default()
        } else {
            scope.clone()
        };
        let mut learned = scope.clone();
        let mut all_taken = true;
        let mut hides_secret = false;
        progress.begin();
        for (at, capture) in self.captures.iter().enumerate() {
            progress.note(|known| known.at = at);
            let take = || capture::take(capture, &answer, self.source, &mut inner);
            let taken = match self.attempt(take) {
                Ok(taken) => taken,
                Err(exhausted) => {
                    hides_secret |= capture.secret;
                    Err(self.give_up(exhausted, &self.part(at)))
                }
            };
            match taken {
                Ok(value) => learned.set(&capture.name, &value),
                Err(diagnostic) => {
                    all_taken = false;
                    failures.push(wrong_answer(diagnostic));
                }
            }
            progress.note(|known| {
                let before = known.secrets.len();
                known.secrets.extend_from_slice(&inner.secrets()[before..]);
                known.captured = at + 1;
            });
        }
        learned.add_secrets(inner.secrets().to_vec());
        for (at, expectation) in self.expectations.iter().enumerate() {
            let at = self.captures.len() + at;
            progress.note(|known| {
                known.at = at;
                let before = known.failures.len();
                known.failures.extend_from_slice(&failures[before..]);
            });
            let query = &expectation.query;
            let hold = || match query {
                Query::Variable(_) if !all_taken => Vec::new(),
                Query::Variable(named) => {
                    let value = named.template.evaluate(&learned).map(Some);
                    let value = value.map_err(|error| InapplicableQuery {
                        expected: "a value".into(),
                        found: error.to_string(),
                    });
                    self.hold(expectation, value, None, &learned)
                }
                query => {
                    let aside = answer.server_message(query);
                    self.hold(expectation, answer.evaluate(query), aside, scope)
                }
            };
            match self.attempt(hold) {
                Ok(found) => failures.extend(found),
                Err(exhausted) => {
                    let given_up = self.give_up(exhausted, &self.part(at));
                    failures.push(wrong_answer(given_up));
                }
            }
        }
        let place = |failure: &Failure| failure.diagnostic.place.as_ref().map(|it| it.span.start);
        failures.sort_by_key(place);
        Judgement {
            failures,
            learned,
            secrets: inner.secrets().to_vec(),
            hides_secret,
        }
    }

    /// What is said of a part that takes more than it may.
    fn give_up(&self, exhausted: Exhausted, part: &JudgedPart) -> Diagnostic {
        let title = "a judgement that takes too much work";
        let diagnostic = Diagnostic::at(self.source, part.span, title).help(ASK_LESS);
        match exhausted {
            Exhausted::Steps => diagnostic
                .expected(format!("at most {} steps", AT_MOST.steps))
                .found(format!("more for the {}", part.what)),
            Exhausted::Stack => diagnostic
                .expected("an answer and an expectation that are nested less deeply")
                .found(format!("levels without end for the {}", part.what)),
        }
    }

    /// A capture, or behind the captures an expectation.
    pub(super) fn part(&self, at: usize) -> JudgedPart {
        let expectations = self.expectations.iter();
        let expectations = expectations.map(|it| (it.predicate.span(), &it.query));
        let captures = self.captures.iter().map(|it| (it.span, &it.query));
        let part = captures.chain(expectations).nth(at);
        part.map_or_else(
            || JudgedPart {
                span: Span::default(),
                what: "answer".to_owned(),
            },
            |(span, query)| JudgedPart {
                span,
                what: query.describe(),
            },
        )
    }

    /// What of a value is not as expected.
    fn hold(
        &self,
        expectation: &Expectation,
        value: Result<Option<Value>, InapplicableQuery>,
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
        let aside = aside.map(|text| format!(": {}", quote_text(&text)));
        let aside = aside.unwrap_or_default();
        match predicate.judge(value.as_ref(), query.unit(), scope) {
            Ok(mismatches) => mismatches
                .into_iter()
                .map(|one| wrong(one.span, one.expected, one.found + &aside))
                .collect(),
            Err(reason) => {
                let expected = "values to compare with".to_owned();
                vec![wrong(predicate.span(), expected, reason.into())]
            }
        }
    }
}

pub(super) fn wrong_answer(diagnostic: Diagnostic) -> Failure {
    Failure {
        class: Class::WrongAnswer,
        diagnostic,
    }
}
