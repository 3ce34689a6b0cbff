//! Characters that stand for others: in JSON and what is like it, in HTML and
//! XML, in URLs and forms.

use query::markup::{LONGEST_NAME, read_reference};

/// The longest escape but for names: a pair of surrogates.
const LONGEST: usize = 12;

/// A manner of escaping.
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

/// What stands at the beginning of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// An escape of so many bytes.
    Whole(usize),
    /// The beginning of an escape, and nothing behind it.
    Begun,
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

    /// Reads the escape that a text may begin with; what it stands for is
    /// added to `made`. Perhaps the text was cut at its end.
    pub(super) fn read(self, text: &[u8], is_cut: bool, made: &mut Vec<u8>) -> Found {
        let length = match self {
            Self::Json => backslash(text, made),
            Self::Markup => read_reference(text, is_cut, made),
            Self::Url => percent(text, made),
        };
        match length {
            Some(length) => Found::Whole(length),
            None if self.is_begun(text) => Found::Begun,
            None => Found::Nothing,
        }
    }

    fn is_begun(self, text: &[u8]) -> bool {
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

/// `\` and what stands behind it.
fn backslash(text: &[u8], made: &mut Vec<u8>) -> Option<usize> {
    let plain = |byte: u8, made: &mut Vec<u8>| {
        made.push(byte);
        Some(2)
    };
    match *text.get(1)? {
        b'b' => plain(8, made),
        b'f' => plain(12, made),
        b'n' => plain(b'\n', made),
        b'r' => plain(b'\r', made),
        b't' => plain(b'\t', made),
        b'x' => character(text, 2, 2, made),
        b'u' if text.get(2) == Some(&b'{') => {
            let digits = text[3..].iter().take_while(|byte| byte.is_ascii_hexdigit());
            let digits = digits.count();
            let closed = text.get(3 + digits) == Some(&b'}');
            character(text, 3, digits, made)
                .filter(|_| closed)
                .map(|end| end + 1)
        }
        b'u' => units(text, b"\\u", made),
        b'U' => character(text, 2, 8, made),
        // What needs no escape may have one all the same.
        other if other.is_ascii_punctuation() || other == b' ' => plain(other, made),
        _ => None,
    }
}

/// `%` and what stands behind it.
fn percent(text: &[u8], made: &mut Vec<u8>) -> Option<usize> {
    if text.get(1) == Some(&b'u') {
        return units(text, b"%u", made);
    }
    let byte = number(text.get(1..3)?, 16)?;
    made.push(u8::try_from(byte).ok()?);
    Some(3)
}

/// A character by so many hexadecimal digits.
fn character(text: &[u8], from: usize, digits: usize, made: &mut Vec<u8>) -> Option<usize> {
    let found = char::from_u32(number(text.get(from..from + digits)?, 16)?)?;
    push(found, made);
    Some(from + digits)
}

/// A character by its one or two units of UTF-16, each behind a mark.
fn units(text: &[u8], mark: &[u8], made: &mut Vec<u8>) -> Option<usize> {
    let unit = |text: &[u8]| {
        let digits = text.strip_prefix(mark)?.get(..4)?;
        u16::try_from(number(digits, 16)?).ok()
    };
    let length = mark.len() + 4;
    let first = unit(text)?;
    let second = text.get(length..).and_then(unit);
    let mut read = char::decode_utf16([Some(first), second].into_iter().flatten());
    let found = read.next()?.ok()?;
    push(found, made);
    Some(length * found.len_utf16())
}

fn number(digits: &[u8], radix: u32) -> Option<u32> {
    let digits = std::str::from_utf8(digits).ok()?;
    let signed = digits.starts_with(['+', '-']);
    u32::from_str_radix(digits, radix).ok().filter(|_| !signed)
}

fn push(character: char, made: &mut Vec<u8>) {
    made.extend(character.encode_utf8(&mut [0; 4]).bytes());
}
