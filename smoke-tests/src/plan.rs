//! The plan: check files, target, variables and selection, resolved.
//!
//! Invariant: nothing in a plan can be malformed. Whatever can be found wrong
//! before the first request is found here, or before.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use crate::check_file::{Body, Check, CheckFile, Origin, Step};
use crate::diagnostic::{Diagnostic, Problems, Source, Span};
use crate::redact::Redactor;
use crate::settings::Selection;
use crate::suggest;
use crate::template::{Scope, Template};

/// Checks that are ready to run.
#[derive(Debug)]
pub struct Plan {
    pub(crate) checks: Vec<PlannedCheck>,
    pub(crate) redactor: Redactor,
    files: usize,
}

/// One check, the file it stands in, and the values of that file.
#[derive(Debug)]
pub(crate) struct PlannedCheck {
    pub(crate) suite: Arc<str>,
    pub(crate) source: Arc<Source>,
    pub(crate) check: Check,
    pub(crate) scope: Arc<Scope>,
}

impl Plan {
    /// How many checks will run.
    pub fn checks(&self) -> usize {
        self.checks.len()
    }

    /// How many check files they come from.
    pub fn files(&self) -> usize {
        self.files
    }
}

/// Reads the check files, gives the variables their values and selects the
/// checks. `environment` is asked for the variables that come from there.
///
/// # Errors
/// Everything that is wrong with any of the files, and a selection that
/// selects nothing.
pub fn plan(
    sources: &[Arc<Source>],
    selection: &Selection,
    environment: &dyn Fn(&str) -> Option<String>,
) -> Result<Plan, Problems> {
    let mut problems = Vec::new();
    let files: Vec<_> = sources
        .iter()
        .filter_map(|source| CheckFile::read(source, &mut problems))
        .collect();
    let misread = !problems.is_empty();
    let mut known = BTreeSet::new();
    let mut secrets = Vec::new();
    let mut checks = Vec::new();
    for file in files {
        let values = values(&file, selection, environment, &mut secrets, &mut problems);
        names(&file, &values, &mut known, &mut problems);
        let mut scope = Scope::default();
        for (name, value) in values.iter().filter_map(|(n, v)| Some((n, v.as_ref()?))) {
            scope.set(name, value);
        }
        let scope = Arc::new(scope);
        let suite: Arc<str> = file.name.as_str().into();
        checks.extend(file.checks.into_iter().map(|check| PlannedCheck {
            suite: Arc::clone(&suite),
            source: Arc::clone(&file.source),
            check,
            scope: Arc::clone(&scope),
        }));
    }
    // What could not be read may have used the variable.
    if !misread {
        problems.extend(unused(selection, &known));
    }
    let tags: BTreeSet<String> = checks
        .iter()
        .flat_map(|planned| planned.check.tags.iter().cloned())
        .collect();
    checks.retain(|planned| selection.tags.select(&planned.check.tags));
    if checks.is_empty() && problems.is_empty() {
        problems.push(nothing_selected(selection, &tags));
    }
    problems.sort_by_key(|problem| {
        let place = problem.place.as_ref()?;
        let file = sources.iter().position(|source| *source == place.source);
        Some((file, place.span.start))
    });
    Problems::or(
        problems,
        Plan {
            checks,
            redactor: Redactor::new(secrets),
            files: sources.len(),
        },
    )
}

/// The variables of a file with their values; one that has none because of a
/// mistake that is already reported is there, without a value.
fn values(
    file: &CheckFile,
    selection: &Selection,
    environment: &dyn Fn(&str) -> Option<String>,
    secrets: &mut Vec<String>,
    problems: &mut Vec<Diagnostic>,
) -> BTreeMap<String, Option<Value>> {
    let mut values = BTreeMap::new();
    for variable in &file.variables {
        let given = selection.variables.get(&variable.name);
        let value = match (variable.origin.as_ref(), given) {
            (None | Some(Origin::Literal(_)), Some(given)) => Some(Value::String(given.clone())),
            (None, None) => None,
            (Some(Origin::Literal(value)), None) => Some(value.clone()),
            (Some(Origin::Environment(key)), given) => {
                let value = given.cloned().or_else(|| environment(key));
                match &value {
                    Some(secret) => secrets.push(secret.clone()),
                    None => problems.push(
                        Diagnostic::at(
                            &file.source,
                            variable.span,
                            format!("the variable `{}` has no value", variable.name),
                        )
                        .expected(format!("the environment variable `{key}`"))
                        .found("none of that name")
                        .help(format!("set `{key}`, or give `--var {}=…`", variable.name)),
                    ),
                }
                value.map(Value::String)
            }
        };
        values.insert(variable.name.clone(), value);
    }
    for (name, value) in &selection.variables {
        values
            .entry(name.clone())
            .or_insert_with(|| Some(Value::String(value.clone())));
    }
    for (name, value) in &selection.context {
        values
            .entry(name.clone())
            .or_insert_with(|| Some(value.clone()));
    }
    values
}

/// Checks that each template's names have a value when their step runs.
fn names(
    file: &CheckFile,
    values: &BTreeMap<String, Option<Value>>,
    known: &mut BTreeSet<String>,
    problems: &mut Vec<Diagnostic>,
) {
    known.extend(file.variables.iter().map(|variable| variable.name.clone()));
    for check in &file.checks {
        let later: BTreeMap<&str, Span> = check
            .steps
            .iter()
            .flat_map(|step| &step.captures)
            .map(|capture| (capture.name.as_str(), capture.span))
            .collect();
        let mut captured: BTreeSet<&str> = BTreeSet::new();
        for step in &check.steps {
            for (template, span) in templates(step) {
                for name in template.names() {
                    known.insert(name.to_owned());
                    if captured.contains(name) || values.contains_key(name) {
                        continue;
                    }
                    let span = locate(&file.source, span, template, name);
                    problems.push(match later.get(name) {
                        Some(capture) => Diagnostic::at(
                            &file.source,
                            span,
                            format!("`{name}` is used before it is captured"),
                        )
                        .expected("a variable, or a capture of an earlier step")
                        .found("a capture of this step or a later one")
                        .help("move the step that captures it before this one")
                        .related(&file.source, *capture, "captured here"),
                        None => unknown(file, span, name, &captured, values),
                    });
                }
            }
            captured.extend(step.captures.iter().map(|capture| capture.name.as_str()));
        }
    }
}

fn unknown(
    file: &CheckFile,
    span: Span,
    name: &str,
    captured: &BTreeSet<&str>,
    values: &BTreeMap<String, Option<Value>>,
) -> Diagnostic {
    let candidates = captured
        .iter()
        .copied()
        .chain(values.keys().map(String::as_str));
    Diagnostic::at(&file.source, span, format!("unknown variable `{name}`"))
        .expected("a variable of this file, or a capture of an earlier step")
        .found(format!("`{name}`"))
        .help(match suggest::nearest(name, candidates) {
            Some(near) => format!("write `{near}` if that is meant"),
            None => format!("add it to `variables`, or give `--var {name}=…`"),
        })
}

/// All templates of a step, each with the place that it is best shown at.
fn templates(step: &Step) -> Vec<(&Template, Span)> {
    let request = &step.request;
    let mut found = vec![(&request.path, step.span)];
    let named = request.query.iter().map(|(_, template)| template);
    let headers = request.headers.iter().map(|(_, template)| template);
    found.extend(named.chain(headers).map(|template| (template, step.block)));
    let mut body = Vec::new();
    match &request.body {
        Some(Body::Json(value)) => value.templates(&mut body),
        Some(Body::Form(fields)) => body.extend(fields.iter().map(|(_, template)| template)),
        Some(Body::Text(template)) => body.push(template),
        Some(Body::File(_)) | None => {}
    }
    found.extend(body.into_iter().map(|template| (template, step.block)));
    for expectation in &step.expectations {
        expectation.predicate.templates(&mut found);
    }
    found
}

/// The name inside the template's text, if the text stands in the span as it
/// is written; else the span's begin.
fn locate(source: &Source, span: Span, template: &Template, name: &str) -> Span {
    let text = source.text().get(span.range()).unwrap_or_default();
    let template_at = text.find(template.text());
    let name_at = template_at.and_then(|at| Some(at + template.text().find(name)?));
    match name_at {
        Some(at) => Span::new(span.start + at, span.start + at + name.len()),
        None => span,
    }
}

/// Variables that were given but that no file knows: typing slips.
fn unused(selection: &Selection, known: &BTreeSet<String>) -> Vec<Diagnostic> {
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

fn nothing_selected(selection: &Selection, tags: &BTreeSet<String>) -> Diagnostic {
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
