//! What must not be said, by anybody: the one place that all go through who
//! let something out, the log, the function's answer and the sinks.
//!
//! Invariant: it is known before the first line of the log.

use std::sync::{PoisonError, RwLock};

use report::Report;
use runner::plan::Plan;
use runner::secrets::Secrets;
use serde_json::Value;

use crate::environment::{Environment, is_unguessable};

/// The log is one for the whole process, and so is what must not stand in it.
static KNOWN: RwLock<KnownSecrets> = RwLock::new(KnownSecrets {
    environment: None,
    execution: None,
    plan: None,
});

/// By where it is known from; of one invocation nothing is kept for the next.
struct KnownSecrets {
    environment: Option<Secrets>,
    execution: Option<Secrets>,
    plan: Option<Secrets>,
}

impl KnownSecrets {
    /// That of the plan first: it has the values of settings too, and those
    /// of which they are a part.
    fn apply_each(&self, redact: impl FnMut(&Secrets)) {
        let known = [&self.plan, &self.environment, &self.execution];
        known.into_iter().flatten().for_each(redact);
    }
}

/// The credentials of the function, and what the settings call a secret.
pub(crate) fn remember_environment(environment: &Environment) {
    let secrets = environment.secrets();
    // The settings are read without the spaces around a value, so that both
    // forms of it may stand in an output.
    let secrets = secrets.flat_map(|(name, value)| [(name, value), (name, value.trim())]);
    let secrets = secrets.filter(|(_, value)| !value.trim().is_empty());
    let secrets = secrets.map(|(name, value)| (name.to_owned(), value.to_owned()));
    update(|known| known.environment = Some(Secrets::new(secrets)));
}

/// What answers whoever waits for the verdict, which is as good as a password
/// while the deployment waits. With it a new invocation begins, and nothing
/// that the check files of the last one called a secret is kept.
pub(crate) fn remember_execution(id: Option<&str>) {
    // A short id in an event by hand is a word that other messages hold, too.
    let id = id.filter(|id| is_unguessable(id));
    let id = id.map(|id| ("execution".to_owned(), id.to_owned()));
    update(|known| {
        known.execution = id.map(|id| Secrets::new([id]));
        known.plan = None;
    });
}

/// What check files call a secret, from wherever its value is.
pub(crate) fn remember_plan(plan: &Plan) {
    update(|known| known.plan = Some(Secrets::from_plan(plan)));
}

fn update(change: impl FnOnce(&mut KnownSecrets)) {
    change(&mut KNOWN.write().unwrap_or_else(PoisonError::into_inner));
}

fn apply_each(redact: impl FnMut(&Secrets)) {
    // What a panic left behind is whole: each of its members is set at once.
    let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
    known.apply_each(redact);
}

/// A text without them.
pub(crate) fn redact_text(mut text: String) -> String {
    apply_each(|secrets| secrets.redact(&mut text));
    text
}

/// The texts of a value without them; the names of members are ours.
pub(crate) fn redact_value(value: &mut Value) {
    match value {
        Value::String(text) => *text = redact_text(std::mem::take(text)),
        Value::Array(items) => items.iter_mut().for_each(redact_value),
        Value::Object(members) => members.values_mut().for_each(redact_value),
        // No secret is given as one of these: settings and AWS keep text.
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// What a report says beside its checks, without them. Of the checks nothing
/// was ever said that held one.
pub(crate) fn redact_report(report: &mut Report) {
    apply_each(|secrets| secrets.redact_around_checks(report));
}
