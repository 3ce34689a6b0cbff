//! Standard output and standard error, with or without colours. The only
//! place that writes to them.

use std::io::{self, IsTerminal, Write};

use anstream::{AutoStream, ColorChoice};
use smoke_tests::diagnostic::{Diagnostic, Problems};
use smoke_tests::snippet::{self, Colour};

use crate::args::When;

/// The two streams and what they can show.
pub(crate) struct Output {
    out: Colour,
    err: Colour,
}

impl Output {
    pub(crate) fn new(when: When) -> Self {
        let colour = |auto: ColorChoice| match (when, auto) {
            (When::Always, _) => Colour::Always,
            (When::Auto, ColorChoice::Always | ColorChoice::AlwaysAnsi) => Colour::Always,
            (When::Auto | When::Never, _) => Colour::Never,
        };
        Self {
            out: colour(AutoStream::choice(&io::stdout())),
            err: colour(AutoStream::choice(&io::stderr())),
        }
    }

    /// The colours of the report.
    pub(crate) fn colour(&self) -> Colour {
        self.out
    }

    /// The colours of everything else.
    pub(crate) fn error_colour(&self) -> Colour {
        self.err
    }

    pub(crate) fn is_terminal(&self) -> bool {
        io::stderr().is_terminal()
    }

    /// Writes the report.
    pub(crate) fn report(&self, text: &str) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes())?;
        out.flush()
    }

    /// Writes a line of everything else. A closed standard error has nobody
    /// to tell.
    pub(crate) fn say(&self, text: &str) {
        let _ = writeln!(io::stderr().lock(), "{text}");
    }

    /// Writes an error without a place.
    pub(crate) fn error(&self, text: &str) {
        self.say(&snippet::render(&Diagnostic::general(text), self.err));
    }

    /// Writes everything that is wrong with what was given.
    pub(crate) fn problems(&self, problems: &Problems) {
        for problem in problems.diagnostics() {
            self.say(&format!("{}\n", snippet::render(problem, self.err)));
        }
        let count = problems.diagnostics().len();
        let problems = if count == 1 { "problem" } else { "problems" };
        self.say(&format!("{count} {problems}; nothing was sent"));
    }
}
