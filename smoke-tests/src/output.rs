//! Standard output and standard error, with or without colours. The only
//! place that writes to them.

use std::io::{self, IsTerminal, Write};

use anstream::{AutoStream, ColorChoice};
use diagnostic::snippet::{self, Colour};
use diagnostic::{Diagnostic, Problems};

use crate::args::When;

/// The two streams and what they can show.
pub(crate) struct Output {
    out: ColorChoice,
    err: ColorChoice,
    is_terminal: bool,
}

impl Output {
    pub(crate) fn new(when: When) -> Self {
        let choice = |auto: ColorChoice| match when {
            When::Auto => auto,
            When::Always => ColorChoice::Always,
            When::Never => ColorChoice::Never,
        };
        Self {
            out: choice(AutoStream::choice(&io::stdout())),
            err: choice(AutoStream::choice(&io::stderr())),
            is_terminal: io::stderr().is_terminal(),
        }
    }

    /// The colours of the report.
    pub(crate) fn colour(&self) -> Colour {
        colour(self.out)
    }

    /// The colours of everything else.
    pub(crate) fn error_colour(&self) -> Colour {
        colour(self.err)
    }

    /// Whether a person watches.
    pub(crate) fn is_terminal(&self) -> bool {
        self.is_terminal
    }

    /// Writes the report.
    pub(crate) fn report(&self, text: &str) -> io::Result<()> {
        let mut out = AutoStream::new(io::stdout().lock(), self.out);
        out.write_all(text.as_bytes())?;
        out.flush()
    }

    /// Writes a line of everything else. A closed standard error has nobody
    /// to tell.
    pub(crate) fn say(&self, text: &str) {
        let _ = writeln!(AutoStream::new(io::stderr().lock(), self.err), "{text}");
    }

    /// Writes an error without a place.
    pub(crate) fn error(&self, text: &str) {
        self.say(&snippet::render(
            &Diagnostic::general(text),
            self.error_colour(),
        ));
    }

    /// Writes problems, one below the other.
    pub(crate) fn list(&self, problems: &Problems) {
        for problem in problems.diagnostics() {
            let text = snippet::render(problem, self.error_colour());
            self.say(&format!("{text}\n"));
        }
    }

    /// Writes everything that is wrong with what was given.
    pub(crate) fn problems(&self, problems: &Problems) {
        self.list(problems);
        let count = problems.diagnostics().len();
        let problems = if count == 1 { "problem" } else { "problems" };
        self.say(&format!("{count} {problems}; nothing was sent"));
    }
}

fn colour(choice: ColorChoice) -> Colour {
    match choice {
        ColorChoice::Always | ColorChoice::AlwaysAnsi => Colour::Always,
        ColorChoice::Auto | ColorChoice::Never => Colour::Never,
    }
}
