//! What stands in a report beside the checks.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::diagnostic::Diagnostic;

/// Why no check was run, or why those that ran do not count.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// In one line.
    pub reason: String,
    /// What has to be put right.
    pub problems: Vec<Problem>,
}

/// One thing that keeps the checks from being run, or from counting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where it is, what was expected and what was found, in one line.
    pub text: String,
    /// What to do.
    pub help: Option<String>,
}

/// What is known of a run beside its checks, by whoever asked for it.
#[derive(Debug, Clone, Default)]
pub struct About {
    /// What is deployed, by the names that check files use, such as `id`.
    pub deployment: BTreeMap<String, String>,
    /// What became of the verdict, such as `accepted`.
    pub reported: Option<String>,
    /// How long it took to prove that the target is what is deployed.
    pub proof: Option<Duration>,
    /// What a reader must know of the run, such as that other checks ran than
    /// were asked for. It stands in the reason, too.
    pub notes: Vec<String>,
    /// Where to read on.
    pub links: Vec<Link>,
}

/// Where to read on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// What is there.
    pub title: String,
    /// Its address.
    pub url: String,
}

impl From<&Diagnostic> for Problem {
    fn from(diagnostic: &Diagnostic) -> Self {
        Self {
            text: diagnostic.to_string(),
            help: diagnostic.help.clone(),
        }
    }
}
