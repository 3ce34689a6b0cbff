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
const MOST: usize = 100;
/// The largest value, which is also the largest secret of AWS.
const MOST_BYTES: usize = 64 * 1024;

/// A variable that has no value yet.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) remote: Remote,
    source: Arc<Source>,
    /// The variable, and those of its file that are computed from it.
    names: BTreeSet<String>,
    /// What to say if the value is not fetched.
    pub(super) problem: Diagnostic,
}

/// The value of a variable, if it was fetched; else it is wanted.
pub(super) fn value(
    file: &CheckFile,
    variable: &Variable,
    kept: &RemoteValue,
    fetched: &Fetched,
    wanted: &mut Vec<Wanted>,
    problems: &mut Vec<Diagnostic>,
) -> Option<String> {
    let at = |title: String| Diagnostic::at(&file.source, kept.span, title);
    let (name, remote) = (&variable.name, &kept.remote);
    let problem = match fetched.get(remote) {
        None => {
            wanted.push(Wanted {
                remote: remote.clone(),
                source: Arc::clone(&file.source),
                names: dependents(file, name),
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
        Some(Ok(text)) if text.len() > MOST_BYTES => {
            let (most, found) = human_bytes_beside(MOST_BYTES as u64, text.len() as u64);
            at(format!("the value of the variable `{name}` is too large"))
                .expected(format!("at most {most}"))
                .found(found)
                .help("keep what the checks need, and no more")
        }
        Some(Ok(text)) => match kept.key.as_deref().map(|key| (key, member(text, key))) {
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

/// The member of a JSON object, as text. What is found instead is said without
/// any of it.
fn member(text: &str, key: &str) -> Result<String, &'static str> {
    let members: Map<String, Value> =
        serde_json::from_str(text).map_err(|_| "text that is no JSON object")?;
    match members.get(key) {
        Some(Value::String(text)) => Ok(text.clone()),
        Some(value @ (Value::Number(_) | Value::Bool(_))) => Ok(value.to_string()),
        Some(_) => Err("a list, a map or null"),
        None => Err("no member of that name"),
    }
}

/// What a secret is called where it cannot be shown.
pub(super) fn secret(kept: &RemoteValue, value: String) -> Secret {
    let (Remote::Secret(name) | Remote::Parameter(name)) = &kept.remote;
    let name = match &kept.key {
        Some(key) => format!("{name}_{key}"),
        None => name.clone(),
    };
    Secret { name, value }
}

/// A variable, and all that name it or one of those.
fn dependents(file: &CheckFile, name: &str) -> BTreeSet<String> {
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

/// Those that the selected checks need.
pub(super) fn needed(wanted: Vec<Wanted>, checks: &[PlannedCheck]) -> Vec<Wanted> {
    let needed = wanted.into_iter().filter(|wanted| {
        let of_file = checks
            .iter()
            .filter(|planned| planned.runs && Arc::ptr_eq(&planned.source, &wanted.source));
        let mut used = of_file.flat_map(|planned| names::used(&planned.check));
        used.any(|name| wanted.names.contains(&name))
    });
    needed.collect()
}

/// What to fetch, each once.
///
/// # Errors
/// More than is fetched for one run.
pub(super) fn remotes(needed: Vec<Wanted>) -> Result<BTreeSet<Remote>, Diagnostic> {
    let remotes: BTreeSet<Remote> = needed.into_iter().map(|wanted| wanted.remote).collect();
    if remotes.len() > MOST {
        return Err(
            Diagnostic::general("too many secrets and parameters in one run")
                .expected(format!("at most {MOST}"))
                .found(remotes.len().to_string())
                .help("keep several values in one secret, and name them with `key`"),
        );
    }
    Ok(remotes)
}
