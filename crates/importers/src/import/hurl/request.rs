//! The request of an entry: what is sent, and how.

use serde_json::{Map, Value, json};

use super::super::base;
use super::entry::{Entry, Pair};
use super::lines::unescaped;
use super::options::Options;
use super::{Importer, Step, cookie};
use crate::draft::{also_sent, can_be_sent, method};
use check_file::keys::CARRYING;
use client::hosts::HARMLESS_HEADERS;

impl Importer {
    /// The step, or the note that stands in its place.
    pub(super) fn step(&mut self, entry: &Entry<'_>) -> Result<Step, String> {
        let mut step = Step::default();
        let mut comments = entry.comments.iter().filter(|line| !is_told(line));
        if let Some(comment) = comments.next().filter(|comment| !comment.is_empty()) {
            (*comment).clone_into(&mut step.name);
            step.notes.extend(comments.map(|&line| line.to_owned()));
        }
        let Some(method) = method(&entry.method) else {
            return Err(self.losses.add(
                entry.span,
                "a request with this method",
                "requests go to the target itself, and not to a proxy",
            ));
        };
        self.told_by_comments(entry, &mut step);
        self.given(&entry.request.sections, &mut step);
        let path = self.url(entry, &mut step)?;
        step.ask(&method, &path);
        let mut options = Options::default();
        for header in &entry.request.headers {
            self.header(header, &mut step);
        }
        for section in &entry.request.sections {
            match section.name {
                "QueryStringParams" | "Query" => self.fields("query", &section.pairs, &mut step),
                "FormParams" | "Form" => self.fields("form", &section.pairs, &mut step),
                "MultipartFormData" | "Multipart" => self.multipart(&section.pairs, &mut step),
                "Cookies" => self.cookies(&section.pairs, &mut step),
                "BasicAuth" => self.basic(&section.pairs, &mut step),
                "Options" => {
                    if self.options(&section.pairs, &mut step, &mut options) {
                        return Err(format!(
                            "Skipped in the original: {} {}",
                            entry.method, entry.address.path
                        ));
                    }
                }
                _ => {
                    let help = "say it by another key of the step";
                    let what = format!("the section [{}]", section.name);
                    self.lost(&mut step, section.span, &what, help);
                }
            }
        }
        if entry.address.base == self.base {
            cookie::send(&self.put, &entry.address.path, &mut step);
        }
        if let Some(body) = &entry.request.body {
            self.body(body, &mut step);
        }
        self.set(options, &mut step);
        self.login_of_url(entry, &mut step);
        self.elsewhere = false;
        self.answer(entry.answer.as_ref(), &mut step);
        if self.elsewhere && sends_more(&step) {
            let help =
                "another host gets none of them after a redirect; ask it in a step of its own";
            self.lost(
                &mut step,
                entry.span,
                "headers and cookies that follow a redirect",
                help,
            );
        }
        plain_coding(&mut step);
        Ok(step)
    }

    /// What is asked: a path on the target, or a URL elsewhere.
    fn url(&mut self, entry: &Entry<'_>, step: &mut Step) -> Result<String, String> {
        let address = &entry.address;
        if address.base == self.base {
            return Ok(self.variables.template(&address.path));
        }
        // A URL that an answer gave is a path, or a whole URL.
        let name = address.base.strip_prefix("{{");
        let name = name.and_then(|rest| rest.strip_suffix("}}")).map(str::trim);
        if let Some(name) = name.filter(|name| self.variables.is_captured(name)) {
            let rest = if address.bare {
                ""
            } else {
                address.path.as_str()
            };
            let text = format!("{{{{{name}}}}}{rest}");
            return Ok(self.variables.template(&text));
        }
        let Some(elsewhere) = base::elsewhere(&address.base, &mut self.variables) else {
            return Err(self.losses.add(
                entry.span,
                "a request to another host",
                "put it into a check file of its own, with that host as `--target`",
            ));
        };
        step.note(match &elsewhere.allow {
            Some(_) => "It asks another host, which `--allow-host` has to allow.",
            None => "It may ask another host than the target: if so, allow it by `--allow-host`.",
        });
        self.hosts.extend(elsewhere.allow);
        let path = self.variables.template(&address.path);
        Ok(format!("{}{path}", elsewhere.base))
    }

    /// Comments by which Hurl changes its cookies.
    fn told_by_comments(&mut self, entry: &Entry<'_>, step: &mut Step) {
        for comment in entry.comments.iter().filter(|line| is_told(line)) {
            let set = comment.strip_prefix("@cookie_storage_set:");
            let base = entry.address.base.as_str();
            let help = match set.map(|text| cookie::put(text, base)) {
                Some(Some(put)) => {
                    self.put.push(put);
                    continue;
                }
                Some(None) => "send it by the header `cookie` of the steps that need it",
                None => "cookies of answers stay: begin another check, which has none",
            };
            // What comments put there is taken away.
            if set.is_none() {
                self.put.clear();
            }
            let note =
                self.losses
                    .add_text(entry.span, "what a comment does to cookies", comment, help);
            step.notes.push(note);
        }
    }

    /// A login that stands in the URL, where nothing else is one.
    fn login_of_url(&mut self, entry: &Entry<'_>, step: &mut Step) {
        let headers = step.request.get("headers");
        let header = headers.is_some_and(|headers| headers.get("authorization").is_some());
        if let (Some((user, password)), false) = (&entry.address.login, header) {
            let user = self.variables.template(user);
            let password = self.variables.template(password);
            let login = json!({ "basic": { "user": user, "password": password } });
            step.request.entry("auth").or_insert(login);
        }
    }

    /// A name in a request, which no template can be.
    pub(super) fn known_name(&mut self, pair: &Pair<'_>, step: &mut Step) -> Option<String> {
        let known = self.variables.known(&pair.key);
        if known.is_none() {
            let help = "write the name out: a template stands for values, and not for names";
            self.lost(step, pair.span, "a name that a variable gives", help);
        }
        known
    }

    pub(super) fn header(&mut self, header: &Pair<'_>, step: &mut Step) {
        let Some(name) = self.known_name(header, step) else {
            return;
        };
        let name = name.to_ascii_lowercase();
        let value = self.variables.template(&unescaped(header.value));
        let slot = step.request.entry("headers").or_insert_with(|| json!({}));
        if let Value::Object(headers) = slot
            && can_be_sent(&name, &value)
        {
            also_sent(headers, name, value);
            return;
        }
        let help = if CARRYING.contains(&name.as_str()) {
            "it is made when the request is sent"
        } else {
            "a header needs a name and a value that HTTP allows"
        };
        let note = self
            .losses
            .add_text(header.span, "a header", &header.key, help);
        step.notes.push(note);
    }

    fn fields(&mut self, key: &str, pairs: &[Pair<'_>], step: &mut Step) {
        if key == "form" && step.has_body() {
            return self.second_body(pairs, step);
        }
        let twice =
            |pair: &Pair<'_>| pairs.iter().filter(|other| other.key == pair.key).count() > 1;
        let named = |pair: &Pair<'_>| self.variables.known(&pair.key).is_none();
        if key == "form" && pairs.iter().any(|pair| twice(pair) || named(pair)) {
            let pairs = pairs
                .iter()
                .map(|pair| (pair.key.clone(), unescaped(pair.value)));
            return step.form_text(pairs, &mut |text| self.variables.urlencoded(text));
        }
        let mut fields = Map::new();
        for pair in pairs {
            let Some(name) = self.known_name(pair, step) else {
                continue;
            };
            let value = json!(self.variables.template(&unescaped(pair.value)));
            match fields.get_mut(&name) {
                None => drop(fields.insert(name, value)),
                Some(Value::Array(values)) => values.push(value),
                Some(one) => *one = json!([one.take(), value]),
            }
        }
        if !fields.is_empty() {
            step.request.insert(key.to_owned(), fields.into());
        }
    }

    fn cookies(&mut self, pairs: &[Pair<'_>], step: &mut Step) {
        let mut cookies = Vec::new();
        for pair in pairs {
            let value = self.variables.template(&unescaped(pair.value));
            let cookie = format!("{}={value}", self.variables.template(&pair.key));
            if self.seen.contains(&pair.key) {
                step.note(&format!(
                    "The original sends `{}` twice if an answer has set it: here this one takes its place.",
                    pair.key
                ));
            }
            if can_be_sent("cookie", &cookie) {
                cookies.push(cookie);
            } else {
                self.lost(step, pair.span, "a cookie", "no header can hold it");
            }
        }
        if cookies.is_empty() {
            return;
        }
        if let Value::Object(headers) = step.request.entry("headers").or_insert_with(|| json!({})) {
            also_sent(headers, "cookie".to_owned(), cookies.join("; "));
        }
    }

    fn basic(&mut self, pairs: &[Pair<'_>], step: &mut Step) {
        if let [pair] = pairs {
            let user = self.variables.template(&pair.key);
            let password = self.variables.template(&unescaped(pair.value));
            let login = json!({ "basic": { "user": user, "password": password } });
            step.request.insert("auth".to_owned(), login);
        }
    }
}

/// Whether a step sends headers that no other host gets after a redirect.
fn sends_more(step: &Step) -> bool {
    let headers = step.request.get("headers").and_then(Value::as_object);
    let mut names = headers.into_iter().flat_map(Map::keys);
    names.any(|name| {
        name != "authorization"
            && !HARMLESS_HEADERS
                .iter()
                .any(|harmless| harmless == name.as_str())
    })
}

/// Hurl accepts codings only where an option says so, which makes a difference
/// where the answer's own headers are looked at.
fn plain_coding(step: &mut Step) {
    const TELLING: [&str; 3] = ["content-encoding", "content-length", "vary"];
    let expected = step.expect.get("headers").and_then(Value::as_object);
    let mut expected = expected.into_iter().flat_map(Map::keys);
    if !expected.any(|name| TELLING.contains(&name.as_str())) {
        return;
    }
    let headers = step.request.entry("headers").or_insert_with(|| json!({}));
    if let Value::Object(headers) = headers {
        headers
            .entry("accept-encoding")
            .or_insert_with(|| json!("identity"));
    }
}

/// Whether a comment tells Hurl something.
fn is_told(comment: &str) -> bool {
    comment.starts_with("@cookie_storage_")
}
