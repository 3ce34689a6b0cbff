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
mod body;
mod cookie;
mod entry;
mod filter;
pub(super) mod lines;
mod options;
mod predicate;
mod query;
mod request;
mod value;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Map;

use super::importer::{self, MOST_STEPS, is_write};
use super::variables::Variables;
use super::{Bodies, Imported, file_stem};
use crate::draft::{CheckDraft, StepDraft};
use diagnostic::{Diagnostic, Problems, Source, Span};

/// From here on there are whole numbers that no floating-point number is.
const LARGEST_EXACT: f64 = 9_007_199_254_740_992.0;

type Importer = importer::Importer<HurlState>;

/// What answers so far have to do with the one at hand.
#[derive(Default)]
struct HurlState {
    /// What the captures of the answer at hand ask of it, by their names.
    captured_words: BTreeMap<String, Vec<value::Word>>,
    /// The names of captures that were lost.
    lost_captures: BTreeSet<String>,
    /// Whether the answer at hand is expected to be another host's.
    elsewhere: bool,
    /// How many steps there are already.
    steps: usize,
}

impl Importer {
    /// What stands at a span is lost.
    fn lose_span(&mut self, step: &mut StepDraft, span: Span, what: &str, help: &str) {
        let note = self.losses.add(span, what, help);
        step.notes.push(note);
    }
}

pub(super) fn import(source: &Arc<Source>, bodies: Bodies) -> Result<Imported, Problems> {
    let entries = entry::parse_entries(source.text()).map_err(|wrong| {
        Problems::from(
            Diagnostic::at(source, wrong.span, "this is not Hurl")
                .expected(wrong.expected)
                .found(wrong.found)
                .help("`hurl --test` says whether Hurl can read it"),
        )
    })?;
    let bases = entries.iter().map(|entry| entry.address.base.clone());
    let bases: Vec<String> = bases.collect();
    let variables = Variables::default();
    let mut importer = Importer::new(source, bodies, &bases, variables, HurlState::default());
    let mut check = CheckDraft {
        name: file_stem(source.path()),
        ..CheckDraft::default()
    };
    for entry in &entries {
        if check.steps.len() == MOST_STEPS {
            let help = "a check has 1,000 steps at the most: split the file";
            let what = "this request, and all after it";
            check
                .notes
                .push(importer.losses.add(entry.span, what, help));
            break;
        }
        match importer.import_step(entry) {
            Ok(step) => {
                check.writes |= is_write(&step.request);
                check.steps.push(step);
            }
            Err(omitted) => check.notes.push(omitted.0),
        }
        importer.state.steps = check.steps.len();
    }
    if check.steps.is_empty() {
        check.skip = Some("nothing of the original is left".to_owned());
        let mut step = StepDraft::default();
        "/".clone_into(&mut step.request.path);
        check.steps.push(step);
    }
    let base = importer.base.clone();
    let target = (!base.contains("{{") && !base.is_empty()).then_some(base);
    let name = file_stem(source.path());
    Ok(
        importer.finish(name, target, Map::new(), vec![check], |unknown, _| {
            let note = "Variables that Hurl takes from --variable come from --var, or from here.";
            let note = (!unknown.is_empty()).then(|| note.to_owned());
            note.into_iter().collect()
        }),
    )
}
