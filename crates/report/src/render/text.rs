//! The report for people: one line a check, the failures in full, a summary.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use super::{exchange, failures, paint};
use crate::verdict::{Verdict, judge};
use crate::{CheckReport, NotRun, Outcome, Report};
use diagnostic::snippet::{Colour, visible};
use diagnostic::units::{human_duration, pluralize};

/// The whole report as text.
pub fn render(report: &Report, colour: Colour) -> String {
    let mut text = String::new();
    let mut suite = None;
    for check in &report.checks {
        if suite != Some(&check.suite) {
            if suite.is_some() {
                text.push('\n');
            }
            let _ = writeln!(
                text,
                "{}",
                paint(&visible(&check.suite), Style::new().bold(), colour)
            );
            suite = Some(&check.suite);
        }
        let _ = writeln!(text, "  {}", render_line(check, colour));
        let details = failures(check, colour);
        if !details.is_empty() {
            text.push('\n');
            let commands = exchange::render_commands(check);
            for row in details.lines().chain(commands.lines()) {
                let _ = writeln!(text, "{}", format!("    {row}").trim_end());
            }
            text.push('\n');
        }
    }
    for note in &report.context.notes {
        let _ = writeln!(text, "\nnote: {}", visible(note));
    }
    let _ = writeln!(text, "\n{}", render_summary(report, colour));
    text
}

/// One check on one line: outcome, name, time.
pub fn render_line(check: &CheckReport, colour: Colour) -> String {
    let (word, style) = match check.outcome {
        Outcome::Passed => ("pass", AnsiColor::Green.on_default()),
        Outcome::Warned => ("warn", AnsiColor::Yellow.on_default().bold()),
        Outcome::Failed => ("FAIL", AnsiColor::Red.on_default().bold()),
        Outcome::NotRun(_) => ("skip", AnsiColor::Cyan.on_default()),
    };
    let word = paint(word, style, colour);
    let name = visible(&check.name);
    let remark = match check.not_run_reason() {
        Some(why) => format!("not run: {}", visible(why)),
        None => human_duration(check.duration),
    };
    let aside = check
        .outcome_remark()
        .map_or(String::new(), |aside| format!("; {}", visible(aside)));
    // The whole check is tried again, or one of its steps; both are attempts to a
    // reader, and the larger number says how long it took to pass.
    let attempts: u32 = check.attempts.max(
        check
            .steps
            .iter()
            .map(|step| step.attempts)
            .max()
            .unwrap_or(0),
    );
    let attempts = match attempts {
        0 | 1 => String::new(),
        attempts => format!(", {attempts} attempts"),
    };
    let repeats: u32 = check.steps.iter().map(|step| step.resends.total()).sum();
    let repeats = match repeats {
        0 => String::new(),
        repeats => format!(", asked again {}", pluralize(repeats as usize, "time")),
    };
    let series: String = check
        .steps
        .iter()
        .filter_map(|step| step.series.as_ref())
        .flat_map(|series| ["; ".to_owned(), series.words()])
        .collect();
    let remark = paint(
        &format!("({remark}{attempts}{repeats}{series}{aside})"),
        Style::new().dimmed(),
        colour,
    );
    format!("{word}  {name}  {remark}")
}

/// The last lines: counts, time, verdict.
pub fn render_summary(report: &Report, colour: Colour) -> String {
    let counts = report.counts();
    let mut parts = vec![format!("{} passed", counts.passed)];
    for (count, word) in [
        (counts.warned, "warned"),
        (counts.failed, "failed"),
        (counts.not_run, "not run"),
    ] {
        if count > 0 {
            parts.push(format!("{count} {word}"));
        }
    }
    let verdict = judge(report);
    let style = match verdict {
        Verdict::Succeeded => AnsiColor::Green.on_default().bold(),
        Verdict::Failed => AnsiColor::Red.on_default().bold(),
    };
    let out_of_time = report
        .checks
        .iter()
        .any(|check| check.outcome == Outcome::NotRun(NotRun::OutOfTime));
    let hint = if out_of_time {
        "\nThe run's time was over: raise `--deadline` or `--jobs`, or shorten retries and timeouts."
    } else {
        ""
    };
    format!(
        "{} against {}: {} in {}\nverdict: {}{hint}",
        pluralize(report.total(), "check"),
        visible(&report.target),
        parts.join(", "),
        human_duration(report.duration),
        paint(&verdict.to_string(), style, colour),
    )
}
