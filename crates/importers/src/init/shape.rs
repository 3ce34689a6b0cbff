//! What stays true of an answer while its values change.

use serde_json::{Value, json};

use crate::draft::{Query, StepDraft, escape, member_path};

/// The most members of a map that are spoken of.
const MOST_MEMBERS: usize = 12;
/// Words by which a service says that it is well.
const WELL: [&str; 7] = ["ok", "up", "healthy", "pass", "alive", "ready", "available"];

/// Expects the kind of content, without parameters such as the character set.
pub(super) fn expect_content_type(step: &mut StepDraft, kind: &str) {
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.is_empty() {
        let header = Query::Header("content-type".to_owned());
        step.expect(&header, "contains", json!(escape(kind)));
    }
}

/// Expects the types of a document and of the members of its top.
pub(super) fn expect_document(step: &mut StepDraft, document: &Value) {
    let Value::Object(members) = document else {
        expect_value_type(step, "$", document);
        return;
    };
    for (name, value) in members.iter().take(MOST_MEMBERS) {
        let path = member_path("$", name);
        let is_well = value.as_str().is_some_and(|text| {
            let name = name.to_ascii_lowercase();
            matches!(name.as_str(), "status" | "state" | "health")
                && WELL.contains(&text.to_ascii_lowercase().as_str())
        });
        if is_well {
            step.expect(&Query::Json(path), "equals", value.clone());
        } else {
            expect_value_type(step, &path, value);
        }
    }
    if members.is_empty() {
        expect_type(step, "$", Some("object"));
    }
}

fn expect_value_type(step: &mut StepDraft, path: &str, value: &Value) {
    let kind = match value {
        // It may be something else tomorrow.
        Value::Null => None,
        Value::Bool(_) => Some("boolean"),
        Value::Number(_) => Some("number"),
        Value::String(_) => Some("string"),
        Value::Array(_) => Some("array"),
        Value::Object(_) => Some("object"),
    };
    expect_type(step, path, kind);
}

/// Expects a type where one is known, or else that something is there.
pub(super) fn expect_type(step: &mut StepDraft, path: &str, kind: Option<&str>) {
    let place = Query::Json(path.to_owned());
    match kind {
        Some(kind) => step.expect(&place, "type", json!(kind)),
        None => step.expect(&place, "exists", json!(true)),
    };
}

/// The title of a page, if it looks like one that stays.
pub(super) fn stable_title(page: &str) -> Option<String> {
    let (_, rest) = page.split_once("<title>")?;
    let (title, _) = rest.split_once("</title>")?;
    let is_stable = !title.trim().is_empty()
        && title.chars().count() <= 80
        && !title.contains(|c: char| c.is_ascii_digit() || c.is_control());
    is_stable.then(|| format!("<title>{title}</title>"))
}
