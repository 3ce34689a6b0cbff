//! The request of an entry: what is sent, and how.

use serde_json::{Map, Value, json};

use super::entry::{Body, BodyKind, Entry, Pair};
use super::lines::unescaped;
use super::value::json_body;
use super::{Importer, Step};
use crate::check_file::keys::CARRYING;
use crate::draft::{METHODS, can_be_sent};
use crate::import::variables::Given;
use crate::units::parse_duration;

const SECOND: &str = "send one body in a request";

impl Importer {
    /// The step, or the note that stands in its place.
    pub(super) fn step(&mut self, entry: &Entry<'_>, base: &str) -> Result<Step, String> {
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
        if entry.address.base != base {
            return Err(self.losses.add(
                entry.span,
                "a request to another host",
                "put it into a check file of its own, with that host as `--target`",
            ));
        }
        let path = self.variables.template(&entry.address.path);
        step.request.insert(entry.method.clone(), json!(path));
        let mut options = Map::new();
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
        step.request.extend(options);
        self.answer(entry.answer.as_ref(), &mut step);
        Ok(step)
    }

    fn header(&mut self, header: &Pair<'_>, step: &mut Step) {
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

    fn second_body(&mut self, pairs: &[Pair<'_>], step: &mut Step) {
        if let Some(pair) = pairs.first() {
            self.lost(step, pair.span, "a second body", SECOND);
        }
    }

    fn multipart(&mut self, pairs: &[Pair<'_>], step: &mut Step) {
        if step.has_body() {
            return self.second_body(pairs, step);
        }
        let mut fields = Map::new();
        for pair in pairs {
            if pair.value.starts_with("file,") || fields.contains_key(&pair.key) {
                let help = "put the file beside the check file, and add it to `multipart` as `{ file: its-name }`";
                self.lost(step, pair.span, "a field of a form", help);
                continue;
            }
            let value = self.variables.template(&unescaped(pair.value));
            fields.insert(pair.key.clone(), json!(value));
        }
        if !fields.is_empty() {
            step.request.insert("multipart".to_owned(), fields.into());
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

    /// Fills in how the request is made; true if it is not made at all.
    fn options(
        &mut self,
        pairs: &[Pair<'_>],
        step: &mut Step,
        options: &mut Map<String, Value>,
    ) -> bool {
        let (mut times, mut every) = (None, None);
        for pair in pairs {
            let value = unescaped(pair.value);
            let carried = match (pair.key.as_str(), value.as_str()) {
                ("skip", "true") => return true,
                ("skip" | "location" | "insecure" | "verbose" | "very-verbose", "false") => {
                    Some(())
                }
                ("verbose" | "very-verbose" | "compressed" | "path-as-is", _) => Some(()),
                ("location", "true") => {
                    options.entry("follow_redirects").or_insert(json!(50));
                    Some(())
                }
                ("http1.1", "true") => {
                    options.insert("http".to_owned(), json!("1.1"));
                    Some(())
                }
                ("http2", "true") => {
                    options.insert("http".to_owned(), json!("2"));
                    Some(())
                }
                ("max-redirs", most) => most.parse::<u64>().ok().map(|most| {
                    options.insert("follow_redirects".to_owned(), json!(most.min(50)));
                }),
                ("retry", count) => count
                    .parse::<u32>()
                    .ok()
                    .map(|count| times = Some(count.saturating_add(1).min(1000))),
                ("retry-interval", time) => duration(time).map(|time| every = Some(time)),
                ("max-time", time) => duration(time).map(|time| {
                    options.insert("timeout".to_owned(), json!(time));
                }),
                ("variable", assignment) => self.variable(assignment),
                ("user", login) => login.split_once(':').map(|(user, password)| {
                    let user = self.variables.template(user);
                    let password = self.variables.template(password);
                    options.insert(
                        "auth".to_owned(),
                        json!({ "basic": { "user": user, "password": password } }),
                    );
                }),
                _ => None,
            };
            if carried.is_none() {
                let help = match pair.key.as_str() {
                    "insecure" => "TLS is always verified here; give the authority by `--cacert`",
                    "cacert" => "give the authority by `--cacert`",
                    "retry" => "say how often, or for how long: `retry: { for: 30s }`",
                    _ => "leave it out, or set it in another way",
                };
                let note = self
                    .losses
                    .add_text(pair.span, "an option", &pair.key, help);
                step.notes.push(note);
            }
        }
        if let Some(times) = times {
            let retry =
                json!({ "times": times, "every": every.unwrap_or_else(|| "1s".to_owned()) });
            options.insert("retry".to_owned(), retry);
        }
        false
    }

    /// A variable that has no value yet.
    fn variable(&mut self, assignment: &str) -> Option<()> {
        let (name, value) = assignment.split_once('=')?;
        if self
            .variables
            .value(name)
            .is_some_and(|known| *known != json!(value))
            || self.variables.is_captured(name)
        {
            return None;
        }
        let value = serde_json::from_str(value)
            .ok()
            .filter(|value: &Value| !value.is_object() && !value.is_array());
        let value = value
            .unwrap_or_else(|| json!(assignment.split_once('=').map_or("", |(_, value)| value)));
        self.variables.give(Given {
            name: name.to_owned(),
            value,
            secret: false,
        });
        Some(())
    }

    fn body(&mut self, body: &Body<'_>, step: &mut Step) {
        if step.has_body() {
            return self.lost(step, body.span, "a second body", SECOND);
        }
        let (text, implied) = match body.kind {
            BodyKind::Json(text) | BodyKind::Text("json", text) => {
                if let Some(value) = json_body(text, &mut self.variables) {
                    drop_implied(step);
                    step.request.insert("json".to_owned(), value);
                    return;
                }
                (text, Some("application/json"))
            }
            BodyKind::Text("graphql", text) => {
                let (query, variables) = text.split_once("\nvariables").unwrap_or((text, ""));
                let mut sent = Map::new();
                sent.insert(
                    "query".to_owned(),
                    json!(self.variables.template(query.trim())),
                );
                match json_body(variables, &mut self.variables) {
                    Some(variables) => drop(sent.insert("variables".to_owned(), variables)),
                    None if variables.trim().is_empty() => {}
                    None => self.lost(
                        step,
                        body.span,
                        "the variables of a query",
                        "add them to `json`",
                    ),
                }
                drop_implied(step);
                step.request.insert("json".to_owned(), sent.into());
                return;
            }
            BodyKind::Xml(text) | BodyKind::Text("xml", text) => (text, Some("application/xml")),
            BodyKind::Text(_, text) => (text, None),
            BodyKind::Bytes => {
                return self.lost(
                    step,
                    body.span,
                    "a body of bytes",
                    "put it into a file beside the check file, and write `file: its-name`",
                );
            }
        };
        if let (Some(implied), Value::Object(headers)) = (
            implied,
            step.request.entry("headers").or_insert_with(|| json!({})),
        ) {
            headers
                .entry("content-type")
                .or_insert_with(|| json!(implied));
        }
        let text = self.variables.template(text);
        step.request.insert("text".to_owned(), json!(text));
    }
}

/// Takes away the header that a JSON body sets by itself.
fn drop_implied(step: &mut Step) {
    if let Some(Value::Object(headers)) = step.request.get_mut("headers") {
        if headers.get("content-type") == Some(&json!("application/json")) {
            headers.shift_remove("content-type");
        }
        if headers.is_empty() {
            step.request.shift_remove("headers");
        }
    }
}

/// A time as we write it: Hurl's numbers without a unit are milliseconds.
fn duration(text: &str) -> Option<String> {
    let text = if text.bytes().all(|c| c.is_ascii_digit()) {
        format!("{text}ms")
    } else {
        text.to_owned()
    };
    parse_duration(&text)
        .filter(|time| !time.is_zero())
        .map(|_| text)
}
