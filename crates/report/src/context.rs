//! What stands in a report beside the checks.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use diagnostic::Diagnostic;
use diagnostic::units::pluralize;

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

/// What the gate or the command knows of a run beside its checks.
#[derive(Debug, Clone, Default)]
pub struct ReportContext {
    /// What is deployed, by the names that check files use, such as `id`.
    pub deployment: BTreeMap<String, String>,
    /// What became of the verdict, such as `accepted`.
    pub reported: Option<String>,
    /// How long it took to prove that the target is what is deployed.
    pub proof: Option<Duration>,
    /// What a reader must know of the run, such as that other checks ran than
    /// were asked for. It stands in the reason, too.
    pub notes: Vec<String>,
    /// The answers of other versions than the one under test.
    pub foreign_answers: Vec<ForeignAnswers>,
    /// Where to read on.
    pub links: Vec<Link>,
}

/// The answers that another version gave from one address. None of them was
/// judged as an answer to a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignAnswers {
    /// The address, with its port.
    pub address: String,
    /// How many answers there were.
    pub answers: u32,
    /// What the first of them said of itself.
    pub said: String,
}

/// Where a request is led.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Route {
    /// To the release, as far as anybody knows.
    Release,
    /// Elsewhere, by what this text says.
    Elsewhere(String),
    /// The rules of the load balancer do not tell, for the reason that this text
    /// gives.
    Undecided(String),
}

/// Where to read on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// What is there.
    pub title: String,
    /// Its address.
    pub url: String,
}

impl fmt::Display for ForeignAnswers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let answers = pluralize(self.answers as usize, "answer");
        let Self { address, said, .. } = self;
        write!(
            f,
            "{answers} from {address} came from another version, {said}, and counted for no check"
        )
    }
}

impl From<&Diagnostic> for Problem {
    fn from(diagnostic: &Diagnostic) -> Self {
        Self {
            text: diagnostic.to_string(),
            help: diagnostic.help.clone(),
        }
    }
}
