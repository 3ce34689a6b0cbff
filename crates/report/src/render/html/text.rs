//! Text from outside, made harmless for HTML.

use std::fmt::{self, Write as _};

use diagnostic::snippet::is_unseen;

/// Shows text so that it is only ever text: in an element as in an attribute
/// in quotes. Control characters are shown as pictures of themselves, and what
/// else is not seen by its number.
pub(super) struct EscapedText<'a>(pub(super) &'a str);

impl fmt::Display for EscapedText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut characters = self.0.chars().peekable();
        while let Some(c) = characters.next() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                '\n' | '\t' => f.write_char(c)?,
                '\r' if characters.peek() == Some(&'\n') => {}
                '\u{7f}' => f.write_char('\u{2421}')?,
                // The pictures of the control characters, in their order.
                '\0'..='\u{1f}' => {
                    f.write_char(char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{fffd}'))?;
                }
                c if is_unseen(c) => write!(f, "{}", c.escape_default())?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
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
