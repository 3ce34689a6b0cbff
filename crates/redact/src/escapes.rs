//! Characters that stand for others: in JSON and what is like it, in HTML and
//! XML, in URLs and forms.

use query::markup::{LONGEST_NAME, read_reference};

/// The longest escape but for names: a pair of surrogates.
const LONGEST: usize = 12;

/// A way to write characters by others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Escape {
    /// `\"`, `\n`, `\u003d`, as in JSON (RFC 8259, section 7), and what other
    /// languages have beside them: `\x3d`, `\u{3d}`, `\'`.
    Json,
    /// `&lt;`, `&#60;`, `&#x3c;`, with any of the names of HTML.
    Markup,
    /// `%3D` (RFC 3986, section 2.1), and `%u003D` of old scripts.
    Url,
}

/// What a text begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EscapeMatch {
    /// An escape of so many bytes.
    Whole(usize),
    /// The beginning of an escape, and nothing behind it.
    Partial,
    /// No escape.
    Nothing,
}

impl Escape {
    /// What every escape begins with.
    pub(super) fn mark(self) -> u8 {
        match self {
            Self::Json => b'\\',
            Self::Markup => b'&',
            Self::Url => b'%',
        }
    }

    /// Reads the escape that a text may begin with, and adds what it stands for
    /// to `decoded`. `is_cut` says that the text was cut at its end.
    pub(super) fn read(self, text: &[u8], is_cut: bool, decoded: &mut Vec<u8>) -> EscapeMatch {
        let length = match self {
            Self::Json => read_backslash(text, decoded),
            Self::Markup => read_reference(text, is_cut, decoded),
            Self::Url => read_percent(text, decoded),
        };
        match length {
            Some(length) => EscapeMatch::Whole(length),
            None if self.is_partial(text) => EscapeMatch::Partial,
            None => EscapeMatch::Nothing,
        }
    }

    /// Whether the whole text may be the beginning of an escape whose rest was
    /// cut off.
    fn is_partial(self, text: &[u8]) -> bool {
        let (longest, inside) = match self {
            Self::Json => (LONGEST, b"\\uUx{".as_slice()),
            Self::Markup => (LONGEST_NAME, b"&#".as_slice()),
            Self::Url => (LONGEST, b"%u".as_slice()),
        };
        let name = self == Self::Markup;
        let fits = |byte: &u8| {
            inside.contains(byte)
                || byte.is_ascii_hexdigit()
                || name && byte.is_ascii_alphanumeric()
        };
        text.len() < longest && text.iter().all(fits)
    }
}

/// Reads `\` and what stands behind it; the length of both in bytes.
fn read_backslash(text: &[u8], decoded: &mut Vec<u8>) -> Option<usize> {
    let plain = |byte: u8, decoded: &mut Vec<u8>| {
        decoded.push(byte);
        Some(2)
    };
    match *text.get(1)? {
        b'b' => plain(8, decoded),
        b'f' => plain(12, decoded),
        b'n' => plain(b'\n', decoded),
        b'r' => plain(b'\r', decoded),
        b't' => plain(b'\t', decoded),
        b'x' => read_character(text, 2, 2, decoded),
        b'u' if text.get(2) == Some(&b'{') => {
            let digits = text[3..].iter().take_while(|byte| byte.is_ascii_hexdigit());
            let digits = digits.count();
            let closed = text.get(3 + digits) == Some(&b'}');
            read_character(text, 3, digits, decoded)
                .filter(|_| closed)
                .map(|end| end + 1)
        }
        b'u' => read_units(text, b"\\u", decoded),
        b'U' => read_character(text, 2, 8, decoded),
        // Programs escape punctuation that needs no escape, such as `\/`.
        other if other.is_ascii_punctuation() || other == b' ' => plain(other, decoded),
        _ => None,
    }
}

/// Reads `%` and what stands behind it; the length of both in bytes.
fn read_percent(text: &[u8], decoded: &mut Vec<u8>) -> Option<usize> {
    if text.get(1) == Some(&b'u') {
        return read_units(text, b"%u", decoded);
    }
    let byte = parse_digits(text.get(1..3)?, 16)?;
    decoded.push(u8::try_from(byte).ok()?);
    Some(3)
}

/// A character by so many hexadecimal digits.
fn read_character(text: &[u8], from: usize, digits: usize, decoded: &mut Vec<u8>) -> Option<usize> {
    let found = char::from_u32(parse_digits(text.get(from..from + digits)?, 16)?)?;
    push_character(found, decoded);
    Some(from + digits)
}

/// Reads a character by its one or two units of UTF-16, each behind a mark.
fn read_units(text: &[u8], mark: &[u8], decoded: &mut Vec<u8>) -> Option<usize> {
    let unit = |text: &[u8]| {
        let digits = text.strip_prefix(mark)?.get(..4)?;
        u16::try_from(parse_digits(digits, 16)?).ok()
    };
    let length = mark.len() + 4;
    let first = unit(text)?;
    let second = text.get(length..).and_then(unit);
    let mut read = char::decode_utf16([Some(first), second].into_iter().flatten());
    let found = read.next()?.ok()?;
    push_character(found, decoded);
    Some(length * found.len_utf16())
}

/// Parses digits alone: the library would also take a sign.
fn parse_digits(digits: &[u8], radix: u32) -> Option<u32> {
    let digits = std::str::from_utf8(digits).ok()?;
    let signed = digits.starts_with(['+', '-']);
    u32::from_str_radix(digits, radix).ok().filter(|_| !signed)
}

fn push_character(character: char, decoded: &mut Vec<u8>) {
    decoded.extend(character.encode_utf8(&mut [0; 4]).bytes());
}
