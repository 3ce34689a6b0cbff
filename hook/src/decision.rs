//! What CodeDeploy is told, why, and what was learned on the way.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

pub(crate) use report::Problem;
use report::verdict::{self, Verdict};
use report::{Refusal, Report};
use serde_json::{Map, Value};

use crate::proof::Unproven;
use crate::settings::SettingError;

/// What CodeDeploy is told, and why.
#[derive(Debug, Clone)]
pub(crate) struct Decision {
    /// What CodeDeploy is told.
    pub(crate) verdict: Verdict,
    /// Why, in one line.
    pub(crate) reason: String,
    /// What kept the checks from being run.
    pub(crate) problems: Vec<Problem>,
    /// What happened, if the checks were run.
    pub(crate) report: Option<Box<Report>>,
    /// What was learned on the way.
    pub(crate) learned: Arc<Learned>,
}

/// What is learned on the way to a decision. Whoever waits for the decision
/// has it also if the way is never walked to its end.
#[derive(Debug, Default)]
pub(crate) struct Learned {
    /// What check files see as `deployment`, as far as it is known.
    deployment: Mutex<Map<String, Value>>,
    /// How long the proof of green took, whether it succeeded or not.
    pub(crate) proof: OnceLock<Duration>,
}

impl Learned {
    /// What is known of the deployment by this name, such as `application`.
    pub(crate) fn of_deployment(&self, name: &str) -> Option<String> {
        Some(self.deployment().get(name)?.as_str()?.to_owned())
    }

    /// All that is known of the deployment.
    pub(crate) fn deployment(&self) -> Map<String, Value> {
        let deployment = self.deployment.lock();
        deployment.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// More is known of it.
    pub(crate) fn hear(&self, more: Map<String, Value>) {
        let deployment = self.deployment.lock();
        let mut deployment = deployment.unwrap_or_else(PoisonError::into_inner);
        deployment.extend(more);
    }
}

impl Decision {
    /// A decision against the deployment, without checks.
    pub(crate) fn failed(reason: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Failed,
            reason: reason.into(),
            problems: Vec::new(),
            report: None,
            learned: Arc::default(),
        }
    }

    /// Problems with something, of which the reason names the first.
    pub(crate) fn refuse(what: &str, problems: impl IntoIterator<Item = Problem>) -> Self {
        let problems: Vec<_> = problems.into_iter().collect();
        let first = problems.first().map_or("", |problem| &problem.text);
        let reason = match problems.len() {
            0 | 1 => format!("a problem with {what}: {first}"),
            n => format!("{n} problems with {what}; the first: {first}"),
        };
        Self {
            problems,
            ..Self::failed(reason)
        }
    }

    /// A decision against a deployment that nobody could prove to be tested.
    pub(crate) fn unproven(unproven: Unproven) -> Self {
        let problem = Problem {
            text: unproven.reason,
            help: unproven.help,
        };
        Self {
            reason: format!("green is not proven: {}", problem.text),
            problems: vec![problem],
            ..Self::failed("")
        }
    }

    /// A decision against a deployment whose checks passed, and then nobody
    /// could say that they had tested green.
    pub(crate) fn withdrawn(mut report: Report, unproven: Unproven) -> Self {
        let Self {
            reason, problems, ..
        } = Self::unproven(unproven);
        report.refusal = Some(Refusal {
            reason,
            problems: problems.clone(),
        });
        Self {
            problems,
            ..Self::of(report)
        }
    }

    pub(crate) fn of(report: Report) -> Self {
        Self {
            verdict: verdict::judge(&report),
            reason: verdict::reason(&report),
            problems: Vec::new(),
            report: Some(Box::new(report)),
            learned: Arc::default(),
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

impl From<&SettingError> for Problem {
    fn from(error: &SettingError) -> Self {
        Self {
            text: error.to_string(),
            help: Some(error.help.clone()),
        }
    }
}
