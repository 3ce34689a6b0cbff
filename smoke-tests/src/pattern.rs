//! Regular expressions, bounded in size and linear in time.
//!
//! The only module that knows the regex crate.

/// A regular expression that is known to be well-formed.
#[derive(Debug, Clone)]
pub(crate) struct Pattern(regex::Regex);

impl Pattern {
    /// Reads a pattern. The error says what is wrong, in one line.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        const MOST_BYTES: usize = 1 << 20;
        regex::RegexBuilder::new(text)
            .size_limit(MOST_BYTES)
            .build()
            .map(Self)
            .map_err(|error| match error {
                regex::Error::CompiledTooBig(_) => "it compiles to more than 1 MiB".to_owned(),
                error => last_line(&error.to_string()),
            })
    }

    /// The pattern as it was written.
    pub(crate) fn text(&self) -> &str {
        self.0.as_str()
    }

    /// Whether the pattern has a group.
    #[cfg_attr(
        not(feature = "cli"),
        expect(dead_code, reason = "only the import asks")
    )]
    pub(crate) fn has_group(&self) -> bool {
        self.0.captures_len() > 1
    }

    /// Whether the pattern occurs in the text.
    pub(crate) fn occurs_in(&self, text: &str) -> bool {
        self.0.is_match(text)
    }

    /// The first group of the first match, or the whole match if the pattern
    /// has no group.
    pub(crate) fn first<'t>(&self, text: &'t str) -> Option<&'t str> {
        let found = self.0.captures(text)?;
        found.get(1).or(found.get(0)).map(|group| group.as_str())
    }
}

/// The regex crate draws its own caret; the last line holds the reason.
fn last_line(message: &str) -> String {
    let line = message.lines().last().unwrap_or(message).trim();
    line.strip_prefix("error: ").unwrap_or(line).to_owned()
}
