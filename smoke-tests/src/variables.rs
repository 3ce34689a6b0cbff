//! The variables that the command is given: by the environment, by files and
//! by flags, and which of them are secrets.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use runner::settings::Assignment;
use thiserror::Error;

/// Why the variables cannot be used. No text repeats a value, which may be a
/// secret.
#[derive(Debug, Error)]
pub(crate) enum VariableError {
    /// One place gives a variable both as a secret and not as one.
    #[error("expected one value for `{name}`, found one that is a secret and one that is not")]
    Ambiguous { name: String },
    /// A file of variables cannot be read.
    #[error("`{}` cannot be read: {source}", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    /// A line of a file is no `name=value`.
    #[error("{}:{line}: {reason}", path.display())]
    BadLine {
        path: PathBuf,
        line: usize,
        reason: String,
    },
    /// A flag's value is no `name=value`.
    #[error("`{flag}`: {reason}")]
    BadFlag { flag: &'static str, reason: String },
}

/// The variables from all sources: the environment, then files, then flags. A
/// later source replaces the value of an earlier one, but a variable that was
/// a secret in one source stays a secret.
#[derive(Default)]
pub(crate) struct RunVariables {
    pub(crate) values: BTreeMap<String, String>,
    pub(crate) secrets: BTreeSet<String>,
    /// The variables of the current source, and whether each is a secret there.
    in_source: BTreeMap<String, bool>,
}

impl RunVariables {
    /// Begins the next source, which may give the same variables again.
    pub(crate) fn begin_source(&mut self) {
        self.in_source.clear();
    }

    /// Adds a variable of the current source.
    pub(crate) fn add(
        &mut self,
        assignment: Assignment,
        is_secret: bool,
    ) -> Result<(), VariableError> {
        let Assignment { name, value } = assignment;
        // Within one source the order of `--var` and `--secret` is not kept, so
        // nobody could say which of the two values is meant.
        if self.in_source.insert(name.clone(), is_secret) == Some(!is_secret) {
            return Err(VariableError::Ambiguous { name });
        }
        if is_secret {
            self.secrets.insert(name.clone());
        }
        self.values.insert(name, value);
        Ok(())
    }
}

/// The variables of a file, and which are secrets: a `name=value` a line,
/// perhaps with `secret` before it. Empty lines and those that begin with `#`
/// are skipped.
pub(crate) fn read_variables(path: &Path) -> Result<Vec<(Assignment, bool)>, VariableError> {
    let text = std::fs::read_to_string(path).map_err(|source| VariableError::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    text.lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line.trim()))
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
        .map(|(line, text)| {
            let secret = text.strip_prefix("secret ");
            let assignment = secret.unwrap_or(text).trim().parse::<Assignment>();
            assignment
                .map(|assignment| (assignment, secret.is_some()))
                .map_err(|reason| VariableError::BadLine {
                    path: path.to_owned(),
                    line,
                    reason: reason.to_string(),
                })
        })
        .collect()
}
