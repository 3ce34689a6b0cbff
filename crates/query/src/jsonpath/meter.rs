//! Makes a path count what it visits.
//!
//! The JSONPath crate evaluates a path from its beginning to its end, whatever
//! that takes: `$..*..*..*` visits more nodes of a small answer than there is
//! memory for. It calls functions of its users in filters. So every segment
//! that may visit several nodes gets one selector more, a filter that selects
//! nothing and calls such a function for each child of each node that the
//! segment visits.

use serde_json_path::functions::{LogicalType, ValueType};

use crate::work::budget;

/// What one visit is worth: a call costs as much as some steps of others.
const VISIT: u64 = 4;

/// The filter that counts and selects nothing.
const COUNTS: &str = "?spend_a_visit(@)";

/// Called for each node that is visited; never true.
#[serde_json_path::function]
fn spend_a_visit(node: ValueType<'_>) -> LogicalType {
    // A visit counts the same whatever node is visited.
    drop(node);
    budget::spend(VISIT);
    LogicalType::False
}

/// A well-formed path that selects the same nodes and counts its visits.
pub(super) fn meter_path(path: &str) -> String {
    let mut metered = String::with_capacity(2 * path.len());
    let mut rest = path;
    // Of each bracket that is open, whether it gets the filter at its end.
    let mut open: Vec<bool> = Vec::new();
    while let Some(c) = rest.chars().next() {
        let descends = rest.starts_with("..");
        let after = if descends { &rest[2..] } else { rest };
        let length = match c {
            '"' | '\'' => quoted_length(rest),
            _ if after.starts_with('[') => {
                open.push(descends || !is_singular(&after[1..]));
                rest.len() - after.len() + 1
            }
            ']' => {
                if open.pop() == Some(true) {
                    metered.push(',');
                    metered.push_str(COUNTS);
                }
                1
            }
            '.' => {
                let after = if descends { after } else { &rest[1..] };
                let name = after.len() - after.trim_start_matches(is_name_character).len();
                let length = rest.len() - after.len();
                let starts = after.chars().next();
                if starts == Some('*') {
                    metered.push_str(if descends { "..[*," } else { "[*," });
                    metered.push_str(COUNTS);
                    metered.push(']');
                    rest = &rest[length + 1..];
                    continue;
                }
                if descends && name > 0 {
                    let name = &after[..name];
                    metered.extend(["..['", name, "',", COUNTS, "]"]);
                    rest = &rest[length + name.len()..];
                    continue;
                }
                length
            }
            c => c.len_utf8(),
        };
        metered.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    metered
}

/// How long the text in quotes is that the path begins with.
fn quoted_length(path: &str) -> usize {
    let mut characters = path.char_indices();
    let quote = characters.next().map(|(_, quote)| quote);
    while let Some((at, c)) = characters.next() {
        if c == '\\' {
            characters.next();
        } else if Some(c) == quote {
            return at + c.len_utf8();
        }
    }
    path.len()
}

/// Whether what stands in a bracket is one name or one index.
fn is_singular(inside: &str) -> bool {
    let inside = inside.trim_start();
    let length = if inside.starts_with(['"', '\'']) {
        quoted_length(inside)
    } else {
        let digits = inside.trim_start_matches(|c: char| c == '-' || c.is_ascii_digit());
        inside.len() - digits.len()
    };
    length > 0 && inside[length..].trim_start().starts_with(']')
}

/// Whether a character may stand in a name without quotes (RFC 9535, section
/// 2.5.1.1).
fn is_name_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || !c.is_ascii()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_that_may_visit_several_nodes_count_them() {
        let check = |path: &str, expected: &str| {
            let expected = expected.replace('#', COUNTS);
            assert_eq!(meter_path(path), expected, "{path}");
        };
        check("$.a[0]['x.*']", "$.a[0]['x.*']");
        check("$[ -1 ] [ \"a]\\\"\" ]", "$[ -1 ] [ \"a]\\\"\" ]");
        check("$.*", "$[*,#]");
        check("$..*", "$..[*,#]");
        check("$..a.b", "$..['a',#].b");
        check("$..['a']", "$..['a',#]");
        check("$[0,1][1:2]", "$[0,1,#][1:2,#]");
        check(
            "$[?@.a[?@..b == '..*'] && count(@.*) > 1.5]",
            "$[?@.a[?@..['b',#] == '..*',#] && count(@[*,#]) > 1.5,#]",
        );
        check("$..ä", "$..['ä',#]");
    }
}
