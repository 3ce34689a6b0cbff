//! One request of a collection as a step.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::super::base::{self, Address};
use super::super::importer::writes;
use super::Importer;
use super::collection::{Found, is_on, pairs, plain, text};
use super::script::Subject;
use crate::draft::{self, Place, Step, add, can_be_sent};

/// A request, ready to be put into a check.
#[derive(Default)]
pub(super) struct Requested {
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
        Value::Object(request) => request.get("url").unwrap_or(&Value::Null),
        url => url,
    };
    if let Some(raw) = url.as_str().or_else(|| text(url, "raw")) {
        return raw.to_owned();
    }
    let joined = |key: &str, by: &str| match &url[key] {
        Value::Array(parts) => {
            let parts: Vec<_> = parts.iter().filter_map(Value::as_str).collect();
            parts.join(by)
        }
        other => plain(other),
    };
    let scheme = text(url, "protocol").map(|scheme| format!("{scheme}://"));
    let port = text(url, "port").map(|port| format!(":{port}"));
    format!(
        "{}{}{}/{}",
        scheme.unwrap_or_default(),
        joined("host", "."),
        port.unwrap_or_default(),
        joined("path", "/")
    )
}

impl Importer {
    pub(super) fn request(&mut self, found: &Found<'_>) -> Requested {
        let mut requested = Requested {
            folders: found.folders.clone(),
            ..Requested::default()
        };
        let step = &mut requested.step;
        step.name.clone_from(&found.name);
        if let Some(about) = text(found.request, "description") {
            let first = about.lines().find(|line| !line.trim().is_empty());
            step.notes.extend(first.map(|line| line.trim().to_owned()));
        }
        let name = text(found.request, "method").filter(|name| !name.is_empty());
        let name = name.unwrap_or("GET");
        if let Some(method) = draft::method(name) {
            step.request.method = method;
        } else {
            let help = "no request has a method of this name; it is a GET now";
            self.lose_at(step, &found.part("method"), ("a method", name), help);
        }
        requested.writes = writes(&step.request);
        let mut address = base::split(&raw_url(found.request));
        let login = address.login.take();
        let here = address.base == self.base;
        let mut base = String::new();
        if !here {
            if let Some(elsewhere) = self.elsewhere(&address.base, step) {
                base = elsewhere;
            } else {
                requested.skip = Some(format!("it asks another host: {}", address.base));
                let what = ("a request to another host", address.base.as_str());
                let help = "put it into a check file of its own, with that host as `--target`";
                self.lose_at(step, &found.part("url"), what, help);
            }
        }
        // What an answer gave is a path, or a whole URL.
        let name = address.base.trim_matches(['{', '}']).trim();
        let whole = address.bare && !here && self.variables.is_captured(name);
        let path = self.path(found, address, step);
        step.request.path = if whole { base } else { base + &path };
        self.headers(found, step);
        self.auth(found, step);
        if let (Some((user, password)), None) = (login, &step.request.auth) {
            step.request.auth = Some(self.basic(&user, &password));
        }
        self.body(found, step);
        self.settings(found, step);
        if step.name.is_empty() {
            let word = step.request.method.as_str().to_ascii_lowercase();
            step.name = format!("{word} {}", step.request.path);
        }
        requested.uses = used(&requested.step);
        self.scripts(found, &mut requested);
        requested.uses.extend(used(&requested.step));
        let tested = requested.step.expect.iter();
        let tested = tested.filter_map(|(place, _)| match place {
            Place::Variable(name) => Some(name.clone()),
            _ => None,
        });
        requested.uses.extend(tested);
        requested
    }

    /// The path as a template; the query goes into the step.
    fn path(&mut self, found: &Found<'_>, address: Address, step: &mut Step) -> String {
        let url = &found.request["url"];
        let (path, query) = match address.path.split_once('?') {
            Some((path, query)) => (path.to_owned(), query.to_owned()),
            None => (address.path, String::new()),
        };
        let values = url["variable"].as_array();
        let segment = |segment: &str| {
            let name = segment.strip_prefix(':').filter(|name| !name.is_empty());
            let value = name.and_then(|name| {
                let mut values = values.into_iter().flatten();
                let is_it = |v: &&Value| text(v, "key").or(text(v, "id")) == Some(name);
                Some(plain(values.find(is_it)?.get("value")?))
            });
            value.unwrap_or_else(|| segment.to_owned())
        };
        let segments: Vec<String> = path.split('/').map(segment).collect();
        let mut path = self.variables.template(&base::clean(&segments.join("/")));
        let pairs: Vec<(String, String)> = match &url["query"] {
            list @ Value::Array(_) => pairs(list).collect(),
            _ => query
                .split('&')
                .filter(|pair| !pair.is_empty())
                .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .collect(),
        };
        for (key, value) in pairs {
            let (key, value) = (decoded(&key), decoded(&value));
            if let Some(key) = self.variables.resolve(&key) {
                let value = json!(self.variables.template(&value));
                add(&mut step.request.query, &key, value);
                continue;
            }
            // No template stands for a name, but for a part of the path.
            path.push(if path.contains('?') { '&' } else { '?' });
            path.push_str(&self.variables.urlencode(&key));
            path.push('=');
            path.push_str(&self.variables.urlencode(&value));
        }
        path
    }

    fn headers(&mut self, found: &Found<'_>, step: &mut Step) {
        for (pointer, name, value) in listed(found) {
            let name = self.variables.resolve(&name).unwrap_or(name);
            let lower = name.to_ascii_lowercase();
            let value = self.variables.template(value.trim());
            let plain = value.to_ascii_lowercase();
            let help = match lower.as_str() {
                // It follows from the body.
                "content-length" => continue,
                "connection" if plain == "keep-alive" => continue,
                "connection" => "connections are kept for the requests that follow",
                // Others than these cannot be decoded.
                "accept-encoding" if plain.split(',').any(|word| word.trim() == "zstd") => {
                    step.note("The original also takes `zstd`, which is not known here.");
                    let known = plain.split(',').map(str::trim);
                    let known: Vec<_> = known.filter(|word| *word != "zstd").collect();
                    if !known.is_empty() {
                        step.request.add_header(lower, known.join(", "));
                    }
                    continue;
                }
                _ if can_be_sent(&name, &value) => {
                    step.request.add_header(lower, value);
                    continue;
                }
                _ => "a header needs a name and a value that HTTP allows",
            };
            self.lose_at(step, &pointer, ("a header", &name), help);
        }
    }
}

/// The headers that are on, each with the pointer to it: from a list, or from
/// one text.
fn listed(found: &Found<'_>) -> Vec<(String, String, String)> {
    let pointer = found.part("header");
    match &found.request["header"] {
        Value::Array(list) => {
            let list = list.iter().enumerate().filter(|(_, header)| is_on(header));
            let named = list.map(|(number, header)| {
                let name = text(header, "key").unwrap_or_default().trim().to_owned();
                (format!("{pointer}/{number}"), name, plain(&header["value"]))
            });
            named.filter(|(_, name, _)| !name.is_empty()).collect()
        }
        Value::String(text) => {
            let lines = text
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"));
            let pairs = lines.filter_map(|line| line.split_once(':'));
            pairs
                .map(|(name, value)| (pointer.clone(), name.trim().to_owned(), value.to_owned()))
                .collect()
        }
        _ => Vec::new(),
    }
}

/// A part of a query as it is meant: Postman leaves it encoded.
fn decoded(text: &str) -> String {
    let text = text.replace('+', " ");
    percent_encoding::percent_decode_str(&text)
        .decode_utf8_lossy()
        .into_owned()
}

/// Our names of the variables in a step's templates.
fn used(step: &Step) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (_, value) in step.values() {
        collect(&value, &mut found);
    }
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
