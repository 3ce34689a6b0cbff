//! What stands above the checks: what is known of the run, what failed, and
//! the sections of check files.

use minijinja::{Value, context};

use super::check::describe_check;
use crate::{CheckReport, Outcome, Report, ReportContext, Role};

/// How many failed checks are listed; the filter shows the others too.
const MOST_LISTED: usize = 12;

/// What is deployed, by names for people.
pub(super) fn describe_deployment(context: &ReportContext) -> Vec<(String, String)> {
    let names = context.deployment.iter();
    let names = names.map(|(name, value)| (name.replace('_', " "), value.clone()));
    names.collect()
}

/// Where to read on. What a browser cannot open is only shown.
pub(super) fn describe_links(context: &ReportContext) -> Vec<Value> {
    let links = context.links.iter().map(|link| {
        let is_web = link.url.starts_with("https://");
        context! { title => link.title.as_str(), url => link.url.as_str(), is_web }
    });
    links.collect()
}

/// What kept the checks from being run, or from being believed.
pub(super) fn describe_refusal(report: &Report) -> Option<Value> {
    let refusal = report.refusal.as_ref()?;
    let heading = if report.checks.is_empty() {
        "No check was run"
    } else {
        "What the checks say does not count"
    };
    let problems = refusal.problems.iter();
    let problems = problems.map(|problem| {
        context! { text => problem.text.as_str(), help => problem.help.as_deref() }
    });
    Some(context! { heading, problems => problems.collect::<Vec<_>>() })
}

/// How many checks came out how; nothing where none was run. The script makes
/// filters of them.
pub(super) fn count_outcomes(report: &Report) -> Vec<Value> {
    if report.checks.is_empty() {
        return Vec::new();
    }
    let counts = report.counts();
    let rows = [
        ("all", "checks", report.total()),
        ("failed", "failed", counts.failed),
        ("warned", "warned", counts.warned),
        ("not-run", "not run", counts.not_run),
        ("passed", "passed", counts.passed),
    ];
    let rows = rows.map(|(outcome, words, count)| context! { outcome, words, count });
    rows.into()
}

/// The checks that failed, with the first of what was wrong.
pub(super) fn list_failed(report: &Report) -> Option<Value> {
    let checks = report.checks.iter().enumerate();
    let failed: Vec<_> = checks
        .filter(|(_, check)| check.outcome == Outcome::Failed)
        .collect();
    let listed = failed.iter().take(MOST_LISTED).map(|(index, check)| {
        let first = check.failures().next();
        let title = first.map(|failure| failure.diagnostic.title.as_str());
        context! { number => index + 1, name => check.name.as_str(), title }
    });
    let listed: Vec<_> = listed.collect();
    let more = failed.len() - listed.len();
    (!listed.is_empty()).then(|| context! { listed, more })
}

/// The checks by their files, with what came of each file.
pub(super) fn describe_suites(report: &Report) -> Vec<Value> {
    let mut numbers = 1..;
    let suites = report
        .checks
        .chunk_by(|one, next| one.suite == next.suite)
        .map(|checks| {
            let count = |is_counted: fn(&CheckReport) -> bool| {
                let own_checks = checks.iter().filter(|check| check.role == Role::Check);
                own_checks.filter(|check| is_counted(check)).count()
            };
            let numbered = checks.iter().zip(&mut numbers);
            let entries =
                numbered.map(|(entry, number)| describe_check(entry, number, report.duration));
            context! {
                name => checks.first().map(|check| &*check.suite),
                total => count(|_| true),
                passed => count(|check| check.outcome == Outcome::Passed),
                checks => entries.collect::<Vec<_>>(),
            }
        });
    suites.collect()
}
