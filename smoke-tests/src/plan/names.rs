//! Holds every name in a template against the values that there will be.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::check_file::{Auth, Body, Check, CheckFile, Origin, Step};
use crate::diagnostic::{Diagnostic, Source, Span};
use crate::suggest;
use crate::template::Template;

/// Checks that each template's names have a value when their step runs.
pub(super) fn names(
    file: &CheckFile,
    values: &BTreeMap<String, Option<Value>>,
    known: &mut BTreeSet<String>,
    problems: &mut Vec<Diagnostic>,
) {
    for variable in &file.variables {
        known.insert(variable.name.clone());
        if let Some(Origin::Literal(value)) = &variable.origin {
            let mut templates = Vec::new();
            value.templates(&mut templates);
            for template in templates {
                known.extend(template.names().map(str::to_owned));
            }
        }
    }
    let mut around = Known {
        file,
        values,
        captured: BTreeSet::new(),
    };
    if let Some(setup) = &file.setup {
        around.check(setup, known, problems);
        let captures = setup.steps.iter().flat_map(|step| &step.captures);
        around
            .captured
            .extend(captures.map(|capture| capture.name.as_str()));
    }
    for check in &file.checks {
        around.check(check, known, problems);
    }
    if let Some(teardown) = &file.teardown {
        around.check(teardown, known, problems);
    }
}

/// What every check of a file knows.
struct Known<'a> {
    file: &'a CheckFile,
    values: &'a BTreeMap<String, Option<Value>>,
    /// What the setup captures.
    captured: BTreeSet<&'a str>,
}

impl Known<'_> {
    fn check(&self, check: &Check, known: &mut BTreeSet<String>, problems: &mut Vec<Diagnostic>) {
        let file = self.file;
        let later: BTreeMap<&str, Span> = check
            .steps
            .iter()
            .flat_map(|step| &step.captures)
            .map(|capture| (capture.name.as_str(), capture.span))
            .collect();
        let rows = check.flow.each.iter().flatten();
        let columns = rows.flat_map(|row| &row.0).map(|(name, _)| name.as_str());
        let mut captured: BTreeSet<&str> = self.captured.iter().copied().chain(columns).collect();
        let conditions = check.flow.when.iter();
        let conditions = conditions.map(|(template, span)| (None, template, *span));
        let of_steps = check.steps.iter().flat_map(|step| {
            let templates = templates(step).into_iter();
            templates.map(move |(template, span)| (Some(step), template, span))
        });
        let mut current: Option<&Step> = None;
        for (step, template, span) in conditions.chain(of_steps) {
            if let (Some(before), Some(now)) = (current, step)
                && !std::ptr::eq(before, now)
            {
                captured.extend(before.captures.iter().map(|capture| capture.name.as_str()));
            }
            current = step.or(current);
            for name in template.names() {
                known.insert(name.to_owned());
                if captured.contains(name) || self.values.contains_key(name) {
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
                    None => unknown(file, span, name, &captured, self.values),
                });
            }
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
    let auth = request.auth.iter().flat_map(Auth::templates);
    let body = request.body.iter().flat_map(Body::templates);
    found.extend(auth.chain(body).map(|template| (template, step.block)));
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
