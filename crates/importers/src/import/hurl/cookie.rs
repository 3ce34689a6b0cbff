//! Cookies of an answer: a predicate over the value, or a map of attributes.

use serde_json::{Map, Value, json};

use super::demands::Demands;
use super::entry;
use crate::draft::{Place, Step};

/// What a cookie is asked for beside its value.
const ATTRIBUTES: [&str; 6] = [
    "secure",
    "http_only",
    "same_site",
    "path",
    "domain",
    "max_age",
];

/// The names of cookies that are looked for in an answer.
pub(super) fn names_in(message: &entry::Message<'_>) -> Vec<String> {
    let set = |header: &&entry::Pair<'_>| header.key.eq_ignore_ascii_case("set-cookie");
    let by_header = message.headers.iter().filter(set);
    let by_header = by_header.filter_map(|header| header.value.split('=').next());
    let pairs = message.sections.iter().flat_map(|section| &section.pairs);
    let by_query = pairs.filter_map(|pair| {
        let rest = pair.value.trim_start().strip_prefix("cookie")?;
        rest.trim_start()
            .strip_prefix('"')?
            .split(['"', '['])
            .next()
    });
    by_header.chain(by_query).map(str::to_owned).collect()
}

/// What a predicate demands of an attribute.
pub(super) fn attribute(
    attribute: &str,
    exists: bool,
    found: &Demands,
    negated: bool,
) -> Option<Value> {
    let is_flag = matches!(attribute, "secure" | "http_only");
    match (exists, is_flag) {
        (true, true) => return Some(json!(!negated)),
        // Here it stands for `Expires`, too.
        (true, false) if attribute == "max_age" => return None,
        (true, false) => return Some(json!({ "exists": !negated })),
        (false, _) if is_flag || negated || found.differs() => return None,
        (false, _) => {}
    }
    let mut tests = Map::new();
    for (operator, value) in &found.tests {
        let value = match (attribute, value) {
            ("max_age", value) => json!(format!("{}s", value.as_u64()?)),
            ("same_site" | "domain", Value::String(text)) if *operator != "matches" => {
                json!(text.trim_start_matches('.').to_ascii_lowercase())
            }
            ("path" | "same_site" | "domain", value) if value.is_string() => value.clone(),
            _ => return None,
        };
        tests.insert((*operator).to_owned(), value);
    }
    // A duration has bounds alone.
    Some(match tests.get("equals") {
        Some(value) if attribute == "max_age" => json!({ "at_least": value, "at_most": value }),
        Some(value) => value.clone(),
        None => tests.into(),
    })
}

/// Demands something of an attribute; false if something else was demanded of
/// it already.
pub(super) fn set(step: &mut Step, name: &str, attribute: &str, wanted: Value) -> bool {
    let cookie = step.expected_mut(&Place::Cookie(name.to_owned()));
    if !cookie.is_object() {
        *cookie = match cookie.take() {
            Value::Null => json!({}),
            value => json!({ "equals": value }),
        };
    }
    let there = json!({ "exists": true });
    match cookie.get(attribute) {
        Some(known) if *known != there && *known != wanted && wanted != there => false,
        // That it is there follows from its value.
        Some(known) if *known != there => true,
        _ => {
            cookie[attribute] = wanted;
            true
        }
    }
}

/// Puts the predicates over a value below `value`, where there are attributes
/// beside them.
pub(super) fn tidy(step: &mut Step) {
    for (place, cookie) in &mut step.expect {
        let (Place::Cookie(_), Value::Object(demands)) = (place, cookie) else {
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
