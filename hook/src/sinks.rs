//! The sinks: where the verdict is told once CodeDeploy has it.
//!
//! | file | what it is for |
//! |---|---|
//! | `metrics` | one line in CloudWatch's embedded metric format |
//!
//! Invariant: a sink changes no verdict, and delays none.

mod metrics;

use std::time::Duration;

use crate::decision::Decision;
use crate::environment::Environment;
use crate::event::Hook;
use crate::settings::SinkSettings;

use self::metrics::Metrics;

/// Everything that tells of verdicts.
pub(crate) struct Sinks {
    metrics: Option<Metrics>,
}

/// What there is to tell of an invocation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Account<'a> {
    /// Who waited for the verdict; nobody, if it was a run by hand.
    pub(crate) hook: Option<&'a Hook>,
    /// What was decided, and why.
    pub(crate) decision: &'a Decision,
    /// How long it took until the verdict was told.
    pub(crate) took: Duration,
}

impl Sinks {
    /// Reads their settings, once for all invocations.
    pub(crate) fn new(environment: &Environment) -> Self {
        let settings = SinkSettings::read(environment);
        Self {
            metrics: settings
                .metrics
                .map(|namespace| Metrics::new(namespace, environment.log_level())),
        }
    }

    /// Tells all of them.
    pub(crate) fn tell(&self, account: Account<'_>) {
        if let Some(metrics) = &self.metrics {
            metrics.write(account);
        }
    }
}
