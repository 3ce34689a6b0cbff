//! Tabs between a `:` and its value. YAML takes one for a blank (YAML 1.2, section
//! 6.2); the parser refuses it before a letter or a digit.

use std::borrow::Cow;

use saphyr_parser::Parser;

/// Replaces each tab that the parser refuses by one blank, so that every place in
/// the text stays what it is. Other tabs, such as those in a value, stay.
pub(super) fn replace_refused_tabs(text: &str) -> Cow<'_, str> {
    let mut text = Cow::Borrowed(text);
    while let Some(at) = find_refused_tab(&text) {
        text.to_mut().replace_range(at..=at, " ");
    }
    text
}

/// The byte offset of the first tab behind a `:` that the parser refuses.
fn find_refused_tab(text: &str) -> Option<usize> {
    if !text.contains(":\t") {
        return None;
    }
    // Most files have no such tab, and need not be parsed twice.
    let error = Parser::new_from_str(text).find_map(Result::err)?;
    let at = text.char_indices().nth(error.marker().index());
    let before = &text[..at.map_or(text.len(), |(at, _)| at)];
    let blanks = before.trim_end_matches([' ', '\t']).len();
    let tab = before[blanks..].starts_with('\t');
    (tab && before[..blanks].ends_with(':')).then_some(blanks)
}
