//! Makes a schema count what it takes to hold a value against it.
//!
//! The validator goes through all alternatives of a schema at every level of a
//! value, and keeps what is wrong with each: a small schema that leads back to
//! itself takes more steps of a small answer than there is time and memory
//! for. It calls functions of its users for a `format`. So every schema that
//! leads on to others gets one more, whose function counts.

use std::error::Error;
use std::sync::LazyLock;

use serde_json::{Map, Value};

use super::SchemaError;
use crate::pattern::Pattern;
use crate::work::budget;

/// The most references that lead to nothing but another reference, in a row:
/// before draft 2019-09 nothing beside a reference is looked at, so that these
/// cannot count themselves.
const MOST_HOPS: usize = 100;

/// What a step of the validator is worth: it may leave some hundred bytes
/// behind, of what is wrong with an alternative, until all are known. So the
/// steps that a judgement may take leave some 100 MB.
const STEP: u64 = 16;

/// What a function of a `format` is for the validator.
pub(super) type FormatCheck = fn(&Value) -> Result<(), Box<dyn Error>>;

/// The formats that count, by what they count: schemas that the same value is
/// held against, and schemas that each of its elements or members is.
pub(super) static FORMATS: LazyLock<Vec<(String, FormatCheck)>> = LazyLock::new(|| {
    let table = [
        format_row::<0>(),
        format_row::<1>(),
        format_row::<2>(),
        format_row::<4>(),
        format_row::<8>(),
        format_row::<16>(),
        format_row::<32>(),
        format_row::<64>(),
        format_row::<128>(),
        format_row::<256>(),
        format_row::<512>(),
        format_row::<1024>(),
        format_row::<4096>(),
        format_row::<16_384>(),
        format_row::<65_536>(),
    ];
    let rows = table.into_iter().flatten();
    rows.map(|(here, each, check)| (format_name(here, each), check))
        .collect()
});

const fn format_row<const HERE: u64>() -> [(u64, u64, FormatCheck); 6] {
    [
        (HERE, 0, count_steps::<HERE, 0>),
        (HERE, 1, count_steps::<HERE, 1>),
        (HERE, 2, count_steps::<HERE, 2>),
        (HERE, 4, count_steps::<HERE, 4>),
        (HERE, 16, count_steps::<HERE, 16>),
        (HERE, 256, count_steps::<HERE, 256>),
    ]
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "the validator calls functions that may refuse a value"
)]
fn count_steps<const HERE: u64, const EACH: u64>(value: &Value) -> Result<(), Box<dyn Error>> {
    let (inside, bytes) = match value {
        Value::Array(items) => (items.len(), 0),
        Value::Object(members) => (members.len(), 0),
        // `pattern` goes over the whole text.
        Value::String(text) => (0, text.len()),
        _ => (0, 0),
    };
    let number = |length| u64::try_from(length).unwrap_or(u64::MAX);
    budget::spend(STEP.saturating_mul(1 + HERE + EACH.saturating_mul(number(inside))));
    let bytes = number(bytes);
    budget::spend_estimate(bytes.min(EACH * bytes), EACH * bytes);
    Ok(())
}

fn format_name(here: u64, each: u64) -> String {
    format!("greenlight-{here}-{each}")
}

/// The name of the format that counts as many, or the next smaller number.
fn find_format(here: usize, each: usize) -> String {
    let round_down = |number: usize, steps: &[u64]| {
        let number = u64::try_from(number).unwrap_or(u64::MAX);
        let fitting = steps.iter().rev().find(|step| **step <= number);
        fitting.copied().unwrap_or(0)
    };
    let here = round_down(
        here,
        &[
            0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 4096, 16_384, 65_536,
        ],
    );
    format_name(here, round_down(each, &[0, 1, 2, 4, 16, 256]))
}

/// Keywords with a schema, or a list of schemas, for the value itself.
const HERE: [&str; 8] = [
    "not",
    "if",
    "then",
    "else",
    "allOf",
    "anyOf",
    "oneOf",
    "contentSchema",
];
/// Keywords with a reference to a schema for the value itself.
const REFERENCES: [&str; 3] = ["$ref", "$dynamicRef", "$recursiveRef"];
/// Keywords with a map of schemas for the value itself.
const HERE_BY_NAME: [&str; 2] = ["dependentSchemas", "dependencies"];
/// Keywords with a schema, or a list of schemas, for elements or members.
const EACH: [&str; 8] = [
    "items",
    "additionalItems",
    "prefixItems",
    "contains",
    "unevaluatedItems",
    "additionalProperties",
    "propertyNames",
    "unevaluatedProperties",
];
/// Keywords with a map of schemas for members.
const EACH_BY_NAME: [&str; 2] = ["properties", "patternProperties"];
/// Keywords with a map of schemas that are only referred to.
const DEFINITIONS: [&str; 2] = ["$defs", "definitions"];

/// Adds to the schemas of a document what counts. `at` is the reference to the
/// schema that is used.
///
/// # Errors
/// References that lead on to others and nothing else.
pub(super) fn meter(document: &mut Value, at: Option<&str>) -> Result<(), SchemaError> {
    let mut references = Vec::new();
    find_references(document, &mut references);
    references.extend(at.map(str::to_owned));
    for reference in &references {
        check_reference(document, reference)?;
    }
    meter_schema(document);
    for reference in &references {
        let place = reference.strip_prefix('#').map(decode_pointer);
        if let Some(referred) = place.and_then(|place| document.pointer_mut(&place)) {
            meter_schema(referred);
        }
    }
    Ok(())
}

fn find_references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| find_references(item, found)),
        Value::Object(members) => {
            for (name, member) in members {
                match member {
                    Value::String(reference) if REFERENCES.contains(&name.as_str()) => {
                        found.push(reference.clone());
                    }
                    member => find_references(member, found),
                }
            }
        }
        _ => {}
    }
}

/// Follows references as far as they lead to nothing but references.
fn check_reference(document: &Value, reference: &str) -> Result<(), SchemaError> {
    let mut followed = vec![reference];
    while followed.len() <= MOST_HOPS {
        let place = followed.last().and_then(|last| last.strip_prefix('#'));
        let next = place.map(decode_pointer).and_then(|place| {
            let referred = document.pointer(&place)?;
            referred.get("$ref")?.as_str()
        });
        match next {
            // A circle has no end to look for, and the validator finds it itself.
            Some(next) if !followed.contains(&next) => followed.push(next),
            _ => return Ok(()),
        }
    }
    Err(SchemaError::References { most: MOST_HOPS })
}

/// The JSON Pointer in the fragment of a reference.
fn decode_pointer(fragment: &str) -> String {
    percent_encoding::percent_decode_str(fragment)
        .decode_utf8_lossy()
        .into_owned()
}

/// Adds what counts to a schema and to all schemas in it. What is no schema is
/// left as it is, for the validator to refuse.
fn meter_schema(value: &mut Value) {
    let Value::Object(members) = value else {
        return;
    };
    let is_metered = members
        .get("format")
        .and_then(Value::as_str)
        .is_some_and(|format| FORMATS.iter().any(|(name, _)| name == format));
    // A reference may lead to a schema that was metered with its document.
    if is_metered {
        return;
    }
    let (mut here, mut each) = (0, 0);
    for (keyword, member) in members.iter_mut() {
        let keyword = keyword.as_str();
        if REFERENCES.contains(&keyword) {
            here += 1;
        } else if HERE.contains(&keyword) {
            here += meter_schemas(member);
        } else if HERE_BY_NAME.contains(&keyword) {
            here += meter_named_schemas(member);
        } else if keyword == "items" && member.is_array() || keyword == "prefixItems" {
            meter_schemas(member);
            each += 1;
        } else if EACH.contains(&keyword) {
            each += meter_schemas(member);
        } else if keyword == "properties" {
            meter_named_schemas(member);
            each += 1;
        } else if EACH_BY_NAME.contains(&keyword) {
            each += meter_named_schemas(member);
        } else if DEFINITIONS.contains(&keyword) {
            meter_named_schemas(member);
        } else if keyword == "uniqueItems" {
            each += 1;
        } else if keyword == "pattern" {
            each += member.as_str().map_or(0, worst_steps);
        } else if keyword == "enum" || keyword == "const" {
            here += 1 + count_values(member);
        }
    }
    if here + each > 0 {
        add_format(members, &find_format(here, each));
    }
}

/// Meters a schema, or each schema of a list, and returns how many there are.
fn meter_schemas(value: &mut Value) -> usize {
    match value {
        Value::Array(items) => {
            items.iter_mut().for_each(meter_schema);
            items.len()
        }
        value => {
            meter_schema(value);
            1
        }
    }
}

/// Meters each schema of a map, and returns how many there are.
fn meter_named_schemas(value: &mut Value) -> usize {
    let Value::Object(members) = value else {
        return 0;
    };
    members.values_mut().for_each(meter_schema);
    members.len()
}

/// How many values there are in a value.
fn count_values(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(|item| 1 + count_values(item)).sum(),
        Value::Object(members) => members
            .values()
            .map(|member| 1 + count_values(member))
            .sum(),
        _ => 0,
    }
}

/// What a byte is worth at the worst under a pattern. One that only the validator
/// can read is larger than others may be, or of a form that is not known here.
fn worst_steps(pattern: &str) -> usize {
    let steps = Pattern::parse(pattern).map(|pattern| pattern.worst_steps());
    steps.map_or(256, |steps| usize::try_from(steps).unwrap_or(usize::MAX))
}

/// Gives a schema a format that counts; one that it has already is demanded
/// beside it.
fn add_format(members: &mut Map<String, Value>, format: &str) {
    if let Some(own) = members.get("format") {
        let own = Value::Object(Map::from_iter([("format".to_owned(), own.clone())]));
        match members.get_mut("allOf") {
            Some(Value::Array(all)) => all.push(own),
            Some(_) => return,
            None => drop(members.insert("allOf".to_owned(), Value::Array(vec![own]))),
        }
    }
    members.insert("format".to_owned(), format.into());
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn schemas_that_lead_on_to_others_count_and_nothing_else_changes() {
        let mut document = json!({
            "properties": { "format": { "type": "string", "format": "date" } },
            "anyOf": [{ "$ref": "#/else/where/a~1b" }, { "const": { "items": {} } }],
            "format": "date",
            "default": { "items": {} },
            "else": { "where": { "a/b": { "items": { "type": "null" } }, "c": { "items": {} } } },
        });
        meter(&mut document, None).unwrap();
        let expected = json!({
            "properties": { "format": { "type": "string", "format": "date" } },
            "anyOf": [
                { "$ref": "#/else/where/a~1b", "format": "greenlight-1-0" },
                { "const": { "items": {} }, "format": "greenlight-2-0" },
            ],
            "format": "greenlight-2-1",
            "default": { "items": {} },
            "else": { "where": {
                "a/b": { "items": { "type": "null" }, "format": "greenlight-0-1" },
                "c": { "items": {} },
            } },
            "allOf": [{ "format": "date" }],
        });
        assert_eq!(document, expected);
    }

    #[test]
    fn references_in_a_row_are_bounded() {
        let links = |length: usize| {
            let link = |nth: usize| {
                (
                    nth.to_string(),
                    json!({ "$ref": format!("#/$defs/{}", nth + 1) }),
                )
            };
            let definitions: Map<_, _> = (0..length).map(link).collect();
            json!({ "$ref": "#/$defs/0", "$defs": definitions })
        };
        assert!(meter(&mut links(50), None).is_ok());
        let refused = meter(&mut links(200), None).unwrap_err();
        insta::assert_snapshot!(refused, @"more than 100 references that lead to nothing but another one");
    }
}
