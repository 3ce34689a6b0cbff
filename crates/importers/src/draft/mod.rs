//! A check file that is being written, for `smoke init` and `smoke import`:
//! its parts as types, made text at one place (`yaml`), with comments and
//! laid out as a person would.

mod expectation;
mod query;
mod request;
mod template;
mod yaml;

use serde_json::{Map, Value, json};

pub(crate) use expectation::escape_pattern;
use expectation::merge;
pub(crate) use query::Query;
pub(crate) use request::{
    AuthDraft, BodyDraft, RequestDraft, add_member, imply_content_type, is_header,
    is_sendable_header, is_write, parse_method, type_by_itself,
};
pub(crate) use template::{escape, identifier, member_path};

/// A check file, ready to be written.
#[derive(Debug, Default)]
pub(crate) struct CheckFileDraft {
    /// Comment lines at the top.
    pub(crate) notes: Vec<String>,
    pub(crate) name: String,
    pub(crate) variables: Vec<VariableDraft>,
    pub(crate) defaults: Map<String, Value>,
    pub(crate) checks: Vec<CheckDraft>,
    /// Comment lines at the end.
    pub(crate) remarks: Vec<String>,
}

/// A variable with comment lines above it.
#[derive(Debug)]
pub(crate) struct VariableDraft {
    pub(crate) notes: Vec<String>,
    pub(crate) name: String,
    pub(crate) value: Value,
}

/// A check; one that has a single step is written without `steps`.
#[derive(Debug, Default)]
pub(crate) struct CheckDraft {
    pub(crate) notes: Vec<String>,
    pub(crate) name: String,
    pub(crate) writes: bool,
    /// Why it does not run.
    pub(crate) skip: Option<String>,
    pub(crate) steps: Vec<StepDraft>,
}

/// A step: what is asked, what is expected, what is captured.
#[derive(Debug, Clone, Default)]
pub(crate) struct StepDraft {
    pub(crate) notes: Vec<String>,
    pub(crate) name: String,
    pub(crate) request: RequestDraft,
    /// Places with what is expected of them, in the order of the original.
    pub(crate) expectations: Vec<(Query, Value)>,
    pub(crate) capture: Map<String, Value>,
}

/// The first lines of a check file that was written for somebody: with them
/// their editor explains each key.
pub(crate) fn editor_notes() -> Vec<String> {
    vec![
        "yaml-language-server: $schema=check-file.schema.json".to_owned(),
        "(smoke schema > check-file.schema.json, and the editor explains each key)".to_owned(),
        String::new(),
    ]
}

/// A capture from a source, with the expression that makes something of
/// `value`.
pub(crate) fn build_capture(source: Value, expression: &str, secret: bool) -> Value {
    let plain = expression == "value";
    let mut capture = match source {
        Value::Object(capture) => capture,
        word if plain && !secret => return word,
        word => Map::from_iter([("from".to_owned(), word)]),
    };
    if !plain {
        let transform = format!("{{{{ {expression} }}}}");
        capture.insert("transform".to_owned(), json!(transform));
    }
    if secret {
        capture.insert("secret".to_owned(), json!(true));
    }
    capture.into()
}

impl CheckDraft {
    /// All that stands in it and may be a template.
    pub(crate) fn templates(&self) -> String {
        let steps = self.steps.iter();
        steps
            .flat_map(|step| step.values().map(|(_, value)| value.to_string()))
            .collect()
    }
}

impl StepDraft {
    /// What it says beside its name, as `key: value`.
    pub(crate) fn values(&self) -> impl Iterator<Item = (String, Value)> {
        let expect = Value::Object(self.expect_value());
        let capture = Value::Object(self.capture.clone());
        let rest = [("expect", expect), ("capture", capture)];
        let rest = rest
            .into_iter()
            .filter(|(_, value)| *value != json!({}))
            .map(|(key, value)| (key.to_owned(), value));
        self.request.values().into_iter().chain(rest)
    }

    /// What is expected of a place so far.
    pub(crate) fn expectation_of(&self, place: &Query) -> Option<&Value> {
        let mut all = self.expectations.iter();
        all.find(|(known, _)| known == place)
            .map(|(_, demands)| demands)
    }

    /// The same, to be changed; `null` where there is nothing.
    pub(crate) fn expectation_mut(&mut self, place: &Query) -> &mut Value {
        let known = self
            .expectations
            .iter()
            .position(|(known, _)| known == place);
        let at = known.unwrap_or_else(|| {
            self.expectations.push((place.clone(), Value::Null));
            self.expectations.len() - 1
        });
        &mut self.expectations[at].1
    }

    /// Expects something of a place; false if a check file cannot say it, or
    /// what was expected before leaves no room for it.
    pub(crate) fn expect(&mut self, place: &Query, operator: &str, value: Value) -> bool {
        if !place.is_named() || !place.accepts(operator, &value) {
            return false;
        }
        let slot = self.expectation_mut(place);
        let is_status = *place == Query::Status;
        // One status of a choice is expected already, and is stricter than the choice.
        if let (Some(choice), true) = (value.as_array(), is_status)
            && choice.contains(slot)
        {
            return true;
        }
        // Beside another expectation, a list is a choice in so many words.
        let beside = is_status && value.is_array() && !slot.is_null();
        let operator = match operator {
            "equals" if beside => "one_of",
            operator => operator,
        };
        merge(slot, operator, value, place.is_text())
    }

    /// Any status will do for the original, where nothing says which.
    pub(crate) fn expect_any_status(&mut self) {
        if self.expectation_of(&Query::Status).is_none() {
            *self.expectation_mut(&Query::Status) = json!({ "at_least": 100 });
            self.notes
                .push("The original takes any status; say which is right.".to_owned());
        }
    }

    /// What is expected, as `expect` has it.
    fn expect_value(&self) -> Map<String, Value> {
        let mut keys = Map::new();
        let mut sorted: Vec<_> = self.expectations.iter().collect();
        sorted.sort_by_key(|(place, _)| place.reading_rank());
        for (place, demands) in sorted {
            let (key, name) = place.key();
            let Some(name) = name else {
                keys.insert(key.to_owned(), demands.clone());
                continue;
            };
            let members = keys.entry(key).or_insert_with(|| json!({}));
            members[name] = demands.clone();
        }
        keys
    }

    /// Adds a word on the step, once.
    pub(crate) fn add_note(&mut self, note: &str) {
        if !self.notes.iter().any(|known| known == note) {
            self.notes.push(note.to_owned());
        }
    }
}

impl CheckFileDraft {
    /// The check file's text.
    pub(crate) fn into_text(mut self) -> String {
        self.number_checks();
        yaml::write(&self)
    }

    /// Numbers checks of one name: each needs its own.
    fn number_checks(&mut self) {
        let mut seen = std::collections::BTreeSet::new();
        for check in &mut self.checks {
            if check.name.trim().is_empty() {
                "without a name".clone_into(&mut check.name);
            }
            let name = check.name.clone();
            let mut count = 1;
            while !seen.insert(check.name.clone()) {
                count += 1;
                check.name = format!("{name} ({count})");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn demands_of_one_value_become_one_predicate() {
        let mut step = StepDraft::default();
        let json = |path: &str| Query::Json(path.to_owned());
        for (place, operator, value) in [
            (json("$.a"), "equals", json!(1)),
            (json("$.a"), "type", json!("number")),
            (json("$.b"), "equals", json!(null)),
            (json("$.c"), "equals", json!({"d": 1})),
            (Query::Body, "contains", json!("x")),
            (Query::Body, "contains", json!("y?")),
            (Query::Body, "contains", json!("z")),
            (Query::Body, "not", json!({ "contains": "q" })),
            (json("$.n"), "not", json!({ "equals": 1 })),
            (json("$.n"), "not", json!({ "equals": 2 })),
            (json("$.e"), "each", json!({ "type": "string" })),
            (json("$.e"), "each", json!({ "empty": false })),
            (Query::Status, "equals", json!(200)),
            (Query::Status, "equals", json!(200)),
            // It can be neither, and that is said.
            (Query::Status, "equals", json!([201, 410])),
        ] {
            assert!(step.expect(&place, operator, value), "{place:?} {operator}");
        }
        assert_eq!(
            Value::Object(step.expect_value()),
            json!({
                "json": {
                    "$.a": { "equals": 1, "type": "number" },
                    "$.b": { "equals": null },
                    "$.c": { "equals": { "d": 1 } },
                    "$.n": { "not": { "one_of": [1, 2] } },
                    "$.e": { "each": { "type": "string", "empty": false } },
                },
                "body": {
                    "contains": "x",
                    "matches": "y\\?",
                    "not": { "not": { "contains": "z", "not": { "contains": "q" } } },
                },
                "status": { "equals": 200, "one_of": [201, 410] },
            })
        );
    }
}
