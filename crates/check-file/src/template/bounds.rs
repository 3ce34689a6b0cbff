//! What a template may be, so that reading it neither takes long nor goes
//! deeper than a stack is.

/// The longest expression or statement, in bytes: the engine goes down with
/// each operator in it.
const MOST_TAG: usize = 16 * 1024;

/// The most statements: the engine goes down with each `elif`.
const MOST_STATEMENTS: usize = 1_000;

/// The longest expression whose reading fits into any stack, in bytes.
const SHORT: usize = 256;

/// What a template needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    Little,
    /// A stack that is larger than usual.
    Room,
}

/// What a template needs. The error says why it is not read.
pub(super) fn need(text: &str) -> Result<Need, String> {
    let (mut statements, mut longest) = (0, 0);
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        rest = &rest[at..];
        let length = match rest.as_bytes().get(1) {
            Some(b'{') => tag(rest, "}}"),
            Some(b'%') => {
                statements += 1;
                tag(rest, "%}")
            }
            Some(b'#') => {
                rest = rest.find("#}").map_or("", |end| &rest[end..]);
                continue;
            }
            _ => {
                rest = &rest[1..];
                continue;
            }
        };
        longest = longest.max(length);
        rest = &rest[length..];
    }
    if longest > MOST_TAG {
        return Err(format!(
            "expected at most {MOST_TAG} bytes between brackets, found {longest}"
        ));
    }
    if statements > MOST_STATEMENTS {
        return Err(format!(
            "expected at most {MOST_STATEMENTS} statements, found {statements}"
        ));
    }
    Ok(if statements > 0 || longest > SHORT {
        Need::Room
    } else {
        Need::Little
    })
}

/// How long the expression or statement is that the text begins with.
fn tag(text: &str, end: &str) -> usize {
    let mut quote = None;
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(2) {
        match (quote, c) {
            _ if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(open), c) if open == c => quote = None,
            (None, '"' | '\'') => quote = Some(c),
            (None, _) if text[at..].starts_with(end) => return at + end.len(),
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_expressions_and_statements_need_room_and_longer_ones_are_refused() {
        let check = |text: String, needs: Option<Need>| assert_eq!(need(&text).ok(), needs);
        check("{{ a }} and {# long #}".repeat(1_000), Some(Need::Little));
        check(format!("{{{{ {} }}}}", "a+".repeat(500)), Some(Need::Room));
        check("{% if a %}{% endif %}".to_owned(), Some(Need::Room));
        let hidden = format!("{{{{ '}}}}' + {} }}}}", "a+".repeat(500));
        check(hidden, Some(Need::Room));
        check("{{ ".to_owned() + &"-".repeat(20_000), None);
        check("{% elif a %}".repeat(1_001), None);
    }
}
