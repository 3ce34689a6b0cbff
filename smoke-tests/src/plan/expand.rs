//! From the checks of a file to the checks of the plan: one for each row, in
//! quarantine or not, tied to what they wait for.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

use super::PlannedCheck;
use crate::Severity;
use crate::check_file::{Check, CheckFile, Row};
use crate::diagnostic::{Diagnostic, Source, Span};
use crate::report::Role;
use crate::suggest;
use crate::template::{Scope, Template};

/// Adds the checks of a file, with its setup before and its teardown after
/// them.
pub(super) fn expand(
    file: CheckFile,
    scope: &Scope,
    checks: &mut Vec<PlannedCheck>,
    problems: &mut Vec<Diagnostic>,
) {
    needs_are_there_and_have_an_end(&file, problems);
    let suite = Suite {
        name: file.name.as_str().into(),
        source: Arc::clone(&file.source),
        scope: Arc::new(scope.clone()),
    };
    let setup = file.setup.map(|setup| {
        checks.push(suite.planned(Role::Setup, Arc::new(setup)));
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
            let mut planned = suite.planned(Role::Check, Arc::clone(&check));
            planned.setup = setup;
            if let Some(row) = row {
                let mut scope = scope.clone();
                for (name, value) in &row.0 {
                    scope.set(name, value);
                }
                planned.name = row_name(&check.name, row, &scope);
                planned.scope = Arc::new(scope);
            }
            suite.conditions(&mut planned, problems);
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
        let mut planned = suite.planned(Role::Teardown, Arc::new(teardown));
        planned.after = (first..checks.len()).chain(setup).collect();
        checks.push(planned);
    }
}

/// What all checks of a file share.
struct Suite {
    name: Arc<str>,
    source: Arc<Source>,
    scope: Arc<Scope>,
}

impl Suite {
    fn planned(&self, role: Role, check: Arc<Check>) -> PlannedCheck {
        PlannedCheck {
            role,
            suite: Arc::clone(&self.name),
            source: Arc::clone(&self.source),
            name: check.name.clone(),
            severity: check.severity,
            check,
            scope: Arc::clone(&self.scope),
            remark: None,
            runs: true,
            setup: None,
            needs: Vec::new(),
            after: Vec::new(),
        }
    }

    /// `skip`, `when` and `quarantine`.
    fn conditions(&self, planned: &mut PlannedCheck, problems: &mut Vec<Diagnostic>) {
        let flow = &planned.check.flow;
        if let Some(reason) = &flow.skip {
            planned.runs = false;
            planned.remark = Some(format!("skipped: {reason}"));
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
                    // A name without a value is reported with its place.
                    if template.names().all(|name| planned.scope.has(name)) {
                        problems.push(self.unclear(*span, reason));
                    }
                    return;
                }
            }
        }
        if let Some(quarantine) = &flow.quarantine {
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

    fn unclear(&self, span: Span, reason: String) -> Diagnostic {
        Diagnostic::at(&self.source, span, "a condition that cannot be computed")
            .expected("an expression such as `{{ stage == 'production' }}`")
            .found(reason)
            .help("`when` knows variables and rows, and no captures")
    }
}

/// The name of a check for one row: its own templates filled in, or the row's
/// first value behind it.
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

/// Every need is a check of the file, and none waits for itself.
fn needs_are_there_and_have_an_end(file: &CheckFile, problems: &mut Vec<Diagnostic>) {
    let by_name: HashMap<&str, &Check> = file
        .checks
        .iter()
        .map(|check| (check.name.as_str(), check))
        .collect();
    for check in &file.checks {
        for (name, span) in &check.flow.needs {
            if !by_name.contains_key(name.as_str()) {
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
            } else if reaches(&by_name, name, &check.name) {
                problems.push(
                    Diagnostic::at(&file.source, *span, "checks that wait for each other")
                        .expected("needs that end with a check that needs nothing")
                        .found(format!("`{name}`, which itself waits for `{}`", check.name))
                        .help("remove one of the needs"),
                );
            }
        }
    }
}

/// Whether following the needs of `from` leads to `to`.
fn reaches(by_name: &HashMap<&str, &Check>, from: &str, to: &str) -> bool {
    let mut seen = std::collections::HashSet::new();
    let mut next = vec![from];
    while let Some(name) = next.pop() {
        if name == to {
            return true;
        }
        if let Some(check) = by_name.get(name)
            && seen.insert(check.name.as_str())
        {
            next.extend(check.flow.needs.iter().map(|(need, _)| need.as_str()));
        }
    }
    false
}
