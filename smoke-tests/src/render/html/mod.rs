//! The report as one HTML file for people: no outside resource, readable
//! without its script.
//!
//! Everything from the report goes through `Text`, which escapes it. The
//! policy in the head lets nothing run or load but the style and the script of
//! this folder, each named by its hash.

mod check;
mod text;
mod timing;

use std::fmt::Write as _;

use text::{Sentence, Text};

use crate::report::{About, Outcome, Refusal, Report};
use crate::units::human_duration;
use crate::verdict::{self, Verdict};

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");
/// SHA-256 of the two, in Base64. A test says what to write here.
const STYLE_HASH: &str = "CajEBMEsDitlDoHcyIQl/onAl0MYZiOIFtwhJXPtcE0=";
const SCRIPT_HASH: &str = "sd1XxC/8s3+vLzYCtvnmN4WHnVO/bkbUiUOLr1JSjQg=";

/// The whole report.
pub fn report(report: &Report) -> String {
    let verdict = verdict::judge(report);
    let reason = verdict::reason(report);
    let (class, mark, promise) = match verdict {
        Verdict::Succeeded => ("passed", "✓", "Production traffic may move."),
        Verdict::Failed => ("failed", "✗", "Production traffic must not move."),
    };
    let mut html = String::new();
    let _ = write!(
        html,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
         style-src 'sha256-{STYLE_HASH}'; script-src 'sha256-{SCRIPT_HASH}'; \
         base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>{mark} {verdict}: {target}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
         <header class=\"{class}\">\n<p class=\"brand\">Greenlight</p>\n\
         <h1><span class=\"mark\" aria-hidden=\"true\">{mark}</span> {verdict}</h1>\n\
         <p class=\"promise\">{promise}</p>\n<p class=\"reason\">{reason}</p>\n<dl>\
         <div><dt>Target</dt><dd>{target}</dd></div>\
         <div><dt>Started</dt><dd><time datetime=\"{started}\">{shown}</time></dd></div>\
         <div><dt>Took</dt><dd>{took}</dd></div>",
        target = Text(&report.target),
        reason = Sentence(&reason),
        started = report.started_at,
        shown = Text(
            &report
                .started_at
                .strftime("%Y-%m-%d %H:%M:%S UTC")
                .to_string()
        ),
        took = human_duration(report.duration),
    );
    about(&mut html, &report.about);
    html.push_str("</dl>\n");
    counts(&mut html, report);
    html.push_str("</header>\n");
    html.push_str(CONTROLS);
    html.push_str("<main>\n");
    if let Some(refusal) = &report.refusal {
        refused(&mut html, refusal);
    }
    let mut suite = None;
    for (index, check) in report.checks.iter().enumerate() {
        if suite != Some(&check.suite) {
            if suite.is_some() {
                html.push_str("</section>\n");
            }
            let _ = writeln!(
                html,
                "<section class=\"suite\"><h2>{}</h2>",
                Text(&check.suite)
            );
            suite = Some(&check.suite);
        }
        check::check(&mut html, check, index, report.duration);
    }
    if suite.is_some() {
        html.push_str("</section>\n");
    }
    let _ = write!(
        html,
        "<p id=\"none\" hidden>No check matches.</p>\n</main>\n<footer>Greenlight {}. The bars show \
         when each check and step ran within the {} of the run.</footer>\n<script>{SCRIPT}</script>\n\
         </body>\n</html>\n",
        env!("CARGO_PKG_VERSION"),
        human_duration(report.duration),
    );
    html
}

/// What is deployed, and where to read on.
fn about(html: &mut String, about: &About) {
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

/// What kept the checks from being run.
fn refused(html: &mut String, refusal: &Refusal) {
    html.push_str("<section class=\"suite\"><h2>No check was run</h2>");
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
const CONTROLS: &str = "<form id=\"controls\" role=\"search\" hidden>\
<label for=\"search\">Search</label>\
<input id=\"search\" type=\"search\" placeholder=\"name, tag, URL, message …\" autocomplete=\"off\">\
<button type=\"button\" id=\"all\" aria-pressed=\"false\">Open all</button>\
<output id=\"shown\" for=\"search\" aria-live=\"polite\"></output></form>\n";

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

/// An outcome as a class, a mark and a word.
fn outcome(outcome: Outcome) -> (&'static str, &'static str, &'static str) {
    match outcome {
        Outcome::Passed => ("passed", "✓", "passed"),
        Outcome::Warned => ("warned", "!", "warned"),
        Outcome::Failed => ("failed", "✗", "failed"),
        Outcome::NotRun(_) => ("not-run", "–", "not run"),
    }
}

#[cfg(test)]
mod tests;
