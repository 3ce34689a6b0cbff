//! Places that the YAML parser reports otherwise than a reader sees them.

use crate::Span;

/// The byte offset of the first tab in the indentation of a line after `from`.
pub(super) fn find_indent_tab(text: &str, from: usize) -> Option<usize> {
    let rest = &text[from..];
    rest.match_indices('\n').find_map(|(newline, _)| {
        let line = &rest[newline + 1..];
        let blank = line.len() - line.trim_start_matches([' ', '\t']).len();
        let tab = line[..blank].find('\t')?;
        Some(from + newline + 1 + tab)
    })
}

/// The span of a collection's end. In flow style that is its closing bracket. In
/// block style the end event stands at the next token, which is outside of the
/// collection, so the collection's begin is returned.
pub(super) fn collection_end(start: Span, end: Span) -> Span {
    if end.end > end.start && start.end > start.start {
        end
    } else {
        start
    }
}
