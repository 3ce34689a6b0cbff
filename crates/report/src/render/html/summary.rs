//! What stands above the checks: what is known of the run, what failed, and
//! the controls.

use std::fmt::Write as _;
use std::time::Duration;

use super::text::{Sentence, Text};
use super::timing;
use crate::{About, CheckReport, Outcome, Refusal, Report, Role};

/// How many failed checks are listed; the filter shows the others too.
const MOST_LISTED: usize = 12;

/// What is deployed, and where to read on.
pub(super) fn about(html: &mut String, about: &About) {
    for (name, value) in &about.deployment {
        let name = name.replace('_', " ");
        let _ = write!(
            html,
            "<div><dt>Deployment: {}</dt><dd>{}</dd></div>",
            Text(&name),
            Text(value)
        );
    }
    for link in &about.links {
        let (title, url) = (Text(&link.title), Text(&link.url));
        let _ = write!(html, "<div><dt>{title}</dt><dd>");
        // What a browser cannot open is shown.
        let _ = if link.url.starts_with("https://") {
            write!(html, "<a href=\"{url}\" rel=\"noreferrer\">open</a>")
        } else {
            write!(html, "{url}")
        };
        html.push_str("</dd></div>");
    }
}

/// What kept the checks from being run, or from being believed.
pub(super) fn refused(html: &mut String, report: &Report, refusal: &Refusal) {
    let heading = if report.checks.is_empty() {
        "No check was run"
    } else {
        "What the checks say does not count"
    };
    let _ = write!(html, "<section><h2>{heading}</h2>");
    for problem in &refusal.problems {
        let _ = write!(
            html,
            "<div class=\"failure\"><h3>{}</h3>",
            Sentence(&problem.text)
        );
        if let Some(help) = &problem.help {
            let _ = write!(html, "<p class=\"help\">{}</p>", Sentence(help));
        }
        html.push_str("</div>");
    }
    html.push_str("</section>\n");
}

/// Search and the opening of all; without the script there is nothing to see.
const SEARCH: &str = "<form id=\"controls\" role=\"search\" hidden>\
<label for=\"search\">Search <kbd aria-hidden=\"true\">/</kbd></label>\
<input id=\"search\" type=\"search\" placeholder=\"name, tag, URL, message …\" autocomplete=\"off\" aria-keyshortcuts=\"/\">\
<button type=\"button\" id=\"all\">Open all</button></form>\n\
<output id=\"shown\" for=\"search\" aria-live=\"polite\"></output></div>\n";

/// What stays in sight: how many checks came out how, and the search.
pub(super) fn controls(html: &mut String, report: &Report) {
    html.push_str("<div id=\"bar\">");
    counts(html, report);
    html.push_str(SEARCH);
}

/// How many checks came out how. The script makes filters of them.
fn counts(html: &mut String, report: &Report) {
    let counts = report.counts();
    html.push_str("<ul class=\"counts\" aria-label=\"Checks by outcome\">");
    for (outcome, words, count) in [
        ("all", "checks", report.total()),
        ("failed", "failed", counts.failed),
        ("warned", "warned", counts.warned),
        ("not-run", "not run", counts.not_run),
        ("passed", "passed", counts.passed),
    ] {
        let empty = if count == 0 { " empty" } else { "" };
        let _ = write!(
            html,
            "<li class=\"{outcome}{empty}\"><button type=\"button\" data-filter=\"{outcome}\" disabled>\
             <b>{count}</b> {words}</button></li>"
        );
    }
    html.push_str("</ul>\n");
}

/// Links to the checks that failed, with the first of what was wrong.
pub(super) fn failed(html: &mut String, report: &Report) {
    let entries = report.checks.iter().enumerate();
    let failed: Vec<_> = entries
        .filter(|(_, check)| check.outcome == Outcome::Failed)
        .collect();
    if failed.is_empty() {
        return;
    }
    html.push_str("<nav aria-labelledby=\"failed\"><h2 id=\"failed\">What failed</h2><ol>");
    for (index, check) in failed.iter().take(MOST_LISTED) {
        let number = index + 1;
        let name = Text(&check.name);
        let _ = write!(html, "<li><a href=\"#check-{number}\">{name}</a>");
        if let Some(failure) = check.failures().next() {
            let _ = write!(
                html,
                " <span>{}</span>",
                Sentence(&failure.diagnostic.title)
            );
        }
        html.push_str("</li>");
    }
    html.push_str("</ol>");
    if let Some(more @ 1..) = failed.len().checked_sub(MOST_LISTED) {
        let _ = write!(html, "<p>and {more} more</p>");
    }
    html.push_str("</nav>\n");
}

/// Begins the section of a check file: its name, what came of it, and the
/// scale of its bars.
pub(super) fn suite(html: &mut String, checks: &[CheckReport], whole: Duration) {
    let name = checks.first().map_or("", |check| &*check.suite);
    let of = |wanted: fn(&CheckReport) -> bool| {
        let counted = checks.iter().filter(|check| check.role == Role::Check);
        counted.filter(|check| wanted(check)).count()
    };
    let (total, passed) = (of(|_| true), of(|check| check.outcome == Outcome::Passed));
    let _ = write!(
        html,
        "<section class=\"suite\"><div class=\"top\"><h2>{}</h2>\
         <p class=\"tally\">{passed} of {total} passed</p>",
        Text(name)
    );
    timing::axis(html, whole);
    html.push_str("</div>\n");
}
