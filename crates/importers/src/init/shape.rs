//! What stays true of an answer while its values change.

use serde_json::{Value, json};

use crate::draft::{Step, escape, member};

/// The most members of a map that are spoken of.
const MOST_MEMBERS: usize = 12;
/// Words by which a service says that it is well.
const WELL: [&str; 7] = ["ok", "up", "healthy", "pass", "alive", "ready", "available"];

/// Demands the kind of content, without parameters such as the character set.
pub(super) fn content_type(step: &mut Step, kind: &str) {
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.is_empty() {
        step.demand(
            "headers",
            Some("content-type"),
            "contains",
            json!(escape(kind)),
        );
    }
}

/// Demands the types of a document and of the members of its top.
pub(super) fn document(step: &mut Step, document: &Value) {
    let Value::Object(members) = document else {
        typed(step, "$", document);
        return;
    };
    for (name, value) in members.iter().take(MOST_MEMBERS) {
        let path = member("$", name);
        let is_well = value.as_str().is_some_and(|text| {
            let name = name.to_ascii_lowercase();
            matches!(name.as_str(), "status" | "state" | "health")
                && WELL.contains(&text.to_ascii_lowercase().as_str())
        });
        if is_well {
            step.demand("json", Some(&path), "equals", value.clone());
        } else {
            typed(step, &path, value);
        }
    }
    if members.is_empty() {
        step.demand("json", Some("$"), "type", json!("object"));
    }
}

fn typed(step: &mut Step, path: &str, value: &Value) {
    let kind = match value {
        // It may be something else tomorrow.
        Value::Null => {
            step.demand("json", Some(path), "exists", json!(true));
            return;
        }
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    step.demand("json", Some(path), "type", json!(kind));
}

/// The title of a page, if it looks like one that stays.
pub(super) fn title(page: &str) -> Option<String> {
    let (_, rest) = page.split_once("<title>")?;
    let (title, _) = rest.split_once("</title>")?;
    let fine = !title.trim().is_empty()
        && title.chars().count() <= 80
        && !title.contains(|c: char| c.is_ascii_digit() || c.is_control());
    fine.then(|| format!("<title>{title}</title>"))
}
