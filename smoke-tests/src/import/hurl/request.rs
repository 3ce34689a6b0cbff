//! The request of an entry: what is sent, and how.

use serde_json::{Map, Value, json};

use super::super::base;
use super::entry::{Entry, Pair};
use super::lines::unescaped;
use super::options::Options;
use super::{Importer, Step};
use crate::check_file::keys::CARRYING;
use crate::draft::{METHODS, can_be_sent};

impl Importer {
    /// The step, or the note that stands in its place.
    pub(super) fn step(&mut self, entry: &Entry<'_>) -> Result<Step, String> {
        let mut step = Step::default();
        if let Some(comment) = entry.comments.first().filter(|comment| !comment.is_empty()) {
            (*comment).clone_into(&mut step.name);
            step.notes
                .extend(entry.comments.iter().skip(1).map(|&line| line.to_owned()));
        }
        if !METHODS.contains(&entry.method.as_str()) {
            return Err(self.losses.add(
                entry.span,
                "a request with this method",
                "check files ask with the usual methods only",
            ));
        }
        let path = self.url(entry, &mut step)?;
        step.request.insert(entry.method.clone(), json!(path));
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
        if let Some(body) = &entry.request.body {
            self.body(body, &mut step);
        }
        self.set(options, &mut step);
        self.answer(entry.answer.as_ref(), &mut step);
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

    pub(super) fn header(&mut self, header: &Pair<'_>, step: &mut Step) {
        let name = header.key.to_ascii_lowercase();
        let value = self.variables.template(&unescaped(header.value));
        let slot = step.request.entry("headers").or_insert_with(|| json!({}));
        if let Value::Object(headers) = slot
            && can_be_sent(&name, &value)
            && !headers.contains_key(&name)
        {
            headers.insert(name, json!(value));
            return;
        }
        let help = if CARRYING.contains(&name.as_str()) {
            "it is made when the request is sent; the host comes from `--target`"
        } else {
            "a header needs a name of its own"
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
        if key == "form" && pairs.iter().any(twice) {
            let pairs = pairs
                .iter()
                .map(|pair| (pair.key.clone(), unescaped(pair.value)));
            return step.form_text(pairs, &mut |text| self.variables.urlencoded(text));
        }
        let mut fields = Map::new();
        for pair in pairs {
            let value = json!(self.variables.template(&unescaped(pair.value)));
            match fields.get_mut(&pair.key) {
                None => drop(fields.insert(pair.key.clone(), value)),
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
            let cookie = format!("{}={value}", pair.key);
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
            headers.insert("cookie".to_owned(), json!(cookies.join("; ")));
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
