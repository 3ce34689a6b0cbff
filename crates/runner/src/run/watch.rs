//! Watches that green answers, and no other version: for the whole run,
//! whichever check asks.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{OnceLock, PoisonError};
use std::time::Duration;

use http::Method;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout_at};
use url::Url;

use super::step::StepAttempt;
use super::{RunContext, failed_outcome};
use crate::green::{GreenVersion, NotProven, Route};
use crate::plan::PlannedCheck;
use client::http::{Request, Response, Unanswered};
use client::target::Target;
use diagnostic::Diagnostic;
use diagnostic::units::{human_duration, pluralize};
use redact::Redactor;
use report::Severity;
use report::verdict::{self, Verdict};
use report::{
    CheckReport, Class, Failure, ForeignAnswers, Outcome, Problem, Refusal, Report, Role,
    StepOutcome,
};

/// The pause before the first new proof for a request; it doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// The longest of these pauses.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// The most reasons that a note names.
const MOST_REASONS: usize = 5;

/// What a run knows of the version under test.
pub(super) struct GreenWatch<'a> {
    green: GreenVersion<'a>,
    target: &'a Target,
    /// When the first request was sent that another version answered and that
    /// may be sent again: the patience of the run counts from then.
    began: OnceLock<Instant>,
    /// When the last new proof was begun that succeeded. The request that holds
    /// the lock makes the proof for all that wait for it.
    renewed: Mutex<Option<Instant>>,
    answers: std::sync::Mutex<BTreeMap<Option<SocketAddr>, ForeignAnswers>>,
}

/// An answer that another version gave.
pub(super) struct ForeignAnswer {
    /// What it said of itself.
    said: String,
    /// Where it came from.
    from: Option<SocketAddr>,
}

impl<'a> GreenWatch<'a> {
    pub(super) fn new(green: GreenVersion<'a>, target: &'a Target) -> Self {
        Self {
            green,
            target,
            began: OnceLock::new(),
            renewed: Mutex::default(),
            answers: std::sync::Mutex::default(),
        }
    }

    /// Where a request is led, if it goes to the target.
    fn route(&self, request: &Request) -> Option<Route> {
        let Request {
            method,
            url,
            headers,
            ..
        } = request;
        let proof = self.green.proof;
        let is_at_target = self.target.is_origin_of(url);
        is_at_target.then(|| proof.route(method, url, headers))
    }

    /// What an answer says of itself, if another version gave it; such answers
    /// are counted for the report.
    fn recognize_foreign(&self, url: &Url, response: &Response) -> Option<ForeignAnswer> {
        let identity = self.green.identity?;
        let said = identity.find_contradiction(self.target, url, response)?;
        // The connection leads to the other version for as long as it is open.
        response.retire_connection();
        let from = response.peer;
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let from_address = answers.entry(from).or_insert_with(|| ForeignAnswers {
            address: from.map_or_else(|| self.target.to_string(), |from| from.to_string()),
            answers: 0,
            said: said.clone(),
        });
        from_address.answers += 1;
        Some(ForeignAnswer { said, from })
    }

    /// Makes the proof again, or waits for the request that makes it, after
    /// another version has answered for the nth time a request of the moment
    /// `sent`. The error says why the proof does not succeed before the
    /// patience ends, or the run.
    async fn renew(
        &self,
        sent: Instant,
        times: u32,
        run_deadline: Option<Instant>,
    ) -> Result<(), NotProven> {
        let patience = self.green.patience;
        let patience_end = *self.began.get_or_init(|| sent) + patience;
        let (deadline, limit) = match run_deadline.filter(|end| *end < patience_end) {
            Some(end) => (end, "before the end of the run".to_owned()),
            None => (
                patience_end,
                format!(
                    "within {} of the first such answer",
                    human_duration(patience)
                ),
            ),
        };
        let answered = Instant::now();
        let pause = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(times - 1));
        tokio::time::sleep_until(deadline.min(answered + pause.min(LONGEST_PAUSE))).await;
        let late = || NotProven {
            reason: format!("no other answer {limit}"),
        };
        let locked = timeout_at(deadline, self.renewed.lock()).await;
        let mut renewed = locked.map_err(|_| late())?;
        // Another request has made the proof since this one was answered.
        if renewed.is_some_and(|begun| begun > answered) {
            return Ok(());
        }
        let begun = Instant::now();
        if begun >= deadline {
            return Err(late());
        }
        let proof = timeout_at(deadline, self.green.proof.renew(deadline)).await;
        proof.map_err(|_| late())?.map_err(|unproven| NotProven {
            reason: format!("no new proof {limit}: {unproven}"),
        })?;
        *renewed = Some(begun);
        Ok(())
    }

    /// Adds to a report which answers were another version's, and which checks
    /// cannot say that they asked green. A run in which no check that counts
    /// asked the target is refused.
    pub(super) fn complete_report(self, report: &mut Report, redactor: &Redactor) {
        let answers = self.answers.into_inner();
        let answers = answers.unwrap_or_else(PoisonError::into_inner);
        let mut answers: Vec<_> = answers.into_values().collect();
        for answers in &mut answers {
            redactor.redact(&mut answers.said);
            report.context.notes.push(answers.to_string());
        }
        report.context.foreign_answers = answers;
        report.context.notes.extend(describe_undecided(report));
        let is_required = |check: &&CheckReport| check.severity == Severity::Required;
        let any_required = passed_checks(report).any(|check| is_required(&check));
        let decisive = passed_checks(report).filter(|check| !any_required || is_required(check));
        let reached = decisive
            .map(list_routes)
            .any(|mut routes| routes.next().is_some());
        if verdict::judge(report) == Verdict::Succeeded && !reached {
            let problem = Problem {
                text: "no check that passed asked the target".to_owned(),
                help: Some("write a check that asks a path of the target".to_owned()),
            };
            report.refusal = Some(Refusal {
                reason: problem.text.clone(),
                problems: vec![problem],
            });
        }
    }
}

/// The checks that passed.
fn passed_checks(report: &Report) -> impl Iterator<Item = &CheckReport> {
    let checks = report.checks.iter();
    checks.filter(|check| check.role == Role::Check && check.outcome == Outcome::Passed)
}

/// Where the requests of a check were led.
fn list_routes(check: &CheckReport) -> impl Iterator<Item = &Route> {
    check.steps.iter().flat_map(|step| &step.routes)
}

/// A note on the checks of which it is not known whether green answered any of
/// their requests.
fn describe_undecided(report: &Report) -> Option<String> {
    let mut reasons = BTreeSet::new();
    let mut checks = 0;
    for check in passed_checks(report) {
        let mut reached = false;
        let mut why = None;
        for route in list_routes(check) {
            match route {
                Route::Release => reached = true,
                Route::Undecided(reason) => why = Some(reason.as_str()),
                Route::Elsewhere(_) => {}
            }
        }
        if let (false, Some(why)) = (reached, why) {
            checks += 1;
            reasons.insert(why);
        }
    }
    let more = if reasons.len() > MOST_REASONS {
        " and more"
    } else {
        ""
    };
    let reasons: Vec<_> = reasons.into_iter().take(MOST_REASONS).collect();
    (checks > 0).then(|| {
        format!(
            "it is undecided whether green answered {}: {}{more}",
            pluralize(checks, "check"),
            reasons.join("; ")
        )
    })
}

/// Fails a check that passed although no request of it reached green, because
/// the load balancer leads all of them elsewhere.
pub(super) fn fail_if_led_elsewhere(planned: &PlannedCheck, report: &mut CheckReport) {
    if planned.role != Role::Check || report.outcome != Outcome::Passed {
        return;
    }
    let is_elsewhere = |route: &Route| matches!(route, Route::Elsewhere(_));
    if !list_routes(report).all(is_elsewhere) {
        return;
    }
    let steps = planned.check.steps.iter().zip(&mut report.steps);
    for (step, entry) in steps {
        let Some(Route::Elsewhere(rule)) = entry.routes.first() else {
            continue;
        };
        let source = step.source(&planned.source);
        let diagnostic = Diagnostic::at(source, step.span, "no request of the check reached green")
            .expected("one at least that the listener leads to green")
            .found(rule.clone())
            .help("ask a path that green answers, or let the rule follow the deployment");
        entry.outcome = StepOutcome::Failed;
        entry.failures.push(Failure {
            class: Class::CouldNotAsk,
            diagnostic,
        });
        report.outcome = failed_outcome(planned);
        return;
    }
}

impl RunContext<'_> {
    /// Where a request is led, if that is known.
    pub(super) fn route(&self, request: &Request) -> Option<Route> {
        self.watch?.route(request)
    }

    /// What another version says, if it gave this answer.
    pub(super) fn recognize_foreign(
        &self,
        url: &Url,
        response: &Response,
    ) -> Option<ForeignAnswer> {
        self.watch?.recognize_foreign(url, response)
    }
}

impl StepAttempt<'_> {
    /// The answer, whole or not, if another version gave it.
    pub(super) fn recognize_foreign<'r>(
        &self,
        url: &Url,
        asked: &'r Result<Response, Unanswered>,
    ) -> Option<(ForeignAnswer, &'r Response)> {
        let response = match asked {
            Ok(response) => response,
            Err(unanswered) => unanswered.response.as_deref()?,
        };
        Some((self.shared.recognize_foreign(url, response)?, response))
    }

    /// Waits until green is proven again, after another version has answered for
    /// the nth time a request of the moment `sent`.
    ///
    /// A request that may change something is not sent again: the other
    /// version has perhaps done what it asks for.
    pub(super) async fn wait_for_green(
        &self,
        foreign: &ForeignAnswer,
        method: &Method,
        sent: Instant,
        times: u32,
    ) -> Result<(), Failure> {
        let Some(watch) = self.shared.watch else {
            return Ok(());
        };
        if !is_safe_to_resend(method) {
            let help = format!(
                "run the deployment again; {method} is not sent twice, because the other version \
                 has perhaps done what it asks for"
            );
            return Err(self.foreign_failure(foreign, None, &help));
        }
        let renewed = watch.renew(sent, times, self.shared.deadline).await;
        renewed.map_err(|why| {
            let help = "find out what serves the other version at that address";
            self.foreign_failure(foreign, Some(why.reason), help)
        })
    }

    /// The failure of a request that another version answered.
    pub(super) fn foreign_failure(
        &self,
        foreign: &ForeignAnswer,
        why: Option<String>,
        help: &str,
    ) -> Failure {
        let mut failure = self.new_failure(Class::CouldNotAsk, "an answer of another version");
        let identity = self.shared.watch.and_then(|watch| watch.green.identity);
        let expected = identity.map_or_else(String::new, ToString::to_string);
        let from = foreign.from.map(|from| format!(" from {from}"));
        let why = why.map(|why| format!(", and {why}"));
        failure.diagnostic = failure
            .diagnostic
            .expected(format!("{expected}, as the version under test says"))
            .found(format!(
                "{}{}{}",
                foreign.said,
                from.unwrap_or_default(),
                why.unwrap_or_default()
            ))
            .help(help);
        failure
    }
}

/// Whether a request changes nothing, so that it may be sent twice (RFC 9110,
/// section 9.2.1). The second answer to PUT and DELETE may be another one.
fn is_safe_to_resend(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}
