//! The reference teaches the whole language: each key, function and filter
//! stands in an example of `docs/check-files.md` that a test runs.

use std::collections::BTreeSet;

use serde_json::Value;

use super::blocks;
use super::each_key::places;
use crate::language::keys::{FILE, Kind, OPERATORS, REQUEST, STEP, Table, USE};
use crate::language::to_json;
use crate::template::{FILTERS, FUNCTIONS};
use diagnostic::Source;
use diagnostic::yaml;

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
        to_json(&yaml::parse(&source, &mut Vec::new()).unwrap())
    })
    .collect()
}

/// Where a key stands, and the key. A check of one request has the keys of a
/// step.
fn place_of(table: &Table, name: &'static str) -> (&'static str, &'static str) {
    let title = if REQUEST.has(name) && ["a check", "a step"].contains(&table.title) {
        REQUEST.title
    } else {
        table.title
    };
    (title, name)
}

/// Notes the keys of the language that a value has.
fn note(kind: &Kind, value: &Value, used: &mut BTreeSet<(&'static str, &'static str)>) {
    match (kind, value) {
        (Kind::Map(table) | Kind::JsonSchema(table), Value::Object(members)) => {
            for (name, value) in members {
                if let Some(property) = table.property(name) {
                    used.insert(place_of(table, property.name));
                    note(&property.kind, value, used);
                }
            }
        }
        (Kind::Entries(_, kind) | Kind::SomeEntries(_, kind), Value::Object(members)) => {
            members.values().for_each(|value| note(kind, value, used));
        }
        (Kind::Steps, Value::Array(steps)) => {
            for step in steps {
                let table = if step.get("use").is_some() {
                    &USE
                } else {
                    &STEP
                };
                note(&Kind::Map(table), step, used);
            }
        }
        (Kind::List(kind, ..) | Kind::OneOrMany(kind), Value::Array(items)) => {
            for value in items {
                note(kind, value, used);
            }
        }
        (Kind::OneOrMany(kind) | Kind::Shared(_, kind) | Kind::Operand(_, kind), value) => {
            note(kind, value, used);
        }
        (Kind::Either(kinds), value) => {
            for kind in kinds.iter().filter(|kind| fits(kind, value)) {
                note(kind, value, used);
            }
        }
        (Kind::Predicate(_) | Kind::Nested, Value::Object(_)) => {
            note(&Kind::Map(&OPERATORS), value, used);
        }
        _ => {}
    }
}

/// Whether a map is one of this kind.
fn fits(kind: &Kind, value: &Value) -> bool {
    match (kind, value) {
        (Kind::Map(table), Value::Object(members)) => {
            let whole = table.all_of.iter().all(|name| members.contains_key(*name));
            whole && members.keys().all(|name| table.has(name))
        }
        (Kind::Predicate(_), Value::Object(members)) => {
            members.keys().all(|name| OPERATORS.has(name))
        }
        _ => true,
    }
}

#[test]
fn every_key_of_the_language_is_in_an_example_that_runs() {
    let mut used = BTreeSet::new();
    for example in examples() {
        note(&Kind::Map(&FILE), &example, &mut used);
    }
    let places = places();
    let keys = places.iter().flat_map(|place| {
        let names = place.table.names().into_iter();
        names.map(|name| place_of(place.table, name))
    });
    let missing: BTreeSet<_> = keys.filter(|key| !used.contains(key)).collect();
    assert!(
        missing.is_empty(),
        "without an example that runs: {missing:#?}"
    );
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
    let callables = FUNCTIONS
        .iter()
        .chain(FILTERS)
        .map(|callable| callable.name);
    let missing: Vec<_> = callables
        .filter(|name| !filtered.contains(name) && !called.contains(name))
        .collect();
    assert!(
        missing.is_empty(),
        "without an example that runs: {missing:?}"
    );
}
