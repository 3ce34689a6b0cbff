//! Places that the YAML parser does not tell as a reader needs them.

use crate::Span;

/// The first tab that begins a line, or follows its spaces, after `from`.
pub(super) fn tab_after(text: &str, from: usize) -> Option<usize> {
    let rest = &text[from..];
    rest.match_indices('\n').find_map(|(newline, _)| {
        let line = &rest[newline + 1..];
        let blank = line.len() - line.trim_start_matches([' ', '\t']).len();
        let tab = line[..blank].find('\t')?;
        Some(from + newline + 1 + tab)
    })
}

/// Where a collection ends: at its bracket in flow style, and nowhere of its
/// own in block style, where the end event stands at the next token.
pub(super) fn flow_end(start: Span, end: Span) -> Span {
    if end.end > end.start && start.end > start.start {
        end
    } else {
        start
    }
}
