//! Regular expressions, bounded in size and linear in time.
//!
//! The only module that knows the regex crates.

use regex_syntax::hir::{Class, Hir, HirKind};

use crate::work::budget;

/// What a pattern of a check file compiles to at the most, in bytes.
const MOST_BYTES: usize = 1 << 20;
/// The same for one within a JSONPath, as the JSONPath crate has it.
const MOST_BYTES_WITHIN_PATH: usize = 10 << 20;
/// What a pattern compiles to that is, as a rule, fast over any text.
const FEW_BYTES: usize = 16 * 1024;
/// What a byte of a text is worth under a larger pattern.
const WEIGHT: u64 = 8;

/// Why a pattern cannot be read, in one line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// The compiled pattern is larger than a pattern of a check file may be.
    #[error("it compiles to more than 1 MiB")]
    TooLarge,
    /// The text is not a regular expression.
    #[error("{reason}")]
    Malformed {
        /// What the regex crate says, without its caret.
        reason: String,
    },
}

/// A regular expression that is known to be well-formed.
#[derive(Debug, Clone)]
pub struct Pattern {
    regex: regex::Regex,
    /// What a byte of a text is worth as a rule, and at the worst.
    usual: u64,
    worst: u64,
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// The text is not a regular expression, or it compiles to more than 1 MiB.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        Self::compile(text, MOST_BYTES).map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => PatternError::TooLarge,
            error => PatternError::Malformed {
                reason: take_last_line(&error.to_string()),
            },
        })
    }

    /// Reads a pattern that stands in a JSONPath, or in the answer that the path
    /// is held against; none if it is not well-formed, or too large.
    pub(crate) fn parse_within_path(text: &str) -> Option<Self> {
        Self::compile(text, MOST_BYTES_WITHIN_PATH).ok()
    }

    fn compile(text: &str, most: usize) -> Result<Self, regex::Error> {
        let form = regex_syntax::parse(text);
        let count = |class| {
            form.as_ref()
                .map_or(0, |form| count_characters(form, class))
        };
        budget::spend(count(|class| count_ranges(class) * 16));
        // The engine visits each state that a pattern is in, for each byte of a
        // text. Few patterns are ever in more than one of sixteen states at once.
        let worst = 1 + count(|_| 1) / 16;
        let read = |most| regex::RegexBuilder::new(text).size_limit(most).build();
        // What compiles to little has a fast engine for any text; a larger pattern
        // falls back to slower ones, so that each byte counts more.
        let (regex, usual) = match read(FEW_BYTES) {
            Err(regex::Error::CompiledTooBig(_)) => (read(most)?, WEIGHT),
            few => (few?, 1),
        };
        let worst = worst.max(usual);
        Ok(Self {
            regex,
            usual,
            worst,
        })
    }

    /// The pattern as it was written.
    pub fn text(&self) -> &str {
        self.regex.as_str()
    }

    /// Whether the pattern has a group.
    pub fn has_group(&self) -> bool {
        self.regex.captures_len() > 1
    }

    /// Whether the pattern occurs in the text.
    pub fn occurs_in(&self, text: &str) -> bool {
        self.spend_steps(text);
        self.regex.is_match(text)
    }

    /// The first group of the first match, or the whole match if the pattern
    /// has no group.
    pub fn find_first<'t>(&self, text: &'t str) -> Option<&'t str> {
        self.spend_steps(text);
        let found = self.regex.captures(text)?;
        found.get(1).or(found.get(0)).map(|group| group.as_str())
    }

    /// How many steps a byte of a text takes at the worst.
    pub(crate) fn worst_steps(&self) -> u64 {
        self.worst
    }

    fn spend_steps(&self, text: &str) {
        let bytes = u64::try_from(1 + text.len()).unwrap_or(u64::MAX);
        let steps = |weight| bytes.saturating_mul(weight);
        budget::spend_estimate(steps(self.usual), steps(self.worst));
    }
}

/// How many characters there are in a pattern whose repetitions are written out,
/// with so much for a class of them.
fn count_characters(form: &Hir, cost_of_class: fn(&Class) -> u64) -> u64 {
    let inside = |form: &Hir| count_characters(form, cost_of_class);
    match form.kind() {
        HirKind::Empty | HirKind::Look(_) => 0,
        HirKind::Literal(text) => u64::try_from(text.0.len()).unwrap_or(u64::MAX),
        HirKind::Class(class) => cost_of_class(class),
        HirKind::Capture(group) => inside(&group.sub),
        HirKind::Repetition(repeated) => {
            let times = repeated.max.unwrap_or(repeated.min + 1);
            inside(&repeated.sub).saturating_mul(times.into())
        }
        HirKind::Concat(forms) | HirKind::Alternation(forms) => {
            let inside = forms.iter().map(inside);
            inside.fold(0, u64::saturating_add)
        }
    }
}

fn count_ranges(class: &Class) -> u64 {
    let ranges = match class {
        Class::Unicode(class) => class.ranges().len(),
        Class::Bytes(class) => class.ranges().len(),
    };
    u64::try_from(ranges).unwrap_or(u64::MAX)
}

/// The regex crate draws its own caret; the last line holds the reason.
fn take_last_line(message: &str) -> String {
    let line = message.lines().last().unwrap_or(message).trim();
    line.strip_prefix("error: ").unwrap_or(line).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_worth_what_its_repetitions_amount_to() {
        let check = |text: &str, usual, worst| {
            let pattern = Pattern::parse(text).unwrap();
            assert_eq!((pattern.usual, pattern.worst), (usual, worst), "{text}");
        };
        check("ok", 1, 1);
        check(r"Order \d+", 1, 1);
        check(r"^\w+@\w+$", 8, 8);
        check("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", 1, 3);
        check("[01]*1[01]{200}", 1, 13);
        check("((a{0,16}){0,16}){0,16}b", 8, 257);
    }
}
