//! Holds an answer, or a message, against what it must be like.
//!
//! What is little work is done at once. What turns out to be more begins again
//! on a thread ([`threads`]), for as long as the step and the run have time; what
//! does not end within that is given up.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::cookies::Jar;
use super::question::{
    ASK_LESS, Judgement, JudgementInput, JudgementProgress, PartialJudgement, wrong_answer,
};
use super::step::StepAttempt;
use check_file::template::Scope;
use check_file::{Capture, Expectation, Query};
use client::http::Response;
use diagnostic::Diagnostic;
use diagnostic::units::human_duration;
use query::work::budget::AT_ONCE;
use query::work::threads::{self, THREADS_OF_LANE, ThreadError};
use report::{Class, Failure};

/// What came of an answer.
pub(super) struct JudgedAnswer {
    pub(super) failures: Vec<Failure>,
    /// Whether it may hold a secret that nobody knows, because the capture that
    /// would have found it was given up: then no output may show it.
    pub(super) hides_secret: bool,
}

impl StepAttempt<'_> {
    /// Holds the answer against the expectations, and keeps the captures if
    /// all of them are met.
    pub(super) async fn judge(
        &self,
        expectations: &[Expectation],
        captures: &[Capture],
        response: &Response,
        scope: &mut Scope,
        jar: &Jar,
    ) -> JudgedAnswer {
        let question = JudgementInput {
            expectations,
            captures,
            response,
            source: self.source,
            budget: AT_ONCE,
        };
        let progress = Arc::new(JudgementProgress::default());
        let at_once = question.judge(scope, &|name| jar.value(name), &progress);
        let judgement = match at_once {
            Ok(judgement) => Ok(judgement),
            Err(_) => self.judge_aside(&question, scope, jar, progress).await,
        };
        match judgement {
            Ok(judgement) => {
                scope.add_secrets(judgement.secrets);
                if judgement.failures.is_empty() {
                    *scope = judgement.learned;
                }
                JudgedAnswer {
                    failures: judgement.failures,
                    hides_secret: judgement.hides_secret,
                }
            }
            Err(judged) => judged,
        }
    }

    /// The same on a thread. The error is what is known if it was
    /// given up.
    async fn judge_aside(
        &self,
        question: &JudgementInput<'_>,
        scope: &mut Scope,
        jar: &Jar,
        progress: Arc<JudgementProgress>,
    ) -> Result<Judgement, JudgedAnswer> {
        let expectations = question.expectations.to_vec();
        let captures = question.captures.to_vec();
        let response = question.response.clone();
        let source = Arc::clone(self.source);
        let inner = scope.clone();
        let cookies = collect_cookies(question.expectations, question.captures, jar);
        let known = Arc::clone(&progress);
        let size = response.body.len();
        let work = move |budget| {
            let question = JudgementInput {
                expectations: &expectations,
                captures: &captures,
                response: &response,
                source: &source,
                budget,
            };
            question.judge(&inner, &|name| cookies.get(name).cloned(), &known)
        };
        let timeout = self.step.timeout;
        let most = timeout
            .saturating_sub(question.response.latency)
            .max(LEAST_TIME);
        let undone = match threads::run(size, most, self.shared.deadline, work).await {
            Ok(Ok(judgement)) => return Ok(judgement),
            Ok(Err(_)) => ThreadError::NoThread,
            Err(undone) => undone,
        };
        let PartialJudgement {
            at,
            mut failures,
            secrets,
            captured,
        } = progress.take();
        scope.add_secrets(secrets);
        let part = question.part(at);
        let diagnostic = |title: &str| Diagnostic::at(self.source, part.span, title);
        let late = self
            .shared
            .deadline
            .is_some_and(|end| Instant::now() >= end);
        failures.push(match undone {
            ThreadError::Late if late => Failure {
                class: Class::CutShort,
                diagnostic: diagnostic("cut short by the end of the run")
                    .expected("a judgement before the run's time was over")
                    .found(format!("none for the {}", part.what))
                    .help(ASK_LESS),
            },
            ThreadError::Late => wrong_answer(
                diagnostic("a judgement that does not end")
                    .expected(format!(
                        "one within the step's `timeout` of {}",
                        human_duration(timeout)
                    ))
                    .found(format!("none for the {}", part.what))
                    .help(ASK_LESS),
            ),
            ThreadError::NoThread => wrong_answer(
                diagnostic("an answer that is not judged")
                    .expected(format!(
                        "one of {THREADS_OF_LANE} threads for the {}",
                        part.what
                    ))
                    .found("all of them busy with judgements that were given up")
                    .help("look at what came before: those expectations take too much work"),
            ),
            ThreadError::NotStarted => Failure {
                class: Class::CouldNotAsk,
                diagnostic: diagnostic("an answer that is not judged")
                    .expected(format!("a thread for the {}", part.what))
                    .found("a system that starts none")
                    .help("give the process more memory, or more threads"),
            },
        });
        Err(JudgedAnswer {
            failures,
            hides_secret: question.captures.iter().skip(captured).any(|it| it.secret),
        })
    }
}

/// What a judgement gets if the answer came just in time.
const LEAST_TIME: Duration = Duration::from_secs(1);

/// The cookies that are asked for.
fn collect_cookies(
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
