//! The variables that the command is given: by the environment, by files and
//! by flags, and which of them are secrets.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use runner::settings::Assignment;

/// The variables that were given so far, from the environment to the flags. A
/// variable that was a secret once stays one.
#[derive(Default)]
pub(crate) struct Given {
    pub(crate) variables: BTreeMap<String, String>,
    pub(crate) secrets: BTreeSet<String>,
    /// What was given in one place, and whether as a secret.
    here: BTreeMap<String, bool>,
}

impl Given {
    pub(crate) fn next(&mut self) {
        self.here.clear();
    }

    pub(crate) fn add(&mut self, assignment: Assignment, secret: bool) -> Result<(), String> {
        let Assignment { name, value } = assignment;
        if self.here.insert(name.clone(), secret) == Some(!secret) {
            return Err(format!(
                "expected one value for `{name}`, found one that is a secret and one that is not"
            ));
        }
        if secret {
            self.secrets.insert(name.clone());
        }
        self.variables.insert(name, value);
        Ok(())
    }
}

/// The variables of a file, and which are secrets: a `name=value` a line,
/// perhaps with `secret` before it; empty lines and those that begin with `#`
/// are skipped. Values are not repeated in errors.
pub(crate) fn read_variables(path: &Path) -> Result<Vec<(Assignment, bool)>, String> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| format!("`{}` cannot be read: {error}", path.display()))?;
    text.lines()
        .enumerate()
        .map(|(number, line)| (number + 1, line.trim()))
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
        .map(|(number, line)| {
            let secret = line.strip_prefix("secret ");
            let assignment = secret.unwrap_or(line).trim().parse::<Assignment>();
            assignment
                .map(|assignment| (assignment, secret.is_some()))
                .map_err(|error| format!("{}:{number}: {error}", path.display()))
        })
        .collect()
}
