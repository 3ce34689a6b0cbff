//! Finds secrets in a text and in its copies without one or more layers of
//! escapes, and says where in the text they came from.
//!
//! The only module that knows the crate that looks for many texts at once.

use std::cmp::Reverse;
use std::ops::Range;
use std::sync::Arc;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

use super::Form;
use super::Secret;
use super::escapes::Escape;
use super::layers::{CUT_MARK, Cut, DecodedCopy, Layer, widen_to_base64};
use super::needles::{Needle, derive_needles};

/// How many layers are taken off: two of any kind, and escapes above or below
/// them, because a message quotes what it found.
const MOST_LAYERS: usize = 3;
/// The shortest beginning of a secret that is looked for in what any text
/// decodes to.
const LEAST_BEGINNING: usize = 3;

/// An automaton that finds a set of secrets in one pass over a text.
#[derive(Debug)]
pub(super) struct Finder {
    secrets: Vec<Secret>,
    /// In the order of the patterns.
    needles: Vec<Needle>,
    patterns: Option<AhoCorasick>,
}

/// A secret in a text.
#[derive(Debug, Clone)]
pub(super) struct Hit<'f> {
    pub(super) range: Range<usize>,
    pub(super) secret: &'f Secret,
    pub(super) form: Form,
    /// How many layers it stands below.
    depth: usize,
}

impl Finder {
    pub(super) fn new(secrets: Vec<Secret>) -> Self {
        let all = secrets.iter().enumerate();
        let all = all.flat_map(|(index, secret)| derive_needles(index, &secret.value));
        let needles: Vec<_> = all.collect();
        // A build fails for more bytes than an automaton can hold, and the bytes
        // of all secrets are bounded long before that.
        let patterns = AhoCorasick::builder()
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .build(needles.iter().map(|needle| &needle.folded))
            .ok();
        Self {
            secrets,
            needles,
            patterns,
        }
    }

    pub(super) fn secrets(&self) -> &[Secret] {
        &self.secrets
    }
}

/// The places where a text was cut, by the mark that stands there.
pub(super) fn find_cuts(text: &str) -> Vec<Cut> {
    let marks = text.match_indices(CUT_MARK);
    marks.map(|(at, _)| Cut { here: at, text: at }).collect()
}

/// Finds every secret in a text, and as much of a secret as stands before a
/// cut; the hits are sorted by where they begin, the longest first.
pub(super) fn find_secrets<'f>(
    finders: &'f [Arc<Finder>],
    text: &str,
    cuts: Vec<Cut>,
) -> Vec<Hit<'f>> {
    if finders.is_empty() {
        return Vec::new();
    }
    let mut search = Search {
        finders,
        text,
        cuts,
        copies: Vec::new(),
        hits: Vec::new(),
    };
    search.search_copies();
    let mut hits = search.hits;
    // A secret is found again in each copy whose layer does not touch it; the
    // hit with the fewest layers says best how it is written.
    hits.sort_by_key(|hit| (hit.range.start, Reverse(hit.range.end), hit.depth));
    hits
}

struct Search<'f, 't> {
    finders: &'f [Arc<Finder>],
    text: &'t str,
    cuts: Vec<Cut>,
    /// One inside the other, the first one that of the text.
    copies: Vec<DecodedCopy>,
    hits: Vec<Hit<'f>>,
}

impl<'f> Search<'f, '_> {
    /// Searches the innermost copy, then the copies that it holds in turn.
    fn search_copies(&mut self) {
        let found = self.search_innermost();
        self.hits.extend(found);
        let depth = self.copies.len() + 1;
        let is_escape = |copy: &DecodedCopy| !copy.layer.is_byte_encoding();
        let begins_with_escape = self.copies.first().is_none_or(is_escape);
        let has_inner_encoding = !self.copies.iter().skip(1).all(is_escape);
        for layer in Layer::ALL {
            // Each layer multiplies the work, so the last one is looked below
            // only where a message could have quoted what it found.
            let is_worth_it =
                begins_with_escape || !has_inner_encoding && !layer.is_byte_encoding();
            if depth > MOST_LAYERS || depth == MOST_LAYERS && !is_worth_it {
                continue;
            }
            let copy = DecodedCopy::peel(self.bytes_below(self.copies.len()), self.cuts(), layer);
            if let Some(copy) = copy {
                self.copies.push(copy);
                self.search_copies();
                self.copies.pop();
            }
        }
    }

    /// Finds the secrets in the innermost copy, without looking below it.
    fn search_innermost(&self) -> Vec<Hit<'f>> {
        let bytes = self.bytes_below(self.copies.len());
        let folded = fold_blanks(bytes);
        let mut hits = Vec::new();
        for finder in self.finders {
            let found = finder.patterns.iter();
            let found = found.flat_map(|patterns| patterns.find_overlapping_iter(&folded));
            hits.extend(found.filter_map(|found| {
                let needle = &finder.needles[found.pattern().as_usize()];
                let secret = &finder.secrets[needle.secret];
                self.match_whole(needle, secret, &bytes[found.range()], found.range())
            }));
            for cut in self.cuts() {
                let beginnings = finder.needles.iter().filter_map(|needle| {
                    let secret = &finder.secrets[needle.secret];
                    self.match_beginning(needle, secret, &folded, *cut)
                });
                hits.extend(beginnings);
            }
        }
        hits
    }

    /// The cuts, by their places in the innermost copy.
    fn cuts(&self) -> &[Cut] {
        self.copies.last().map_or(&self.cuts, |copy| &copy.cuts)
    }

    /// The bytes that are left when so many layers are taken off.
    fn bytes_below(&self, layers: usize) -> &[u8] {
        match layers.checked_sub(1) {
            None => self.text.as_bytes(),
            Some(last) => &self.copies[last].bytes,
        }
    }

    /// Whether Base64 or hexadecimal digits were taken off on the way to the
    /// innermost copy.
    fn is_byte_encoding(&self) -> bool {
        self.copies.iter().any(|copy| copy.layer.is_byte_encoding())
    }

    /// A hit for a needle that the innermost copy holds at `range`, unless the
    /// secret is so short that chance explains it.
    fn match_whole(
        &self,
        needle: &Needle,
        secret: &'f Secret,
        here: &[u8],
        range: Range<usize>,
    ) -> Option<Hit<'f>> {
        let fits = if needle.is_short() {
            let is_plain = needle.form == Form::Plain;
            let as_in_forms = needle.text.replace(' ', "+");
            let is_same = here == needle.text.as_bytes();
            let is_same = is_same || is_plain && here == as_in_forms.as_bytes();
            // Decoded digits hold a few given bytes by chance. The Base64 of a
            // short secret is short, too, so it counts in the text itself alone.
            is_same
                && if is_plain {
                    !self.is_byte_encoding()
                } else {
                    self.copies.is_empty()
                }
        } else {
            true
        };
        fits.then(|| {
            let range = self.origin(range, needle.form == Form::Base64);
            Hit {
                form: self.form_in_text(needle, here),
                range,
                secret,
                depth: self.copies.len(),
            }
        })
    }

    /// A hit for the longest beginning of a needle that stands before a cut.
    fn match_beginning(
        &self,
        needle: &Needle,
        secret: &'f Secret,
        folded: &[u8],
        cut: Cut,
    ) -> Option<Hit<'f>> {
        let is_decoded = self.is_byte_encoding();
        let is_encoded = needle.form != Form::Plain;
        // The beginning of a short secret is one or two bytes, which decoded
        // digits hold by chance.
        if needle.is_short() && (is_decoded || is_encoded && !self.copies.is_empty()) {
            return None;
        }
        let shortest = if is_decoded { LEAST_BEGINNING } else { 1 };
        let before = &folded[..cut.here];
        let last = before.last()?;
        let longest = before.len().min(needle.folded.len().saturating_sub(1));
        let length = (shortest..=longest).rev().find(|length| {
            needle.folded[length - 1] == *last && before.ends_with(&needle.folded[..*length])
        })?;
        // Less than a group of Base64 says nothing of what stands around it.
        let in_base64 = needle.form == Form::Base64 && length >= 4;
        let range = self.origin(cut.here - length..cut.here, in_base64);
        Some(Hit {
            range: range.start..cut.text,
            secret,
            form: Form::Foreign,
            depth: self.copies.len(),
        })
    }

    /// How the secret is written that stands `here` in the innermost copy.
    fn form_in_text(&self, needle: &Needle, here: &[u8]) -> Form {
        const JSON: Layer = Layer::Escaped(Escape::Json);
        const URL: Layer = Layer::Escaped(Escape::Url);
        let same = here == needle.text.as_bytes();
        let layers: Vec<_> = self.copies.iter().map(|copy| copy.layer).collect();
        match layers.as_slice() {
            [] if same => needle.form,
            _ if needle.form == Form::Foreign => Form::Foreign,
            [] | [URL] => Form::Url,
            [JSON] if same => Form::Json,
            [Layer::Base64] => Form::Base64,
            _ => Form::Foreign,
        }
    }

    /// The range of the text that a range of the innermost copy came from, with
    /// all of the Base64 around it: the characters at the edges of a secret in
    /// Base64 hold bits of its neighbours, and the rest would give those away.
    fn origin(&self, range: Range<usize>, in_base64: bool) -> Range<usize> {
        let bytes = self.bytes_below(self.copies.len());
        let range = if in_base64 {
            widen_to_base64(bytes, range)
        } else {
            range
        };
        let outwards = self.copies.iter().enumerate().rev();
        let range = outwards.fold(range, |range, (depth, copy)| {
            let bytes = self.bytes_below(depth);
            let range = copy.origin(bytes, range);
            match copy.layer {
                Layer::Base64 => widen_to_base64(bytes, range),
                Layer::Escaped(_) | Layer::Hex => range,
            }
        });
        // A layer can begin in the middle of a character's bytes.
        let start = self.text.floor_char_boundary(range.start);
        start..self.text.ceil_char_boundary(range.end)
    }
}

/// Writes a `+` for each blank, so that both match each other: a `+` is a blank
/// in forms and itself in other URLs.
pub(super) fn fold_blanks(text: &[u8]) -> Vec<u8> {
    text.iter()
        .map(|byte| if *byte == b' ' { b'+' } else { *byte })
        .collect()
}
