//! Values of variables that are kept elsewhere: what a check file says of
//! them, and what the caller of the engine fetched.

use std::collections::BTreeMap;
use std::fmt;

/// A value that is kept elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Remote {
    /// A secret, by its name or ARN.
    Secret(String),
    /// A parameter, by its path.
    Parameter(String),
}

/// The kind and the name, as a message says them.
impl fmt::Display for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Secret(name) => write!(f, "the secret `{name}`"),
            Self::Parameter(name) => write!(f, "the parameter `{name}`"),
        }
    }
}

/// Why a value could not be fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unavailable {
    /// What was met, in one line.
    pub reason: String,
    /// What to do.
    pub help: String,
}

/// What was fetched.
#[derive(Default)]
pub struct Fetched(BTreeMap<Remote, Result<String, Unavailable>>);

impl Fetched {
    /// The value of a variable, or why there is none; nothing if nobody asked.
    pub fn get(&self, remote: &Remote) -> Option<&Result<String, Unavailable>> {
        self.0.get(remote)
    }
}

/// Its values are secrets.
impl fmt::Debug for Fetched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl FromIterator<(Remote, Result<String, Unavailable>)> for Fetched {
    fn from_iter<I: IntoIterator<Item = (Remote, Result<String, Unavailable>)>>(all: I) -> Self {
        Self(all.into_iter().collect())
    }
}
