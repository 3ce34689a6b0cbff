//! Tabs between a `:` and its value, which YAML has for a blank (YAML 1.2,
//! section 6.2) and the parser refuses before a letter or a digit.

use std::borrow::Cow;

use saphyr_parser::Parser;

/// The text with a blank for each tab that the parser refuses, so that all
/// places in it stay what they are. Other tabs, such as those of a text that is
/// a value, are left alone.
pub(super) fn as_blanks(text: &str) -> Cow<'_, str> {
    let mut text = Cow::Borrowed(text);
    while let Some(at) = refused(&text) {
        text.to_mut().replace_range(at..=at, " ");
    }
    text
}

/// The place of the first tab that is refused behind a `:`.
fn refused(text: &str) -> Option<usize> {
    if !text.contains(":\t") {
        return None;
    }
    let error = Parser::new_from_str(text).find_map(Result::err)?;
    let at = text.char_indices().nth(error.marker().index());
    let before = &text[..at.map_or(text.len(), |(at, _)| at)];
    let blanks = before.trim_end_matches([' ', '\t']).len();
    let tab = before[blanks..].starts_with('\t');
    (tab && before[..blanks].ends_with(':')).then_some(blanks)
}
