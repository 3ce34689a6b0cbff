//! Holds an answer, or a message, against what it must be like.
//!
//! What is little work is done at once. What turns out to be more begins again
//! on a thread, for as long as the step may take and the run has time; what
//! does not end within that is given up.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;
use tokio::time::Instant;

use super::capture;
use super::cookies::Jar;
use super::step::Attempt;
use crate::answer::{Answer, Senseless};
use crate::check_file::{Capture, Expectation, Query};
use crate::diagnostic::{Diagnostic, Source, Span};
use crate::http::Response;
use crate::redact::Secret;
use crate::report::{Class, Failure};
use crate::template::Scope;
use crate::units::human_duration;
use crate::value::shown_text;
use crate::work::budget::{self, AT_MOST, AT_ONCE, Budget, Exhausted};
use crate::work::threads::{self, MOST_THREADS, Undone};

/// What came of an answer.
pub(super) struct Judged {
    pub(super) failures: Vec<Failure>,
    /// Whether it may hold a secret that nobody knows, because the capture that
    /// would have found it was given up: then no output may show it.
    pub(super) hides_secret: bool,
}

impl Attempt<'_> {
    /// Holds the answer against the expectations, and keeps the captures if
    /// all of them are met.
    pub(super) async fn judge(
        &self,
        expectations: &[Expectation],
        captures: &[Capture],
        response: &Response,
        scope: &mut Scope,
        jar: &Jar,
    ) -> Judged {
        let question = Question {
            expectations,
            captures,
            response,
            source: self.source,
            budget: AT_ONCE,
        };
        let progress = Arc::new(Progress::default());
        let at_once = question.judge(scope, &|name| jar.value(name), &progress);
        let judgement = match at_once {
            Ok(judgement) => Ok(judgement),
            Err(_) => self.judge_aside(&question, scope, jar, progress).await,
        };
        match judgement {
            Ok(judgement) => {
                scope.keep_secret(judgement.secrets);
                if judgement.failures.is_empty() {
                    *scope = judgement.learned;
                }
                Judged {
                    failures: judgement.failures,
                    hides_secret: judgement.hides_secret,
                }
            }
            Err(judged) => judged,
        }
    }

    /// The same on a thread of its own. The error is what is known if it was
    /// given up.
    async fn judge_aside(
        &self,
        question: &Question<'_>,
        scope: &mut Scope,
        jar: &Jar,
        progress: Arc<Progress>,
    ) -> Result<Judgement, Judged> {
        let expectations = question.expectations.to_vec();
        let captures = question.captures.to_vec();
        let response = question.response.clone();
        let source = Arc::clone(self.source);
        let inner = scope.clone();
        let cookies = cookies(question.expectations, question.captures, jar);
        let known = Arc::clone(&progress);
        let work = move || {
            let question = Question {
                expectations: &expectations,
                captures: &captures,
                response: &response,
                source: &source,
                budget: AT_MOST,
            };
            question.judge(&inner, &|name| cookies.get(name).cloned(), &known)
        };
        let most = self.step.timeout;
        let undone = match threads::run(most, self.shared.deadline, work).await {
            Ok(Ok(judgement)) => return Ok(judgement),
            Ok(Err(_)) => Undone::NoThread,
            Err(undone) => undone,
        };
        let Known {
            at,
            mut failures,
            secrets,
            captured,
        } = progress.take();
        scope.keep_secret(secrets);
        let part = question.part(at);
        let diagnostic = |title: &str| Diagnostic::at(self.source, part.span, title);
        let late = self
            .shared
            .deadline
            .is_some_and(|end| Instant::now() >= end);
        failures.push(match undone {
            Undone::Late if late => Failure {
                class: Class::CutShort,
                diagnostic: diagnostic("cut short by the end of the run")
                    .expected("a judgement before the run's time was over")
                    .found(format!("none for the {}", part.what))
                    .help(LESS),
            },
            Undone::Late => wrong_answer(
                diagnostic("a judgement that does not end")
                    .expected(format!("one within {}", human_duration(most)))
                    .found(format!("none for the {}", part.what))
                    .help(LESS),
            ),
            Undone::NoThread => wrong_answer(
                diagnostic("an answer that is not judged")
                    .expected(format!(
                        "one of {MOST_THREADS} threads for the {}",
                        part.what
                    ))
                    .found("all of them busy with judgements that were given up")
                    .help("look at what came before: those expectations take too much work"),
            ),
            Undone::NotStarted => Failure {
                class: Class::CouldNotAsk,
                diagnostic: diagnostic("an answer that is not judged")
                    .expected(format!("a thread for the {}", part.what))
                    .found("a system that starts none")
                    .help("give the process more memory, or more threads"),
            },
        });
        Err(Judged {
            failures,
            hides_secret: question.captures.iter().skip(captured).any(|it| it.secret),
        })
    }
}

const LESS: &str =
    "expect less of it: a narrower path, a simpler schema or pattern, or a smaller answer";

/// An answer, and what it must be like.
struct Question<'a> {
    expectations: &'a [Expectation],
    captures: &'a [Capture],
    response: &'a Response,
    source: &'a Arc<Source>,
    /// How much each expectation and each capture may take.
    budget: Budget,
}

/// What came of it.
struct Judgement {
    failures: Vec<Failure>,
    /// With what was captured.
    learned: Scope,
    secrets: Vec<Secret>,
    hides_secret: bool,
}

/// An expectation or a capture, for a message.
struct Part {
    span: Span,
    what: String,
}

/// What is known before all is.
#[derive(Default)]
struct Progress(Mutex<Known>);

#[derive(Default)]
struct Known {
    /// Which part is worked at: captures first, then expectations.
    at: usize,
    /// How many captures were taken.
    captured: usize,
    failures: Vec<Failure>,
    secrets: Vec<Secret>,
}

impl Progress {
    /// Nothing is known but where it stopped the last time.
    fn begin(&self) {
        self.note(|known| {
            *known = Known {
                at: known.at,
                ..Known::default()
            };
        });
    }

    fn note(&self, change: impl FnOnce(&mut Known)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn take(&self) -> Known {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Question<'_> {
    /// Captures first, so that secrets are known whatever comes of the rest.
    ///
    /// # Errors
    /// It is more work than may be done at once.
    fn judge(
        &self,
        scope: &Scope,
        cookie: &dyn Fn(&str) -> Option<String>,
        progress: &Progress,
    ) -> Result<Judgement, Exhausted> {
        let answer = Answer::new(self.response, cookie);
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
            let taken = match budget::within(self.budget, take) {
                Ok(taken) => taken,
                Err(exhausted) => {
                    hides_secret |= capture.secret;
                    Err(self.give_up(exhausted, &self.part(at))?)
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
        learned.keep_secret(inner.secrets().to_vec());
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
                    let value = value.map_err(|found| Senseless {
                        expected: "a value".into(),
                        found,
                    });
                    self.hold(expectation, value, None, &learned)
                }
                query => {
                    let aside = answer.aside(query);
                    self.hold(expectation, answer.ask(query), aside, scope)
                }
            };
            match budget::within(self.budget, hold) {
                Ok(found) => failures.extend(found),
                Err(exhausted) => {
                    let given_up = self.give_up(exhausted, &self.part(at))?;
                    failures.push(wrong_answer(given_up));
                }
            }
        }
        let place = |failure: &Failure| failure.diagnostic.place.as_ref().map(|it| it.span.start);
        failures.sort_by_key(place);
        Ok(Judgement {
            failures,
            learned,
            secrets: inner.secrets().to_vec(),
            hides_secret,
        })
    }

    /// What is said of a part that takes more than the budget of a thread.
    ///
    /// # Errors
    /// It was not on a thread.
    fn give_up(&self, exhausted: Exhausted, part: &Part) -> Result<Diagnostic, Exhausted> {
        if self.budget != AT_MOST {
            return Err(exhausted);
        }
        let title = "a judgement that takes too much work";
        let diagnostic = Diagnostic::at(self.source, part.span, title).help(LESS);
        Ok(match exhausted {
            Exhausted::Steps => diagnostic
                .expected(format!("at most {} steps", AT_MOST.steps))
                .found(format!("more for the {}", part.what)),
            Exhausted::Stack => diagnostic
                .expected("an answer and an expectation that are nested less deeply")
                .found(format!("levels without end for the {}", part.what)),
        })
    }

    /// A capture, or behind the captures an expectation.
    fn part(&self, at: usize) -> Part {
        let expectations = self.expectations.iter();
        let expectations = expectations.map(|it| (it.predicate.span(), &it.query));
        let captures = self.captures.iter().map(|it| (it.span, &it.query));
        let part = captures.chain(expectations).nth(at);
        part.map_or_else(
            || Part {
                span: Span::default(),
                what: "answer".to_owned(),
            },
            |(span, query)| Part {
                span,
                what: query.describe(),
            },
        )
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

/// The cookies that are asked for.
fn cookies(
    expectations: &[Expectation],
    captures: &[Capture],
    jar: &Jar,
) -> BTreeMap<String, String> {
    let asked = expectations.iter().map(|it| &it.query);
    let asked = asked.chain(captures.iter().map(|it| &it.query));
    asked
        .filter_map(|query| match query {
            Query::Cookie(name) => Some((name.clone(), jar.value(name)?)),
            _ => None,
        })
        .collect()
}

fn wrong_answer(diagnostic: Diagnostic) -> Failure {
    Failure {
        class: Class::WrongAnswer,
        diagnostic,
    }
}
