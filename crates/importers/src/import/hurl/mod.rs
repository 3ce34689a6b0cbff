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
mod indirect;
mod lines;
mod options;
mod predicate;
mod query;
mod request;
mod value;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Map, json};

use super::files::Files;
use super::losses::Losses;
use super::variables::Variables;
use super::{Bodies, Imported, WITHOUT_BLANKS, base, heading, stem};
use crate::draft::{Check, Draft, Step, method, writes};
use diagnostic::{Diagnostic, Problems, Source, Span};

/// The most requests of one check.
const MOST_STEPS: usize = 1000;

/// What the parts of the import share.
struct Importer {
    losses: Losses,
    variables: Variables,
    files: Files,
    bodies: Bodies,
    /// Whether a body of JSON is sent in another form than the original's.
    reformed: bool,
    /// What the URLs on the target begin with.
    base: String,
    /// Other hosts, as `--allow-host` takes them.
    hosts: BTreeSet<String>,
    /// What the captures of the answer at hand ask of it, by their names.
    kept: BTreeMap<String, Vec<value::Word>>,
    /// The names of captures that were lost.
    missed: BTreeSet<String>,
    /// The cookies that comments put into each request from here on.
    put: Vec<cookie::Put>,
    /// The names of cookies that answers so far were looked at for.
    seen: BTreeSet<String>,
    /// Whether the answer at hand is expected to be another host's.
    elsewhere: bool,
    /// How many steps there are already.
    steps: usize,
}

impl Importer {
    fn lost(&mut self, step: &mut Step, span: Span, what: &str, help: &str) {
        let note = self.losses.add(span, what, help);
        step.notes.push(note);
    }
}

pub(super) fn import(source: &Arc<Source>, bodies: Bodies) -> Result<Imported, Problems> {
    let entries = entry::entries(source.text()).map_err(|wrong| {
        Problems::from(
            Diagnostic::at(source, wrong.span, "this is not Hurl")
                .expected(wrong.expected)
                .found(wrong.found)
                .help("`hurl --test` says whether Hurl can read it"),
        )
    })?;
    let base = base::most_common(entries.iter().map(|entry| entry.address.base.as_str()));
    let mut importer = Importer {
        losses: Losses::new(source),
        variables: Variables::default(),
        files: Files::beside(source),
        bodies,
        reformed: false,
        base: base.unwrap_or_default(),
        hosts: BTreeSet::new(),
        kept: BTreeMap::new(),
        missed: BTreeSet::new(),
        put: Vec::new(),
        seen: BTreeSet::new(),
        elsewhere: false,
        steps: 0,
    };
    let mut check = Check {
        name: stem(source.path()),
        ..Check::default()
    };
    for entry in &entries {
        if check.steps.len() == MOST_STEPS {
            let help = "a check has 1,000 steps at the most: split the file";
            let note = importer
                .losses
                .add(entry.span, "this request, and all after it", help);
            check.notes.push(note);
            break;
        }
        if method(&entry.method).is_some_and(|method| writes(&method)) {
            check.settings.insert("writes".to_owned(), json!(true));
        }
        match importer.step(entry) {
            Ok(step) => check.steps.push(step),
            Err(note) => check.notes.push(note),
        }
        importer.steps = check.steps.len();
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
    let target = (!importer.base.contains("{{"))
        .then_some(importer.base)
        .filter(|base| !base.is_empty());
    let hosts: Vec<String> = importer.hosts.into_iter().collect();
    let mut notes = heading(source, target.as_deref(), &hosts);
    if importer.reformed {
        notes.push(WITHOUT_BLANKS.to_owned());
    }
    let checks = vec![check];
    let (variables, unknown) = importer.variables.into_entries(&checks);
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
        checks,
        remarks: Vec::new(),
    };
    let text = draft.text();
    importer.losses.too_long(&text);
    Ok(Imported {
        text,
        losses: importer.losses.into_diagnostics(),
        target,
        hosts,
        files: importer.files.into_needed(),
    })
}
