//! What an answer must be like, and what is captured of it.

use serde_json::{Value, json};

use super::super::base;
use super::Importer;
use super::cookie;
use super::entry::{BodyKind, HurlBody, HurlResponse, Pair, Section};
use super::filter;
use super::lines::unescape;
use super::query::{HurlQuery, ValueKind, parse_query};
use super::value::{Word, read_bytes, split_words};
use crate::draft::{self, Query, StepDraft, escape, escape_pattern};

pub(super) const HELP: &str = "say it by another expectation, or leave it to other tests";
pub(super) const FRESH: &str =
    "what an answer is captured of is known to the steps after it: expect it in one of them";
const WHOLE_URL: &str = "The original keeps the whole URL, and here it is the path on the target:";

/// Headers that answers often send several times. Of these Hurl takes any, and
/// they are one text here.
const REPEATED: &str = "accept-ranges access-control-allow-headers access-control-allow-methods access-control-expose-headers allow cache-control content-language link proxy-authenticate server-timing set-cookie vary via www-authenticate";

impl Importer {
    pub(super) fn import_answer(
        &mut self,
        answer: Option<&HurlResponse<'_>>,
        step: &mut StepDraft,
    ) {
        let status = answer.and_then(|answer| answer.status);
        match (status, answer) {
            (Some(status), Some(answer))
                if !step.expect(&Query::Status, "equals", json!(status)) =>
            {
                let help = "HTTP has statuses from 100 to 599";
                self.lose_span(step, answer.span, "a status", help);
            }
            // Without a status, the end of this function says that any will do.
            _ => {}
        }
        let Some(answer) = answer else {
            return step.expect_any_status();
        };
        if let Some(version @ ("1.0" | "1.1" | "2" | "3")) = answer.version {
            step.expect(&Query::Version, "equals", json!(version));
        }
        self.variables.start_next_answer();
        self.state.captured_words.clear();
        // Hurl captures before it asserts, wherever the sections stand.
        for section in answer
            .message
            .sections
            .iter()
            .filter(|one| is_captures(one))
        {
            for pair in &section.pairs {
                if let Err(help) = self.import_capture(pair, step) {
                    self.state
                        .lost_captures
                        .extend(self.variables.resolve(&pair.key));
                    self.lose_span(step, pair.span, "a capture", help);
                }
            }
        }
        for header in &answer.message.headers {
            self.expect_header(header, &answer.message.headers, step);
        }
        let others = answer
            .message
            .sections
            .iter()
            .filter(|one| !is_captures(one));
        for section in others {
            for pair in &section.pairs {
                let carried = match section.name {
                    "Asserts" => self.import_assert(pair.value, step),
                    _ => Err(HELP),
                };
                if let Err(help) = carried {
                    self.lose_span(step, pair.span, "an assert", help);
                }
            }
        }
        if let Some(body) = &answer.message.body {
            self.expect_body(body, step);
        }
        cookie::nest_value_predicates(step);
        step.expect_any_status();
    }

    fn expect_header(&mut self, header: &Pair<'_>, all: &[Pair<'_>], step: &mut StepDraft) {
        let value = self.variables.template(&unescape(header.value));
        let name = header.key.to_ascii_lowercase();
        let same = all
            .iter()
            .filter(|other| other.key.eq_ignore_ascii_case(&name));
        let repeated = REPEATED.split(' ').any(|known| known == name) || same.count() > 1;
        if self.variables.take_fresh_use() {
            return self.lose_span(step, header.span, "a header", FRESH);
        }
        let (operator, wanted) = if repeated && value.contains("{{") {
            step.add_note("One of several headers is looked for as a part of all of them.");
            ("contains", value)
        } else if repeated {
            let one = format!("(^|, ){}(, |$)", escape_pattern(&value));
            ("matches", one)
        } else {
            ("equals", value)
        };
        if !step.expect(&Query::Header(name), operator, json!(wanted)) {
            self.lose_span(step, header.span, "a second value of a header", HELP);
        }
    }

    fn import_capture(
        &mut self,
        pair: &Pair<'_>,
        step: &mut StepDraft,
    ) -> Result<(), &'static str> {
        let mut words = split_words(pair.value).ok_or(HELP)?;
        let secret = words.last().is_some_and(|word| word.is_name("redact"));
        if secret {
            words.pop();
        }
        self.variables.take_fresh_use();
        let (source, made) = self.capture_source(&words).ok_or(HELP)?;
        let name = self.variables.resolve(&pair.key).ok_or(HELP)?;
        self.state.captured_words.insert(name.clone(), words);
        if self.variables.take_fresh_use() {
            return Err(FRESH);
        }
        if source == json!("url") {
            step.add_note(&format!("{WHOLE_URL}\n  {name}"));
        }
        let name = self.variables.capture(&name);
        step.capture
            .insert(name, draft::build_capture(source, &made, secret));
        Ok(())
    }

    /// Where a capture comes from, and what is made of it.
    fn capture_source(&mut self, words: &[Word]) -> Option<(Value, String)> {
        let HurlQuery {
            part,
            filters,
            rest,
        } = parse_query(words)?;
        let (source, value) = part.capture_source().filter(|_| rest.is_empty())?;
        if part.form == ValueKind::Status && !filters.is_empty() {
            return None;
        }
        let expression = filter::build_expression(value, &filters, &mut self.variables)?;
        Some((source, expression))
    }

    /// Hurl compares the body with the text in the file, blanks and all.
    fn expect_body(&mut self, body: &HurlBody<'_>, step: &mut StepDraft) {
        let text = match body.kind {
            BodyKind::Text("raw", text) => escape(text),
            BodyKind::Text("graphql", _) => {
                let help = "expect the members of the JSON that it stands for";
                return self.lose_span(step, body.span, "a body of GraphQL", help);
            }
            BodyKind::Json(text) | BodyKind::Xml(text) | BodyKind::Text(_, text) => {
                self.variables.template(text)
            }
            BodyKind::Line(text) => self.variables.template(&unescape(text)),
            BodyKind::Bytes(text) => {
                let digest =
                    read_bytes(text, &self.files).map(|bytes| query::digest::sha256(&bytes));
                if digest.is_none_or(|digest| !step.expect(&Query::Sha256, "equals", json!(digest)))
                {
                    let help = "expect its `sha256` or its `size`; a file is read where it lies beside the original";
                    self.lose_span(step, body.span, "a body of bytes", help);
                }
                return;
            }
        };
        if self.variables.take_fresh_use() {
            self.lose_span(step, body.span, "a body", FRESH);
        } else if !step.expect(&Query::Body, "equals", json!(text)) {
            self.lose_span(step, body.span, "a body", HELP);
        }
    }

    /// A URL as a check file has it: the path, if it is on the target.
    pub(super) fn target_path(&mut self, url: &str) -> Option<Value> {
        let path = match url.strip_prefix(self.base.as_str()) {
            Some("") => "/",
            Some(path) if !self.base.is_empty() && path.starts_with(['/', '?']) => path,
            _ if url.contains("://") => {
                self.hosts.insert(base::host_to_allow(url)?);
                self.state.elsewhere = true;
                url
            }
            _ => url,
        };
        Some(json!(self.variables.template(path)))
    }
}

fn is_captures(section: &Section<'_>) -> bool {
    section.name == "Captures"
}
