//! JSON in one line, as people read it: a line for each value.

use std::fmt::Write as _;

/// How deep the levels may lie before a body is left as it came.
const DEEPEST: usize = 16;

/// The body with white space between its values and nothing else changed;
/// `None` if it has lines already, or is not built like JSON. The beginning of
/// a body that was cut will do.
pub(super) fn indent_json(body: &str) -> Option<String> {
    if !body.starts_with(['{', '[']) || body.trim_end().contains('\n') {
        return None;
    }
    let mut indented = String::with_capacity(2 * body.len());
    let mut depth = 0_usize;
    let mut quoted = false;
    let mut escaped = false;
    let mut rest = body.trim_end().chars().peekable();
    while let Some(c) = rest.next() {
        // Nothing in a string changes, so a bracket in it opens no level.
        if quoted {
            quoted = escaped || c != '"';
            escaped = c == '\\' && !escaped;
            indented.push(c);
            continue;
        }
        // Text behind the first value is no JSON.
        if depth == 0 && !indented.is_empty() {
            return None;
        }
        match c {
            '{' | '[' => {
                indented.push(c);
                let close = if c == '{' { '}' } else { ']' };
                // An empty list or object stays on its line.
                if let Some(close) = rest.next_if_eq(&close) {
                    indented.push(close);
                } else {
                    depth = Some(depth + 1).filter(|depth| *depth <= DEEPEST)?;
                    break_line(&mut indented, depth);
                }
            }
            '}' | ']' => {
                depth = depth.checked_sub(1)?;
                break_line(&mut indented, depth);
                indented.push(c);
            }
            ',' => {
                indented.push(c);
                break_line(&mut indented, depth);
            }
            ':' => indented.push_str(": "),
            ' ' if indented.ends_with(' ') => {}
            c => {
                quoted = c == '"';
                indented.push(c);
            }
        }
    }
    (depth == 0 || body.ends_with('…')).then_some(indented)
}

fn break_line(indented: &mut String, depth: usize) {
    let _ = write!(indented, "\n{:width$}", "", width = 2 * depth);
}
