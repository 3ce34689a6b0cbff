//! The report as TAP, version 14 (<https://testanything.org>).
//!
//! A check that did not run is a `SKIP`, one that only warned a `TODO`; what
//! is wrong stands in a block of YAML below the check.

use std::fmt::Write as _;

use super::{exchange, failures};
use crate::verdict;
use crate::{CheckReport, Outcome, Report};
use diagnostic::snippet::{Colour, is_invisible, visible};

/// The whole report as TAP.
pub fn render(report: &Report) -> String {
    // A stream of passed checks, or of none, is a success to readers of TAP; only
    // `Bail out!` tells them that the checks do not count.
    if let Some(refusal) = &report.refusal {
        return format!(
            "TAP version 14\nBail out! {}\n",
            escape_description(&refusal.reason)
        );
    }
    let mut text = format!("TAP version 14\n1..{}\n", report.checks.len());
    for (index, check) in report.checks.iter().enumerate() {
        let number = index + 1;
        let word = match check.outcome {
            Outcome::Passed | Outcome::NotRun(_) => "ok",
            Outcome::Warned | Outcome::Failed => "not ok",
        };
        let name = escape_description(&format!("{}: {}", check.suite, check.name));
        let directive = match check.outcome {
            Outcome::Passed | Outcome::Failed => String::new(),
            Outcome::Warned => " # TODO a warning, which the verdict does not mind".to_owned(),
            Outcome::NotRun(_) => {
                format!(
                    " # SKIP {}",
                    escape_description(check.not_run_reason().unwrap_or_default())
                )
            }
        };
        let _ = writeln!(text, "{word} {number} - {name}{directive}");
        write_details(&mut text, check);
    }
    let _ = writeln!(
        text,
        "# verdict: {}: {}",
        verdict::judge(report),
        escape_description(&verdict::reason(report))
    );
    text
}

/// Writes the block of YAML below a check. Its texts are in quotes as JSON has
/// them, which YAML reads too.
fn write_details(text: &mut String, check: &CheckReport) {
    let mut line = |row: &str| {
        let _ = writeln!(text, "{}", format!("  {row}").trim_end());
    };
    line("---");
    line(&format!("place: {}", quote_yaml(&check.place.to_string())));
    line(&format!("duration_ms: {}", check.duration.as_millis()));
    if let Some(remark) = check.outcome_remark() {
        line(&format!("remark: {}", quote_yaml(remark)));
    }
    if let Some(first) = check.failures().next() {
        line(&format!("class: {}", first.class.key()));
        line(&format!(
            "message: {}",
            quote_yaml(&first.diagnostic.to_string())
        ));
        for (key, value) in [
            ("expected", &first.diagnostic.expected),
            ("found", &first.diagnostic.found),
        ] {
            if let Some(value) = value {
                line(&format!("{key}: {}", quote_yaml(value)));
            }
        }
        line("details: |2");
        let details = failures(check, Colour::Never)
            + &exchange::render_transcripts(check)
            + &exchange::render_commands(check);
        for row in details.lines() {
            line(&format!("  {row}"));
        }
    }
    line("...");
}

/// Text as a JSON string, of characters that YAML allows.
fn quote_yaml(text: &str) -> String {
    serde_json::Value::from(text)
        .to_string()
        .chars()
        .fold(String::new(), |mut quoted, c| {
            if is_invisible(c) {
                let _ = write!(quoted, "\\u{:04x}", u32::from(c));
            } else {
                quoted.push(c);
            }
            quoted
        })
}

/// A description on one line. A `#` in it is escaped, because it would begin a
/// directive.
fn escape_description(text: &str) -> String {
    let visible = visible(text);
    visible.chars().fold(String::new(), |mut escaped, c| {
        match c {
            '#' | '\\' => escaped.extend(['\\', c]),
            c => escaped.push(c),
        }
        escaped
    })
}
