//! What a template may be, so that reading it neither takes long nor goes
//! deeper than a stack is.

use super::TemplateError;

/// The longest expression or statement, in bytes: the engine needs stack for each
/// operator in it.
const MOST_TAG: usize = 16 * 1024;

/// The most statements: the engine needs stack for each `elif`.
const MOST_STATEMENTS: usize = 1_000;

/// The longest expression, in bytes, that the engine reads on any stack.
const SHORT: usize = 256;

/// How large a stack the engine needs for a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StackDemand {
    Usual,
    Large,
}

/// Estimates the stack that the engine needs, and refuses a template that would
/// need too much of it.
pub(super) fn estimate_stack(text: &str) -> Result<StackDemand, TemplateError> {
    let (mut statements, mut longest) = (0, 0);
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        rest = &rest[at..];
        let length = match rest.as_bytes().get(1) {
            Some(b'{') => tag_length(rest, "}}"),
            Some(b'%') => {
                statements += 1;
                tag_length(rest, "%}")
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
        return Err(TemplateError::TooLarge {
            what: "bytes between brackets",
            most: MOST_TAG,
            found: longest,
        });
    }
    if statements > MOST_STATEMENTS {
        return Err(TemplateError::TooLarge {
            what: "statements",
            most: MOST_STATEMENTS,
            found: statements,
        });
    }
    Ok(if statements > 0 || longest > SHORT {
        StackDemand::Large
    } else {
        StackDemand::Usual
    })
}

/// How long the expression or statement is that the text begins with.
fn tag_length(text: &str, end: &str) -> usize {
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
        let check = |text: String, needs: Option<StackDemand>| {
            assert_eq!(estimate_stack(&text).ok(), needs);
        };
        check(
            "{{ a }} and {# long #}".repeat(1_000),
            Some(StackDemand::Usual),
        );
        check(
            format!("{{{{ {} }}}}", "a+".repeat(500)),
            Some(StackDemand::Large),
        );
        check("{% if a %}{% endif %}".to_owned(), Some(StackDemand::Large));
        let hidden = format!("{{{{ '}}}}' + {} }}}}", "a+".repeat(500));
        check(hidden, Some(StackDemand::Large));
        check("{{ ".to_owned() + &"-".repeat(20_000), None);
        check("{% elif a %}".repeat(1_001), None);
    }
}
