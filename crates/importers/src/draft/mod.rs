//! A check file that is being written, for `smoke init` and `smoke import`,
//! and its text: with comments, and laid out as a person would.

mod demand;
mod path;
mod template;
mod yaml;

use http::{HeaderName, HeaderValue, Method};
use serde_json::{Map, Value, json};

pub(crate) use demand::escaped;
use demand::merge;
pub(crate) use path::member;
pub(crate) use template::{escape, identifier};

use check_file::is_host;
use check_file::keys::CARRYING;
use check_file::method::{is_safe, key_of};
use query::jsonpath::Path;
use query::markup::XPath;

/// A check file, ready to be written.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    /// Comment lines at the top.
    pub(crate) notes: Vec<String>,
    pub(crate) name: String,
    pub(crate) variables: Vec<Entry>,
    pub(crate) defaults: Map<String, Value>,
    pub(crate) checks: Vec<Check>,
    /// Comment lines at the end.
    pub(crate) remarks: Vec<String>,
}

/// One `key: value` with comment lines above it.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) notes: Vec<String>,
    pub(crate) name: String,
    pub(crate) value: Value,
}

/// A check; one that has a single step is written without `steps`.
#[derive(Debug, Default)]
pub(crate) struct Check {
    pub(crate) notes: Vec<String>,
    pub(crate) name: String,
    /// What stands beside the name, such as `writes`.
    pub(crate) settings: Map<String, Value>,
    pub(crate) steps: Vec<Step>,
}

/// A step: what is asked, what is expected, what is captured.
#[derive(Debug, Clone, Default)]
pub(crate) struct Step {
    pub(crate) notes: Vec<String>,
    pub(crate) name: String,
    /// The method and path first, then the rest of the request.
    pub(crate) request: Map<String, Value>,
    pub(crate) expect: Map<String, Value>,
    pub(crate) capture: Map<String, Value>,
}

impl Check {
    /// All that stands in it and may be a template.
    pub(crate) fn written(&self) -> String {
        let steps = self
            .steps
            .iter()
            .flat_map(|step| [&step.request, &step.expect, &step.capture]);
        let parts = std::iter::once(&self.settings).chain(steps);
        parts
            .flatten()
            .map(|(_, value)| value.to_string())
            .collect()
    }
}

/// The first lines of a check file that was written for somebody: with them
/// their editor explains each key.
pub(crate) fn for_editors() -> Vec<String> {
    vec![
        "yaml-language-server: $schema=check-file.schema.json".to_owned(),
        "(smoke schema > check-file.schema.json, and the editor explains each key)".to_owned(),
        String::new(),
    ]
}

/// A method that a check file can ask with.
pub(crate) fn method(name: &str) -> Option<Method> {
    let method = Method::from_bytes(name.to_ascii_uppercase().as_bytes()).ok();
    method.filter(|method| method != Method::CONNECT)
}

/// Whether a method needs `writes: true`.
pub(crate) fn writes(method: &Method) -> bool {
    !is_safe(method)
}

/// Whether HTTP lets a header have this name.
pub(crate) fn is_header(name: &str) -> bool {
    HeaderName::from_bytes(name.as_bytes()).is_ok()
}

/// Whether a check file can send a header with this name and value.
pub(crate) fn can_be_sent(name: &str, value: &str) -> bool {
    let carries = CARRYING.contains(&name.to_ascii_lowercase().as_str());
    let fits = !name.eq_ignore_ascii_case("host") || value.contains("{{") || is_host(value);
    is_header(name) && !carries && fits && HeaderValue::from_str(value).is_ok()
}

/// Adds a header; several of one name are one list (RFC 9110, section 5.3).
pub(crate) fn also_sent(headers: &mut Map<String, Value>, name: String, value: String) {
    // Of these there is one.
    if name == "host" {
        headers.insert(name, value.into());
        return;
    }
    let between = if name == "cookie" { "; " } else { ", " };
    let value = match headers.get(&name).and_then(Value::as_str) {
        Some(first) => format!("{first}{between}{value}"),
        None => value,
    };
    headers.insert(name, value.into());
}

impl Step {
    /// Asks with a method at a path.
    pub(crate) fn ask(&mut self, method: &Method, path: &str) {
        if let Some(key) = key_of(method) {
            self.request.insert(key.to_owned(), path.into());
        } else {
            let request = json!({ "method": method.as_str(), "path": path });
            self.request.insert("request".to_owned(), request);
        }
    }

    /// The path that it asks for.
    pub(crate) fn path(&self) -> &str {
        let first = self.request.values().next();
        let path = match first {
            Some(Value::Object(request)) => request.get("path"),
            other => other,
        };
        path.and_then(Value::as_str).unwrap_or_default()
    }

    /// Whether it has a body already; there is room for one.
    pub(crate) fn has_body(&self) -> bool {
        let bodies = ["json", "form", "text", "file", "graphql", "multipart"];
        bodies.iter().any(|body| self.request.contains_key(*body))
    }

    /// Demands something of a part of the answer: `section` is a key of
    /// `expect`, `of` the header, cookie or path that is meant, if the section
    /// has such. False if what was demanded before leaves no room for it.
    pub(crate) fn demand(
        &mut self,
        section: &str,
        of: Option<&str>,
        operator: &str,
        value: Value,
    ) -> bool {
        let named = match (section, of) {
            ("headers", Some(name)) => is_header(name),
            ("json", Some(path)) => Path::parse(path).is_ok(),
            ("xpath", Some(xpath)) => XPath::parse(xpath).is_ok(),
            _ => true,
        };
        if !named {
            return false;
        }
        let slot = match of {
            None => self.expect.entry(section),
            Some(of) => {
                let section = self.expect.entry(section);
                let Value::Object(members) = section.or_insert_with(|| Map::new().into()) else {
                    return false;
                };
                members.entry(of)
            }
        };
        let slot = slot.or_insert(Value::Null);
        // A list of statuses is a choice, of which the one is known already.
        if let (Some(choice), "status") = (value.as_array(), section)
            && choice.contains(slot)
        {
            return true;
        }
        // Beside another demand it is a choice in so many words.
        let beside = section == "status" && value.is_array() && !slot.is_null();
        let operator = match operator {
            "equals" if beside => "one_of",
            operator => operator,
        };
        let text = matches!(section, "body" | "headers" | "cookies" | "url");
        merge(slot, operator, value, text)
    }

    /// Sends a form as text, because fields of it come several times.
    /// `encoded` makes of a text what stands in such a form.
    pub(crate) fn form_text(
        &mut self,
        pairs: impl Iterator<Item = (String, String)>,
        encoded: &mut dyn FnMut(&str) -> String,
    ) {
        let pairs = pairs.map(|(key, value)| format!("{}={}", encoded(&key), encoded(&value)));
        let text = pairs.collect::<Vec<_>>().join("&");
        self.request.insert("text".to_owned(), text.into());
        let headers = self.request.entry("headers");
        if let Value::Object(headers) = headers.or_insert_with(|| Map::new().into()) {
            headers
                .entry("content-type")
                .or_insert("application/x-www-form-urlencoded".into());
        }
    }

    /// Adds a word on the step, once.
    pub(crate) fn note(&mut self, note: &str) {
        if !self.notes.iter().any(|known| known == note) {
            self.notes.push(note.to_owned());
        }
    }
}

impl Draft {
    /// The check file's text.
    pub(crate) fn text(mut self) -> String {
        self.same_names_apart();
        yaml::write(&self)
    }

    /// Numbers checks of one name: each needs its own.
    fn same_names_apart(&mut self) {
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
        let mut step = Step::default();
        assert!(step.demand("json", Some("$.a"), "equals", json!(1)));
        assert!(step.demand("json", Some("$.a"), "type", json!("number")));
        assert!(step.demand("json", Some("$.b"), "equals", json!(null)));
        assert!(step.demand("json", Some("$.c"), "equals", json!({"d": 1})));
        assert!(step.demand("body", None, "contains", json!("x")));
        assert!(step.demand("body", None, "contains", json!("y?")));
        assert!(step.demand("body", None, "contains", json!("z")));
        assert!(step.demand("body", None, "not", json!({ "contains": "q" })));
        assert!(step.demand("json", Some("$.n"), "not", json!({ "equals": 1 })));
        assert!(step.demand("json", Some("$.n"), "not", json!({ "equals": 2 })));
        assert!(step.demand("json", Some("$.e"), "each", json!({ "type": "string" })));
        assert!(step.demand("json", Some("$.e"), "each", json!({ "empty": false })));
        assert!(step.demand("status", None, "equals", json!(200)));
        assert!(step.demand("status", None, "equals", json!(200)));
        // It can be neither, and that is said.
        assert!(step.demand("status", None, "equals", json!([201, 410])));
        assert_eq!(
            Value::Object(step.expect),
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
