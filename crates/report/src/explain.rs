//! Why a verdict is what it is, in as few lines as a person needs: for a
//! notification, and for a terminal. Both are made from the report for
//! programs, so that they cannot differ.

use std::fmt::Write as _;
use std::time::Duration;

use anstyle::{AnsiColor, Style};

use crate::Class;
use crate::render::json::Report;
use crate::render::paint;
use diagnostic::snippet::{Colour, visible};
use diagnostic::units::{counted, human_duration};

/// The most problems that are shown; the report has all.
const MOST_PROBLEMS: usize = 10;
/// The most names of other checks that are shown.
const MOST_NAMES: usize = 10;
/// The most bytes of one text.
const MOST_TEXT: usize = 4 * 1024;
/// The most bytes of one command.
const MOST_COMMAND: usize = 16 * 1024;
/// The longest subject of a message.
///
/// Source: [Publish](https://docs.aws.amazon.com/sns/latest/api/API_Publish.html).
const LONGEST_SUBJECT: usize = 100;

/// One line for the subject of a message: printable ASCII, and bounded.
pub fn subject(report: &Report<'_>) -> String {
    let named = ["application", "group", "id"]
        .into_iter()
        .filter_map(|name| report.deployment.get(name))
        .map(String::as_str);
    let named: Vec<_> = named.collect();
    let of = if named.is_empty() {
        report.target.to_string()
    } else {
        named.join(" ")
    };
    format!("Greenlight {}: {of}", report.verdict)
        .chars()
        .map(|c| {
            if c.is_ascii_graphic() || c == ' ' {
                c
            } else {
                '?'
            }
        })
        .take(LONGEST_SUBJECT)
        .collect()
}

/// The whole of it, with this many failed expectations in full.
pub fn text(report: &Report<'_>, shown: usize, colour: Colour) -> String {
    let mut page = Page {
        text: String::new(),
        colour,
    };
    let (verdict, reason) = (page.verdict(&report.verdict), clipped(&report.reason));
    let _ = writeln!(page.text, "{verdict}: {reason}\n");
    circumstances(report, &mut page);
    for problem in report.problems.iter().take(MOST_PROBLEMS) {
        let _ = writeln!(page.text, "\n{}", clipped(&problem.text));
        page.row("help", problem.help.as_deref());
    }
    if let more @ 1.. = report.problems.len().saturating_sub(MOST_PROBLEMS) {
        let _ = writeln!(page.text, "\nand {}", counted(more, "more problem"));
    }
    failures(report, &mut page, shown);
    if !report.links.is_empty() {
        page.text.push('\n');
    }
    for link in &report.links {
        page.row(&link.title, Some(&link.url));
    }
    page.text
}

fn circumstances(report: &Report<'_>, page: &mut Page) {
    let of = |name: &str| report.deployment.get(name).map(String::as_str);
    page.row("deployment", of("id"));
    page.row("application", of("application"));
    page.row("group", of("group"));
    page.row("event", of("lifecycle_event"));
    page.row("image", of("image"));
    page.row("target", Some(&report.target));
    let took = human_duration(Duration::from_millis(report.duration_ms));
    page.row(
        "tested",
        Some(&format!("{}, for {took}", report.started_at)),
    );
    page.row("told", report.reported.as_deref().map(told));
}

fn failures(report: &Report<'_>, page: &mut Page, shown: usize) {
    let failed = || {
        report
            .checks
            .iter()
            .filter(|check| check.outcome == "failed")
    };
    let failures = failed().flat_map(|check| {
        let steps = check.steps.iter();
        steps.flat_map(move |step| step.failures.iter().map(move |it| (check, step, it)))
    });
    let failures: Vec<_> = failures.collect();
    for (index, (check, step, failure)) in failures.iter().take(shown).enumerate() {
        let name = format!("{} ({})", check.name, check.suite);
        let name = page.bold(&clipped(&name));
        let _ = writeln!(page.text, "\n{name}: {}", clipped(&failure.title));
        page.row("class", Some(class(&failure.class)));
        page.row("place", failure.place.as_deref());
        page.row("expected", failure.expected.as_deref());
        page.row("found", failure.found.as_deref());
        page.row("help", failure.help.as_deref());
        let next = failures.get(index + 1).filter(|_| index + 1 < shown);
        let goes_on = next.is_some_and(|(_, other, _)| std::ptr::eq(*other, *step));
        if let Some(curl) = step.curl.as_deref().filter(|_| !goes_on) {
            page.command(curl);
        }
    }
    if let more @ 1.. = failures.len().saturating_sub(shown) {
        let mut names: Vec<_> = failures.iter().skip(shown).collect();
        names.dedup_by(|(a, ..), (b, ..)| std::ptr::eq(*a, *b));
        let cut = if names.len() > MOST_NAMES {
            ", …"
        } else {
            ""
        };
        let names = names.iter().take(MOST_NAMES);
        let names: Vec<_> = names
            .map(|(check, ..)| format!("`{}`", check.name))
            .collect();
        let more = counted(more, "more failed expectation");
        let names = clipped(&names.join(", "));
        let _ = writeln!(page.text, "\nand {more}, of {names}{cut}");
    }
}

/// The class of a failure, for people.
fn class(key: &str) -> &str {
    let known = Class::ALL.into_iter().find(|class| class.key() == key);
    known.map_or(key, |class| class.words())
}

/// What became of the verdict, for people.
fn told(reported: &str) -> &str {
    match reported {
        "accepted" => "CodeDeploy took the verdict",
        "already-completed" => "CodeDeploy had a verdict already",
        "not-accepted" => "CodeDeploy could not be told",
        other => other,
    }
}

/// A text that is being written.
struct Page {
    text: String,
    colour: Colour,
}

impl Page {
    fn verdict(&self, verdict: &str) -> String {
        let colour = match verdict {
            "Succeeded" => AnsiColor::Green,
            _ => AnsiColor::Red,
        };
        paint(&visible(verdict), colour.on_default().bold(), self.colour)
    }

    fn bold(&self, text: &str) -> String {
        paint(text, Style::new().bold(), self.colour)
    }

    /// What is known by a name; what is not has no row.
    fn row(&mut self, name: &str, value: Option<&str>) {
        let Some(value) = value.filter(|value| !value.is_empty()) else {
            return;
        };
        let name = paint(
            &format!("{:<11}", visible(name)),
            Style::new().dimmed(),
            self.colour,
        );
        let _ = writeln!(self.text, "  {name} {}", clipped(value));
    }

    fn command(&mut self, curl: &str) {
        self.text.push_str("  repeat it with:\n");
        let lines: Vec<_> = curl.lines().map(visible).collect();
        for line in cut(&lines.join("\n"), MOST_COMMAND).lines() {
            let _ = writeln!(self.text, "    {line}");
        }
    }
}

/// The text on one line, harmless for a terminal, and bounded.
fn clipped(text: &str) -> String {
    cut(&visible(text), MOST_TEXT)
}

fn cut(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let end = (0..=most).rev().find(|at| text.is_char_boundary(*at));
    format!("{}…", &text[..end.unwrap_or_default()])
}

#[cfg(test)]
mod tests;
