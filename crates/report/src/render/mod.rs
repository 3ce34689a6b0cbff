//! The outputs: pure functions from a report to text.

mod exchange;
pub mod html;
pub mod junit;
pub mod tap;
pub mod text;

pub mod json;

use crate::{CheckReport, StepReport};
use diagnostic::snippet::{Colour, Frame, Severity, render_with_frame};
use diagnostic::units::human_duration;

/// The most characters of an answer's body that a note shows.
const MOST_SHOWN: usize = 400;

/// Every failure of a check with its place in the check file, the request
/// that it belongs to and the beginning of the answer.
pub fn failures(check: &CheckReport, colour: Colour) -> String {
    let severity = match check.severity {
        crate::Severity::Required => Severity::Error,
        crate::Severity::Warn => Severity::Warning,
    };
    let mut text = String::new();
    for step in &check.steps {
        let last = step.failures.len().saturating_sub(1);
        for (index, failure) in step.failures.iter().enumerate() {
            let frame = Frame {
                severity,
                id: Some(failure.class.key()),
                // All failures of a step share its request, so its notes stand once,
                // below the last of them.
                notes: if index == last {
                    collect_notes(step)
                } else {
                    Vec::new()
                },
            };
            text.push_str(&render_with_frame(&failure.diagnostic, &frame, colour));
            text.push('\n');
        }
    }
    text
}

/// The text in a style, where there are colours.
pub(crate) fn paint(text: &str, style: anstyle::Style, colour: Colour) -> String {
    match colour {
        Colour::Never => text.to_owned(),
        Colour::Always => format!("{style}{text}{style:#}"),
    }
}

/// Notes on the request and the answer that a step's failures belong to.
fn collect_notes(step: &StepReport) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(url) = &step.url {
        let answer = match step.status {
            Some(status) => format!("answered {status}"),
            None => "was not answered".to_owned(),
        };
        let attempts = match step.attempts {
            0 | 1 => String::new(),
            attempts => format!(", attempt {attempts}"),
        };
        let time = human_duration(step.duration);
        notes.push(format!("{} {url} {answer} ({time}{attempts})", step.method));
    }
    let answer = step.exchange.as_ref().and_then(|e| e.answer.as_ref());
    if let Some(body) = answer.and_then(|answer| answer.body.as_ref()) {
        let begin = body.text.char_indices().nth(MOST_SHOWN);
        let (begin, more) = match begin {
            Some((at, _)) => (&body.text[..at], "…"),
            None => (body.text.as_str(), ""),
        };
        let words: Vec<_> = begin.split_whitespace().collect();
        if !words.is_empty() {
            notes.push(format!("the answer begins: {}{more}", words.join(" ")));
        }
    }
    notes
}
