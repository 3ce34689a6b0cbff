//! What could not be carried over: said twice, as a diagnostic that points at
//! the original and as a comment in the check file.

use std::sync::Arc;

use diagnostic::units::human_bytes_beside;
use diagnostic::{Diagnostic, Source, Span};

/// The most of an original text that a comment repeats.
const MOST: usize = 100;

/// The longest check file, in bytes.
const MOST_BYTES: usize = 1024 * 1024;

/// Collects losses; each becomes the comment that is returned.
#[derive(Debug)]
pub(super) struct Losses {
    source: Arc<Source>,
    found: Vec<Diagnostic>,
}

impl Losses {
    pub(super) fn new(source: &Arc<Source>) -> Self {
        Self {
            source: Arc::clone(source),
            found: Vec::new(),
        }
    }

    /// `what` is lost, which stands at `span`; `help` says what to do.
    pub(super) fn add(&mut self, span: Span, what: &str, help: &str) -> String {
        let text = self.source.text();
        let found = text.get(span.range()).unwrap_or_default();
        let found: String = found.split_whitespace().collect::<Vec<_>>().join(" ");
        let found = shorten(&found);
        self.add_text(span, what, &found, help)
    }

    /// The same, for a text that is not written in the original as it is.
    pub(super) fn add_text(&mut self, span: Span, what: &str, found: &str, help: &str) -> String {
        let (line, _) = self.source.position(span.start);
        let found = shorten(found);
        let problem = Diagnostic::at(&self.source, span, format!("not carried over: {what}"))
            .found(format!("`{found}`"))
            .help(help);
        if !self.found.contains(&problem) {
            self.found.push(problem);
        }
        format!("Not carried over, line {line}: {what}: {found}\n  {help}")
    }

    /// What is made is longer than a check file may be.
    pub(super) fn check_length(&mut self, text: &str) {
        if text.len() > MOST_BYTES {
            let (_, found) = human_bytes_beside(MOST_BYTES as u64, text.len() as u64);
            let help = "a check file has 1 MiB at the most: split the original";
            self.add_text(Span::new(0, 0), "all of it in one file", &found, help);
        }
    }

    /// All of them, in the order of the original.
    pub(super) fn into_diagnostics(mut self) -> Vec<Diagnostic> {
        let start = |problem: &Diagnostic| problem.place.as_ref().map(|place| place.span.start);
        self.found.sort_by_key(start);
        self.found
    }
}

fn shorten(text: &str) -> String {
    let first = text.lines().next().unwrap_or_default();
    if first.chars().count() <= MOST && first.len() == text.len() {
        return first.to_owned();
    }
    first.chars().take(MOST).chain(['…']).collect()
}
