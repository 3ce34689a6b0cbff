//! Why a verdict is what it is, in as few lines as a person needs: for a
//! notification, and for a terminal. Both are made from the report for
//! programs, so that they cannot differ.

use std::fmt::Write as _;
use std::time::Duration;

use anstyle::{AnsiColor, Style};

use crate::Class;
use crate::render::json::JsonReport;
use crate::render::paint;
use diagnostic::snippet::{Colour, visible};
use diagnostic::units::{human_duration, pluralize};

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
pub fn render_subject(report: &JsonReport<'_>) -> String {
    let names = ["application", "group", "id"]
        .into_iter()
        .filter_map(|name| report.deployment.get(name))
        .map(String::as_str);
    let names: Vec<_> = names.collect();
    let deployment = if names.is_empty() {
        report.target.to_string()
    } else {
        names.join(" ")
    };
    format!("Greenlight {}: {deployment}", report.verdict)
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

/// The explanation in full: verdict, circumstances, problems, and the first
/// `most_failures` failed expectations. Those beyond are counted and named.
pub fn render_text(report: &JsonReport<'_>, most_failures: usize, colour: Colour) -> String {
    let mut page = Explanation {
        text: String::new(),
        colour,
    };
    let (verdict, reason) = (
        page.paint_verdict(&report.verdict),
        clip_line(&report.reason),
    );
    let _ = writeln!(page.text, "{verdict}: {reason}\n");
    write_circumstances(report, &mut page);
    for problem in report.problems.iter().take(MOST_PROBLEMS) {
        let _ = writeln!(page.text, "\n{}", clip_line(&problem.text));
        page.write_row("help", problem.help.as_deref());
    }
    if let more @ 1.. = report.problems.len().saturating_sub(MOST_PROBLEMS) {
        let _ = writeln!(page.text, "\nand {}", pluralize(more, "more problem"));
    }
    write_failures(report, &mut page, most_failures);
    if !report.links.is_empty() {
        page.text.push('\n');
    }
    for link in &report.links {
        page.write_row(&link.title, Some(&link.url));
    }
    page.text
}

fn write_circumstances(report: &JsonReport<'_>, page: &mut Explanation) {
    let member = |name: &str| report.deployment.get(name).map(String::as_str);
    page.write_row("deployment", member("id"));
    page.write_row("application", member("application"));
    page.write_row("group", member("group"));
    page.write_row("event", member("lifecycle_event"));
    page.write_row("image", member("image"));
    page.write_row("target", Some(&report.target));
    let took = human_duration(Duration::from_millis(report.duration_ms));
    page.write_row(
        "tested",
        Some(&format!("{}, for {took}", report.started_at)),
    );
    page.write_row("told", report.reported.as_deref().map(describe_reported));
}

fn write_failures(report: &JsonReport<'_>, page: &mut Explanation, most_failures: usize) {
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
    for (index, (check, step, failure)) in failures.iter().take(most_failures).enumerate() {
        let name = format!("{} ({})", check.name, check.suite);
        let name = page.paint_bold(&clip_line(&name));
        let _ = writeln!(page.text, "\n{name}: {}", clip_line(&failure.title));
        page.write_row("class", Some(class_words(&failure.class)));
        page.write_row("place", failure.place.as_deref());
        page.write_row("expected", failure.expected.as_deref());
        page.write_row("found", failure.found.as_deref());
        page.write_row("help", failure.help.as_deref());
        // The failures of one step share its request, so its command stands once,
        // below the last of them.
        let next = failures
            .get(index + 1)
            .filter(|_| index + 1 < most_failures);
        let next_is_same_step = next.is_some_and(|(_, other, _)| std::ptr::eq(*other, *step));
        if let Some(curl) = step.curl.as_deref().filter(|_| !next_is_same_step) {
            page.write_command(curl);
        }
    }
    if let more @ 1.. = failures.len().saturating_sub(most_failures) {
        let mut names: Vec<_> = failures.iter().skip(most_failures).collect();
        names.dedup_by(|(a, ..), (b, ..)| std::ptr::eq(*a, *b));
        let ellipsis = if names.len() > MOST_NAMES {
            ", …"
        } else {
            ""
        };
        let names = names.iter().take(MOST_NAMES);
        let names: Vec<_> = names
            .map(|(check, ..)| format!("`{}`", check.name))
            .collect();
        let more = pluralize(more, "more failed expectation");
        let names = clip_line(&names.join(", "));
        let _ = writeln!(page.text, "\nand {more}, of {names}{ellipsis}");
    }
}

/// The class of a failure, for people; a class that this version does not know
/// is shown by its key.
fn class_words(key: &str) -> &str {
    let class = Class::ALL.into_iter().find(|class| class.key() == key);
    class.map_or(key, |class| class.words())
}

/// What became of the verdict, for people. A later version may write a word
/// that this one does not know; it is shown as it is.
fn describe_reported(reported: &str) -> &str {
    match reported {
        "accepted" => "CodeDeploy took the verdict",
        "already-completed" => "CodeDeploy had a verdict already",
        "not-accepted" => "CodeDeploy could not be told",
        other => other,
    }
}

/// An explanation that is being written.
struct Explanation {
    text: String,
    colour: Colour,
}

impl Explanation {
    fn paint_verdict(&self, verdict: &str) -> String {
        let colour = match verdict {
            "Succeeded" => AnsiColor::Green,
            _ => AnsiColor::Red,
        };
        paint(&visible(verdict), colour.on_default().bold(), self.colour)
    }

    fn paint_bold(&self, text: &str) -> String {
        paint(text, Style::new().bold(), self.colour)
    }

    /// Writes a name and its value on one line; a value that is absent or empty
    /// has no line.
    fn write_row(&mut self, name: &str, value: Option<&str>) {
        let Some(value) = value.filter(|value| !value.is_empty()) else {
            return;
        };
        let name = paint(
            &format!("{:<11}", visible(name)),
            Style::new().dimmed(),
            self.colour,
        );
        let _ = writeln!(self.text, "  {name} {}", clip_line(value));
    }

    fn write_command(&mut self, curl: &str) {
        self.text.push_str("  repeat it with:\n");
        let lines: Vec<_> = curl.lines().map(visible).collect();
        for line in truncate(&lines.join("\n"), MOST_COMMAND).lines() {
            let _ = writeln!(self.text, "    {line}");
        }
    }
}

/// The text on one line, without characters that a terminal would obey, and
/// no longer than `MOST_TEXT`.
fn clip_line(text: &str) -> String {
    truncate(&visible(text), MOST_TEXT)
}

/// At most this many bytes of the text, cut between two characters.
fn truncate(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let end = (0..=most).rev().find(|at| text.is_char_boundary(*at));
    format!("{}…", &text[..end.unwrap_or_default()])
}

#[cfg(test)]
mod tests;
