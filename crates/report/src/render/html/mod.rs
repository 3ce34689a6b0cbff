//! The report as one HTML file for people: no outside resource, readable
//! without its script.
//!
//! `report.html.j2` is the page. Each value in it goes through `EscapedText`, which
//! escapes it, unless `MarkedSentence` has made HTML of it before. The policy in the
//! head lets nothing run or load but the style and the script of this folder,
//! each named by its hash.

mod check;
mod indent;
mod summary;
mod text;
mod timing;

use std::sync::LazyLock;

use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value, context};

use text::{EscapedText, MarkedSentence};

use crate::verdict::{self, Verdict};
use crate::{Outcome, Report};
use diagnostic::units::human_duration;

const PAGE: &str = include_str!("report.html.j2");
const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");
/// SHA-256 of the two, in Base64. A test says what to write here.
const STYLE_HASH: &str = "kSrk4ngVpn2NkhDVJgmgqDRN9P342oFdBqxP0FP6Inc=";
const SCRIPT_HASH: &str = "h3Hgn8ZkCK7mi6cCXB+zEDHLWZkgcd4f3U+6LoHUi8E=";

static ENGINE: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut engine = Environment::new();
    engine.set_undefined_behavior(UndefinedBehavior::Strict);
    engine.set_auto_escape_callback(|_| AutoEscape::Html);
    // The engine's own way of escaping shows no control characters.
    engine.set_formatter(|out, _, value| {
        let written = match value.as_str().filter(|_| !value.is_safe()) {
            Some(text) => write!(out, "{}", EscapedText(text)),
            None => write!(out, "{value}"),
        };
        written.map_err(minijinja::Error::from)
    });
    engine.add_filter("sentence", |text: &str| {
        Value::from_safe_string(MarkedSentence(text).to_string())
    });
    engine
});

/// The whole report as an HTML page.
pub fn render(report: &Report) -> String {
    let page = ENGINE.render_str(PAGE, page_values(report));
    // The template is the same for every report, so a test would have met an error
    // of it. Should there be one all the same, the run still has its verdict.
    page.unwrap_or_else(|error| {
        EscapedText(&format!("the report has no page: {error}")).to_string()
    })
}

fn page_values(report: &Report) -> Value {
    let verdict = verdict::judge(report);
    let (class, mark, promise) = match verdict {
        Verdict::Succeeded => ("passed", "✓", "Production traffic may move."),
        Verdict::Failed => ("failed", "✗", "Production traffic must not move."),
    };
    let started = report.started_at;
    context! {
        class,
        mark,
        promise,
        verdict => verdict.to_string(),
        reason => verdict::reason(report),
        target => report.target.as_str(),
        started => started.to_string(),
        started_shown => started.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
        took => human_duration(report.duration),
        half => human_duration(report.duration / 2),
        deployment => summary::describe_deployment(&report.context),
        links => summary::describe_links(&report.context),
        failed => summary::list_failed(report),
        counts => summary::count_outcomes(report),
        refusal => summary::describe_refusal(report),
        suites => summary::describe_suites(report),
        style => Value::from_safe_string(STYLE.to_owned()),
        style_hash => STYLE_HASH,
        script => Value::from_safe_string(SCRIPT.to_owned()),
        script_hash => SCRIPT_HASH,
        version => env!("CARGO_PKG_VERSION"),
    }
}

/// The CSS class, the mark and the word for an outcome.
fn outcome_style(outcome: Outcome) -> (&'static str, &'static str, &'static str) {
    match outcome {
        Outcome::Passed => ("passed", "✓", "passed"),
        Outcome::Warned => ("warned", "!", "warned"),
        Outcome::Failed => ("failed", "✗", "failed"),
        Outcome::NotRun(_) => ("not-run", "–", "not run"),
    }
}

#[cfg(test)]
mod tests;
