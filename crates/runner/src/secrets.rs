//! Secrets that a caller knows, for what it says of a run before there is a plan,
//! and for what a report says beside its checks.
//!
//! What a report says of the checks themselves is redacted in the run: a
//! [`CheckReport`](report::CheckReport) never holds a secret of its plan.

use crate::plan::Plan;
use redact::{Redactor, Secret};
use report::Report;

/// Values that no output may hold, in whatever form.
#[derive(Debug, Clone, Default)]
pub struct Secrets(Redactor);

impl Secrets {
    /// Secrets from pairs of name and value; the name says where the value comes
    /// from.
    pub fn new(named: impl IntoIterator<Item = (String, String)>) -> Self {
        let secrets = named.into_iter();
        let secrets = secrets.map(|(name, value)| Secret { name, value });
        Self(Redactor::new(&secrets.collect::<Vec<_>>()))
    }

    /// What a plan knows to be secret: values of the settings, of the
    /// environment and of its check files.
    pub fn from_plan(plan: &Plan) -> Self {
        Self(plan.redactor.clone())
    }

    /// Takes the secrets out of a text.
    pub fn redact(&self, text: &mut String) {
        self.0.redact(text);
    }

    /// Takes the secrets out of all that a report says beside its checks.
    pub fn redact_around_checks(&self, report: &mut Report) {
        self.redact(&mut report.target);
        if let Some(refusal) = &mut report.refusal {
            self.redact(&mut refusal.reason);
            for problem in &mut refusal.problems {
                self.redact(&mut problem.text);
                problem.help.iter_mut().for_each(|help| self.redact(help));
            }
        }
        let context = &mut report.context;
        context.notes.iter_mut().for_each(|note| self.redact(note));
        let deployment = context.deployment.values_mut();
        deployment.for_each(|value| self.redact(value));
        let foreign = context.foreign_answers.iter_mut();
        foreign.for_each(|answers| self.redact(&mut answers.said));
        for link in &mut context.links {
            self.redact(&mut link.url);
        }
    }
}
