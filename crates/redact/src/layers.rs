//! Layers of escapes over a text, taken off one at a time, with the way back
//! from each byte to where it came from.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD};

use super::escapes::{Escape, Found};

/// Base64 of any length, also of a piece that was cut out of a longer text.
const PIECES: GeneralPurpose =
    GeneralPurpose::new(&STANDARD, NO_PAD.with_decode_allow_trailing_bits(true));

/// A byte that no text in UTF-8 holds: what stands on its sides came from
/// different places.
const APART: u8 = 0xff;

/// What marks the place where a text was cut.
pub(super) const CUT: &str = "…";

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

    /// Whether anything at all decodes to something, so that a few bytes of it
    /// say nothing.
    pub(super) fn is_of_all_bytes(self) -> bool {
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
pub(super) struct Copy {
    pub(super) layer: Layer,
    pub(super) bytes: Vec<u8>,
    /// Where each byte came from, and where the text ends.
    starts: Vec<usize>,
    pub(super) cuts: Vec<Cut>,
}

impl Copy {
    /// The text without the layer; nothing if there is none of it.
    pub(super) fn of(text: &[u8], cuts: &[Cut], layer: Layer) -> Option<Self> {
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

    /// The first of the texts that came from different places.
    pub(super) fn first(&self) -> &[u8] {
        self.bytes
            .split(|byte| *byte == APART)
            .next()
            .unwrap_or_default()
    }

    /// Where the bytes of a range came from, in `text`.
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

    fn push(&mut self, byte: u8, from: usize) {
        self.bytes.push(byte);
        self.starts.push(from);
    }

    fn unescape(mut self, text: &[u8], cuts: &[Cut], escape: Escape) -> Option<Self> {
        let mark = escape.mark();
        if !text.contains(&mark) {
            return None;
        }
        let mut changed = false;
        let mut made = Vec::new();
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
                made.clear();
                escape.read(&text[at..end], cuts.peek().is_some(), &mut made)
            } else {
                Found::Nothing
            };
            match found {
                Found::Whole(length) => {
                    for byte in &made {
                        self.push(*byte, at);
                    }
                    at += length;
                    changed = true;
                }
                // What was cut off stands for no character.
                Found::Begun if cuts.peek().is_some() => {
                    at = end;
                    changed = true;
                }
                Found::Begun | Found::Nothing => {
                    self.push(*byte, at);
                    at += 1;
                }
            }
        }
        changed.then_some(self)
    }

    /// Decodes each run of such characters, from each place where a group of
    /// them can begin.
    fn decode(mut self, text: &[u8], cuts: &[Cut], groups: &Groups) -> Option<Self> {
        let mut cuts = cuts.iter().peekable();
        let mut places = Vec::new();
        let mut at = 0;
        while at < text.len() {
            if !(groups.fit)(text[at]) {
                at += 1;
                continue;
            }
            places.clear();
            let mut line = 0;
            let next = loop {
                while text.get(at).is_some_and(|byte| (groups.fit)(*byte)) {
                    places.push(at);
                    at += 1;
                }
                if !groups.in_lines {
                    break at;
                }
                let next = at + line_break(&text[at..], places.len() - line);
                line = places.len();
                if next == at || !text.get(next).is_some_and(|byte| (groups.fit)(*byte)) {
                    break next;
                }
                at = next;
            };
            while cuts.next_if(|cut| cut.here < at).is_some() {}
            // It can have been cut between two lines.
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
                self.push(APART, at);
            }
        }
        (!self.bytes.is_empty()).then_some(self)
    }
}

/// The fewest characters of a line of Base64 behind which a blank may stand for
/// a line break. No word is that long.
const LEAST_LINE: usize = 60;

/// How characters become bytes, by groups.
struct Groups {
    fit: fn(u8) -> bool,
    characters: usize,
    bytes: usize,
    decode: fn(&[u8]) -> Vec<u8>,
    /// Whether it can go on in the next line.
    in_lines: bool,
    /// The fewest characters that are worth a look; half of them where the
    /// text was cut.
    fewest: usize,
}

const BASE64: Groups = Groups {
    fit: is_base64,
    characters: 4,
    bytes: 3,
    decode: base64,
    in_lines: true,
    fewest: 8,
};

const HEX: Groups = Groups {
    fit: |byte| byte.is_ascii_hexdigit(),
    characters: 2,
    bytes: 1,
    decode: hex,
    in_lines: false,
    fewest: 12,
};

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+/-_".contains(&byte)
}

fn base64(run: &[u8]) -> Vec<u8> {
    // The last character alone makes no byte.
    let whole = run.len() - usize::from(run.len() % 4 == 1);
    let one_alphabet = run[..whole].iter().map(|byte| match byte {
        b'-' => b'+',
        b'_' => b'/',
        other => *other,
    });
    let one_alphabet: Vec<u8> = one_alphabet.collect();
    PIECES.decode(one_alphabet).unwrap_or_default()
}

fn hex(run: &[u8]) -> Vec<u8> {
    let digit = |byte: &u8| match byte {
        b'0'..=b'9' => byte - b'0',
        other => other.to_ascii_lowercase().wrapping_sub(b'a') + 10,
    };
    let pairs = run.chunks_exact(2);
    pairs
        .map(|pair| digit(&pair[0]) << 4 | digit(&pair[1]))
        .collect()
}

/// The length of what stands between two lines: line breaks, perhaps behind a
/// backslash, and blanks. Behind a line that is as long as those of Base64, of
/// 64 characters or 76, blanks alone will do.
fn line_break(text: &[u8], line: usize) -> usize {
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

/// The range, widened to all of the Base64 that it stands in: the characters
/// at its edges hold bits of what stands there too.
pub(super) fn run_around(text: &[u8], range: std::ops::Range<usize>) -> std::ops::Range<usize> {
    let before = text[..range.start].iter().rev();
    let before = before.take_while(|byte| is_base64(**byte)).count();
    let after = text[range.end..].iter();
    let after = after.take_while(|byte| is_base64(**byte) || **byte == b'=');
    range.start - before..range.end + after.count()
}
