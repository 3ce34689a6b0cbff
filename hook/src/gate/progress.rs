//! A line of the log for each check that is done.

use std::time::Duration;

use report::{CheckReport, Outcome};
use runner::run::Progress;

pub(super) fn log_progress(progress: Progress<'_>) {
    if let Progress::Finished { check, .. } = progress {
        log_check(check);
    }
}

fn log_check(check: &CheckReport) {
    let name = check.name.as_str();
    let duration_ms = count_milliseconds(check.duration);
    let (outcome, not_run) = match check.outcome {
        // A line of a check that passed is INFO, so that a filter can leave
        // it out.
        Outcome::Passed => {
            let outcome = "passed";
            tracing::info!(check = name, outcome, duration_ms, "passed: {name}");
            return;
        }
        Outcome::Warned => ("warned", None),
        Outcome::Failed => ("failed", None),
        Outcome::NotRun(why) => ("not-run", Some(why.reason())),
    };
    let reasons: Vec<_> = check
        .failures()
        .map(|failure| failure.diagnostic.to_string())
        .chain(not_run.map(str::to_owned))
        .collect();
    let reason = reasons.join("; ");
    // The members of a line are for programs, which look at one failure a
    // check.
    let first = check.failures().next();
    let diagnostic = first.map(|failure| &failure.diagnostic);
    let place = diagnostic.and_then(|diagnostic| diagnostic.place.as_ref());
    tracing::warn!(
        check = name,
        outcome,
        duration_ms,
        attempts = check.attempts,
        reason,
        class = first.map(|failure| failure.class.key()),
        place = place.map(ToString::to_string),
        expected = diagnostic.and_then(|diagnostic| diagnostic.expected.as_deref()),
        found = diagnostic.and_then(|diagnostic| diagnostic.found.as_deref()),
        help = diagnostic.and_then(|diagnostic| diagnostic.help.as_deref()),
        "{outcome}: {name}: {reason}"
    );
}

fn count_milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
