//! Why there is no report that a verdict could rest on: each of these is
//! `Failed`, with its text as the reason.

use std::fmt;
use std::io;
use std::time::Duration;

use diagnostic::units::human_duration;
use report::Problem;

use crate::event::EventError;
use crate::time_limit::Unproven;

/// Why the gate could not do its work.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// What the gate was given cannot be used.
    #[error("{}", summarize(*input, problems))]
    Refused {
        input: Input,
        problems: Vec<Problem>,
    },
    /// Nobody can say that the target is what is deployed.
    #[error("green is not proven: {0}")]
    Unproven(#[from] Unproven),
    /// The event is none that Greenlight knows.
    #[error(transparent)]
    Event(#[from] EventError),
    /// An earlier invocation ended before it could report.
    #[error("the gate died before it could report: {end}")]
    GateDied { end: String },
    /// A bug of ours.
    #[error("Greenlight panicked: {message}")]
    Panicked { message: String },
    /// The thread of the work is gone.
    #[error("the run died: {reason}")]
    RunDied { reason: String },
    /// The work hangs.
    #[error("the run did not end within {}", human_duration(*after))]
    Overdue { after: Duration },
    /// The work could not begin.
    #[error("no runtime for the checks: {source}")]
    NoRuntime { source: io::Error },
}

/// What the gate is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Input {
    Settings,
    Event,
    CheckFiles,
}

impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Settings => "the settings",
            Self::Event => "the event",
            Self::CheckFiles => "the check files",
        })
    }
}

impl Error {
    /// Problems with something that the gate was given.
    pub(crate) fn refuse(input: Input, problems: impl IntoIterator<Item = Problem>) -> Self {
        Self::Refused {
            input,
            problems: problems.into_iter().collect(),
        }
    }

    /// Each thing that kept the checks from being run, with what to do.
    pub(crate) fn into_problems(self) -> Vec<Problem> {
        match self {
            Self::Refused { problems, .. } => problems,
            Self::Unproven(unproven) => vec![unproven.into()],
            // Nobody who runs the function could do anything about the others.
            _ => Vec::new(),
        }
    }
}

/// All problems in one line, which names the first.
fn summarize(input: Input, problems: &[Problem]) -> String {
    let first = problems.first().map_or("", |problem| &problem.text);
    match problems.len() {
        0 | 1 => format!("a problem with {input}: {first}"),
        n => format!("{n} problems with {input}; the first: {first}"),
    }
}
