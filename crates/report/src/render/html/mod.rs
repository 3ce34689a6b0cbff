//! The report as one HTML file for people: no outside resource, readable
//! without its script.
//!
//! Everything from the report goes through `Text`, which escapes it. The
//! policy in the head lets nothing run or load but the style and the script of
//! this folder, each named by its hash.

mod check;
mod indent;
mod summary;
mod text;
mod timing;

use std::fmt::Write as _;

use text::{Sentence, Text};

use crate::verdict::{self, Verdict};
use crate::{Outcome, Report};
use diagnostic::units::human_duration;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");
/// SHA-256 of the two, in Base64. A test says what to write here.
const STYLE_HASH: &str = "kSrk4ngVpn2NkhDVJgmgqDRN9P342oFdBqxP0FP6Inc=";
const SCRIPT_HASH: &str = "h3Hgn8ZkCK7mi6cCXB+zEDHLWZkgcd4f3U+6LoHUi8E=";

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
         <meta name=\"robots\" content=\"noindex\">\n\
         <title>{mark} {verdict}: {target}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
         <a class=\"skip\" href=\"#checks\">Skip to the checks</a>\n\
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
    summary::about(&mut html, &report.about);
    html.push_str("</dl>\n");
    summary::failed(&mut html, report);
    html.push_str("</header>\n<main>\n");
    if !report.checks.is_empty() {
        summary::controls(&mut html, report);
    }
    html.push_str("<div id=\"checks\" tabindex=\"-1\">\n");
    if let Some(refusal) = &report.refusal {
        summary::refused(&mut html, report, refusal);
    }
    let suites = report.checks.chunk_by(|one, next| one.suite == next.suite);
    let mut index = 0;
    for checks in suites {
        summary::suite(&mut html, checks, report.duration);
        for check in checks {
            check::check(&mut html, check, index, report.duration);
            index += 1;
        }
        html.push_str("</section>\n");
    }
    let _ = write!(
        html,
        "<p id=\"none\" hidden>No check matches. <button type=\"button\" id=\"reset\">Show all</button>\
         </p>\n</div>\n</main>\n<footer>Greenlight {}. The bars show \
         when each check and step ran within the {} of the run.</footer>\n<script>{SCRIPT}</script>\n\
         </body>\n</html>\n",
        env!("CARGO_PKG_VERSION"),
        human_duration(report.duration),
    );
    html
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
