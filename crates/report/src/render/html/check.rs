//! One check in the HTML report: a line with its bar, and what is behind it.

use std::time::Duration;

use minijinja::{Value, context};

use super::indent::indent_json;
use super::outcome_style;
use super::timing::{draw_bar, draw_phases};
use crate::{
    CheckReport, Excerpt, Exchange, Failure, MessageKind, Outcome, Role, Series, StepOutcome,
    StepReport,
};
use diagnostic::Diagnostic;
use diagnostic::snippet::{Colour, Frame, Severity, render_with_frame};
use diagnostic::units::{human_bytes, human_duration, pluralize};

/// The values of a check for the page. Its bars are drawn as parts of
/// `run_time`, which is how long the run took.
pub(super) fn describe_check(check: &CheckReport, number: usize, run_time: Duration) -> Value {
    let (class, mark, word) = outcome_style(check.outcome);
    let steps = check
        .steps
        .iter()
        .map(|entry| describe_step(check, entry, run_time));
    context! {
        number,
        class,
        mark,
        word,
        is_open => matches!(check.outcome, Outcome::Failed | Outcome::Warned),
        // The script counts checks alone, and tells setups and teardowns by this.
        role => match check.role {
            Role::Setup => Some("setup"),
            Role::Check => None,
            Role::Teardown => Some("teardown"),
        },
        name => check.name.as_str(),
        tags => check.tags.clone(),
        why => check.not_run_reason().or(check.outcome_remark()),
        took => match check.outcome {
            Outcome::NotRun(_) => "not run".to_owned(),
            _ => human_duration(check.duration),
        },
        bar => draw_bar(check.start, check.duration, run_time),
        place => check.place.to_string(),
        attempts => check.attempts,
        only_warns => check.severity == crate::Severity::Warn,
        steps => steps.collect::<Vec<_>>(),
    }
}

fn describe_step(check: &CheckReport, step: &StepReport, run_time: Duration) -> Value {
    let (class, mark, word) = match step.outcome {
        StepOutcome::Passed => outcome_style(Outcome::Passed),
        StepOutcome::Failed if check.outcome == Outcome::Warned => outcome_style(Outcome::Warned),
        StepOutcome::Failed => outcome_style(Outcome::Failed),
        StepOutcome::NotRun(why) => outcome_style(Outcome::NotRun(why)),
    };
    let repeats = step.resends.total();
    let failures = step
        .failures
        .iter()
        .map(|entry| describe_failure(check, entry));
    context! {
        class,
        mark,
        word,
        name => step.name.as_str(),
        status => match (step.status, step.outcome) {
            (Some(status), _) => status.to_string(),
            (None, StepOutcome::NotRun(_)) => "not run".to_owned(),
            (None, _) => "no answer".to_owned(),
        },
        took => (step.attempts > 0).then(|| human_duration(step.duration)),
        bar => draw_bar(step.start, step.duration, run_time),
        method => step.method.as_str(),
        url => step.url.as_deref(),
        attempts => step.attempts,
        repeats => (repeats > 0).then(|| pluralize(repeats as usize, "time")),
        series => step.series.as_ref().map(Series::words),
        phases => step.timing.as_ref().map(draw_phases),
        failures => failures.collect::<Vec<_>>(),
        exchange => step.exchange.as_ref().map(describe_exchange),
    }
}

fn describe_failure(check: &CheckReport, failure: &Failure) -> Value {
    let diagnostic = &failure.diagnostic;
    let snippet = diagnostic
        .place
        .as_ref()
        .map(|_| draw_snippet(check, diagnostic));
    context! {
        class => failure.class.words(),
        title => diagnostic.title.as_str(),
        expected => diagnostic.expected.as_deref(),
        found => diagnostic.found.as_deref(),
        // The snippet ends with the help, so it is not shown twice.
        help => diagnostic.help.as_deref().filter(|_| snippet.is_none()),
        snippet,
    }
}

/// The lines of the check file, with a caret below what was not met. The title,
/// and what was expected and found, stand above it in the page already.
fn draw_snippet(check: &CheckReport, diagnostic: &Diagnostic) -> String {
    let frame = Frame {
        severity: match check.severity {
            crate::Severity::Required => Severity::Error,
            crate::Severity::Warn => Severity::Warning,
        },
        id: None,
        notes: Vec::new(),
    };
    let only_the_place = Diagnostic {
        expected: None,
        found: None,
        ..diagnostic.clone()
    };
    let drawn = render_with_frame(&only_the_place, &frame, Colour::Never);
    let drawn = drawn.split_once('\n').map_or("", |(_, rest)| rest);
    drawn.to_owned()
}

fn describe_exchange(exchange: &Exchange) -> Value {
    let request = &exchange.request;
    let first = format!("{} {}", request.method, request.url);
    let answer = exchange.answer.as_ref().map(|answer| {
        let first = format!("{} {}", answer.version, answer.status);
        describe_message("Answer", &first, &answer.headers, answer.body.as_ref())
    });
    // What was said over a WebSocket.
    let messages = exchange.messages.iter().map(|message| {
        let kind = match message.kind {
            MessageKind::Text => "",
            MessageKind::Binary => " (binary)",
            MessageKind::Close => " (close)",
        };
        let direction = if message.sent { "sent" } else { "received" };
        (format!("{direction}{kind}"), message.content.text.clone())
    });
    context! {
        request => describe_message("Request", &first, &request.headers, request.body.as_ref()),
        answer,
        messages => messages.collect::<Vec<_>>(),
        curl => exchange.curl.as_str(),
    }
}

fn describe_message(
    title: &str,
    first: &str,
    headers: &[(String, String)],
    body: Option<&Excerpt>,
) -> Value {
    let lines = body.and_then(|body| indent_json(&body.text));
    let mut notes = Vec::new();
    if lines.is_some() {
        notes.push("indented for reading".to_owned());
    }
    if let Some(body) = body.filter(|body| body.text.ends_with('…')) {
        notes.push(format!("{} in all", human_bytes(body.bytes as u64)));
    }
    context! {
        title,
        first,
        headers => headers.to_vec(),
        body => body.map(|body| lines.as_ref().unwrap_or(&body.text).as_str()),
        notes,
    }
}
