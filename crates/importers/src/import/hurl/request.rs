//! The request of an entry: what is sent, and how.

use serde_json::json;

use super::super::files::FILE_HELP;
use super::Importer;
use super::entry::{HurlEntry, Pair};
use super::lines::unescape;
use super::options::Options;
use crate::draft::{
    BodyDraft, Query, RequestDraft, StepDraft, add_member, is_sendable_header, parse_method,
};
use check_file::keys::CARRYING;
use client::hosts::HARMLESS_HEADERS;

/// The comment in the place of a step.
pub(super) struct OmittedStep(pub(super) String);

impl Importer {
    /// The step.
    ///
    /// # Errors
    /// The comment that stands in the place of a step that no check file can
    /// make.
    pub(super) fn import_step(&mut self, entry: &HurlEntry<'_>) -> Result<StepDraft, OmittedStep> {
        let mut step = StepDraft::default();
        let changes_cookies = |line: &&&str| line.starts_with("@cookie_storage_");
        let mut comments = entry.comments.iter().filter(|line| !changes_cookies(line));
        if let Some(comment) = comments.next().filter(|comment| !comment.is_empty()) {
            (*comment).clone_into(&mut step.name);
            step.notes.extend(comments.map(|&line| line.to_owned()));
        }
        step.request.method = parse_method(&entry.method).ok_or_else(|| {
            let help = "requests go to the target itself, and not to a proxy";
            let what = "a request with this method";
            OmittedStep(self.losses.add(entry.span, what, help))
        })?;
        for comment in entry.comments.iter().filter(changes_cookies) {
            let what = ("what a comment does to cookies", *comment);
            let help = "send cookies by the header `cookie`; another check begins with none";
            self.lose(&mut step, entry.span, what, help);
        }
        self.import_variables(&entry.request.sections, &mut step);
        step.request.path = self.import_url(entry, &mut step)?;
        let mut options = Options::default();
        for header in &entry.request.headers {
            self.import_header(header, &mut step);
        }
        for section in &entry.request.sections {
            match section.name {
                "QueryStringParams" | "Query" => self.import_query(&section.pairs, &mut step),
                "FormParams" | "Form" => self.import_form(&section.pairs, &mut step),
                "MultipartFormData" | "Multipart" => {
                    self.import_multipart(&section.pairs, &mut step);
                }
                "Cookies" => self.import_cookies(&section.pairs, &mut step),
                "BasicAuth" => {
                    if let [pair] = section.pairs.as_slice() {
                        let login = self.basic_auth(&pair.key, &unescape(pair.value));
                        step.request.auth = Some(login);
                    }
                }
                "Options" => {
                    if self.import_options(&section.pairs, &mut step, &mut options) {
                        return Err(OmittedStep(format!(
                            "Skipped in the original: {} {}",
                            entry.method, entry.address.path
                        )));
                    }
                }
                _ => {
                    let help = "say it by another key of the step";
                    let what = format!("the section [{}]", section.name);
                    self.lose_span(&mut step, section.span, &what, help);
                }
            }
        }
        if let Some(body) = &entry.request.body {
            self.import_body(body, &mut step);
        }
        self.apply_options(options, &mut step);
        let header = step.request.headers.contains_key("authorization");
        if let (Some((user, password)), false, None) =
            (&entry.address.login, header, &step.request.auth)
        {
            step.request.auth = Some(self.basic_auth(user, password));
        }
        self.state.elsewhere = false;
        self.import_answer(entry.answer.as_ref(), &mut step);
        if self.state.elsewhere && has_headers_lost_on_redirect(&step.request) {
            let what = "headers and cookies that follow a redirect";
            let help =
                "another host gets none of them after a redirect; ask it in a step of its own";
            self.lose_span(&mut step, entry.span, what, help);
        }
        // Hurl accepts codings only where an option says so, which makes a
        // difference where the answer's own headers are looked at.
        let telling = ["content-encoding", "content-length", "vary"];
        let is_telling = |place: &Query| matches!(place, Query::Header(name) if telling.contains(&name.as_str()));
        if step.expectations.iter().any(|(place, _)| is_telling(place)) {
            let headers = &mut step.request.headers;
            let coding = headers.entry("accept-encoding");
            coding.or_insert_with(|| json!("identity"));
        }
        Ok(step)
    }

    /// What is asked: a path on the target, or a URL elsewhere.
    fn import_url(
        &mut self,
        entry: &HurlEntry<'_>,
        step: &mut StepDraft,
    ) -> Result<String, OmittedStep> {
        let address = &entry.address;
        if address.base == self.base {
            return Ok(self.variables.template(&address.path));
        }
        // A URL that an answer gave is a path, or a whole URL.
        let name = address.base.strip_prefix("{{");
        let name = name.and_then(|rest| rest.strip_suffix("}}")).map(str::trim);
        if let Some(name) = name.filter(|name| self.variables.is_captured(name)) {
            let path = Some(address.path.as_str()).filter(|_| !address.has_no_path);
            let url = format!("{{{{{name}}}}}{}", path.unwrap_or_default());
            return Ok(self.variables.template(&url));
        }
        let base = self.allow_other_host(&address.base, step).ok_or_else(|| {
            let help = "put it into a check file of its own, with that host as `--target`";
            let what = "a request to another host";
            OmittedStep(self.losses.add(entry.span, what, help))
        })?;
        Ok(base + &self.variables.template(&address.path))
    }

    /// A name in a request, which no template can be.
    fn resolve_name(&mut self, pair: &Pair<'_>, step: &mut StepDraft) -> Option<String> {
        let known = self.variables.resolve(&pair.key);
        if known.is_none() {
            let help = "write the name out: a template stands for values, and not for names";
            self.lose_span(step, pair.span, "a name that a variable gives", help);
        }
        known
    }

    pub(super) fn import_header(&mut self, header: &Pair<'_>, step: &mut StepDraft) {
        let Some(name) = self.resolve_name(header, step) else {
            return;
        };
        let name = name.to_ascii_lowercase();
        let value = self.variables.template(&unescape(header.value));
        if is_sendable_header(&name, &value) {
            return step.request.add_header(name, value);
        }
        let help = if CARRYING.contains(&name.as_str()) {
            "it is made when the request is sent"
        } else {
            "a header needs a name and a value that HTTP allows"
        };
        self.lose(step, header.span, ("a header", &header.key), help);
    }

    fn import_query(&mut self, pairs: &[Pair<'_>], step: &mut StepDraft) {
        for pair in pairs {
            if let Some(name) = self.resolve_name(pair, step) {
                let value = self.variables.template(&unescape(pair.value));
                add_member(&mut step.request.query, &name, json!(value));
            }
        }
    }

    fn import_form(&mut self, pairs: &[Pair<'_>], step: &mut StepDraft) {
        if self.has_body(pairs.first().map(|pair| pair.span), step) {
            return;
        }
        let pairs = pairs.iter();
        let pairs: Vec<_> = pairs
            .map(|pair| (pair.key.clone(), unescape(pair.value)))
            .collect();
        self.send_form(&pairs, &mut step.request);
    }

    fn import_multipart(&mut self, pairs: &[Pair<'_>], step: &mut StepDraft) {
        if self.has_body(pairs.first().map(|pair| pair.span), step) {
            return;
        }
        let mut fields = serde_json::Map::new();
        let mut sent = 0;
        for pair in pairs {
            let Some(name) = self.resolve_name(pair, step) else {
                continue;
            };
            let value = match pair.value.strip_prefix("file,") {
                None => Some(json!(self.variables.template(&unescape(pair.value)))),
                Some(file) => self.file_field(file, &mut sent),
            };
            if let Some(value) = value {
                add_member(&mut fields, &name, value);
            } else {
                self.lose_span(step, pair.span, "a field of a form", FILE_HELP);
            }
        }
        if !fields.is_empty() {
            step.request.body = Some(BodyDraft::Multipart(fields));
        }
    }

    fn import_cookies(&mut self, pairs: &[Pair<'_>], step: &mut StepDraft) {
        for pair in pairs {
            let value = self.variables.template(&unescape(pair.value));
            let cookie = format!("{}={value}", self.variables.template(&pair.key));
            if is_sendable_header("cookie", &cookie) {
                step.request.add_header("cookie".to_owned(), cookie);
            } else {
                self.lose_span(step, pair.span, "a cookie", "no header can hold it");
            }
        }
    }
}

/// Whether a request sends headers that no other host gets after a redirect.
fn has_headers_lost_on_redirect(request: &RequestDraft) -> bool {
    let mut names = request.headers.keys();
    names.any(|name| {
        name != "authorization"
            && !HARMLESS_HEADERS
                .iter()
                .any(|harmless| harmless == name.as_str())
    })
}
