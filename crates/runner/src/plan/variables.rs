//! Gives the variables of a file their values: from outside, from the file, from
//! the environment, or from where they were fetched.

use std::collections::BTreeMap;

use serde_json::Value;

use super::remote_values::{self, MissingValue};
use crate::settings::Selection;
use check_file::remote::Fetched;
use check_file::template::Scope;
use check_file::value::ValueTemplate;
use check_file::{CheckFile, Origin, Variable};
use diagnostic::Diagnostic;
use diagnostic::suggest;
use redact::Secret;

/// Where the values come from that stand in no file.
#[derive(Clone, Copy)]
pub(super) struct ValueSources<'a> {
    pub(super) environment: &'a dyn Fn(&str) -> Option<String>,
    pub(super) fetched: &'a Fetched,
}

/// The variables of a file with their values; one that has none because of a
/// mistake that is already reported is there, without a value.
pub(super) fn resolve_variables(
    file: &CheckFile,
    selection: &Selection,
    sources: ValueSources<'_>,
    secrets: &mut Vec<Secret>,
    missing: &mut Vec<MissingValue>,
    problems: &mut Vec<Diagnostic>,
) -> BTreeMap<String, Option<Value>> {
    let mut values = BTreeMap::new();
    let mut scope = Scope::default();
    for (name, value) in &selection.context {
        scope.set(name, value);
    }
    for (name, value) in &selection.variables {
        scope.set(name, &Value::String(value.clone()));
    }
    for variable in &file.variables {
        let given = selection.variables.get(&variable.name);
        let value = match (variable.origin.as_ref(), given) {
            (None | Some(Origin::Literal(_) | Origin::Secret(..)), Some(given)) => {
                Some(Value::String(given.clone()))
            }
            (None, None) => None,
            (Some(Origin::Literal(value) | Origin::Secret(value, _)), None) => {
                evaluate_literal(file, variable, value, &scope, problems)
            }
            (Some(Origin::Environment(key)), given) => {
                let value = given.cloned().or_else(|| (sources.environment)(key));
                match &value {
                    Some(secret) => secrets.push(Secret {
                        name: key.clone(),
                        value: secret.clone(),
                    }),
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
            (Some(Origin::Remote(kept)), given) => {
                let fetched = sources.fetched;
                let value = given.cloned().or_else(|| {
                    remote_values::read_value(file, variable, kept, fetched, missing, problems)
                });
                secrets.extend(
                    value
                        .iter()
                        .map(|value| remote_values::name_secret(kept, value.clone())),
                );
                value.map(Value::String)
            }
        };
        if let Some(value) = &value {
            scope.set(&variable.name, value);
            if matches!(variable.origin, Some(Origin::Secret(..))) {
                secrets.extend(Secret::collect(&variable.name, value));
            }
        }
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

/// The value of a variable whose value stands in the file. Its templates know
/// the variables above it, and are filled in once for the whole run.
fn evaluate_literal(
    file: &CheckFile,
    variable: &Variable,
    value: &ValueTemplate,
    scope: &Scope,
    problems: &mut Vec<Diagnostic>,
) -> Option<Value> {
    let mut templates = Vec::new();
    value.templates(&mut templates);
    let names = templates.iter().flat_map(|template| template.names());
    let unknown: Vec<&str> = names.filter(|name| !scope.has(name)).collect();
    let above = || {
        let names = file.variables.iter().map(|variable| variable.name.as_str());
        names.take_while(|name| *name != variable.name)
    };
    // One of the variables above has no value, which is reported already.
    if above().any(|name| unknown.contains(&name)) {
        return None;
    }
    let problem = Diagnostic::at(
        &file.source,
        variable.span,
        format!("the variable `{}` cannot be computed", variable.name),
    );
    let problem = if let Some(name) = unknown.first() {
        problem
            .expected("variables that stand above it")
            .found(format!("`{name}`"))
            .help(match suggest::nearest(name, above()) {
                Some(near) => format!("write `{near}` if that is meant"),
                None => "move the variable that it needs above it".to_owned(),
            })
    } else {
        match value.evaluate(scope) {
            Ok(value) => return Some(value),
            Err(reason) => problem
                .expected("a template that can be filled in")
                .found(reason)
                .help("check the expression between `{{` and `}}`"),
        }
    };
    problems.push(problem);
    None
}
