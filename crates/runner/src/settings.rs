//! The settings of a run. The command reads them from flags, the Lambda from
//! environment variables of the same names; both end in these types.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::str::FromStr;
use std::time::Duration;

use crate::rate::Rate;
use client::hosts::Hosts;
use redact::Secret;

/// Why a text is no value of a setting.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}, found {found}")]
pub struct InvalidSetting {
    expected: String,
    found: String,
}

impl InvalidSetting {
    pub(crate) fn new(expected: impl Into<String>, found: impl Into<String>) -> Self {
        Self {
            expected: expected.into(),
            found: found.into(),
        }
    }
}

/// How many checks run at the same time if no setting says it.
pub const DEFAULT_JOBS: NonZeroUsize = match NonZeroUsize::new(8) {
    Some(jobs) => jobs,
    None => NonZeroUsize::MIN,
};

/// The most checks that can run at the same time: each may hold a connection,
/// and Lambda gives a function 1,024 descriptors.
pub const MOST_JOBS: usize = 256;

/// Reads how many checks run at the same time.
///
/// # Errors
/// The text is no whole number from 1 to [`MOST_JOBS`].
pub fn parse_jobs(text: &str) -> Result<NonZeroUsize, InvalidSetting> {
    let jobs = text.trim().parse::<NonZeroUsize>().ok();
    jobs.filter(|jobs| jobs.get() <= MOST_JOBS).ok_or_else(|| {
        let expected = format!("a whole number from 1 to {MOST_JOBS}");
        InvalidSetting::new(expected, format!("`{text}`"))
    })
}

/// Which checks run, and with which values.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Values that replace or add to the variables of the check files.
    pub variables: BTreeMap<String, String>,
    /// Which of the variables are secrets, by name.
    pub secrets: BTreeSet<String>,
    /// Values that check files may use and need not, such as `deployment`.
    /// Where a variable has the same name, the variable's value is used.
    pub context: BTreeMap<String, serde_json::Value>,
    /// Hosts beside the target that steps may name.
    pub hosts: Hosts,
    /// Which tags a check must have, and must not have.
    pub tags: Tags,
}

impl Selection {
    /// The variables that no output may hold, with their values.
    pub(crate) fn secret_values(&self) -> impl Iterator<Item = Secret> {
        let is_secret = |name: &String| self.secrets.contains(name);
        self.variables
            .iter()
            .filter(move |(name, _)| is_secret(name))
            .map(|(name, value)| Secret {
                name: name.clone(),
                value: value.clone(),
            })
    }
}

/// How a run is bounded.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// How many checks run at the same time.
    pub jobs: NonZeroUsize,
    /// Begin no further check after one that fails the verdict.
    pub fail_fast: bool,
    /// The longest that the whole run may take.
    pub deadline: Option<Duration>,
    /// How many requests may be sent in a time, over all checks.
    pub rate: Option<Rate>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            jobs: DEFAULT_JOBS,
            fail_fast: false,
            deadline: None,
            rate: None,
        }
    }
}

/// A variable given from outside: `name=value`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// The variable.
    pub name: String,
    /// Its value.
    pub value: String,
}

impl FromStr for Assignment {
    type Err = InvalidSetting;

    fn from_str(text: &str) -> Result<Self, InvalidSetting> {
        // The error does not repeat the value: it may be a password.
        let (name, value) = text
            .split_once('=')
            .ok_or_else(|| InvalidSetting::new("`name=value`", "no `=`"))?;
        let is_name = name
            .chars()
            .next()
            .is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !is_name {
            // Nor does it repeat what is no name: a password may hold `=`, and
            // this be the part of it that stands before.
            return Err(InvalidSetting::new(
                "a name of letters, digits and `_` before `=`",
                "other text",
            ));
        }
        Ok(Self {
            name: name.to_owned(),
            value: value.to_owned(),
        })
    }
}

/// A selection of checks by their tags.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tags {
    any_of: Vec<String>,
    none_of: Vec<String>,
}

impl Tags {
    /// Reads a selection: `critical` selects checks with the tag, `!slow`
    /// those without it. Of several tags to have, one is enough.
    ///
    /// # Errors
    /// A tag without a name.
    pub fn parse<'a>(tags: impl IntoIterator<Item = &'a str>) -> Result<Self, InvalidSetting> {
        let mut selection = Self::default();
        for tag in tags {
            let (names, name) = match tag.strip_prefix('!') {
                Some(name) => (&mut selection.none_of, name),
                None => (&mut selection.any_of, tag),
            };
            if name.trim().is_empty() {
                return Err(InvalidSetting::new(
                    "a tag such as `critical` or `!slow`",
                    format!("`{tag}`"),
                ));
            }
            names.push(name.trim().to_owned());
        }
        Ok(selection)
    }

    /// Whether a check with these tags is selected.
    pub(crate) fn matches(&self, tags: &[String]) -> bool {
        let has = |wanted: &String| tags.contains(wanted);
        (self.any_of.is_empty() || self.any_of.iter().any(has)) && !self.none_of.iter().any(has)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.any_of.is_empty() && self.none_of.is_empty()
    }

    /// The selection as its author wrote it, for a message.
    pub(crate) fn describe(&self) -> String {
        let any = self.any_of.iter().cloned();
        let none = self.none_of.iter().map(|tag| format!("!{tag}"));
        any.chain(none)
            .map(|tag| format!("`{tag}`"))
            .collect::<Vec<_>>()
            .join(", ")
    }
}
