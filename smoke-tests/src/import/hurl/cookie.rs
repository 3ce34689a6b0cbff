//! Cookies of an answer: a predicate over the value, or a map of attributes.

use serde_json::{Map, Value, json};

use crate::draft::Step;

/// What a cookie is asked for beside its value.
const ATTRIBUTES: [&str; 6] = [
    "secure",
    "http_only",
    "same_site",
    "path",
    "domain",
    "max_age",
];

/// Demands something of an attribute; false if something else was demanded of
/// it already.
pub(super) fn set(step: &mut Step, name: &str, attribute: &str, wanted: Value) -> bool {
    let cookies = step.expect.entry("cookies").or_insert_with(|| json!({}));
    let Value::Object(cookies) = cookies else {
        return false;
    };
    let cookie = cookies.entry(name).or_insert_with(|| json!({}));
    if !cookie.is_object() {
        *cookie = json!({ "equals": cookie.take() });
    }
    let known = cookie.get(attribute);
    let there = json!({ "exists": true });
    if known.is_some_and(|known| *known != there && *known != wanted && wanted != there) {
        return false;
    }
    // That it is there follows from its value.
    if known.is_none_or(|known| *known == there) {
        cookie[attribute] = wanted;
    }
    true
}

/// Puts the predicates over a value below `value`, where there are attributes
/// beside them.
pub(super) fn tidy(step: &mut Step) {
    let Some(Value::Object(cookies)) = step.expect.get_mut("cookies") else {
        return;
    };
    for (_, cookie) in cookies.iter_mut() {
        let Value::Object(demands) = cookie else {
            continue;
        };
        let named = |name: &String| ATTRIBUTES.contains(&name.as_str());
        if !demands.keys().any(named) {
            continue;
        }
        let all = std::mem::take(demands);
        let (attributes, mut tests): (Map<_, _>, Map<_, _>) =
            all.into_iter().partition(|(name, _)| named(name));
        // What this answer sets is there.
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
