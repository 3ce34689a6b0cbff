//! Regular expressions, bounded in size and linear in time.
//!
//! The only module that knows the regex crate.

use crate::work::budget;

/// What a pattern compiles to at the most, in bytes.
const MOST_BYTES: usize = 1 << 20;
/// What a pattern compiles to that is fast over any text.
const FEW_BYTES: usize = 16 * 1024;
/// What a byte of a text is worth under a pattern of more than that: the time
/// is that of the text times that of the pattern.
const WEIGHT: usize = 8;

/// A regular expression that is known to be well-formed.
#[derive(Debug, Clone)]
pub struct Pattern {
    regex: regex::Regex,
    /// What a byte of a text is worth.
    weight: usize,
}

impl Pattern {
    /// Reads a pattern. The error says what is wrong, in one line.
    pub fn parse(text: &str) -> Result<Self, String> {
        let read = |most| regex::RegexBuilder::new(text).size_limit(most).build();
        let few = read(FEW_BYTES).map(|regex| Self { regex, weight: 1 });
        few.or_else(|error| match error {
            regex::Error::CompiledTooBig(_) => read(MOST_BYTES).map(|regex| Self {
                regex,
                weight: WEIGHT,
            }),
            error => Err(error),
        })
        .map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => "it compiles to more than 1 MiB".to_owned(),
            error => last_line(&error.to_string()),
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
        self.spend_for(text);
        self.regex.is_match(text)
    }

    /// The first group of the first match, or the whole match if the pattern
    /// has no group.
    pub fn first<'t>(&self, text: &'t str) -> Option<&'t str> {
        self.spend_for(text);
        let found = self.regex.captures(text)?;
        found.get(1).or(found.get(0)).map(|group| group.as_str())
    }

    fn spend_for(&self, text: &str) {
        budget::spend_for(1 + text.len() * self.weight);
    }
}

/// The regex crate draws its own caret; the last line holds the reason.
fn last_line(message: &str) -> String {
    let line = message.lines().last().unwrap_or(message).trim();
    line.strip_prefix("error: ").unwrap_or(line).to_owned()
}
