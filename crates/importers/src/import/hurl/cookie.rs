//! Cookies of an answer: a predicate over the value, or a map of attributes.

use serde_json::{Map, Value, json};

use super::predicate::HurlPredicate;
use crate::draft::{Query, StepDraft};

/// What a cookie is asked for beside its value.
const ATTRIBUTES: [&str; 3] = ["secure", "http_only", "same_site"];

/// What a predicate expects of an attribute.
pub(super) fn attribute_predicate(
    attribute: &str,
    exists: bool,
    found: &HurlPredicate,
    negated: bool,
) -> Option<Value> {
    let is_flag = attribute != "same_site";
    match exists {
        true if is_flag => return Some(json!(!negated)),
        true => return Some(json!({ "exists": !negated })),
        false if is_flag || negated || found.differs => return None,
        false => {}
    }
    let mut tests = Map::new();
    for (operator, value) in &found.tests {
        let value = match value.as_str()? {
            pattern if *operator == "matches" => pattern.to_owned(),
            text => text.to_ascii_lowercase(),
        };
        tests.insert((*operator).to_owned(), json!(value));
    }
    Some(match tests.get("equals") {
        Some(value) => value.clone(),
        None => tests.into(),
    })
}

/// Expects something of an attribute; false if something else is expected of
/// it already.
pub(super) fn expect_attribute(
    step: &mut StepDraft,
    name: &str,
    attribute: &str,
    wanted: Value,
) -> bool {
    let cookie = step.expectation_mut(&Query::Cookie(name.to_owned()));
    if !cookie.is_object() {
        *cookie = match cookie.take() {
            Value::Null => json!({}),
            value => json!({ "equals": value }),
        };
    }
    let exists_only = json!({ "exists": true });
    match cookie.get(attribute) {
        Some(known) if *known != exists_only && *known != wanted && wanted != exists_only => false,
        // A value that is expected says already that the attribute is there.
        Some(known) if *known != exists_only => true,
        _ => {
            cookie[attribute] = wanted;
            true
        }
    }
}

/// Puts the predicates over a value below `value`, where there are attributes
/// beside them.
pub(super) fn nest_value_predicates(step: &mut StepDraft) {
    for (place, cookie) in &mut step.expectations {
        let (Query::Cookie(_), Value::Object(demands)) = (place, cookie) else {
            continue;
        };
        let named = |name: &String| ATTRIBUTES.contains(&name.as_str());
        if !demands.keys().any(named) {
            continue;
        }
        let all = std::mem::take(demands);
        let (attributes, mut tests): (Map<_, _>, Map<_, _>) =
            all.into_iter().partition(|(name, _)| named(name));
        // A cookie with `secure` was set by this answer, so `exists` adds nothing.
        tests.retain(|name, value| {
            name != "exists" || *value != json!(true) || !attributes.contains_key("secure")
        });
        let value = match tests.get("equals") {
            Some(only) if tests.len() == 1 => Some(only.clone()),
            _ => (!tests.is_empty()).then(|| tests.into()),
        };
        demands.extend(value.map(|value| ("value".to_owned(), value)));
        demands.extend(attributes);
    }
}
