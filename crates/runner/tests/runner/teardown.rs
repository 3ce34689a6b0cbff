//! Setups and teardowns, which run around the checks of a file.

use std::time::Duration;

use report::verdict::{Verdict, judge};
use report::{NotRun, Outcome, Role, StepOutcome};
use runner::settings::Limits;

use crate::support::{find, outcomes, report, report_within, stage};

#[tokio::test]
async fn a_setup_runs_first_and_the_checks_know_what_it_captures() {
    let text = "
setup:
  - post: /login
    json: { email: demo@example.com, password: correct-horse }
    capture: { token: { json: $.token } }
defaults: { auth: { bearer: '{{ token }}' } }
checks:
  - { name: a, get: /account }
  - { name: b, get: /orders }
teardown:
  - { get: /account }
";
    // The defaults hold for the setup as well, which has no token yet.
    let text = text.replace("  - post: /login\n", "  - post: /login\n    auth: none\n");
    let report = report(&stage().await, &text).await;
    assert_eq!(judge(&report), Verdict::Succeeded, "{report:#?}");
    assert_eq!(report.counts().passed, 2);
    let roles: Vec<_> = report.checks.iter().map(|check| check.role).collect();
    assert_eq!(
        roles,
        [Role::Setup, Role::Check, Role::Check, Role::Teardown]
    );
}

#[tokio::test]
async fn if_the_setup_fails_no_check_runs_and_the_teardown_does() {
    let text = "
setup: [{ get: /status/500 }]
checks: [{ name: a, get: /healthz }]
teardown: [{ get: /status/500 }, { get: /healthz }]
";
    let report = report(&stage().await, text).await;
    assert_eq!(
        outcomes(&report),
        [
            ("setup", Outcome::Failed),
            ("a", Outcome::NotRun(NotRun::Setup)),
            ("teardown", Outcome::Warned),
        ]
    );
    // Its steps run whatever comes of the others.
    let steps = &find(&report, "teardown").steps;
    assert_eq!(steps[0].outcome, StepOutcome::Failed);
    assert_eq!(steps[1].outcome, StepOutcome::Passed);
    assert_eq!(judge(&report), Verdict::Failed);
}

#[tokio::test]
async fn a_setup_that_passes_proves_nothing_alone() {
    let text = "
setup: [{ get: /healthz }]
checks: [{ name: a, skip: not today, get: /healthz }]
";
    let report = report(&stage().await, text).await;
    assert_eq!(judge(&report), Verdict::Failed);
}

#[tokio::test]
async fn time_is_kept_for_the_teardown() {
    let stage = stage().await;
    let text = "
checks: [{ name: a, get: '/slow?ms=30000', timeout: 30s }]
teardown: [{ get: /healthz, timeout: 2s }]
";
    let limits = Limits {
        deadline: Some(Duration::from_secs(2)),
        ..Limits::default()
    };
    let report = report_within(&stage, text, limits).await;
    assert_eq!(find(&report, "a").outcome, Outcome::Failed);
    assert_eq!(find(&report, "teardown").outcome, Outcome::Passed);
    assert!(report.duration < Duration::from_secs(10));
}
