//! From the checks of a file to the checks of the plan: one for each row, in
//! quarantine or not, tied to what they wait for.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

use super::PlannedCheck;
use check_file::template::{Scope, Template};
use check_file::{Check, CheckFile, Row};
use diagnostic::suggest;
use diagnostic::{Diagnostic, Source, Span};
use report::Role;
use report::Severity;

/// The most checks of one run, rows counted.
const MOST_CHECKS: usize = 20_000;

/// Adds the checks of a file to those of the plan, with its setup before and its
/// teardown after them.
pub(super) fn expand(
    file: CheckFile,
    scope: &Scope,
    checks: &mut Vec<PlannedCheck>,
    problems: &mut Vec<Diagnostic>,
) {
    check_needs(&file, problems);
    let context = FileContext {
        name: file.name.as_str().into(),
        source: Arc::clone(&file.source),
        scope: Arc::new(scope.clone()),
    };
    let setup = file.setup.map(|setup| {
        checks.push(context.plan_check(Role::Setup, Arc::new(setup)));
        checks.len() - 1
    });
    let first = checks.len();
    // The checks of each name: several where it has rows.
    let mut by_name: HashMap<String, Vec<usize>> = HashMap::new();
    for check in file.checks {
        let check = Arc::new(check);
        let rows: Vec<Option<&Row>> = match &check.flow.each {
            Some(rows) => rows.iter().map(Some).collect(),
            None => vec![None],
        };
        for row in rows {
            if checks.len() >= MOST_CHECKS {
                problems.push(diagnose_too_many_checks(&file.source, check.span));
                return;
            }
            let mut planned = context.plan_check(Role::Check, Arc::clone(&check));
            planned.setup = setup;
            if let Some(row) = row {
                let mut scope = scope.clone();
                for (name, value) in &row.0 {
                    scope.set(name, value);
                }
                planned.name = row_name(&check.name, row, &scope);
                planned.scope = Arc::new(scope);
            }
            context.apply_conditions(&mut planned, problems);
            by_name
                .entry(check.name.clone())
                .or_default()
                .push(checks.len());
            checks.push(planned);
        }
    }
    for planned in &mut checks[first..] {
        let needs = planned.check.flow.needs.iter();
        planned.needs = needs
            .filter_map(|(name, _)| by_name.get(name))
            .flatten()
            .copied()
            .collect();
    }
    if let Some(teardown) = file.teardown {
        let mut planned = context.plan_check(Role::Teardown, Arc::new(teardown));
        planned.after = (first..checks.len()).chain(setup).collect();
        checks.push(planned);
    }
}

fn diagnose_too_many_checks(source: &Arc<Source>, span: Span) -> Diagnostic {
    Diagnostic::at(source, span, "too many checks in one run")
        .expected(format!("at most {MOST_CHECKS}, rows counted"))
        .found("more")
        .help("use fewer rows, or run the files one after the other")
}

/// What a check file says of a failure, in the report's words.
fn report_severity(severity: check_file::Severity) -> Severity {
    match severity {
        check_file::Severity::Required => Severity::Required,
        check_file::Severity::Warn => Severity::Warn,
    }
}

/// What all checks of a file share.
struct FileContext {
    name: Arc<str>,
    source: Arc<Source>,
    scope: Arc<Scope>,
}

impl FileContext {
    /// A check as it runs if nothing in it says otherwise.
    fn plan_check(&self, role: Role, check: Arc<Check>) -> PlannedCheck {
        PlannedCheck {
            role,
            suite: Arc::clone(&self.name),
            source: Arc::clone(&self.source),
            name: check.name.clone(),
            severity: report_severity(check.severity),
            check,
            scope: Arc::clone(&self.scope),
            remark: None,
            runs: true,
            setup: None,
            needs: Vec::new(),
            after: Vec::new(),
        }
    }

    /// Applies `skip`, `when` and `quarantine`.
    fn apply_conditions(&self, planned: &mut PlannedCheck, problems: &mut Vec<Diagnostic>) {
        let flow = &planned.check.flow;
        if let Some(reason) = &flow.skip {
            planned.runs = false;
            planned.remark = Some(reason.clone());
            return;
        }
        if let Some((template, span)) = &flow.when {
            match template.is_true(&planned.scope) {
                Ok(true) => {}
                Ok(false) => {
                    planned.runs = false;
                    planned.remark = Some(format!("`when: {}` is not true", template.text()));
                    return;
                }
                Err(reason) => {
                    // A name without a value is reported by `names`, with its
                    // place.
                    if template.names().all(|name| planned.scope.has(name)) {
                        problems.push(self.diagnose_condition(*span, reason.into()));
                    }
                    return;
                }
            }
        }
        if let Some(quarantine) = &flow.quarantine {
            // The date alone counts, in the same zone on every machine.
            let today = jiff::tz::Offset::UTC
                .to_datetime(jiff::Timestamp::now())
                .date();
            let (until, owner, reason) = (quarantine.until, &quarantine.owner, &quarantine.reason);
            planned.remark = Some(if today < until {
                planned.severity = Severity::Warn;
                format!("in quarantine until {until}, {owner}: {reason}")
            } else {
                format!("its quarantine ended on {until}, {owner}: {reason}")
            });
        }
    }

    /// The diagnostic of a `when` that gives no answer.
    fn diagnose_condition(&self, span: Span, reason: String) -> Diagnostic {
        Diagnostic::at(&self.source, span, "a condition that cannot be computed")
            .expected("an expression such as `{{ stage == 'production' }}`")
            .found(reason)
            .help("`when` knows variables and rows, and no captures")
    }
}

/// The name of a check for one row: its own templates filled in, or if it has
/// none the row's first value behind it.
fn row_name(name: &str, row: &Row, scope: &Scope) -> String {
    let template = Template::parse(name).ok();
    let template = template.filter(|template| template.names().next().is_some());
    if let Some(filled) = template.and_then(|template| template.render(scope).ok()) {
        return filled;
    }
    match row.0.first() {
        Some((_, Value::String(text))) => format!("{name} [{text}]"),
        Some((_, value)) => format!("{name} [{value}]"),
        None => name.to_owned(),
    }
}

/// Reports needs that name no check of the file, and checks that wait for each
/// other.
fn check_needs(file: &CheckFile, problems: &mut Vec<Diagnostic>) {
    let by_name: HashMap<&str, usize> = (0..file.checks.len())
        .map(|at| (file.checks[at].name.as_str(), at))
        .collect();
    for check in &file.checks {
        for (name, span) in &check.flow.needs {
            if by_name.contains_key(name.as_str()) {
                continue;
            }
            let near = suggest::nearest(name, by_name.keys().copied());
            problems.push(
                Diagnostic::at(&file.source, *span, format!("no check is named `{name}`"))
                    .expected("the name of a check of this file")
                    .found(format!("`{name}`"))
                    .help(match near {
                        Some(near) => format!("write `{near}` if that is meant"),
                        None => "write the name as it stands below `name:`".to_owned(),
                    }),
            );
        }
    }
    for at in find_deadlocked(file, &by_name) {
        let check = &file.checks[at];
        let Some((name, span)) = check.flow.needs.first() else {
            continue;
        };
        problems.push(
            Diagnostic::at(&file.source, *span, "checks that wait for each other")
                .expected("needs that end with a check that needs nothing")
                .found(format!("`{name}`, which never begins"))
                .help("remove one of the needs that lead back here"),
        );
    }
}

/// The checks that can never begin, because what they need waits for them. All
/// others are removed in an order in which they could run (Kahn's algorithm);
/// what remains is in a circle, or waits for one.
fn find_deadlocked(file: &CheckFile, by_name: &HashMap<&str, usize>) -> Vec<usize> {
    let needs = |at: usize| {
        let needs = file.checks[at].flow.needs.iter();
        needs.filter_map(|(name, _)| by_name.get(name.as_str()).copied())
    };
    let mut waits_for: Vec<usize> = (0..file.checks.len()).map(|at| needs(at).count()).collect();
    let mut waited_for_by: Vec<Vec<usize>> = vec![Vec::new(); file.checks.len()];
    for at in 0..file.checks.len() {
        for need in needs(at) {
            waited_for_by[need].push(at);
        }
    }
    let ready = (0..file.checks.len()).filter(|at| waits_for[*at] == 0);
    let mut ready: Vec<usize> = ready.collect();
    while let Some(at) = ready.pop() {
        for next in std::mem::take(&mut waited_for_by[at]) {
            waits_for[next] -= 1;
            if waits_for[next] == 0 {
                ready.push(next);
            }
        }
    }
    let stuck = (0..file.checks.len()).filter(|at| waits_for[*at] > 0);
    stuck.collect()
}
