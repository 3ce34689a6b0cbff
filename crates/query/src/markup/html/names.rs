//! References to characters in HTML: `&eacute;`, `&#233;`, `&#xe9;`.

use html5ever::data::NAMED_ENTITIES;

/// The longest name of a character, with its `&` and `;`.
pub const LONGEST_NAME: usize = 33;

/// Reads the reference that a text may begin with: its length, and what it
/// stands for is added to `decoded` in UTF-8. A number can do without the `;`,
/// unless more digits of it may have been cut off.
pub fn read_reference(text: &[u8], is_cut: bool, decoded: &mut Vec<u8>) -> Option<usize> {
    if text.first() != Some(&b'&') {
        return None;
    }
    let mut push = |c: char| decoded.extend(c.encode_utf8(&mut [0; 4]).bytes());
    let Some(number) = text.strip_prefix(b"&#") else {
        let near = &text[..text.len().min(LONGEST_NAME)];
        let end = near.iter().position(|byte| *byte == b';')?;
        let name = std::str::from_utf8(text.get(1..=end)?).ok()?;
        // The table holds the beginnings of names too, for no character.
        let (first, second) = NAMED_ENTITIES.get(name).filter(|(first, _)| *first != 0)?;
        let points = [*first, *second].into_iter().filter(|point| *point != 0);
        points.filter_map(char::from_u32).for_each(push);
        return Some(end + 1);
    };
    let (mark, radix) = match number.first()? {
        b'x' | b'X' => (1, 16),
        _ => (0, 10),
    };
    let is_digit = |byte: &&u8| char::from(**byte).is_digit(radix);
    let end = mark + number[mark..].iter().take_while(is_digit).count();
    let is_closed = match number.get(end) {
        Some(byte) => *byte == b';',
        None if is_cut => return None,
        None => false,
    };
    let digits = std::str::from_utf8(&number[mark..end]).ok()?;
    push(char::from_u32(u32::from_str_radix(digits, radix).ok()?)?);
    Some(2 + end + usize::from(is_closed))
}

/// The text with each reference decoded. What is none stays as it is.
pub fn decode_references(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        at += read_reference(&bytes[at..], false, &mut decoded).unwrap_or_else(|| {
            decoded.push(*byte);
            1
        });
    }
    String::from_utf8_lossy(&decoded).into_owned()
}
