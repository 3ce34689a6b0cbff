//! The plan: check files, target, variables and selection, resolved.
//!
//! Invariant: nothing in a plan can be malformed. Whatever can be found wrong
//! before the first request is found here, or before.

mod expand;
mod hosts;
mod list;
mod names;
mod selection;
mod values;
mod wanted;
mod worst_case;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use std::collections::BTreeSet;

pub use self::list::Entry;
use self::values::Origins;
use self::wanted::Wanted;
use crate::rate::Rate;
use crate::settings::Selection;
use check_file::remote::{Fetched, Remote};
use check_file::template::Scope;
use check_file::{Check, CheckFile};
use diagnostic::{Problems, Source};
use redact::{Redactor, Secret};
use report::Role;
use report::Severity;

/// Checks that are ready to run.
#[derive(Debug)]
pub struct Plan {
    pub(crate) checks: Vec<PlannedCheck>,
    pub(crate) redactor: Redactor,
    files: usize,
}

/// One check, with everything it needs from its file.
#[derive(Debug)]
pub(crate) struct PlannedCheck {
    pub(crate) role: Role,
    pub(crate) suite: Arc<str>,
    pub(crate) source: Arc<Source>,
    /// The check's name, with that of its row.
    pub(crate) name: String,
    pub(crate) check: Arc<Check>,
    pub(crate) scope: Arc<Scope>,
    /// What a failure means today.
    pub(crate) severity: Severity,
    /// Why the check does not run, or why its severity is another.
    pub(crate) remark: Option<String>,
    /// Whether it runs at all.
    pub(crate) runs: bool,
    /// The setup whose captures it knows, and which must have passed.
    pub(crate) setup: Option<usize>,
    /// The checks that must have passed before it.
    pub(crate) needs: Vec<usize>,
    /// The checks that must be done before it, whatever came of them.
    pub(crate) after: Vec<usize>,
}

impl Plan {
    /// How many checks will run, setups and teardowns not counted.
    pub fn checks(&self) -> usize {
        let checks = self.checks.iter();
        checks.filter(|check| check.role == Role::Check).count()
    }

    /// How many check files they come from.
    pub fn files(&self) -> usize {
        self.files
    }

    /// What would run, in the order of the files, setups and teardowns
    /// included.
    pub fn list(&self) -> impl Iterator<Item = Entry> {
        self.checks.iter().map(Entry::of)
    }

    /// The longest that a run can take with so many checks at the same time:
    /// every request timing out, every retry used up.
    pub fn worst_case(&self, jobs: NonZeroUsize) -> Duration {
        self.worst_case_at(jobs, None)
    }

    /// The same for a run that is kept to a rate.
    pub fn worst_case_at(&self, jobs: NonZeroUsize, rate: Option<Rate>) -> Duration {
        worst_case::of_plan(self, jobs, rate)
    }

    /// The time that the teardowns may need.
    pub(crate) fn teardown(&self, rate: Option<Rate>) -> Duration {
        worst_case::of_teardowns(self, rate)
    }
}

/// Reads the check files, gives the variables their values and selects the
/// checks. `environment` is asked for the variables that come from there;
/// those that are kept elsewhere have to be given.
///
/// # Errors
/// Everything that is wrong with any of the files, and a selection that
/// selects nothing.
pub fn plan(
    sources: &[Arc<Source>],
    selection: &Selection,
    environment: &dyn Fn(&str) -> Option<String>,
) -> Result<Plan, Problems> {
    plan_with(sources, selection, environment, &Fetched::default())
}

/// The values that the selected checks need and that are kept elsewhere: the
/// caller fetches them for [`plan_with`].
///
/// # Errors
/// Everything that is wrong with any of the files as far as it can be known
/// without them.
pub fn remotes(
    sources: &[Arc<Source>],
    selection: &Selection,
    environment: &dyn Fn(&str) -> Option<String>,
) -> Result<BTreeSet<Remote>, Problems> {
    let fetched = &Fetched::default();
    let draft = draft(
        sources,
        selection,
        Origins {
            environment,
            fetched,
        },
    )?;
    Ok(wanted::remotes(draft.needed)?)
}

/// As [`plan`], with the values that were fetched.
///
/// # Errors
/// The same, and values that could not be fetched.
pub fn plan_with(
    sources: &[Arc<Source>],
    selection: &Selection,
    environment: &dyn Fn(&str) -> Option<String>,
    fetched: &Fetched,
) -> Result<Plan, Problems> {
    let draft = draft(
        sources,
        selection,
        Origins {
            environment,
            fetched,
        },
    )?;
    let missing = draft.needed.into_iter().map(|wanted| wanted.problem);
    Problems::ok_unless(missing.collect(), draft.plan)
}

/// A plan that may lack values.
struct Draft {
    plan: Plan,
    needed: Vec<Wanted>,
}

fn draft(
    sources: &[Arc<Source>],
    selection: &Selection,
    origins: Origins<'_>,
) -> Result<Draft, Problems> {
    let mut problems = Vec::new();
    let files: Vec<_> = sources
        .iter()
        .filter_map(|source| CheckFile::read(source, &mut problems))
        .collect();
    let misread = !problems.is_empty();
    let with_checks = files.iter().filter(|file| !file.checks.is_empty()).count();
    let mut known = BTreeSet::new();
    let mut secrets: Vec<Secret> = selection.secrets().collect();
    let mut wanted = Vec::new();
    let mut checks = Vec::new();
    for file in files {
        let values = values::values(
            &file,
            selection,
            origins,
            &mut secrets,
            &mut wanted,
            &mut problems,
        );
        names::names(&file, &values, &mut known, &mut problems);
        hosts::hosts(&file, &selection.hosts, &mut problems);
        let mut scope = Scope::default();
        for (name, value) in values.iter().filter_map(|(n, v)| Some((n, v.as_ref()?))) {
            scope.set(name, value);
        }
        expand::expand(file, &scope, &mut checks, &mut problems);
    }
    // What could not be read may have used the variable.
    if !misread {
        problems.extend(selection::unused(selection, &known));
    }
    let tags: BTreeSet<String> = checks
        .iter()
        .flat_map(|planned: &PlannedCheck| planned.check.tags.iter().cloned())
        .collect();
    // Each file that includes another one reads it.
    let mut said = BTreeSet::new();
    problems.retain(|problem| said.insert(problem.to_string()));
    let redactor = Redactor::new(&secrets);
    for problem in &mut problems {
        redactor.redact_diagnostic(problem);
    }
    let mut checks = selection::select(checks, selection);
    // The values of rows may be secrets, and a file may be called after one.
    for planned in &mut checks {
        let mut suite = planned.suite.to_string();
        redactor.redact(&mut suite);
        planned.suite = suite.into();
        redactor.redact(&mut planned.name);
        planned.remark.iter_mut().for_each(|r| redactor.redact(r));
    }
    if checks.is_empty() && problems.is_empty() {
        problems.push(selection::nothing_selected(selection, &tags));
    }
    problems.sort_by_key(|problem| {
        let place = problem.place.as_ref()?;
        let path = place.source.path();
        let file = sources.iter().position(|source| source.path() == path);
        Some((file, place.span.start))
    });
    let needed = wanted::needed(wanted, &checks);
    let plan = Plan {
        checks,
        redactor,
        files: with_checks,
    };
    Problems::ok_unless(problems, Draft { plan, needed })
}
