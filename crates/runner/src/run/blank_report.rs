//! The report of a check before anything has happened in it.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::plan::PlannedCheck;
use check_file::Step;
use diagnostic::Place;
use report::Severity;
use report::{CheckReport, NotRun, Outcome, Resends, StepOutcome, StepReport};

/// The outcome of a check that does not pass: its severity decides.
pub(super) fn failed_outcome(planned: &PlannedCheck) -> Outcome {
    match planned.severity {
        Severity::Required => Outcome::Failed,
        Severity::Warn => Outcome::Warned,
    }
}

/// The report of a check that does not run.
pub(super) fn report_not_run(planned: &PlannedCheck, why: NotRun) -> CheckReport {
    let mut report = blank_report(planned);
    report.outcome = Outcome::NotRun(why);
    for step in &mut report.steps {
        step.outcome = StepOutcome::NotRun(why);
    }
    report
}

/// The step's own name, or its method and path, behind the fragment's.
fn display_name(step: &Step) -> String {
    let request = &step.request;
    let own_name = step.name.clone();
    let own_name =
        own_name.unwrap_or_else(|| format!("{} {}", request.word(), request.path.text()));
    step.uses()
        .fold(own_name, |name, used| format!("{}: {name}", used.label))
}

/// The report of a check before anything has happened in it: what the check
/// does not reach stays as it is here.
pub(super) fn blank_report(planned: &PlannedCheck) -> CheckReport {
    let check = &planned.check;
    CheckReport {
        suite: planned.suite.clone(),
        role: planned.role,
        name: planned.name.clone(),
        place: Place {
            source: planned.source.clone(),
            span: check.span,
        },
        tags: check.tags.clone(),
        severity: planned.severity,
        remark: planned.remark.clone(),
        outcome: Outcome::NotRun(NotRun::OutOfTime),
        start: Duration::ZERO,
        duration: Duration::ZERO,
        attempts: 0,
        steps: check
            .steps
            .iter()
            .map(|step| StepReport {
                name: display_name(step),
                method: step.request.method.to_string(),
                url: None,
                status: None,
                outcome: StepOutcome::NotRun(NotRun::EarlierStep),
                attempts: 0,
                start: Duration::ZERO,
                duration: Duration::ZERO,
                timing: None,
                resends: Resends::default(),
                latency: None,
                series: None,
                outlasting: Duration::ZERO,
                is_foreign: false,
                routes: BTreeSet::new(),
                failures: Vec::new(),
                exchange: None,
                credentials: Vec::new(),
            })
            .collect(),
    }
}
