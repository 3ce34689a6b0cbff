//! Which of the checks run: those with the right tags, and what they need.

use std::collections::BTreeSet;

use super::PlannedCheck;
use crate::settings::Selection;
use diagnostic::Diagnostic;
use diagnostic::suggest;
use report::Role;

/// Selects checks: those with the right tags, the checks that they need, and the
/// setups and teardowns of their files.
pub(super) fn select(checks: Vec<PlannedCheck>, selection: &Selection) -> Vec<PlannedCheck> {
    let mut is_selected: Vec<bool> = checks
        .iter()
        .map(|planned| planned.role == Role::Check && selection.tags.matches(&planned.check.tags))
        .collect();
    // A need may have needs, and a teardown follows any check of its file.
    loop {
        let before = is_selected.clone();
        for (at, planned) in checks.iter().enumerate() {
            if is_selected[at] {
                for need in planned.needs.iter().chain(&planned.setup) {
                    is_selected[*need] = true;
                }
            }
            if planned.role == Role::Teardown {
                is_selected[at] |= planned.after.iter().any(|check| before[*check]);
            }
        }
        if is_selected == before {
            break;
        }
    }
    // The checks refer to each other by index, and the indexes change.
    let moved: Vec<Option<usize>> = is_selected
        .iter()
        .scan(0, |next, is_selected| {
            let at = is_selected.then_some(*next);
            *next += usize::from(*is_selected);
            Some(at)
        })
        .collect();
    let renumber =
        |indexes: &mut Vec<usize>| *indexes = indexes.iter().filter_map(|at| moved[*at]).collect();
    checks
        .into_iter()
        .zip(&is_selected)
        .filter(|(_, is_selected)| **is_selected)
        .map(|(mut planned, _)| {
            renumber(&mut planned.needs);
            renumber(&mut planned.after);
            planned.setup = planned.setup.and_then(|at| moved[at]);
            planned
        })
        .collect()
}

/// Reports variables from outside that no file knows: they are typing slips.
pub(super) fn find_unused_variables(
    selection: &Selection,
    known: &BTreeSet<String>,
) -> Vec<Diagnostic> {
    selection
        .variables
        .keys()
        .filter(|name| !known.contains(*name))
        .map(|name| {
            let near = suggest::nearest(name, known.iter().map(String::as_str));
            Diagnostic::general(format!("no check file uses the variable `{name}`"))
                .expected("a variable that a check file declares or uses")
                .found(format!("`{name}`"))
                .help(match near {
                    Some(near) => format!("give `{near}` if that is meant"),
                    None => "leave it out".to_owned(),
                })
        })
        .collect()
}

/// The diagnostic of a run without a check.
pub(super) fn diagnose_empty_selection(
    selection: &Selection,
    tags: &BTreeSet<String>,
) -> Diagnostic {
    let known: Vec<_> = tags.iter().map(String::as_str).collect();
    let problem = Diagnostic::general("no check is selected").expected("at least one check");
    if selection.tags.is_empty() {
        return problem.found("none").help("name files that hold checks");
    }
    problem
        .found(format!("none for the tags {}", selection.tags.describe()))
        .help(if known.is_empty() {
            "no check has any tag; leave the tags out".to_owned()
        } else {
            format!("select {}", suggest::list(&known))
        })
}
