//! What there is to tell of an invocation.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use report::{Refusal, Report, ReportContext};

use super::links::Console;
use crate::codedeploy::{ReportError, Reported};
use crate::decision::Decision;
use crate::findings::Findings;

/// What there is to tell of an invocation.
#[derive(Debug)]
pub(crate) struct Invocation<'a> {
    /// The invocation.
    pub(crate) request_id: &'a str,
    /// Absent for a run by hand.
    pub(crate) deployment_id: Option<&'a str>,
    /// Whether the gate died, and this is the watchdog.
    pub(crate) is_watchdog: bool,
    /// What was decided, and why.
    pub(crate) decision: &'a Decision,
    /// What was learned on the way.
    pub(crate) findings: &'a Findings,
    /// What became of the verdict.
    pub(crate) reported: &'a Result<Reported, ReportError>,
    /// The base URL under test, as far as the settings say it.
    pub(crate) target: Option<String>,
    /// When the invocation began.
    pub(crate) started_at: Timestamp,
    /// How long it took until the verdict was told.
    pub(crate) duration: Duration,
}

impl Invocation<'_> {
    /// Whether this is the verdict that counts: CodeDeploy took it, or has
    /// none because it could not be told.
    pub(super) fn decides(&self) -> bool {
        match self.reported {
            Ok(Reported::Accepted) | Err(_) => true,
            // An attempt whose answer was lost may be the one that CodeDeploy
            // took.
            Ok(Reported::AlreadyCompleted { ours_perhaps }) => *ours_perhaps,
            Ok(Reported::NothingToReportTo) => false,
        }
    }

    /// What to say of a gate that died, perhaps after CodeDeploy had taken its
    /// verdict and before it had told anybody else.
    fn explain_late_watchdog(&self) -> Option<&'static str> {
        let completed = matches!(self.reported, Ok(Reported::AlreadyCompleted { .. }));
        (self.is_watchdog && completed).then_some(
            "CodeDeploy has a verdict already, which may be the gate's: look there how the \
             deployment goes on; this may be told twice",
        )
    }

    /// The report of the checks, or of why there were none, with all that is
    /// known beside it.
    pub(super) fn report(&self, console: &Console) -> Report {
        let decision = self.decision;
        let create_refusal = || Report {
            target: self.target.clone().unwrap_or_default(),
            started_at: self.started_at,
            duration: self.duration,
            checks: Vec::new(),
            refusal: Some(Refusal {
                reason: decision.reason.clone(),
                problems: decision.problems.clone(),
            }),
            context: ReportContext::default(),
        };
        let mut report = decision
            .report
            .as_deref()
            .cloned()
            .unwrap_or_else(create_refusal);
        let reported = match self.reported {
            Ok(reported) => reported.to_string(),
            Err(_) => "not-accepted".to_owned(),
        };
        let ReportContext {
            mut notes,
            foreign_answers,
            ..
        } = std::mem::take(&mut report.context);
        if let (Some(refusal), Some(note)) = (&mut report.refusal, self.explain_late_watchdog()) {
            refusal.reason = format!("{}; {note}", refusal.reason);
            notes.push(note.to_owned());
        }
        report.context = ReportContext {
            notes,
            deployment: self.deployment(),
            reported: Some(reported),
            proof: self.findings.proof_time,
            foreign_answers,
            links: console.links(self.request_id, self.deployment_id),
        };
        report
    }

    fn deployment(&self) -> BTreeMap<String, String> {
        let members = self.findings.deployment.iter();
        let members = members.filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)));
        let id = self.deployment_id.map(|id| ("id", id));
        let members = members.chain(id);
        members
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }
}
