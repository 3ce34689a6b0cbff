//! One request of a collection as a step.

use std::collections::{BTreeMap, BTreeSet};

use http::Method;
use serde_json::{Map, Value, json};

use super::super::base::{self, Address};
use super::script::Subject;
use super::{Found, Importer, is_on, text};
use crate::draft::{self, Step, also_sent, can_be_sent, writes};

/// A request, ready to be put into a check.
pub(super) struct Asked {
    pub(super) step: Step,
    pub(super) folders: Vec<String>,
    pub(super) writes: bool,
    /// Why it cannot run.
    pub(super) skip: Option<String>,
    /// Variables that it needs a value of.
    pub(super) uses: BTreeSet<String>,
    /// Variables that it gives a value.
    pub(super) keeps: BTreeSet<String>,
    /// Those of them whose value has nothing to do with its answer.
    pub(super) constants: BTreeSet<String>,
    /// The parts of its answer that scripts have named so, by their own names.
    pub(super) kept: BTreeMap<String, Subject>,
}

/// The base of a request's URL.
pub(super) fn base(found: &Found<'_>) -> String {
    base::split(&raw_url(found.request)).base
}

/// The URL as it is written, without its query if that is listed apart.
fn raw_url(request: &Value) -> String {
    let url = match request {
        Value::String(url) => return url.clone(),
        request => request.get("url").unwrap_or(&Value::Null),
    };
    if let Value::String(url) = url {
        return url.clone();
    }
    if let Some(raw) = text(url, "raw") {
        return raw.to_owned();
    }
    let joined = |key: &str, by: &str| match url.get(key) {
        Some(Value::Array(parts)) => {
            let parts: Vec<_> = parts.iter().filter_map(Value::as_str).collect();
            parts.join(by)
        }
        Some(Value::String(text)) => text.clone(),
        _ => String::new(),
    };
    let scheme = text(url, "protocol")
        .map(|scheme| format!("{scheme}://"))
        .unwrap_or_default();
    let port = text(url, "port")
        .map(|port| format!(":{port}"))
        .unwrap_or_default();
    format!(
        "{scheme}{}{port}/{}",
        joined("host", "."),
        joined("path", "/")
    )
}

impl Importer<'_> {
    pub(super) fn request(&mut self, found: &Found<'_>) -> Asked {
        let mut asked = Asked {
            step: Step {
                name: found.name.clone(),
                ..Step::default()
            },
            folders: found.folders.clone(),
            writes: false,
            skip: None,
            uses: BTreeSet::new(),
            keeps: BTreeSet::new(),
            constants: BTreeSet::new(),
            kept: BTreeMap::new(),
        };
        if let Some(Value::String(about)) = found.request.get("description") {
            let first = about.lines().find(|line| !line.trim().is_empty());
            asked
                .step
                .notes
                .extend(first.map(|line| line.trim().to_owned()));
        }
        let method = self.method(found, &mut asked.step);
        asked.writes = writes(&method);
        let mut address = base::split(&raw_url(found.request));
        let login = address.login.take();
        let here = address.base == self.base;
        let base = match address.base.as_str() {
            _ if here => String::new(),
            other => self.elsewhere(other, &mut asked.step).unwrap_or_else(|| {
                asked.skip = Some(format!("it asks another host: {other}"));
                let way = [
                    found.way.as_slice(),
                    &["request".to_owned(), "url".to_owned()],
                ];
                let help = "put it into a check file of its own, with that host as `--target`";
                let note = self.lost(&way.concat(), "a request to another host", other, help);
                asked.step.notes.push(note);
                String::new()
            }),
        };
        // What an answer gave is a path, or a whole URL.
        let given = (address.bare && !here)
            .then(|| address.base.trim_matches(['{', '}']).trim().to_owned());
        let given = given.filter(|name| self.variables.is_captured(name));
        let (path, query) = self.path(found, address);
        let path = if given.is_some() {
            base
        } else {
            format!("{base}{path}")
        };
        asked.step.ask(&method, &path);
        if !query.is_empty() {
            asked.step.request.insert("query".to_owned(), query.into());
        }
        self.headers(found, &mut asked.step);
        self.auth(found, &mut asked.step);
        if let Some((user, password)) = login {
            let user = self.variables.template(&user);
            let password = self.variables.template(&password);
            let login = json!({ "basic": { "user": user, "password": password } });
            asked.step.request.entry("auth").or_insert(login);
        }
        self.body(found, &method, &mut asked.step);
        self.settings(found, &method, &mut asked.step);
        if asked.step.name.is_empty() {
            let word = method.as_str().to_ascii_lowercase();
            asked.step.name = format!("{word} {}", asked.step.path());
        }
        asked.uses = used(&Value::Object(asked.step.request.clone()));
        self.scripts(found, &mut asked);
        asked
            .uses
            .extend(used(&Value::Object(asked.step.expect.clone())));
        asked
            .uses
            .extend(used(&Value::Object(asked.step.capture.clone())));
        let tested = asked.step.expect.get("variables");
        let tested = tested.and_then(Value::as_object).into_iter().flatten();
        asked.uses.extend(tested.map(|(name, _)| name.clone()));
        asked
    }

    fn method(&mut self, found: &Found<'_>, step: &mut Step) -> Method {
        let name = text(found.request, "method").filter(|name| !name.is_empty());
        let name = name.unwrap_or("GET");
        if let Some(method) = draft::method(name) {
            return method;
        }
        let way = [
            found.way.as_slice(),
            &["request".to_owned(), "method".to_owned()],
        ]
        .concat();
        let help = "no request has a method of this name; it is a GET now";
        let note = self.lost(&way, "a method", name, help);
        step.notes.push(note);
        Method::GET
    }

    /// The path and the query, as templates.
    fn path(&mut self, found: &Found<'_>, address: Address) -> (String, Map<String, Value>) {
        let url = found.request.get("url").unwrap_or(&Value::Null);
        let (path, query) = match address.path.split_once('?') {
            Some((path, query)) => (path.to_owned(), query.to_owned()),
            None => (address.path, String::new()),
        };
        let values = url.get("variable").and_then(Value::as_array);
        let segments: Vec<String> = path
            .split('/')
            .map(|segment| {
                let name = segment.strip_prefix(':').filter(|name| !name.is_empty());
                let value = name.and_then(|name| {
                    let mut values = values.into_iter().flatten();
                    let is_it = |v: &&Value| text(v, "key").or(text(v, "id")) == Some(name);
                    Some(plain(values.find(is_it)?.get("value")?))
                });
                value.unwrap_or_else(|| segment.to_owned())
            })
            .collect();
        let path = base::clean(&segments.join("/"));
        let listed = url.get("query").and_then(Value::as_array);
        let pairs: Vec<(String, String)> = match listed {
            Some(list) => list
                .iter()
                .filter(|entry| is_on(entry))
                .filter_map(|entry| Some((text(entry, "key")?, entry.get("value").map(plain))))
                .map(|(key, value)| (decoded(key), decoded(&value.unwrap_or_default())))
                .collect(),
            None => query
                .split('&')
                .filter(|pair| !pair.is_empty())
                .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
                .map(|(key, value)| (decoded(key), decoded(value)))
                .collect(),
        };
        let mut path = self.variables.template(&path);
        let mut query = Map::new();
        for (key, value) in pairs {
            if let Some(key) = self.variables.known(&key) {
                let value = json!(self.variables.template(&value));
                add(&mut query, &key, value);
                continue;
            }
            // No template stands for a name, but for a part of the path.
            path.push(if path.contains('?') { '&' } else { '?' });
            path.push_str(&self.variables.urlencoded(&key));
            path.push('=');
            path.push_str(&self.variables.urlencoded(&value));
        }
        (path, query)
    }

    fn headers(&mut self, found: &Found<'_>, step: &mut Step) {
        let mut headers = Map::new();
        for (number, (name, value)) in listed(found.request.get("header")) {
            let name = self.variables.known(&name).unwrap_or(name);
            let lower = name.to_ascii_lowercase();
            let value = self.variables.template(value.trim());
            let plain = value.to_ascii_lowercase();
            let help = match lower.as_str() {
                // It follows from the body.
                "content-length" => continue,
                "connection" if plain == "keep-alive" => continue,
                "connection" => Some("connections are kept for the requests that follow"),
                // Others than these cannot be decoded.
                "accept-encoding" if plain.split(',').any(|word| word.trim() == "zstd") => {
                    step.note("The original also takes `zstd`, which is not known here.");
                    let known = value
                        .split(',')
                        .filter(|word| !word.trim().eq_ignore_ascii_case("zstd"));
                    let known = known.map(str::trim).collect::<Vec<_>>().join(", ");
                    if !known.is_empty() {
                        headers.insert(lower, known.into());
                    }
                    continue;
                }
                _ if !can_be_sent(&name, &value) => {
                    Some("a header needs a name and a value that HTTP allows")
                }
                _ => None,
            };
            let Some(help) = help else {
                also_sent(&mut headers, lower, value);
                continue;
            };
            let number = number.map(|number| number.to_string());
            let way = ["request".to_owned(), "header".to_owned()]
                .into_iter()
                .chain(number);
            let way: Vec<String> = found.way.iter().cloned().chain(way).collect();
            let note = self.lost(&way, "a header", &name, help);
            step.notes.push(note);
        }
        if !headers.is_empty() {
            step.request.insert("headers".to_owned(), headers.into());
        }
    }
}

/// The headers that are on: from a list, each with its number there, or from
/// one text.
fn listed(headers: Option<&Value>) -> Vec<(Option<usize>, (String, String))> {
    match headers {
        Some(Value::Array(list)) => {
            let list = list.iter().enumerate().filter(|(_, header)| is_on(header));
            let named = list.map(|(number, header)| {
                let name = text(header, "key").unwrap_or_default().trim().to_owned();
                let value = header.get("value").map(plain).unwrap_or_default();
                (Some(number), (name, value))
            });
            named.filter(|(_, (name, _))| !name.is_empty()).collect()
        }
        Some(Value::String(text)) => {
            let lines = text
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"));
            let pairs = lines.filter_map(|line| line.split_once(':'));
            pairs
                .map(|(name, value)| (None, (name.trim().to_owned(), value.trim().to_owned())))
                .collect()
        }
        _ => Vec::new(),
    }
}

/// Adds a value under a name that may have one already.
pub(super) fn add(map: &mut Map<String, Value>, name: &str, value: Value) {
    match map.get_mut(name) {
        None => {
            map.insert(name.to_owned(), value);
        }
        Some(Value::Array(values)) => values.push(value),
        Some(one) => *one = json!([one.take(), value]),
    }
}

/// A value as the text that is sent.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// A part of a query as it is meant: Postman leaves it encoded.
fn decoded(text: &str) -> String {
    let text = text.replace('+', " ");
    percent_encoding::percent_decode_str(&text)
        .decode_utf8_lossy()
        .into_owned()
}

/// Our names of the variables in a value's templates.
fn used(value: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    collect(value, &mut found);
    found
}

fn collect(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => {
            for inside in text.split("{{ ").skip(1) {
                let name = inside.split(' ').next().unwrap_or_default();
                found.insert(name.to_owned());
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        Value::Object(members) => members.values().for_each(|value| collect(value, found)),
        _ => {}
    }
}
