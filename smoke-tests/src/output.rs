//! Standard output and standard error, with or without colours. The only
//! place that writes to them.

use std::io::{self, IsTerminal, Write};

use anstream::{AutoStream, ColorChoice};
use diagnostic::Problems;
use diagnostic::snippet::{self, Colour};

use crate::args::ColourChoice;
use crate::error::CommandError;

/// The two streams and what they can show.
pub(crate) struct Output {
    out: ColorChoice,
    err: ColorChoice,
    is_terminal: bool,
}

impl Output {
    pub(crate) fn new(when: ColourChoice) -> Self {
        let choice = |auto: ColorChoice| match when {
            ColourChoice::Auto => auto,
            ColourChoice::Always => ColorChoice::Always,
            ColourChoice::Never => ColorChoice::Never,
        };
        Self {
            out: choice(AutoStream::choice(&io::stdout())),
            err: choice(AutoStream::choice(&io::stderr())),
            is_terminal: io::stderr().is_terminal(),
        }
    }

    /// Whether standard output shows colours.
    pub(crate) fn colour(&self) -> Colour {
        to_colour(self.out)
    }

    /// Whether standard error shows colours.
    pub(crate) fn error_colour(&self) -> Colour {
        to_colour(self.err)
    }

    /// Whether standard error is a terminal, so that a person watches it.
    pub(crate) fn error_is_terminal(&self) -> bool {
        self.is_terminal
    }

    /// Writes to standard output.
    pub(crate) fn print(&self, text: &str) -> Result<(), CommandError> {
        let mut out = AutoStream::new(io::stdout().lock(), self.out);
        out.write_all(text.as_bytes())
            .and_then(|()| out.flush())
            .map_err(|error| {
                CommandError::could_not_work(format!("standard output cannot be written: {error}"))
            })
    }

    /// Writes a line to standard error. Where standard error is closed, nobody
    /// could be told of that either, so the line is lost.
    pub(crate) fn say(&self, text: &str) {
        let _ = writeln!(AutoStream::new(io::stderr().lock(), self.err), "{text}");
    }

    /// Writes problems to standard error, one below the other.
    pub(crate) fn say_problems(&self, problems: &Problems) {
        for problem in problems.diagnostics() {
            let text = snippet::render(problem, self.error_colour());
            self.say(&format!("{text}\n"));
        }
    }
}

fn to_colour(choice: ColorChoice) -> Colour {
    match choice {
        ColorChoice::Always | ColorChoice::AlwaysAnsi => Colour::Always,
        ColorChoice::Auto | ColorChoice::Never => Colour::Never,
    }
}
