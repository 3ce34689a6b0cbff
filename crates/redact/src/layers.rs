//! Layers of escapes over a text, taken off one at a time, with the way back
//! from each byte to where it came from.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD};

use super::escapes::{Escape, EscapeMatch};

/// Base64 of any length, also of a piece that was cut out of a longer text.
const PIECES: GeneralPurpose =
    GeneralPurpose::new(&STANDARD, NO_PAD.with_decode_allow_trailing_bits(true));

/// Separates the decoded runs of a copy, so that no secret is found across two
/// of them. No text in UTF-8 holds this byte.
const SEPARATOR: u8 = 0xff;

/// What marks the place where a text was cut.
pub(super) const CUT_MARK: &str = "…";

/// How a part of a text can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layer {
    /// With characters that stand for others.
    Escaped(Escape),
    /// In Base64, with either alphabet, in lines or not.
    Base64,
    /// In hexadecimal digits.
    Hex,
}

impl Layer {
    pub(super) const ALL: [Self; 5] = [
        Self::Escaped(Escape::Json),
        Self::Escaped(Escape::Markup),
        Self::Escaped(Escape::Url),
        Self::Base64,
        Self::Hex,
    ];

    /// Whether the layer writes bytes as digits. Almost any word decodes to
    /// some bytes, so a match of a few decoded bytes is chance.
    pub(super) fn is_byte_encoding(self) -> bool {
        matches!(self, Self::Base64 | Self::Hex)
    }
}

/// A place where the text was cut.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cut {
    /// Where that is in a copy of the text.
    pub(super) here: usize,
    /// Where that is in the text.
    pub(super) text: usize,
}

/// A copy of a text without one layer.
#[derive(Debug)]
pub(super) struct DecodedCopy {
    pub(super) layer: Layer,
    pub(super) bytes: Vec<u8>,
    /// Where each byte came from, and where the text ends.
    starts: Vec<usize>,
    pub(super) cuts: Vec<Cut>,
}

impl DecodedCopy {
    /// Takes the layer off a text; absent if the text has nothing of it.
    pub(super) fn peel(text: &[u8], cuts: &[Cut], layer: Layer) -> Option<Self> {
        let copy = Self {
            layer,
            bytes: Vec::new(),
            starts: Vec::new(),
            cuts: Vec::new(),
        };
        let mut copy = match layer {
            Layer::Escaped(escape) => copy.unescape(text, cuts, escape)?,
            Layer::Base64 => copy.decode(text, cuts, &BASE64)?,
            Layer::Hex => copy.decode(text, cuts, &HEX)?,
        };
        copy.starts.push(text.len());
        Some(copy)
    }

    /// The bytes before the first separator: all that one run decoded to, from
    /// its first character on.
    pub(super) fn first_run(&self) -> &[u8] {
        self.bytes
            .split(|byte| *byte == SEPARATOR)
            .next()
            .unwrap_or_default()
    }

    /// The range of `text`, the text before the layer was taken off, that the
    /// bytes of a range came from.
    pub(super) fn origin(
        &self,
        text: &[u8],
        range: std::ops::Range<usize>,
    ) -> std::ops::Range<usize> {
        let start = self.starts[range.start];
        let last = self.starts[range.end.saturating_sub(1).max(range.start)];
        match self.layer {
            // The next byte begins in the character that holds the last bits
            // of this one.
            Layer::Base64 => {
                let end = (self.starts[range.end] + 1).min(text.len());
                let back = text[start..end].iter().rev();
                let outside = back.take_while(|byte| !is_base64(**byte)).count();
                start..end - outside
            }
            // One escape can make several bytes.
            Layer::Escaped(_) | Layer::Hex => {
                let ends = &self.starts[range.end..];
                let end = ends.iter().find(|end| **end > last);
                start..end.copied().unwrap_or(text.len())
            }
        }
    }

    /// Adds a byte, and where in the text it came from.
    fn push(&mut self, byte: u8, from: usize) {
        self.bytes.push(byte);
        self.starts.push(from);
    }

    /// Adds the text with each escape replaced; absent if there is no escape.
    fn unescape(mut self, text: &[u8], cuts: &[Cut], escape: Escape) -> Option<Self> {
        let mark = escape.mark();
        if !text.contains(&mark) {
            return None;
        }
        let mut changed = false;
        let mut decoded = Vec::new();
        let mut cuts = cuts.iter().peekable();
        let mut at = 0;
        loop {
            while let Some(cut) = cuts.next_if(|cut| cut.here <= at) {
                let here = self.bytes.len();
                self.cuts.push(Cut { here, ..*cut });
            }
            let Some(byte) = text.get(at) else { break };
            let end = cuts.peek().map_or(text.len(), |cut| cut.here);
            let found = if *byte == mark {
                decoded.clear();
                escape.read(&text[at..end], cuts.peek().is_some(), &mut decoded)
            } else {
                EscapeMatch::Nothing
            };
            match found {
                EscapeMatch::Whole(length) => {
                    for byte in &decoded {
                        self.push(*byte, at);
                    }
                    at += length;
                    changed = true;
                }
                // The rest of the escape was cut off, so it stands for no
                // character, and what is before it still ends at the cut.
                EscapeMatch::Partial if cuts.peek().is_some() => {
                    at = end;
                    changed = true;
                }
                EscapeMatch::Partial | EscapeMatch::Nothing => {
                    self.push(*byte, at);
                    at += 1;
                }
            }
        }
        changed.then_some(self)
    }

    /// Adds what each run of the encoding's characters decodes to, once from
    /// each place where a group can begin: a secret may stand in Base64 with
    /// other text right before it, so its first group is not known.
    fn decode(mut self, text: &[u8], cuts: &[Cut], groups: &GroupCoding) -> Option<Self> {
        let mut cuts = cuts.iter().peekable();
        let mut places = Vec::new();
        let mut at = 0;
        while at < text.len() {
            if !(groups.is_member)(text[at]) {
                at += 1;
                continue;
            }
            places.clear();
            let mut line = 0;
            let next = loop {
                while text.get(at).is_some_and(|byte| (groups.is_member)(*byte)) {
                    places.push(at);
                    at += 1;
                }
                if !groups.in_lines {
                    break at;
                }
                let next = at + line_break_length(&text[at..], places.len() - line);
                line = places.len();
                if next == at || !text.get(next).is_some_and(|byte| (groups.is_member)(*byte)) {
                    break next;
                }
                at = next;
            };
            while cuts.next_if(|cut| cut.here < at).is_some() {}
            // A text can be cut between two lines of Base64.
            let cut = cuts.next_if(|cut| cut.here <= next);
            if places.len() < cut.map_or(groups.fewest, |_| groups.fewest / 2) {
                continue;
            }
            let run: Vec<u8> = places.iter().map(|place| text[*place]).collect();
            for skipped in 0..groups.characters {
                let Some(piece) = run.get(skipped..) else {
                    continue;
                };
                for (index, byte) in (groups.decode)(piece).into_iter().enumerate() {
                    let (group, inside) = (index / groups.bytes, index % groups.bytes);
                    let place = skipped + group * groups.characters + inside;
                    self.push(byte, places[place]);
                }
                let here = self.bytes.len();
                self.cuts.extend(cut.map(|cut| Cut { here, ..*cut }));
                self.push(SEPARATOR, at);
            }
        }
        (!self.bytes.is_empty()).then_some(self)
    }
}

/// The fewest characters of a line of Base64 behind which a blank may stand for
/// a line break. No word is that long.
const LEAST_LINE: usize = 60;

/// An encoding that turns each group of characters into a group of bytes.
struct GroupCoding {
    /// Whether a byte is one of its characters.
    is_member: fn(u8) -> bool,
    /// How many characters a group has.
    characters: usize,
    /// How many bytes a group becomes.
    bytes: usize,
    decode: fn(&[u8]) -> Vec<u8>,
    /// Whether a run can go on in the next line.
    in_lines: bool,
    /// The fewest characters that are worth a look; half of them where the
    /// text was cut.
    fewest: usize,
}

const BASE64: GroupCoding = GroupCoding {
    is_member: is_base64,
    characters: 4,
    bytes: 3,
    decode: decode_base64,
    in_lines: true,
    fewest: 8,
};

const HEX: GroupCoding = GroupCoding {
    is_member: |byte| byte.is_ascii_hexdigit(),
    characters: 2,
    bytes: 1,
    decode: decode_hex,
    in_lines: false,
    fewest: 12,
};

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+/-_".contains(&byte)
}

fn decode_base64(run: &[u8]) -> Vec<u8> {
    // A last group of one character holds six bits, which make no byte.
    let whole = run.len() - usize::from(run.len() % 4 == 1);
    let one_alphabet = run[..whole].iter().map(|byte| match byte {
        b'-' => b'+',
        b'_' => b'/',
        other => *other,
    });
    let one_alphabet: Vec<u8> = one_alphabet.collect();
    PIECES.decode(one_alphabet).unwrap_or_default()
}

fn decode_hex(run: &[u8]) -> Vec<u8> {
    let digit = |byte: &u8| match byte {
        b'0'..=b'9' => byte - b'0',
        other => other.to_ascii_lowercase().wrapping_sub(b'a') + 10,
    };
    let pairs = run.chunks_exact(2);
    pairs
        .map(|pair| digit(&pair[0]) << 4 | digit(&pair[1]))
        .collect()
}

/// The length of what separates two lines at the begin of `text`, in bytes, or
/// zero: line breaks, perhaps behind a backslash, and blanks. Behind a line that
/// is as long as those of Base64, of 64 characters or 76, blanks alone will do.
fn line_break_length(text: &[u8], line: usize) -> usize {
    let escaped = usize::from(text.starts_with(b"\\\n") || text.starts_with(b"\\\r"));
    let blank = text[escaped..].iter();
    let blank = blank.take_while(|byte| byte.is_ascii_whitespace()).count();
    let between = &text[..escaped + blank];
    if between.contains(&b'\n') || line >= LEAST_LINE {
        between.len()
    } else {
        0
    }
}

/// Widens a range to all of the Base64 that it stands in: the characters at its
/// edges hold bits of its neighbours, too.
pub(super) fn widen_to_base64(
    text: &[u8],
    range: std::ops::Range<usize>,
) -> std::ops::Range<usize> {
    let before = text[..range.start].iter().rev();
    let before = before.take_while(|byte| is_base64(**byte)).count();
    let after = text[range.end..].iter();
    let after = after.take_while(|byte| is_base64(**byte) || **byte == b'=');
    range.start - before..range.end + after.count()
}
