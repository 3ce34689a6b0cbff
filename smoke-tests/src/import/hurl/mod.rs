//! Hurl files: a list of requests, each with what its answer must be like.
//!
//! Hurl asks in order and stops at the first answer that is wrong, and so does
//! a check with steps. A file becomes one check.
//!
//! Read by our own parser of the [documented grammar], because the crate that
//! Hurl itself reads with links a system library.
//!
//! [documented grammar]: https://hurl.dev/docs/grammar.html

mod answer;
mod asserts;
mod entry;
mod lines;
mod query;
mod request;
mod value;

use std::sync::Arc;

use serde_json::{Map, json};

use super::losses::Losses;
use super::variables::Variables;
use super::{Imported, base, heading, stem};
use crate::diagnostic::{Diagnostic, Problems, Source, Span};
use crate::draft::{Check, Draft, Step, writes};

/// What the parts of the import share.
struct Importer {
    losses: Losses,
    variables: Variables,
}

impl Importer {
    fn lost(&mut self, step: &mut Step, span: Span, what: &str, help: &str) {
        let note = self.losses.add(span, what, help);
        step.notes.push(note);
    }
}

pub(super) fn import(source: &Arc<Source>) -> Result<Imported, Problems> {
    let entries = entry::entries(source.text()).map_err(|wrong| {
        Problems::from(
            Diagnostic::at(source, wrong.span, "this is not Hurl")
                .expected(wrong.expected)
                .found(wrong.found)
                .help("`hurl --test` says whether Hurl can read it"),
        )
    })?;
    let mut importer = Importer {
        losses: Losses::new(source),
        variables: Variables::default(),
    };
    let base = base::most_common(entries.iter().map(|entry| entry.address.base.as_str()));
    let base = base.unwrap_or_default();
    let mut check = Check {
        name: stem(source.path()),
        ..Check::default()
    };
    for entry in &entries {
        if entry.method.as_str() != "get" && writes(&entry.method) {
            check.settings.insert("writes".to_owned(), json!(true));
        }
        match importer.step(entry, &base) {
            Ok(step) => check.steps.push(step),
            Err(note) => check.notes.push(note),
        }
    }
    if check.steps.is_empty() {
        check
            .settings
            .insert("skip".to_owned(), json!("nothing of the original is left"));
        let request = Map::from_iter([("get".to_owned(), json!("/"))]);
        check.steps.push(Step {
            request,
            ..Step::default()
        });
    }
    let target = (!base.contains("{{"))
        .then_some(base)
        .filter(|base| !base.is_empty());
    let mut notes = heading(source, target.as_deref());
    let (variables, unknown) = importer.variables.into_entries();
    if !unknown.is_empty() {
        notes.push(
            "Variables that Hurl takes from --variable come from --var, or from here.".to_owned(),
        );
    }
    let draft = Draft {
        notes,
        name: stem(source.path()),
        variables,
        defaults: Map::new(),
        checks: vec![check],
        remarks: Vec::new(),
    };
    Ok(Imported {
        text: draft.text(),
        losses: importer.losses.into_diagnostics(),
        target,
    })
}
