//! Text from outside, made harmless for HTML.

use std::fmt::{self, Write as _};

/// Shows text so that it is only ever text: in an element as in an attribute
/// in quotes. Control characters, and those that turn the direction of
/// writing, are shown as pictures of themselves.
pub(super) struct Text<'a>(pub(super) &'a str);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                '\n' | '\t' => f.write_char(c)?,
                '\r' => {}
                '\u{7f}' => f.write_char('\u{2421}')?,
                // The pictures of the control characters, in their order.
                '\0'..='\u{1f}' => {
                    f.write_char(char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{fffd}'))?;
                }
                '\u{80}'..='\u{9f}'
                | '\u{61c}'
                | '\u{200e}'..='\u{200f}'
                | '\u{202a}'..='\u{202e}'
                | '\u{2066}'..='\u{2069}'
                | '\u{feff}' => f.write_char('\u{fffd}')?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

/// A sentence of ours in which backticks are round what is quoted. It is shown
/// as code from the first backtick to its partner.
pub(super) struct Sentence<'a>(pub(super) &'a str);

impl fmt::Display for Sentence<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0;
        while let Some((before, begun)) = rest.split_once('`')
            && let Some((code, after)) = begun.split_once('`')
        {
            write!(f, "{}<code>{}</code>", Text(before), Text(code))?;
            rest = after;
        }
        write!(f, "{}", Text(rest))
    }
}
