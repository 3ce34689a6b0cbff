//! Cookies: of an answer a predicate over the value, or a map of attributes;
//! for requests those that comments of the original put into its store.

use serde_json::{Map, Value, json};

use super::entry;
use crate::draft::{Step, also_sent, can_be_sent};

/// What a cookie is asked for beside its value.
const ATTRIBUTES: [&str; 6] = [
    "secure",
    "http_only",
    "same_site",
    "path",
    "domain",
    "max_age",
];

/// A cookie that a comment puts into the store (the format of Netscape's file).
#[derive(Debug)]
pub(super) struct Put {
    path: String,
    name: String,
    value: String,
}

/// What follows `@cookie_storage_set:`, if it is for the host that is asked.
pub(super) fn put(text: &str, base: &str) -> Option<Put> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let [domain, _, path, secure, _, name, value] = words.as_slice() else {
        return None;
    };
    let (scheme, authority) = base.split_once("://")?;
    let host = authority.split(':').next()?;
    let fits = host.eq_ignore_ascii_case(domain) && (*secure == "FALSE" || scheme == "https");
    let sent = can_be_sent("cookie", &format!("{name}={value}")) && !value.contains("{{");
    (fits && sent).then(|| Put {
        path: (*path).to_owned(),
        name: (*name).to_owned(),
        value: (*value).to_owned(),
    })
}

/// Sends the cookies that were put into the store, but for those that the step
/// names itself.
pub(super) fn send(all: &[Put], path: &str, step: &mut Step) {
    let headers = step.request.get("headers");
    let own = headers.and_then(|headers| headers.get("cookie"));
    let own = own.and_then(Value::as_str).unwrap_or_default().to_owned();
    let named = |name: &str| {
        own.split(';')
            .any(|pair| pair.trim().starts_with(&format!("{name}=")))
    };
    let sent = all
        .iter()
        .filter(|put| is_below(path, &put.path) && !named(&put.name));
    let sent: Vec<_> = sent
        .map(|put| format!("{}={}", put.name, put.value))
        .collect();
    if sent.is_empty() {
        return;
    }
    if let Value::Object(headers) = step.request.entry("headers").or_insert_with(|| json!({})) {
        also_sent(headers, "cookie".to_owned(), sent.join("; "));
    }
}

/// Whether a cookie of this path is for a request (RFC 6265, section 5.1.4).
fn is_below(asked: &str, path: &str) -> bool {
    let asked = asked.split('?').next().unwrap_or_default();
    let rest = asked.strip_prefix(path);
    rest.is_some_and(|rest| rest.is_empty() || path.ends_with('/') || rest.starts_with('/'))
}

/// The names of cookies that are looked for in an answer.
pub(super) fn named(part: &entry::Part<'_>) -> Vec<String> {
    let set = |header: &&entry::Pair<'_>| header.key.eq_ignore_ascii_case("set-cookie");
    let by_header = part.headers.iter().filter(set);
    let by_header = by_header.filter_map(|header| header.value.split('=').next());
    let pairs = part.sections.iter().flat_map(|section| &section.pairs);
    let by_query = pairs.filter_map(|pair| {
        let rest = pair.value.trim_start().strip_prefix("cookie")?;
        rest.trim_start()
            .strip_prefix('"')?
            .split(['"', '['])
            .next()
    });
    by_header.chain(by_query).map(str::to_owned).collect()
}

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
