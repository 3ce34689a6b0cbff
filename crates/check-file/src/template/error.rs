//! Why a template cannot be read or filled in.

use query::value::MOST_LEVELS;

/// Why a template cannot be read, or cannot be filled in, in one line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// The engine refuses the template, or finds no value for a name.
    #[error("{reason}")]
    Engine {
        /// What the engine says.
        reason: String,
    },
    /// A single expression has no value.
    #[error("`{template}` has no value")]
    NoValue {
        /// The template.
        template: String,
    },
    /// The template is larger than the engine may read.
    #[error("expected at most {most} {what}, found {found}")]
    TooLarge {
        /// What is counted.
        what: &'static str,
        /// How many there may be.
        most: usize,
        /// How many there are.
        found: usize,
    },
    /// The value is nested deeper than an answer can be.
    #[error("expected a value nested at most {MOST_LEVELS} levels, found more of them")]
    TooDeep,
    /// The filters take more work than a template may.
    #[error("its filters take more than {most} steps")]
    TooMuchWork {
        /// How many steps they may take.
        most: u64,
    },
    /// The system started no thread whose stack is large enough.
    #[error("no thread for it: {reason}")]
    NoThread {
        /// What the system says.
        reason: String,
    },
}

/// For `found` of a diagnostic.
impl From<TemplateError> for String {
    fn from(error: TemplateError) -> Self {
        error.to_string()
    }
}
