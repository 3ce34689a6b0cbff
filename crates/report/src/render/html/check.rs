//! One check in the HTML report: a line with its bar, and what is behind it.

use std::fmt::Write as _;
use std::time::Duration;

use super::indent::indented;
use super::outcome;
use super::text::{Sentence, Text};
use super::timing;
use crate::{
    CheckReport, Excerpt, Exchange, Failure, Message, MessageKind, Outcome, Role, StepOutcome,
    StepReport,
};
use diagnostic::Diagnostic;
use diagnostic::snippet::{Colour, Frame, Severity, render_with_frame};
use diagnostic::units::{counted, human_bytes, human_duration};

/// The width of the drawing that a bar is in, and the least that can be seen.
const WIDTH: f64 = 1000.0;
const LEAST: f64 = 10.0;

/// Writes a check; `whole` is the time of the run, which bars are measured by.
pub(super) fn check(html: &mut String, check: &CheckReport, index: usize, whole: Duration) {
    let (class, mark, word) = outcome(check.outcome);
    let open = match check.outcome {
        Outcome::Failed | Outcome::Warned => " open",
        Outcome::Passed | Outcome::NotRun(_) => "",
    };
    let took = match check.outcome {
        Outcome::NotRun(_) => "not run".to_owned(),
        _ => human_duration(check.duration),
    };
    // What runs around the checks is not counted.
    let role = match check.role {
        Role::Setup => " data-role=\"setup\"",
        Role::Check => "",
        Role::Teardown => " data-role=\"teardown\"",
    };
    let number = index + 1;
    let _ = write!(
        html,
        "<details class=\"check {class}\" id=\"check-{number}\" data-outcome=\"{class}\"{role}{open}>\
         <summary><span class=\"mark\" role=\"img\" aria-label=\"{word}\">{mark}</span>\
         <span class=\"what\"><span class=\"name\" role=\"heading\" aria-level=\"3\">{name}</span> ",
        name = Text(&check.name),
    );
    for tag in &check.tags {
        let _ = write!(html, "<span class=\"tag\">{}</span> ", Text(tag));
    }
    if let Some(why) = check.why_not().or(check.aside()) {
        let _ = write!(html, "<span class=\"why\">{}</span>", Text(why));
    }
    let _ = write!(html, "</span><span class=\"took\">{took}</span>");
    bar(html, class, check.start, check.duration, whole);
    let _ = write!(
        html,
        "</summary>\n<div class=\"inside\"><p class=\"about\"><span class=\"place\">{}</span>",
        Text(&check.place.to_string())
    );
    if check.attempts > 1 {
        let _ = write!(html, " · {} attempts", check.attempts);
    }
    if check.severity == crate::Severity::Warn {
        html.push_str(" · a failure is only a warning");
    }
    let _ = write!(
        html,
        "<span class=\"link\"> · <a href=\"#check-{number}\">link to this check</a></span></p>\n<ol class=\"steps\">\n"
    );
    for entry in &check.steps {
        step(html, check, entry, whole);
    }
    html.push_str("</ol></div></details>\n");
}

fn step(html: &mut String, check: &CheckReport, step: &StepReport, whole: Duration) {
    let (class, mark, word) = match step.outcome {
        StepOutcome::Passed => outcome(Outcome::Passed),
        StepOutcome::Failed if check.outcome == Outcome::Warned => outcome(Outcome::Warned),
        StepOutcome::Failed => outcome(Outcome::Failed),
        StepOutcome::NotRun(why) => outcome(Outcome::NotRun(why)),
    };
    let _ = write!(
        html,
        "<li class=\"step {class}\"><div class=\"head\">\
         <span class=\"mark\" role=\"img\" aria-label=\"{word}\">{mark}</span>\
         <span class=\"name\">{}</span>",
        Text(&step.name)
    );
    let status = match (step.status, step.outcome) {
        (Some(status), _) => format!("{status}"),
        (None, StepOutcome::NotRun(_)) => "not run".to_owned(),
        (None, _) => "no answer".to_owned(),
    };
    let _ = write!(html, "<span class=\"status\">{status}</span>");
    if step.attempts > 0 {
        let _ = write!(
            html,
            "<span class=\"took\">{}</span>",
            human_duration(step.duration)
        );
    } else {
        html.push_str("<span></span>");
    }
    bar(html, class, step.start, step.duration, whole);
    html.push_str("</div>");
    if let Some(url) = &step.url {
        let _ = write!(
            html,
            "<p class=\"url\">{} {}",
            Text(&step.method),
            Text(url)
        );
        if step.attempts > 1 {
            let _ = write!(
                html,
                " <span class=\"often\">{} attempts</span>",
                step.attempts
            );
        }
        let repeats = step.repeats.total();
        if repeats > 0 {
            let _ = write!(
                html,
                " <span class=\"often\">asked again {}</span>",
                counted(repeats as usize, "time")
            );
        }
        html.push_str("</p>");
    }
    if let Some(series) = &step.series {
        let _ = write!(html, "<p class=\"series\">{}</p>", Text(&series.words()));
    }
    if let Some(entry) = &step.timing {
        timing::phases(html, entry);
    }
    for entry in &step.failures {
        failure(html, check, entry);
    }
    if let Some(entry) = &step.exchange {
        exchange(html, entry);
    }
    html.push_str("</li>\n");
}

fn failure(html: &mut String, check: &CheckReport, failure: &Failure) {
    let frame = Frame {
        severity: match check.severity {
            crate::Severity::Required => Severity::Error,
            crate::Severity::Warn => Severity::Warning,
        },
        id: None,
        notes: Vec::new(),
    };
    let diagnostic = &failure.diagnostic;
    let _ = write!(
        html,
        "<div class=\"failure\"><h4><span class=\"class\">{}</span> {}</h4>",
        failure.class.words(),
        Sentence(&diagnostic.title)
    );
    if diagnostic.expected.is_some() || diagnostic.found.is_some() {
        html.push_str("<dl>");
        for (word, value) in [
            ("expected", &diagnostic.expected),
            ("found", &diagnostic.found),
        ] {
            if let Some(value) = value {
                let _ = write!(
                    html,
                    "<div class=\"{word}\"><dt>{word}</dt><dd>{}</dd></div>",
                    Sentence(value)
                );
            }
        }
        html.push_str("</dl>");
    }
    if diagnostic.place.is_some() {
        // The heading and the list have said the first line, and what was
        // expected and found.
        let only_the_place = Diagnostic {
            expected: None,
            found: None,
            ..diagnostic.clone()
        };
        let drawn = render_with_frame(&only_the_place, &frame, Colour::Never);
        let drawn = drawn.split_once('\n').map_or("", |(_, rest)| rest);
        let _ = write!(
            html,
            "<pre class=\"snippet\" tabindex=\"0\">{}</pre>",
            Text(drawn)
        );
    } else if let Some(help) = &diagnostic.help {
        let _ = write!(html, "<p class=\"help\">{}</p>", Sentence(help));
    }
    html.push_str("</div>");
}

fn exchange(html: &mut String, exchange: &Exchange) {
    let request = &exchange.request;
    html.push_str("<div class=\"exchange\">");
    message(
        html,
        "Request",
        &format!("{} {}", request.method, request.url),
        &request.headers,
        request.body.as_ref(),
    );
    match &exchange.answer {
        Some(answer) => message(
            html,
            "Answer",
            &format!("{} {}", answer.version, answer.status),
            &answer.headers,
            answer.body.as_ref(),
        ),
        None => html.push_str("<p class=\"silence\">There was no answer.</p>"),
    }
    if !exchange.messages.is_empty() {
        messages(html, &exchange.messages);
    }
    let _ = write!(
        html,
        "</div><div class=\"repeat\"><h4>Repeat it</h4>\
         <button type=\"button\" class=\"copy\" hidden>Copy</button>\
         <pre class=\"curl\" tabindex=\"0\">{}</pre></div>",
        Text(&exchange.curl)
    );
}

fn message(
    html: &mut String,
    title: &str,
    first: &str,
    headers: &[(String, String)],
    body: Option<&Excerpt>,
) {
    let _ = writeln!(
        html,
        "<details class=\"message\" open><summary>{title}</summary>\
         <pre tabindex=\"0\"><b>{}</b>",
        Text(first)
    );
    for (name, value) in headers {
        let _ = writeln!(html, "<i>{}:</i> {}", Text(name), Text(value));
    }
    if let Some(body) = body {
        let lines = indented(&body.text);
        let shown = lines.as_ref().unwrap_or(&body.text);
        let _ = write!(html, "\n{}", Text(shown));
        if lines.is_some() {
            html.push_str("\n<i>(indented for reading)</i>");
        }
        if body.text.ends_with('…') {
            let size = human_bytes(body.bytes as u64);
            let _ = write!(html, "\n<i>({size} in all)</i>");
        }
    }
    html.push_str("</pre></details>");
}

/// What was said over a WebSocket.
fn messages(html: &mut String, messages: &[Message]) {
    html.push_str(
        "<details class=\"message wide\" open><summary>Messages</summary><pre tabindex=\"0\">",
    );
    for message in messages {
        let direction = if message.sent { "sent" } else { "received" };
        let kind = match message.kind {
            MessageKind::Text => "",
            MessageKind::Binary => " (binary)",
            MessageKind::Close => " (close)",
        };
        let _ = writeln!(
            html,
            "<i>{direction}{kind}:</i> {}",
            Text(&message.content.text)
        );
    }
    html.push_str("</pre></details>");
}

/// A bar from the begin to the end of something within the whole.
fn bar(html: &mut String, class: &str, start: Duration, length: Duration, whole: Duration) {
    let whole = whole.as_secs_f64().max(0.001);
    let at = (start.as_secs_f64() / whole * WIDTH).clamp(0.0, WIDTH - LEAST);
    let width = (length.as_secs_f64() / whole * WIDTH).clamp(LEAST, WIDTH - at);
    let _ = write!(
        html,
        "<svg class=\"bar {class}\" viewBox=\"0 0 1000 10\" preserveAspectRatio=\"none\" \
         aria-hidden=\"true\">"
    );
    if !length.is_zero() {
        let _ = write!(
            html,
            "<rect x=\"{at:.1}\" width=\"{width:.1}\" height=\"10\"/>"
        );
    }
    html.push_str("</svg>");
}
