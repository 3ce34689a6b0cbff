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
use super::layers::{CUT, Copy, Cut, Layer, run_around};
use super::needles::{Needle, needles};

/// How many layers are taken off: two of any kind, and escapes above or below
/// them, because a message quotes what it found.
const MOST_LAYERS: usize = 3;
/// The shortest beginning of a secret that is looked for in what any text
/// decodes to.
const LEAST_BEGINNING: usize = 3;

/// Looks for some secrets.
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
        let all = all.flat_map(|(index, secret)| needles(index, &secret.value));
        let needles: Vec<_> = all.collect();
        // The bytes of secrets are bounded, and so is the automaton; there is
        // none of no patterns.
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

/// The places where a text was cut.
pub(super) fn cuts(text: &str) -> Vec<Cut> {
    let marks = text.match_indices(CUT);
    marks.map(|(at, _)| Cut { here: at, text: at }).collect()
}

/// Every secret in a text, and as much of one as stands before a cut, by the
/// place where it begins.
pub(super) fn find<'f>(finders: &'f [Arc<Finder>], text: &str, cuts: Vec<Cut>) -> Vec<Hit<'f>> {
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
    search.look();
    let mut hits = search.hits;
    // The same is found again in each copy in which it is not escaped.
    hits.sort_by_key(|hit| (hit.range.start, Reverse(hit.range.end), hit.depth));
    hits
}

struct Search<'f, 't> {
    finders: &'f [Arc<Finder>],
    text: &'t str,
    cuts: Vec<Cut>,
    /// One inside the other, the first one that of the text.
    copies: Vec<Copy>,
    hits: Vec<Hit<'f>>,
}

impl<'f> Search<'f, '_> {
    /// Looks at the innermost copy, and below it.
    fn look(&mut self) {
        let found = self.found();
        self.hits.extend(found);
        let deep = self.copies.len() + 1;
        let escapes = |copy: &Copy| !copy.layer.is_of_all_bytes();
        let quoted = self.copies.first().is_none_or(escapes);
        let nested = !self.copies.iter().skip(1).all(escapes);
        for layer in Layer::ALL {
            let fits = quoted || !nested && !layer.is_of_all_bytes();
            if deep > MOST_LAYERS || deep == MOST_LAYERS && !fits {
                continue;
            }
            let copy = Copy::of(self.bytes(self.copies.len()), self.cuts(), layer);
            if let Some(copy) = copy {
                self.copies.push(copy);
                self.look();
                self.copies.pop();
            }
        }
    }

    /// The secrets in the innermost copy.
    fn found(&self) -> Vec<Hit<'f>> {
        let bytes = self.bytes(self.copies.len());
        let folded = fold(bytes);
        let mut hits = Vec::new();
        for finder in self.finders {
            let found = finder.patterns.iter();
            let found = found.flat_map(|patterns| patterns.find_overlapping_iter(&folded));
            hits.extend(found.filter_map(|found| {
                let needle = &finder.needles[found.pattern().as_usize()];
                let secret = &finder.secrets[needle.secret];
                self.whole(needle, secret, &bytes[found.range()], found.range())
            }));
            for cut in self.cuts() {
                let begun = finder.needles.iter().filter_map(|needle| {
                    let secret = &finder.secrets[needle.secret];
                    self.begun(needle, secret, &folded, *cut)
                });
                hits.extend(begun);
            }
        }
        hits
    }

    fn cuts(&self) -> &[Cut] {
        self.copies.last().map_or(&self.cuts, |copy| &copy.cuts)
    }

    /// What is below so many layers.
    fn bytes(&self, layers: usize) -> &[u8] {
        match layers.checked_sub(1) {
            None => self.text.as_bytes(),
            Some(last) => &self.copies[last].bytes,
        }
    }

    /// Whether a copy is of bytes that stand for anything.
    fn is_of_all_bytes(&self) -> bool {
        self.copies.iter().any(|copy| copy.layer.is_of_all_bytes())
    }

    fn whole(
        &self,
        needle: &Needle,
        secret: &'f Secret,
        here: &[u8],
        range: Range<usize>,
    ) -> Option<Hit<'f>> {
        let fits = if needle.is_short() {
            let plain = needle.form == Form::Plain;
            let as_in_forms = needle.text.replace(' ', "+");
            let same = here == needle.text.as_bytes();
            let same = same || plain && here == as_in_forms.as_bytes();
            same && if plain {
                !self.is_of_all_bytes()
            } else {
                self.copies.is_empty()
            }
        } else {
            true
        };
        fits.then(|| {
            let range = self.origin(range, needle.form == Form::Base64);
            Hit {
                form: self.form(needle, here),
                range,
                secret,
                depth: self.copies.len(),
            }
        })
    }

    /// The longest beginning of a needle that stands before a cut.
    fn begun(
        &self,
        needle: &Needle,
        secret: &'f Secret,
        folded: &[u8],
        cut: Cut,
    ) -> Option<Hit<'f>> {
        let all_bytes = self.is_of_all_bytes();
        let encoded = needle.form != Form::Plain;
        if needle.is_short() && (all_bytes || encoded && !self.copies.is_empty()) {
            return None;
        }
        let shortest = if all_bytes { LEAST_BEGINNING } else { 1 };
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
    fn form(&self, needle: &Needle, here: &[u8]) -> Form {
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

    /// Where a range of the innermost copy came from, with all of the Base64
    /// that it stands in.
    fn origin(&self, range: Range<usize>, in_base64: bool) -> Range<usize> {
        let bytes = self.bytes(self.copies.len());
        let range = if in_base64 {
            run_around(bytes, range)
        } else {
            range
        };
        let outwards = self.copies.iter().enumerate().rev();
        let range = outwards.fold(range, |range, (depth, copy)| {
            let bytes = self.bytes(depth);
            let range = copy.origin(bytes, range);
            match copy.layer {
                Layer::Base64 => run_around(bytes, range),
                Layer::Escaped(_) | Layer::Hex => range,
            }
        });
        let start = self.text.floor_char_boundary(range.start);
        start..self.text.ceil_char_boundary(range.end)
    }
}

/// The text with one byte for a blank and for a `+`, which is a blank in forms
/// and itself in other URLs.
pub(super) fn fold(text: &[u8]) -> Vec<u8> {
    text.iter()
        .map(|byte| if *byte == b' ' { b'+' } else { *byte })
        .collect()
}
