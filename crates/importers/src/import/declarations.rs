//! The variables that a check file declares: those that it uses, each below the
//! others that its value names.

use std::collections::BTreeSet;

use serde_json::Value;

use super::dynamic::from_environment;
use super::variables::{MOST_DEPTH, TemplatePart, Variables, split_template};
use crate::draft::{CheckDraft, VariableDraft};

impl Variables {
    /// The variables of the check file, and the names in the original of those
    /// that nothing gives a value. What was meant to use them may have been
    /// lost: `checks` say whether they do.
    pub(super) fn into_entries(
        mut self,
        checks: &[CheckDraft],
    ) -> (Vec<VariableDraft>, Vec<String>) {
        let mut entries = Vec::new();
        let mut declared = BTreeSet::new();
        // A value may name other variables, which have to stand above it.
        for name in self.order.clone() {
            self.declare_used(&name, &mut entries, &mut declared, 0);
        }
        let mut written: Vec<String> = checks.iter().map(CheckDraft::templates).collect();
        written.extend(
            entries
                .iter()
                .map(|entry: &VariableDraft| entry.value.to_string()),
        );
        let unknown = std::mem::take(&mut self.used).into_iter();
        let unknown: Vec<String> = unknown
            .filter(|name| !declared.contains(name))
            .filter(|name| {
                let own_name = self.name(name);
                written.iter().any(|text| mentions(text, &own_name))
            })
            .collect();
        for (at, name) in unknown.iter().enumerate() {
            let name_here = self.name(name);
            let sent = self.text_before_set(name);
            let note = match &sent {
                Some(_) => {
                    "Nothing gives it a value before a request sets it: the original sends its name."
                }
                None => "Nothing gives it a value: give it one here, or by --var.",
            };
            let mut notes = vec![note.to_owned()];
            if sent.is_none() && self.typed.contains(name) {
                notes.push(format!(
                    "By --var it is text: give a number here, or write {{{{ {name_here} | int }}}}."
                ));
            }
            let entry = VariableDraft {
                notes,
                value: sent.map_or_else(|| from_environment(&name_here), Value::from),
                name: name_here,
            };
            // A variable stands above those whose values may name it.
            entries.insert(at, entry);
        }
        let unknown = unknown.into_iter();
        let unknown = unknown.filter(|name| self.text_before_set(name).is_none());
        (entries, unknown.collect())
    }

    fn declare_used(
        &mut self,
        name: &str,
        entries: &mut Vec<VariableDraft>,
        declared: &mut BTreeSet<String>,
        depth: usize,
    ) {
        let Some(given) = self.given.get(name).cloned() else {
            return;
        };
        if !self.used.contains(name) || depth > MOST_DEPTH || !declared.insert(name.to_owned()) {
            return;
        }
        // A circle of values, or one that names a capture, has no value.
        let mut has_value = true;
        if let Value::String(text) = &given.value {
            for part in split_template(text) {
                if let TemplatePart::Variable(inner) = part {
                    let own_name = self.expression(inner);
                    self.declare_used(inner, entries, declared, depth + 1);
                    let entered = entries.iter().any(|entry| entry.name == own_name);
                    has_value &= entered || !self.given.contains_key(inner);
                    has_value &= !self.is_captured(inner);
                }
            }
        }
        let own_name = self.name(name);
        let value = match (&given.value, given.secret || !has_value) {
            (_, true) => from_environment(&own_name),
            (Value::String(text), _) => self.template(text).into(),
            (value, _) => value.clone(),
        };
        entries.push(VariableDraft {
            notes: Vec::new(),
            name: own_name,
            value,
        });
    }
}

/// Whether a text names a variable; a word of that name alone counts, too.
fn mentions(text: &str, name: &str) -> bool {
    let part_of_name = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(name).any(|(at, _)| {
        !text[..at].ends_with(part_of_name) && !text[at + name.len()..].starts_with(part_of_name)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::draft::StepDraft;

    /// A check that asks at a path.
    fn asking(path: &str) -> CheckDraft {
        let mut step = StepDraft::default();
        path.clone_into(&mut step.request.path);
        CheckDraft {
            steps: vec![step],
            ..CheckDraft::default()
        }
    }

    #[test]
    fn a_value_that_names_a_capture_is_written_out() {
        let mut variables = Variables::default();
        for (name, value) in [
            ("login", "Bearer {{token}}"),
            ("a", "{{b}}"),
            ("b", "{{a}}"),
        ] {
            variables.declare(name.to_owned(), value.into(), false);
        }
        assert_eq!(variables.template("{{token}}"), "{{ token }}");
        variables.capture("token");
        assert_eq!(variables.template("{{login}}"), "Bearer {{ token }}");
        let written = variables.template("{{a}} {{token}}");
        let (entries, _) = variables.into_entries(&[asking(&written)]);
        let names: Vec<_> = entries
            .iter()
            .map(|e| (e.name.as_str(), &e.value))
            .collect();
        // Used before it was captured, and a circle, which has no beginning.
        let token = json!({ "env": "TOKEN" });
        let b = json!({ "env": "B" });
        assert_eq!(
            names,
            [("token", &token), ("b", &b), ("a", &json!("{{ b }}"))]
        );
    }

    #[test]
    fn variables_stand_below_those_that_they_name_and_unused_ones_do_not() {
        let mut variables = Variables::default();
        for (name, value, secret) in [
            ("a", "{{b}}/x", false),
            ("b", "y", false),
            ("c", "z", false),
            ("pin", "1", true),
        ] {
            variables.declare(name.to_owned(), value.into(), secret);
        }
        let written = variables.template("{{a}} {{pin}} {{nowhere}}");
        // Used by something that was lost.
        variables.template("{{lost}}");
        let (entries, unknown) = variables.into_entries(&[asking(&written)]);
        let entries: Vec<_> = entries
            .iter()
            .map(|e| (e.name.as_str(), e.value.clone()))
            .collect();
        assert_eq!(
            entries,
            [
                ("nowhere", json!({ "env": "NOWHERE" })),
                ("b", json!("y")),
                ("a", json!("{{ b }}/x")),
                ("pin", json!({ "env": "PIN" })),
            ]
        );
        assert_eq!(unknown, ["nowhere"]);
    }
}
