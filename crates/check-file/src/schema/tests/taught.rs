//! The reference teaches the whole language: each key, function and filter
//! stands in an example of `docs/check-files.md` that a test runs.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{LISTS, blocks, json};
use crate::language::keys::REQUEST;
use crate::schema::schema;
use diagnostic::Source;
use diagnostic::yaml;

/// What minijinja itself has, and the reference counts among ours.
const BORROWED: [&str; 1] = ["urlencode"];

/// The check files of the reference that run, as trees.
fn examples() -> Vec<Value> {
    let path = blocks::workspace().join("docs/check-files.md");
    let text = std::fs::read_to_string(path).unwrap();
    let blocks = blocks::yaml_blocks(&text).into_iter();
    let run = blocks.filter(|block| {
        let comment = block.comment.as_deref().unwrap_or_default();
        block.is_check_file() && !comment.contains("only_read")
    });
    run.map(|block| {
        let source = Source::new("example.yaml", block.text);
        json(&yaml::parse(&source, &mut Vec::new()).unwrap())
    })
    .collect()
}

/// Notes the properties of the schema that a value has, by their pointers.
fn note(schema: &Value, at: &str, value: &Value, used: &mut BTreeSet<String>) {
    let Some(node) = schema.pointer(at) else {
        return;
    };
    if let Some(to) = node.get("$ref").and_then(Value::as_str) {
        note(schema, &to[1..], value, used);
    }
    for key in ["allOf", "anyOf", "oneOf"] {
        let branches = node.get(key).and_then(Value::as_array);
        for (number, branch) in branches.into_iter().flatten().enumerate() {
            if fits(branch, value) {
                note(schema, &format!("{at}/{key}/{number}"), value, used);
            }
        }
    }
    if let Some(condition) = node.get("if") {
        let holds = required(condition).all(|key| value.get(key).is_some());
        let branch = if holds { "then" } else { "else" };
        note(schema, &format!("{at}/{branch}"), value, used);
    }
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                let key = key.replace('~', "~0").replace('/', "~1");
                let property = format!("{at}/properties/{key}");
                if schema.pointer(&property).is_some() {
                    note(schema, &property, member, used);
                    used.insert(property);
                } else {
                    note(schema, &format!("{at}/additionalProperties"), member, used);
                }
            }
        }
        Value::Array(items) => {
            for item in items {
                note(schema, &format!("{at}/items"), item, used);
            }
        }
        _ => {}
    }
}

fn required(node: &Value) -> impl Iterator<Item = &str> {
    let required = node.get("required").and_then(Value::as_array);
    required.into_iter().flatten().filter_map(Value::as_str)
}

/// Whether a branch allows the keys of a value.
fn fits(branch: &Value, value: &Value) -> bool {
    let properties = branch.get("properties");
    let Value::Object(members) = value else {
        return properties.is_none();
    };
    let knows = |key: &String| properties.is_some_and(|known| known.get(key).is_some());
    let closed = branch.get("additionalProperties") == Some(&Value::Bool(false));
    let whole = required(branch).all(|key| members.contains_key(key));
    whole && (!closed || members.keys().all(knows))
}

#[test]
fn every_key_of_the_language_is_in_an_example_that_runs() {
    let schema = schema();
    let mut used = BTreeSet::new();
    for example in examples() {
        note(&schema, "", &example, &mut used);
    }
    // A check of one request has the keys of a step.
    let (check, step) = (
        "/definitions/check/properties",
        "/definitions/step/properties",
    );
    let in_checks: Vec<_> = used
        .iter()
        .filter_map(|at| at.strip_prefix(check))
        .collect();
    let of_requests = in_checks.into_iter().filter(|at| {
        let key = at[1..].split('/').next();
        REQUEST.iter().any(|own| Some(*own) == key)
    });
    let in_steps: Vec<_> = of_requests.map(|at| format!("{step}{at}")).collect();
    used.extend(in_steps);
    let missing: Vec<_> = LISTS
        .iter()
        .filter(|(place, list)| *place != check || list.len() != REQUEST.len())
        .flat_map(|(place, list)| list.iter().map(move |key| format!("{place}/{key}")))
        .filter(|key| !used.contains(key))
        .collect();
    assert!(
        missing.is_empty(),
        "without an example that runs: {missing:#?}"
    );
}

/// The names that a source file gives to the engine of templates.
fn named<'t>(source: &'t str, call: &'t str) -> impl Iterator<Item = &'t str> {
    let calls = source.split(call).skip(1);
    calls.map(|rest| rest.split('"').next().unwrap())
}

/// Notes the texts of a value in which templates stand.
fn templates<'v>(value: &'v Value, found: &mut Vec<&'v str>) {
    match value {
        Value::String(text) if text.contains("{{") => found.push(text),
        Value::Array(items) => items.iter().for_each(|item| templates(item, found)),
        Value::Object(members) => members.values().for_each(|item| templates(item, found)),
        _ => {}
    }
}

#[test]
fn every_function_and_filter_is_in_an_example_that_runs() {
    let examples = examples();
    let mut texts = Vec::new();
    for example in &examples {
        templates(example, &mut texts);
    }
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let filtered: BTreeSet<&str> = texts
        .iter()
        .flat_map(|text| text.split('|').skip(1))
        .filter_map(|rest| rest.trim_start().split(|c| !is_word(c)).next())
        .collect();
    let called: BTreeSet<&str> = texts
        .iter()
        .flat_map(|text| text.match_indices('(').map(|(at, _)| &text[..at]))
        .filter_map(|before| before.rsplit(|c| !is_word(c)).next())
        .collect();
    let sources = [
        include_str!("../../template/functions.rs"),
        include_str!("../../template/filters.rs"),
    ];
    let filters = sources.iter().flat_map(|text| named(text, "add_filter(\""));
    let functions = sources
        .iter()
        .flat_map(|text| named(text, "add_function(\""));
    let mut missing: Vec<_> = filters
        .chain(BORROWED)
        .filter(|name| !filtered.contains(name))
        .collect();
    missing.extend(functions.filter(|name| !called.contains(name)));
    assert!(
        missing.is_empty(),
        "without an example that runs: {missing:?}"
    );
}
