//! The values that templates can name.

use std::collections::BTreeMap;

use redact::Secret;
use serde_json::Value;

/// The values that templates can name: variables first, then captures.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    pub(super) values: BTreeMap<String, minijinja::Value>,
    /// What was captured that no output may hold.
    secrets: Vec<Secret>,
}

impl Scope {
    /// A scope with these values, and those of `other` for names without one here.
    #[must_use]
    pub fn with_defaults(&self, other: &Self) -> Self {
        let mut all = self.clone();
        for (name, value) in &other.values {
            all.values
                .entry(name.clone())
                .or_insert_with(|| value.clone());
        }
        all.secrets.extend_from_slice(&other.secrets);
        all
    }

    /// Whether a name has a value.
    pub fn has(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// Gives names other values, and returns what [`Self::restore`] needs to give
    /// them back.
    pub fn replace(&mut self, values: &[(String, Value)]) -> ReplacedValues {
        let replaced = values
            .iter()
            .map(|(name, _)| (name.clone(), self.values.get(name).cloned()));
        let replaced = ReplacedValues(replaced.collect());
        for (name, value) in values {
            self.set(name, value);
        }
        replaced
    }

    /// Gives names the values back that they had before.
    pub fn restore(&mut self, replaced: ReplacedValues) {
        for (name, value) in replaced.0 {
            match value {
                Some(value) => self.values.insert(name, value),
                None => self.values.remove(&name),
            };
        }
    }

    /// Adds values that no output may hold.
    pub fn add_secrets(&mut self, secrets: Vec<Secret>) {
        for secret in secrets {
            if !self.secrets.contains(&secret) {
                self.secrets.push(secret);
            }
        }
    }

    /// The captured values that no output may hold.
    pub fn secrets(&self) -> &[Secret] {
        &self.secrets
    }

    /// Gives a name its value, the newest winning.
    pub fn set(&mut self, name: &str, value: &Value) {
        self.values.insert(
            name.to_owned(),
            minijinja::Value::from(minijinja::value::Serde(value)),
        );
    }
}

/// The values of names before [`Scope::replace`] gave them others.
#[derive(Debug, Default)]
pub struct ReplacedValues(Vec<(String, Option<minijinja::Value>)>);
