//! Variables whose values are kept elsewhere: which of them the selected checks
//! need, and what their values are.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::PlannedCheck;
use super::names;
use check_file::remote::{Fetched, Remote};
use check_file::{CheckFile, Origin, RemoteValue, Variable};
use diagnostic::units::human_bytes_beside;
use diagnostic::{Diagnostic, Source};
use redact::Secret;

/// The most values that are fetched for one run.
const MOST_REMOTES: usize = 100;
/// The largest value, which is also the largest secret of AWS.
const MOST_VALUE_BYTES: usize = 64 * 1024;

/// A variable that has no value yet.
#[derive(Debug)]
pub(super) struct MissingValue {
    pub(super) remote: Remote,
    source: Arc<Source>,
    /// The variable, and those of its file that are computed from it.
    names: BTreeSet<String>,
    /// What is wrong if the value is not fetched.
    pub(super) problem: Diagnostic,
}

/// The value of a variable, if it was fetched. One that was not is added to
/// `missing`; one that cannot be used is a problem.
pub(super) fn read_value(
    file: &CheckFile,
    variable: &Variable,
    kept: &RemoteValue,
    fetched: &Fetched,
    missing: &mut Vec<MissingValue>,
    problems: &mut Vec<Diagnostic>,
) -> Option<String> {
    let at = |title: String| Diagnostic::at(&file.source, kept.span, title);
    let (name, remote) = (&variable.name, &kept.remote);
    let problem = match fetched.get(remote) {
        None => {
            missing.push(MissingValue {
                remote: remote.clone(),
                source: Arc::clone(&file.source),
                names: find_dependents(file, name),
                problem: at(format!("the variable `{name}` has no value"))
                    .expected(format!("a value in the place of {remote}"))
                    .found("none: only the Lambda fetches it")
                    .help(format!(
                        "give `--secret {name}=…`, or set `SMOKE_SECRET_{name}`"
                    )),
            });
            return None;
        }
        Some(Err(unavailable)) => at(format!("the variable `{name}` cannot be fetched"))
            .expected(remote.to_string())
            .found(&unavailable.reason)
            .help(&unavailable.help),
        Some(Ok(text)) if text.len() > MOST_VALUE_BYTES => {
            let (most, found) = human_bytes_beside(MOST_VALUE_BYTES as u64, text.len() as u64);
            at(format!("the value of the variable `{name}` is too large"))
                .expected(format!("at most {most}"))
                .found(found)
                .help("keep what the checks need, and no more")
        }
        Some(Ok(text)) => match kept.key.as_deref().map(|key| (key, read_member(text, key))) {
            None => return Some(text.clone()),
            Some((_, Ok(value))) => return Some(value),
            Some((key, Err(found))) => at(format!("the variable `{name}` has no value"))
                .expected(format!("a JSON object with text below `{key}` in {remote}"))
                .found(found)
                .help("correct `key`, or leave it out for the whole value"),
        },
    };
    problems.push(problem);
    None
}

/// The member of a JSON object, as text. The error names what stands there
/// instead, and holds nothing of the text, which is a secret.
fn read_member(text: &str, key: &str) -> Result<String, &'static str> {
    let members: Map<String, Value> =
        serde_json::from_str(text).map_err(|_| "text that is no JSON object")?;
    match members.get(key) {
        Some(Value::String(text)) => Ok(text.clone()),
        Some(value @ (Value::Number(_) | Value::Bool(_))) => Ok(value.to_string()),
        Some(_) => Err("a list, a map or null"),
        None => Err("no member of that name"),
    }
}

/// A secret by the name that stands where it cannot be shown.
pub(super) fn name_secret(kept: &RemoteValue, value: String) -> Secret {
    let (Remote::Secret(name) | Remote::Parameter(name)) = &kept.remote;
    let name = match &kept.key {
        Some(key) => format!("{name}_{key}"),
        None => name.clone(),
    };
    Secret { name, value }
}

/// A variable, and all variables of the file that are computed from it.
fn find_dependents(file: &CheckFile, name: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::from([name.to_owned()]);
    for variable in &file.variables {
        let mut templates = Vec::new();
        if let Some(Origin::Literal(value)) = &variable.origin {
            value.templates(&mut templates);
        }
        let mut names = templates.iter().flat_map(|template| template.names());
        if names.any(|name| found.contains(name)) {
            found.insert(variable.name.clone());
        }
    }
    found
}

/// The values that the selected checks need. The others are not fetched: the
/// function may have no permission for them.
pub(super) fn select_needed(
    missing: Vec<MissingValue>,
    checks: &[PlannedCheck],
) -> Vec<MissingValue> {
    let needed = missing.into_iter().filter(|value| {
        let running = checks
            .iter()
            .filter(|planned| planned.runs && Arc::ptr_eq(&planned.source, &value.source));
        let mut used = running.flat_map(|planned| names::list_used_names(&planned.check));
        used.any(|name| value.names.contains(&name))
    });
    needed.collect()
}

/// The secrets and parameters to fetch, each once.
///
/// # Errors
/// They are more than may be fetched for one run.
pub(super) fn list_remotes(needed: Vec<MissingValue>) -> Result<BTreeSet<Remote>, Diagnostic> {
    let remotes: BTreeSet<Remote> = needed.into_iter().map(|value| value.remote).collect();
    if remotes.len() > MOST_REMOTES {
        return Err(
            Diagnostic::general("too many secrets and parameters in one run")
                .expected(format!("at most {MOST_REMOTES}"))
                .found(remotes.len().to_string())
                .help("keep several values in one secret, and name them with `key`"),
        );
    }
    Ok(remotes)
}
