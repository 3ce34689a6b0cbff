//! What must not be said, by anybody: the one place that all go through who
//! let something out, the log, the function's answer and the sinks.
//!
//! Invariant: it is known before the first line of the log.

use std::sync::{PoisonError, RwLock};

use report::Report;
use runner::plan::Plan;
use runner::secrets::Secrets;
use serde_json::Value;

use crate::decision::Decision;
use crate::environment::Environment;
use crate::event::Hook;

/// The log is one for the whole process, and so is what must not stand in it.
static KNOWN: RwLock<Known> = RwLock::new(Known {
    environment: None,
    hook: None,
    plan: None,
});

/// By where it is known from; of one invocation nothing is kept for the next.
struct Known {
    environment: Option<Secrets>,
    hook: Option<Secrets>,
    plan: Option<Secrets>,
}

impl Known {
    /// That of the plan first: it has the values of settings too, and those
    /// of which they are a part.
    fn each(&self, redact: impl FnMut(&Secrets)) {
        let known = [&self.plan, &self.environment, &self.hook];
        known.into_iter().flatten().for_each(redact);
    }
}

/// Whether a text is long enough to be one of AWS's credentials or ids. What
/// stands in for AWS is given words such as `test`, which every other message
/// holds.
pub(crate) fn is_unguessable(text: &str) -> bool {
    text.len() >= 16
}

/// The credentials of the function, and what the settings call a secret.
pub(crate) fn know_environment(environment: &Environment) {
    let secrets = environment.secrets();
    // Settings are read without the spaces around them.
    let secrets = secrets.flat_map(|(name, value)| [(name, value), (name, value.trim())]);
    let secrets = secrets.filter(|(_, value)| !value.trim().is_empty());
    let secrets = secrets.map(|(name, value)| (name.to_owned(), value.to_owned()));
    know(|known| known.environment = Some(Secrets::new(secrets)));
}

/// The way to answer CodeDeploy, which is as good as a password while the
/// deployment waits.
pub(crate) fn know_hook(hook: Option<&Hook>) {
    let id = hook.map(|hook| hook.execution_id.clone());
    let id = id.filter(|id| is_unguessable(id));
    let id = id.map(|id| ("execution".to_owned(), id));
    know(|known| {
        known.hook = id.map(|id| Secrets::new([id]));
        known.plan = None;
    });
}

/// What check files call a secret, from wherever its value is.
pub(crate) fn know_plan(plan: &Plan) {
    know(|known| known.plan = Some(Secrets::of_plan(plan)));
}

fn know(more: impl FnOnce(&mut Known)) {
    more(&mut KNOWN.write().unwrap_or_else(PoisonError::into_inner));
}

fn each(redact: impl FnMut(&Secrets)) {
    let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
    known.each(redact);
}

/// A text without them.
pub(crate) fn redacted(mut text: String) -> String {
    each(|secrets| secrets.redact(&mut text));
    text
}

/// The texts of a value without them; the names of members are ours.
pub(crate) fn redact_value(value: &mut Value) {
    match value {
        Value::String(text) => *text = redacted(std::mem::take(text)),
        Value::Array(items) => items.iter_mut().for_each(redact_value),
        Value::Object(members) => members.values_mut().for_each(redact_value),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// What a report says beside its checks, without them. Of the checks nothing
/// was ever said that held one.
pub(crate) fn redact_report(report: &mut Report) {
    each(|secrets| secrets.redact_around_checks(report));
}

/// A decision without them.
pub(crate) fn redact_decision(decision: &mut Decision) {
    decision.reason = redacted(std::mem::take(&mut decision.reason));
    for problem in &mut decision.problems {
        problem.text = redacted(std::mem::take(&mut problem.text));
        problem.help = problem.help.take().map(redacted);
    }
    if let Some(report) = &mut decision.report {
        redact_report(report);
    }
}
