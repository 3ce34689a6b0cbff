//! What whoever waits for the verdict is told, and why.

use report::verdict::{self, Verdict};
use report::{Problem, Report};

use crate::error::Error;
use crate::secrets;

/// The verdict, and why.
#[derive(Debug, Clone)]
pub(crate) struct Decision {
    /// What CodeDeploy is told.
    pub(crate) verdict: Verdict,
    /// Why, in one line.
    pub(crate) reason: String,
    /// What kept the checks from being run, or from counting.
    pub(crate) problems: Vec<Problem>,
    /// What happened, if the checks were run.
    pub(crate) report: Option<Box<Report>>,
}

impl From<Result<Report, Error>> for Decision {
    fn from(outcome: Result<Report, Error>) -> Self {
        match outcome {
            Ok(report) => Self {
                verdict: verdict::judge(&report),
                reason: verdict::reason(&report),
                problems: report
                    .refusal
                    .as_ref()
                    .map_or_else(Vec::new, |refusal| refusal.problems.clone()),
                report: Some(Box::new(report)),
            },
            // Whatever went wrong: without a report nothing is proven to pass.
            Err(error) => Self {
                verdict: Verdict::Failed,
                reason: error.to_string(),
                problems: error.into_problems(),
                report: None,
            },
        }
    }
}

impl Decision {
    /// The decision without secrets, for all who say something of it.
    pub(crate) fn redact(self) -> Self {
        let redact_problem = |problem: Problem| Problem {
            text: secrets::redact_text(problem.text),
            help: problem.help.map(secrets::redact_text),
        };
        Self {
            verdict: self.verdict,
            reason: secrets::redact_text(self.reason),
            problems: self.problems.into_iter().map(redact_problem).collect(),
            report: self.report.map(|mut report| {
                secrets::redact_report(&mut report);
                report
            }),
        }
    }

    /// Writes the problems, one line each, and the verdict with its reason.
    pub(crate) fn log(&self) {
        for problem in &self.problems {
            tracing::error!(help = problem.help.as_deref(), "{}", problem.text);
        }
        let (verdict, reason) = (self.verdict, self.reason.as_str());
        match verdict {
            Verdict::Succeeded => tracing::info!(%verdict, reason, "{verdict}: {reason}"),
            Verdict::Failed => tracing::error!(%verdict, reason, "{verdict}: {reason}"),
        }
    }
}
