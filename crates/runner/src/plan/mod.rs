//! The plan: check files, target, variables and selection, resolved.
//!
//! Invariant: nothing in a plan can be malformed. Whatever can be found wrong
//! before the first request is found here, or before.

mod entry;
mod expand;
mod hosts;
mod names;
mod remote_values;
mod selection;
mod variables;
mod worst_case;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use std::collections::BTreeSet;

pub use self::entry::PlanEntry;
use self::remote_values::MissingValue;
use self::variables::ValueSources;
use crate::rate::Rate;
use crate::settings::Selection;
use check_file::remote::{Fetched, Remote};
use check_file::template::Scope;
use check_file::{Check, CheckFile};
use diagnostic::{Diagnostic, Problems, Source};
use redact::{Redactor, Secret};
use report::Role;
use report::Severity;

/// Checks that are ready to run.
#[derive(Debug)]
pub struct Plan {
    pub(crate) checks: Vec<PlannedCheck>,
    pub(crate) redactor: Redactor,
    file_count: usize,
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
    pub fn check_count(&self) -> usize {
        let checks = self.checks.iter();
        checks.filter(|check| check.role == Role::Check).count()
    }

    /// How many check files they come from.
    pub fn file_count(&self) -> usize {
        self.file_count
    }

    /// What would run, in the order of the files, setups and teardowns
    /// included.
    pub fn entries(&self) -> impl Iterator<Item = PlanEntry> {
        self.checks.iter().map(PlanEntry::from_planned)
    }

    /// The longest that a run can take with so many checks at the same time:
    /// every request timing out, every retry used up, and between the requests
    /// the pauses that a rate demands.
    pub fn worst_case(&self, jobs: NonZeroUsize, rate: Option<Rate>) -> Duration {
        worst_case::longest_run(self, jobs, rate)
    }

    /// The longest that the teardowns can take.
    pub(crate) fn longest_teardown(&self, rate: Option<Rate>) -> Duration {
        worst_case::longest_teardown(self, rate)
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
    plan_with_values(sources, selection, environment, &Fetched::default())
}

/// Finds the values that the selected checks need and that are kept elsewhere:
/// the caller fetches them for [`plan_with_values`].
///
/// # Errors
/// Everything that is wrong with any of the files as far as it can be known
/// without these values.
pub fn find_remotes(
    sources: &[Arc<Source>],
    selection: &Selection,
    environment: &dyn Fn(&str) -> Option<String>,
) -> Result<BTreeSet<Remote>, Problems> {
    let fetched = &Fetched::default();
    let values = ValueSources {
        environment,
        fetched,
    };
    let incomplete = plan_as_far_as_possible(sources, selection, values)?;
    Ok(remote_values::list_remotes(incomplete.missing)?)
}

/// As [`plan`], with the values that were fetched.
///
/// # Errors
/// The same, and values that could not be fetched.
pub fn plan_with_values(
    sources: &[Arc<Source>],
    selection: &Selection,
    environment: &dyn Fn(&str) -> Option<String>,
    fetched: &Fetched,
) -> Result<Plan, Problems> {
    let values = ValueSources {
        environment,
        fetched,
    };
    let incomplete = plan_as_far_as_possible(sources, selection, values)?;
    let problems = incomplete.missing.into_iter().map(|value| value.problem);
    Problems::ok_unless(problems.collect(), incomplete.plan)
}

/// A plan that may lack values which its checks need.
struct IncompletePlan {
    plan: Plan,
    missing: Vec<MissingValue>,
}

fn plan_as_far_as_possible(
    sources: &[Arc<Source>],
    selection: &Selection,
    values: ValueSources<'_>,
) -> Result<IncompletePlan, Problems> {
    let mut problems = Vec::new();
    let files: Vec<_> = sources
        .iter()
        .filter_map(|source| CheckFile::read(source, &mut problems))
        .collect();
    let all_were_read = problems.is_empty();
    let file_count = files.iter().filter(|file| !file.checks.is_empty()).count();
    let mut collected = Collected {
        secrets: selection.secret_values().collect(),
        problems,
        ..Collected::default()
    };
    for file in files {
        collected.add(file, selection, values);
    }
    // What could not be read may have used a variable that nothing else uses.
    if all_were_read {
        let unused = selection::find_unused_variables(selection, &collected.known_names);
        collected.problems.extend(unused);
    }
    let redactor = Redactor::new(&collected.secrets);
    let Collected {
        checks,
        missing,
        mut problems,
        ..
    } = collected;
    // Two files that include the same one both report what is wrong in it.
    let mut reported = BTreeSet::new();
    problems.retain(|problem| reported.insert(problem.to_string()));
    for problem in &mut problems {
        redactor.redact_diagnostic(problem);
    }
    let tags: BTreeSet<String> = checks
        .iter()
        .flat_map(|planned| planned.check.tags.iter().cloned())
        .collect();
    let mut checks = selection::select(checks, selection);
    for planned in &mut checks {
        planned.redact(&redactor);
    }
    // Where something else is wrong, the missing check may be in that.
    if checks.is_empty() && problems.is_empty() {
        problems.push(selection::diagnose_empty_selection(selection, &tags));
    }
    problems.sort_by_key(|problem| {
        let place = problem.place.as_ref()?;
        let path = place.source.path();
        let file = sources.iter().position(|source| source.path() == path);
        Some((file, place.span.start))
    });
    let missing = remote_values::select_needed(missing, &checks);
    let plan = Plan {
        checks,
        redactor,
        file_count,
    };
    Problems::ok_unless(problems, IncompletePlan { plan, missing })
}

/// What the files of a plan have given so far.
#[derive(Default)]
struct Collected {
    checks: Vec<PlannedCheck>,
    secrets: Vec<Secret>,
    missing: Vec<MissingValue>,
    /// Every variable that a file declares or uses.
    known_names: BTreeSet<String>,
    problems: Vec<Diagnostic>,
}

impl Collected {
    fn add(&mut self, file: CheckFile, selection: &Selection, sources: ValueSources<'_>) {
        let values = variables::resolve_variables(
            &file,
            selection,
            sources,
            &mut self.secrets,
            &mut self.missing,
            &mut self.problems,
        );
        names::check_names(&file, &values, &mut self.known_names, &mut self.problems);
        hosts::check_hosts(&file, &selection.hosts, &mut self.problems);
        let mut scope = Scope::default();
        for (name, value) in values.iter().filter_map(|(n, v)| Some((n, v.as_ref()?))) {
            scope.set(name, value);
        }
        expand::expand(file, &scope, &mut self.checks, &mut self.problems);
    }
}

impl PlannedCheck {
    /// Takes the secrets out of the names and the remark: the values of rows
    /// may be secrets, and a file may be called after one.
    fn redact(&mut self, redactor: &Redactor) {
        let mut suite = self.suite.to_string();
        redactor.redact(&mut suite);
        self.suite = suite.into();
        redactor.redact(&mut self.name);
        let remark = self.remark.iter_mut();
        remark.for_each(|remark| redactor.redact(remark));
    }
}
