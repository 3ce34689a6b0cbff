//! Why a command ends without its result, and with which exit code.

use diagnostic::snippet;
use diagnostic::{Diagnostic, Problems};
use thiserror::Error;

use crate::Exit;
use crate::output::Output;
use crate::variables::VariableError;

/// What keeps a command from its result.
#[derive(Debug, Error)]
pub(crate) enum CommandError {
    /// A flag, a setting or a stored report cannot be used.
    #[error("{diagnostic}")]
    BadInput { diagnostic: Diagnostic },
    /// A file cannot be read, imported or replaced.
    #[error("a file cannot be used")]
    BadFiles { problems: Problems },
    /// The check files, or what they are run with, have problems.
    #[error("the check files cannot be run")]
    BadChecks { problems: Problems },
    /// The command could not do its work.
    #[error("{diagnostic}")]
    CouldNotWork { diagnostic: Diagnostic },
}

/// Why flags and environment select nothing that can run.
#[derive(Debug, Error)]
pub(crate) enum SelectionError {
    /// The variables cannot be used.
    #[error(transparent)]
    Variable(#[from] VariableError),
    /// A tag is none.
    #[error("{reason}")]
    BadTag { reason: String },
}

impl CommandError {
    /// A flag, a setting or a stored report that cannot be used.
    pub(crate) fn bad_input(title: impl Into<String>) -> Self {
        Self::BadInput {
            diagnostic: Diagnostic::general(title),
        }
    }

    /// Work that could not be done.
    pub(crate) fn could_not_work(title: impl Into<String>) -> Self {
        Self::CouldNotWork {
            diagnostic: Diagnostic::general(title),
        }
    }

    /// The same error with what to do about it. Problems bring their own help.
    pub(crate) fn with_help(mut self, help: impl Into<String>) -> Self {
        if let Self::BadInput { diagnostic } | Self::CouldNotWork { diagnostic } = &mut self {
            diagnostic.help = Some(help.into());
        }
        self
    }

    /// Shows a person the error, and says how the command ends.
    pub(crate) fn show(&self, output: &Output) -> Exit {
        match self {
            Self::BadInput { diagnostic } | Self::CouldNotWork { diagnostic } => {
                output.say(&snippet::render(diagnostic, output.error_colour()));
            }
            Self::BadFiles { problems } => output.say_problems(problems),
            Self::BadChecks { problems } => {
                output.say_problems(problems);
                let count = problems.diagnostics().len();
                let problems = if count == 1 { "problem" } else { "problems" };
                output.say(&format!("{count} {problems}; nothing was sent"));
            }
        }
        match self {
            Self::CouldNotWork { .. } => Exit::CouldNotWork,
            Self::BadInput { .. } | Self::BadFiles { .. } | Self::BadChecks { .. } => {
                Exit::BadInput
            }
        }
    }
}

/// Problems with files that a command reads or writes: an importer, `init`.
impl From<Problems> for CommandError {
    fn from(problems: Problems) -> Self {
        Self::BadFiles { problems }
    }
}

/// One problem with a file that a command reads or writes.
impl From<Diagnostic> for CommandError {
    fn from(diagnostic: Diagnostic) -> Self {
        Self::BadFiles {
            problems: diagnostic.into(),
        }
    }
}
