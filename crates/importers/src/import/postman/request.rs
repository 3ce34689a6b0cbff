//! One request of a collection as a step.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::super::base::{self, UrlParts};
use super::super::importer::is_write;
use super::Importer;
use super::collection::{FoundRequest, enabled_pairs, is_enabled, text_at, to_text};
use super::script::Operand;
use crate::draft::{self, Query, StepDraft, add_member, is_sendable_header};

/// A request, ready to be put into a check.
#[derive(Default)]
pub(super) struct ImportedRequest {
    pub(super) step: StepDraft,
    pub(super) folders: Vec<String>,
    pub(super) writes: bool,
    /// Why it cannot run.
    pub(super) skip: Option<String>,
    /// Variables that it needs a value of.
    pub(super) uses: BTreeSet<String>,
    /// Variables that it gives a value.
    pub(super) captures: BTreeSet<String>,
    /// Those of them whose value has nothing to do with its answer.
    pub(super) constants: BTreeSet<String>,
    /// The parts of its answer that scripts have named so, by their own names.
    pub(super) captured_values: BTreeMap<String, Operand>,
}

/// The base of a request's URL.
pub(super) fn url_base(found: &FoundRequest<'_>) -> String {
    base::split_url(&raw_url(found.request)).base
}

/// The URL as it is written, without its query if that is listed apart.
fn raw_url(request: &Value) -> String {
    let url = match request {
        Value::Object(request) => request.get("url").unwrap_or(&Value::Null),
        url => url,
    };
    if let Some(raw) = url.as_str().or_else(|| text_at(url, "raw")) {
        return raw.to_owned();
    }
    let joined = |key: &str, by: &str| match &url[key] {
        Value::Array(parts) => {
            let parts: Vec<_> = parts.iter().filter_map(Value::as_str).collect();
            parts.join(by)
        }
        other => to_text(other),
    };
    let scheme = text_at(url, "protocol").map(|scheme| format!("{scheme}://"));
    let port = text_at(url, "port").map(|port| format!(":{port}"));
    format!(
        "{}{}{}/{}",
        scheme.unwrap_or_default(),
        joined("host", "."),
        port.unwrap_or_default(),
        joined("path", "/")
    )
}

impl Importer {
    pub(super) fn import_request(&mut self, found: &FoundRequest<'_>) -> ImportedRequest {
        let mut requested = ImportedRequest {
            folders: found.folders.clone(),
            ..ImportedRequest::default()
        };
        let step = &mut requested.step;
        step.name.clone_from(&found.name);
        if let Some(about) = text_at(found.request, "description") {
            let first = about.lines().find(|line| !line.trim().is_empty());
            step.notes.extend(first.map(|line| line.trim().to_owned()));
        }
        let name = text_at(found.request, "method").filter(|name| !name.is_empty());
        let name = name.unwrap_or("GET");
        if let Some(method) = draft::parse_method(name) {
            step.request.method = method;
        } else {
            let help = "no request has a method of this name; it is a GET now";
            self.lose_pointer(step, &found.pointer_to("method"), ("a method", name), help);
        }
        requested.writes = is_write(&step.request);
        let mut address = base::split_url(&raw_url(found.request));
        let login = address.login.take();
        let here = address.base == self.base;
        let mut base = String::new();
        if !here {
            if let Some(elsewhere) = self.allow_other_host(&address.base, step) {
                base = elsewhere;
            } else {
                requested.skip = Some(format!("it asks another host: {}", address.base));
                let what = ("a request to another host", address.base.as_str());
                let help = "put it into a check file of its own, with that host as `--target`";
                self.lose_pointer(step, &found.pointer_to("url"), what, help);
            }
        }
        // A URL that an answer gave is a path, or a whole URL.
        let name = address.base.trim_matches(['{', '}']).trim();
        let whole = address.has_no_path && !here && self.variables.is_captured(name);
        let path = self.import_path(found, address, step);
        step.request.path = if whole { base } else { base + &path };
        self.import_headers(found, step);
        self.import_auth(found, step);
        if let (Some((user, password)), None) = (login, &step.request.auth) {
            step.request.auth = Some(self.basic_auth(&user, &password));
        }
        self.import_body(found, step);
        self.import_settings(found, step);
        if step.name.is_empty() {
            let word = step.request.method.as_str().to_ascii_lowercase();
            step.name = format!("{word} {}", step.request.path);
        }
        requested.uses = variables_in(&requested.step);
        self.import_scripts(found, &mut requested);
        requested.uses.extend(variables_in(&requested.step));
        let tested = requested.step.expectations.iter();
        let tested = tested.filter_map(|(place, _)| match place {
            Query::Variable(name) => Some(name.clone()),
            _ => None,
        });
        requested.uses.extend(tested);
        requested
    }

    /// The path as a template; the query goes into the step.
    fn import_path(
        &mut self,
        found: &FoundRequest<'_>,
        address: UrlParts,
        step: &mut StepDraft,
    ) -> String {
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
                let is_it = |v: &&Value| text_at(v, "key").or(text_at(v, "id")) == Some(name);
                Some(to_text(values.find(is_it)?.get("value")?))
            });
            value.unwrap_or_else(|| segment.to_owned())
        };
        let segments: Vec<String> = path.split('/').map(segment).collect();
        let mut path = self
            .variables
            .template(&base::clean_path(&segments.join("/")));
        let pairs: Vec<(String, String)> = match &url["query"] {
            list @ Value::Array(_) => enabled_pairs(list).collect(),
            _ => query
                .split('&')
                .filter(|pair| !pair.is_empty())
                .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .collect(),
        };
        for (key, value) in pairs {
            let (key, value) = (decode_query_part(&key), decode_query_part(&value));
            if let Some(key) = self.variables.resolve(&key) {
                let value = json!(self.variables.template(&value));
                add_member(&mut step.request.query, &key, value);
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

    fn import_headers(&mut self, found: &FoundRequest<'_>, step: &mut StepDraft) {
        for (pointer, name, value) in list_headers(found) {
            let name = self.variables.resolve(&name).unwrap_or(name);
            let lower = name.to_ascii_lowercase();
            let value = self.variables.template(value.trim());
            let plain = value.to_ascii_lowercase();
            let help = match lower.as_str() {
                // The client computes it from the body.
                "content-length" => continue,
                "connection" if plain == "keep-alive" => continue,
                "connection" => "connections are kept for the requests that follow",
                // The client cannot decode `zstd`.
                "accept-encoding" if plain.split(',').any(|word| word.trim() == "zstd") => {
                    step.add_note("The original also takes `zstd`, which is not known here.");
                    let known = plain.split(',').map(str::trim);
                    let known: Vec<_> = known.filter(|word| *word != "zstd").collect();
                    if !known.is_empty() {
                        step.request.add_header(lower, known.join(", "));
                    }
                    continue;
                }
                _ if is_sendable_header(&name, &value) => {
                    step.request.add_header(lower, value);
                    continue;
                }
                _ => "a header needs a name and a value that HTTP allows",
            };
            self.lose_pointer(step, &pointer, ("a header", &name), help);
        }
    }
}

/// The headers that are on, each with the pointer to it: from a list, or from
/// one text.
fn list_headers(found: &FoundRequest<'_>) -> Vec<(String, String, String)> {
    let pointer = found.pointer_to("header");
    match &found.request["header"] {
        Value::Array(list) => {
            let list = list
                .iter()
                .enumerate()
                .filter(|(_, header)| is_enabled(header));
            let named = list.map(|(number, header)| {
                let name = text_at(header, "key").unwrap_or_default().trim().to_owned();
                (
                    format!("{pointer}/{number}"),
                    name,
                    to_text(&header["value"]),
                )
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
fn decode_query_part(text: &str) -> String {
    let text = text.replace('+', " ");
    percent_encoding::percent_decode_str(&text)
        .decode_utf8_lossy()
        .into_owned()
}

/// Our names of the variables in a step's templates.
fn variables_in(step: &StepDraft) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (_, value) in step.values() {
        collect_variables(&value, &mut found);
    }
    found
}

fn collect_variables(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => {
            for inside in text.split("{{ ").skip(1) {
                let name = inside.split(' ').next().unwrap_or_default();
                found.insert(name.to_owned());
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect_variables(item, found)),
        Value::Object(members) => members
            .values()
            .for_each(|value| collect_variables(value, found)),
        _ => {}
    }
}
