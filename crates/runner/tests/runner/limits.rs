//! What ends a run early, and what counts in the verdict then.

use std::num::NonZeroUsize;
use std::time::Duration;

use report::verdict::{Verdict, judge};
use report::{Class, NotRun, Outcome, StepOutcome};
use runner::settings::Limits;

use crate::support::{check, report, report_within, said, stage};

#[tokio::test]
async fn steps_after_a_failed_one_do_not_run_and_are_in_the_report() {
    let stage = stage().await;
    let text = check("steps:\n  - get: /status/500\n  - get: /healthz");
    let report = report(&stage, &text).await;
    let steps: Vec<_> = report.checks[0]
        .steps
        .iter()
        .map(|step| step.outcome)
        .collect();
    assert_eq!(
        steps,
        [
            StepOutcome::Failed,
            StepOutcome::NotRun(NotRun::EarlierStep)
        ]
    );
}

#[tokio::test]
async fn a_warning_does_not_fail_the_verdict_but_cannot_carry_it_alone() {
    let stage = stage().await;
    let warn = "  - { name: w, severity: warn, get: /status/500 }\n";
    let pass = "  - { name: p, get: /healthz }\n";
    let alone = report(&stage, &format!("checks:\n{warn}")).await;
    assert_eq!(alone.checks[0].outcome, Outcome::Warned);
    assert_eq!(judge(&alone), Verdict::Failed);
    let beside = report(&stage, &format!("checks:\n{warn}{pass}")).await;
    assert_eq!(judge(&beside), Verdict::Succeeded);
}

#[tokio::test]
async fn fail_fast_begins_no_further_check() {
    let stage = stage().await;
    let text = "checks:\n  - { name: a, get: /status/500 }\n  - { name: b, get: /healthz }\n";
    let limits = Limits {
        jobs: NonZeroUsize::MIN,
        fail_fast: true,
        deadline: None,
        ..Limits::default()
    };
    let report = report_within(&stage, text, limits).await;
    assert_eq!(report.checks[1].outcome, Outcome::NotRun(NotRun::FailFast));
    assert_eq!(judge(&report), Verdict::Failed);
}

#[tokio::test]
async fn the_deadline_cuts_the_run_and_loses_no_check() {
    let stage = stage().await;
    let mut text = String::from("checks:\n");
    for n in 0..6 {
        text.push_str(&format!(
            "  - {{ name: c{n}, get: /slow?ms=20000, timeout: 30s }}\n"
        ));
    }
    let limits = Limits {
        jobs: NonZeroUsize::new(2).unwrap(),
        fail_fast: false,
        deadline: Some(Duration::from_millis(300)),
        ..Limits::default()
    };
    let report = report_within(&stage, &text, limits).await;
    assert!(report.duration < Duration::from_secs(10));
    let outcomes: Vec<_> = report.checks.iter().map(|check| check.outcome).collect();
    let out_of_time = Outcome::NotRun(NotRun::OutOfTime);
    assert_eq!(outcomes[..2], [Outcome::Failed, Outcome::Failed]);
    assert_eq!(outcomes[2..], [out_of_time; 4]);
    let classes: Vec<_> = report.checks[0]
        .failures()
        .map(|failure| failure.class)
        .collect();
    assert_eq!(classes, [Class::CutShort]);
    insta::assert_snapshot!(said(&stage, &report), @"
    error[cut-short]: cut short by the end of the run
     --> shop.yaml:2:17
      |
    2 |   - { name: c0, get: /slow?ms=20000, timeout: 30s }
      |                 ^^^^^^^^^^^^^^^^^^^ expected an answer before the run's time was over, found no answer within N time
      |
      = note: GET https://localhost:PORT/slow?ms=20000 was not answered (N time)
    ");
}
