//! What an answer must be like, and what is captured of it.

use serde_json::json;

use super::Importer;
use super::entry::{Answer, Body, BodyKind, Pair, Section};
use super::lines::unescaped;
use super::query::part;
use super::value::words;
use crate::draft::Step;

pub(super) const HELP: &str = "say it by another expectation, or leave it to other tests";
pub(super) const FRESH: &str =
    "what an answer is captured of is known to the steps after it: expect it in one of them";

impl Importer {
    pub(super) fn answer(&mut self, answer: Option<&Answer<'_>>, step: &mut Step) {
        let status = answer.and_then(|answer| answer.status);
        match status {
            Some(status) if (100..600).contains(&status) => {
                step.expect.insert("status".to_owned(), json!(status));
            }
            // Said where no assert says it.
            _ => {}
        }
        let Some(answer) = answer else {
            return any_status(step);
        };
        if let Some(version @ ("1.0" | "1.1" | "2" | "3")) = answer.version {
            step.expect.insert("version".to_owned(), json!(version));
        }
        self.variables.next_answer();
        // Captures come first, wherever they stand.
        for section in answer.part.sections.iter().filter(|one| is_captures(one)) {
            for pair in &section.pairs {
                if self.capture(pair, step).is_none() {
                    self.lost(step, pair.span, "a capture", HELP);
                }
            }
        }
        for header in &answer.part.headers {
            let value = self.variables.template(&unescaped(header.value));
            let name = header.key.to_ascii_lowercase();
            if self.variables.took_fresh() {
                self.lost(step, header.span, "a header", FRESH);
            } else if !step.demand("headers", Some(&name), "equals", json!(value)) {
                self.lost(step, header.span, "a second value of a header", HELP);
            }
        }
        let others = answer.part.sections.iter().filter(|one| !is_captures(one));
        for section in others {
            for pair in &section.pairs {
                let carried = match section.name {
                    "Asserts" => self.assert(pair.value, step),
                    _ => Err(HELP),
                };
                if let Err(help) = carried {
                    self.lost(step, pair.span, "an assert", help);
                }
            }
        }
        if let Some(body) = &answer.part.body {
            self.expected_body(body, step);
        }
        if !step.expect.contains_key("status") {
            any_status(step);
        }
    }

    fn capture(&mut self, pair: &Pair<'_>, step: &mut Step) -> Option<()> {
        let mut words = words(pair.value)?;
        // Every capture of a secret is redacted where it is a credential.
        if words.last() == Some(&super::value::Word::Name("redact".to_owned())) {
            words.pop();
        }
        let (part, rest) = part(&words)?;
        if !rest.is_empty() {
            return None;
        }
        let source = part.source()?;
        let name = self.variables.capture(&pair.key);
        step.capture.insert(name, source);
        Some(())
    }

    /// Hurl compares the body with the text in the file, blanks and all.
    fn expected_body(&mut self, body: &Body<'_>, step: &mut Step) {
        let text = match body.kind {
            BodyKind::Json(text) | BodyKind::Xml(text) | BodyKind::Text(_, text) => text,
            BodyKind::Bytes => {
                return self.lost(
                    step,
                    body.span,
                    "a body of bytes",
                    "expect its `sha256` or its `size`",
                );
            }
        };
        let text = self.variables.template(text);
        if self.variables.took_fresh() {
            self.lost(step, body.span, "a body", FRESH);
        } else if !step.demand("body", None, "equals", json!(text)) {
            self.lost(step, body.span, "a body", HELP);
        }
    }
}

fn is_captures(section: &Section<'_>) -> bool {
    section.name == "Captures"
}

/// Without a word of the status, any will do.
fn any_status(step: &mut Step) {
    step.expect
        .insert("status".to_owned(), json!({ "at_least": 100 }));
    step.notes
        .push("The original takes any status; say which is right.".to_owned());
}
