//! One check in the HTML report: a line with its bar, and what is behind it.

use std::fmt::Write as _;
use std::time::Duration;

use super::outcome;
use super::text::{Sentence, Text};
use super::timing;
use crate::report::{
    CheckReport, Excerpt, Exchange, Failure, Message, MessageKind, Outcome, StepOutcome, StepReport,
};
use crate::snippet::{Colour, Frame, Severity, render_in};
use crate::units::{human_bytes, human_duration};

/// The width of the drawing that a bar is in.
const WIDTH: f64 = 1000.0;

/// Writes a check; `whole` is the time of the run, which bars are measured by.
pub(super) fn check(html: &mut String, check: &CheckReport, index: usize, whole: Duration) {
    let (class, mark, word) = outcome(check.outcome);
    let open = match check.outcome {
        Outcome::Failed | Outcome::Warned => " open",
        Outcome::Passed | Outcome::NotRun(_) => "",
    };
    let took = match check.outcome {
        Outcome::NotRun(_) => String::new(),
        _ => human_duration(check.duration),
    };
    let _ = write!(
        html,
        "<details class=\"check {class}\" id=\"check-{number}\" data-outcome=\"{class}\"{open}>\
         <summary><span class=\"mark\" role=\"img\" aria-label=\"{word}\">{mark}</span>\
         <span class=\"name\">{name}</span><span class=\"tags\">",
        number = index + 1,
        name = Text(&check.name),
    );
    for tag in &check.tags {
        let _ = write!(html, "<span class=\"tag\">{}</span>", Text(tag));
    }
    let _ = write!(html, "</span><span class=\"took\">{took}</span>");
    bar(html, class, check.start, check.duration, whole);
    html.push_str("</summary>\n<div class=\"inside\">");
    let _ = write!(
        html,
        "<p class=\"about\"><a class=\"anchor\" href=\"#check-{}\">{}</a>",
        index + 1,
        Text(&check.place.to_string())
    );
    if let Some(why) = check.why_not() {
        let _ = write!(html, " · not run: {}", Text(why));
    }
    if let Some(aside) = check.aside() {
        let _ = write!(html, " · {}", Text(aside));
    }
    if check.attempts > 1 {
        let _ = write!(html, " · {} attempts", check.attempts);
    }
    if check.severity == crate::Severity::Warn {
        html.push_str(" · a failure is only a warning");
    }
    html.push_str("</p>\n<ol class=\"steps\">\n");
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
        html.push_str("<span class=\"took\"></span>");
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
        html.push_str("</p>");
    }
    if let Some(series) = &step.series {
        let _ = write!(html, "<p class=\"url\">{}</p>", Text(&series.words()));
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
        "<div class=\"failure\"><h3><span class=\"class\">{}</span> {}</h3>",
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
        // The heading has said the first line.
        let drawn = render_in(diagnostic, &frame, Colour::Never);
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
        let _ = write!(html, "\n{}", Text(&body.text));
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
        "<details class=\"message\" open><summary>Messages</summary><pre tabindex=\"0\">",
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
    let at = (start.as_secs_f64() / whole * WIDTH).clamp(0.0, WIDTH - 4.0);
    let width = (length.as_secs_f64() / whole * WIDTH).clamp(4.0, WIDTH - at);
    let _ = write!(
        html,
        "<svg class=\"bar {class}\" viewBox=\"0 0 1000 10\" preserveAspectRatio=\"none\" \
         aria-hidden=\"true\"><rect class=\"whole\" width=\"1000\" height=\"10\"/>"
    );
    if !length.is_zero() {
        let _ = write!(
            html,
            "<rect class=\"part\" x=\"{at:.1}\" width=\"{width:.1}\" height=\"10\"/>"
        );
    }
    html.push_str("</svg>");
}
