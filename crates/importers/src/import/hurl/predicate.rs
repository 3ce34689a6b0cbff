//! What a predicate of Hurl expects of a value.
//!
//! Hurl holds values of different types apart, and where it does, so does what
//! is written here: a number that became text is not above 5.

use serde_json::{Map, Value, json};

use super::Importer;
use super::query::ValueKind;
use super::value::Word;
use crate::draft::Query;
use query::pattern::Pattern;

/// An operator with its value.
pub(super) type OperatorValue = (&'static str, Value);

/// What must be true of a value.
#[derive(Default)]
pub(super) struct HurlPredicate {
    /// What it must be whether the predicate is negated or not.
    guards: Vec<OperatorValue>,
    pub(super) tests: Vec<OperatorValue>,
    /// Whether the predicate itself wants the opposite.
    pub(super) differs: bool,
    /// Whether it is looked for in any value of JSON.
    inside_any: bool,
    /// Whether it is the number of nodes.
    is_count: bool,
}

const UUID: &str = r"(?i-u)^([0-9a-f]{32}|(urn:uuid:)?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\{[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\})$";

fn predicate_with(guards: &[&str], tests: Vec<OperatorValue>) -> HurlPredicate {
    HurlPredicate {
        guards: guards.iter().map(|kind| ("type", json!(kind))).collect(),
        tests,
        ..HurlPredicate::default()
    }
}

impl HurlPredicate {
    /// As a check file has it.
    pub(super) fn into_operators(mut self, negated: bool) -> Vec<OperatorValue> {
        let negated = negated != self.differs;
        if self.is_count && negated {
            for (_, count) in &mut self.tests {
                if !count.is_object() {
                    *count = json!({ "equals": count });
                }
                *count = json!({ "not": count });
            }
            return self.tests;
        }
        match self.tests.as_slice() {
            [(word @ ("exists" | "empty"), _)] => return vec![(word, json!(!negated))],
            [("contains", value)] if negated && self.inside_any => {
                // Hurl fails where a value of another type is asked what it contains.
                let kinds: &[&str] = match value {
                    Value::String(_) => &["string", "array"],
                    _ => &["array"],
                };
                self.guards.push(("schema", json!({ "type": kinds })));
            }
            _ => {}
        }
        if negated {
            let tests = self.tests.into_iter();
            let tests: Map<_, _> = tests.map(|(key, value)| (key.to_owned(), value)).collect();
            self.tests = vec![("not", tests.into())];
        }
        self.guards.into_iter().chain(self.tests).collect()
    }
}

impl Importer {
    /// What a predicate says of a part; nothing where a check file has no words
    /// for it.
    pub(super) fn predicate(
        &mut self,
        place: &Query,
        form: &ValueKind,
        predicate: &str,
        argument: Option<&Word>,
    ) -> Option<HurlPredicate> {
        let json = *form == ValueKind::Json;
        let text = json || *form == ValueKind::Text;
        let counts = *form == ValueKind::Count;
        match predicate {
            "exists" => {
                return (!counts).then(|| predicate_with(&[], vec![("exists", json!(true))]));
            }
            name if name.starts_with("is") => {
                let text = text && !matches!(place, Query::Version | Query::Tls(_));
                return type_predicate(json, text, name);
            }
            _ => {}
        }
        let argument = argument?;
        if predicate == "matches" {
            let pattern = argument.pattern()?;
            Pattern::parse(pattern).ok()?;
            // A URL on the target is its path here, so that no pattern of a whole URL fits.
            let whole = *form == ValueKind::Url && pattern.starts_with('^');
            let is_comparable = text || matches!(form, ValueKind::Url | ValueKind::Attribute(_));
            let guards: &[&str] = if json { &["string"] } else { &[] };
            return (is_comparable && !whole)
                .then(|| predicate_with(guards, vec![("matches", json!(pattern))]));
        }
        let value = self.value_to_compare(form, argument)?;
        let found = match predicate {
            "==" | "equals" | "!=" => HurlPredicate {
                differs: predicate == "!=",
                ..equal_predicate(place, form, value)?
            },
            ">" => order_predicate(form, "above", &value)?,
            ">=" => order_predicate(form, "at_least", &value)?,
            "<" => order_predicate(form, "below", &value)?,
            "<=" => order_predicate(form, "at_most", &value)?,
            _ => part_predicate(form, predicate, value)?,
        };
        // Hurl orders texts, and a check file orders numbers alone.
        let order = predicate.starts_with(['<', '>']);
        if order && matches!(argument, Word::Text(_) | Word::Raw(_)) {
            return None;
        }
        let by_count = *form == ValueKind::Count && !place.is_json();
        Some(HurlPredicate {
            is_count: by_count && *place != Query::Redirects,
            guards: match form {
                // Hurl counts lists only; a check file would count maps as well.
                ValueKind::Count if place.is_json() => vec![("type", json!("array"))],
                _ => found.guards,
            },
            ..found
        })
    }

    /// The value that is compared with, as it is written for this part.
    fn value_to_compare(&mut self, form: &ValueKind, argument: &Word) -> Option<Value> {
        match (form, argument) {
            (ValueKind::Url, _) => self.target_path(argument.text()?),
            (ValueKind::Digest, Word::Bytes(_)) => {
                let bytes = argument.bytes(&self.files)?;
                let digits = bytes.iter().map(|byte| format!("{byte:02x}"));
                Some(json!(digits.collect::<String>()))
            }
            _ => argument.value(&mut self.variables),
        }
    }
}

/// The types of JSON, and texts of a form.
fn type_predicate(json: bool, text: bool, predicate: &str) -> Option<HurlPredicate> {
    let string: &[&str] = if json { &["string"] } else { &[] };
    let formatted = |format: &str| {
        json.then(|| predicate_with(string, vec![("schema", json!({ "format": format }))]))
    };
    let number = |kind: &str, written: &str| {
        predicate_with(
            &[],
            vec![("type", json!(kind)), ("matches", json!(written))],
        )
    };
    let kind = |kind: &str| predicate_with(&[], vec![("type", json!(kind))]);
    match predicate {
        "isIsoDate" => return formatted("date-time"),
        "isIpv4" => return formatted("ipv4"),
        "isIpv6" => return formatted("ipv6"),
        "isEmpty" => return text.then(|| predicate_with(&[], vec![("empty", json!(true))])),
        "isUuid" => return text.then(|| predicate_with(string, vec![("matches", json!(UUID))])),
        _ => {}
    }
    let found = match predicate {
        "isBoolean" => kind("boolean"),
        "isString" => kind("string"),
        "isNumber" => kind("number"),
        "isList" => kind("array"),
        "isObject" => kind("object"),
        // Hurl tells integers from floats by how they are written: `1.0` is a float.
        "isInteger" => number("integer", "^-?[0-9]+$"),
        "isFloat" => number("number", "[.eE]"),
        _ => return None,
    };
    json.then_some(found)
}

fn equal_predicate(place: &Query, form: &ValueKind, value: Value) -> Option<HurlPredicate> {
    let template = value.as_str().is_some_and(|text| text.contains("{{"));
    let single = |operator, value| Some(predicate_with(&[], vec![(operator, value)]));
    match form {
        ValueKind::Milliseconds | ValueKind::Days | ValueKind::Nodes => None,
        // Here the parts of a distinguished name stand in another order.
        ValueKind::Text if matches!(place, Query::Tls(_)) && value.as_str()?.contains(',') => None,
        ValueKind::Text | ValueKind::Digest if !value.is_string() => None,
        ValueKind::Boolean if !value.is_boolean() => None,
        ValueKind::Count => (value.is_u64() || template)
            .then(|| single("count", value))
            .flatten(),
        ValueKind::Status => value.is_u64().then(|| single("equals", value)).flatten(),
        _ => single("equals", value),
    }
}

fn order_predicate(form: &ValueKind, order: &'static str, value: &Value) -> Option<HurlPredicate> {
    let template = value.as_str().is_some_and(|text| text.contains("{{"));
    let number = (value.is_number() || template).then(|| value.clone());
    let single = |operator, value| Some(predicate_with(&[], vec![(operator, value)]));
    match form {
        ValueKind::Status => single(order, json!(value.as_u64()?)),
        ValueKind::Number => single(order, number?),
        ValueKind::Milliseconds => single(order, json!(format!("{}ms", value.as_u64()?))),
        ValueKind::Count => single("count", json!({ order: number? })),
        ValueKind::Days => {
            // Whole days: more than 15 of them are 16 at least.
            let days = value.as_u64()?;
            let (order, days) = match order {
                "above" => ("at_least", days.checked_add(1)?),
                "at_most" => ("below", days.checked_add(1)?),
                order => (order, days),
            };
            single(order, json!(format!("{days}d")))
        }
        ValueKind::Json => {
            let guards: &[&str] = if template { &[] } else { &["number"] };
            Some(predicate_with(guards, vec![(order, number?)]))
        }
        _ => None,
    }
}

/// Parts of texts and lists.
fn part_predicate(form: &ValueKind, predicate: &str, value: Value) -> Option<HurlPredicate> {
    let json = *form == ValueKind::Json;
    let text = value.is_string()
        && (json
            || matches!(
                form,
                ValueKind::Text | ValueKind::Url | ValueKind::Attribute(_)
            ));
    let string: &[&str] = if json { &["string"] } else { &[] };
    match predicate {
        "startsWith" if text => Some(predicate_with(string, vec![("starts_with", value)])),
        "endsWith" if text => Some(predicate_with(string, vec![("ends_with", value)])),
        "contains" if json || text => Some(HurlPredicate {
            inside_any: json,
            ..predicate_with(&[], vec![("contains", value)])
        }),
        "includes" if json => Some(predicate_with(&["array"], vec![("contains", value)])),
        _ => None,
    }
}
