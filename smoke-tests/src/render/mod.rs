//! The outputs: pure functions from a report to text.

#[cfg(feature = "cli")]
pub mod junit;
#[cfg(feature = "cli")]
pub mod text;

pub mod json;

use crate::report::{CheckReport, StepReport};
use crate::snippet::{Colour, Frame, Severity, render_in};
use crate::units::human_duration;

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
                // Once is enough for what all failures of a step share.
                notes: if index == last {
                    notes(step)
                } else {
                    Vec::new()
                },
            };
            text.push_str(&render_in(&failure.diagnostic, &frame, colour));
            text.push('\n');
        }
    }
    text
}

fn notes(step: &StepReport) -> Vec<String> {
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
    if let Some(body) = step.body.as_ref().filter(|body| !body.trim().is_empty()) {
        let words: Vec<_> = body.split_whitespace().collect();
        notes.push(format!("the answer begins: {}", words.join(" ")));
    }
    notes
}
