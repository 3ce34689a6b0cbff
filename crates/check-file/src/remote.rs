//! Values of variables that are stored outside of the check file: where it says
//! that they are, and what the caller of the engine fetched.

use std::collections::BTreeMap;
use std::fmt;

/// Where a value is stored outside of the check file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Remote {
    /// A secret, by its name or ARN.
    Secret(String),
    /// A parameter, by its path.
    Parameter(String),
}

/// The kind and the name, for a message.
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
    /// What went wrong, in one line.
    pub reason: String,
    /// What to do.
    pub help: String,
}

/// The values that the caller fetched, and why it could not fetch others.
#[derive(Default)]
pub struct Fetched(BTreeMap<Remote, Result<String, Unavailable>>);

impl Fetched {
    /// The value, or why it could not be fetched; `None` if the caller did not try.
    pub fn get(&self, remote: &Remote) -> Option<&Result<String, Unavailable>> {
        self.0.get(remote)
    }
}

/// Shows no values, because they are secrets.
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
