//! Text from outside, made harmless for HTML.

use std::fmt::{self, Write as _};

use diagnostic::snippet::is_invisible;

/// Shows text so that it is only ever text: in an element as in an attribute
/// in quotes. Control characters are shown as pictures of themselves, and what
/// else is not seen by its number.
pub(super) struct EscapedText<'a>(pub(super) &'a str);

impl fmt::Display for EscapedText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0;
        while let Some(at) = rest.find(is_special) {
            let (plain, special) = rest.split_at(at);
            f.write_str(plain)?;
            let mut characters = special.chars();
            let Some(c) = characters.next() else {
                break;
            };
            rest = characters.as_str();
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                // A line that ends as on Windows ends as any other.
                '\r' if rest.starts_with('\n') => {}
                '\u{7f}' => f.write_char('\u{2421}')?,
                // The pictures of the control characters, in their order.
                '\0'..='\u{1f}' => {
                    f.write_char(char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{fffd}'))?;
                }
                c => write!(f, "{}", c.escape_default())?,
            }
        }
        f.write_str(rest)
    }
}

/// Whether a character is not shown as it is. Most are, so that text is written
/// by the stretch and not by the character: a page has millions of them.
fn is_special(c: char) -> bool {
    match c {
        '&' | '<' | '>' | '"' | '\'' => true,
        '\n' | '\t' | ' '..='~' => false,
        c => c.is_control() || is_invisible(c),
    }
}

/// A sentence of ours in which backticks are round what is quoted. It is shown
/// as code from the first backtick to its partner.
pub(super) struct MarkedSentence<'a>(pub(super) &'a str);

impl fmt::Display for MarkedSentence<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0;
        while let Some((before, rest_of_code)) = rest.split_once('`')
            && let Some((code, after)) = rest_of_code.split_once('`')
        {
            write!(
                f,
                "{}<code>{}</code>",
                EscapedText(before),
                EscapedText(code)
            )?;
            rest = after;
        }
        write!(f, "{}", EscapedText(rest))
    }
}
