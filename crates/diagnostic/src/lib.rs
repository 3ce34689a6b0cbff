//! Diagnostics: what is wrong, where it stands in a check file, what was
//! expected, what was found, and what to do about it.
//!
//! The same type carries the problems of a malformed file and the failed
//! expectations of a run; [`crate::snippet`] renders both.

pub mod snippet;
pub mod suggest;
pub mod units;
pub mod yaml;

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A text that diagnostics can point into: one check file.
#[derive(PartialEq, Eq)]
pub struct Source {
    path: PathBuf,
    mirror: Option<Arc<Mirror>>,
    text: String,
    line_starts: Vec<usize>,
    /// How many characters begin before every [`BYTES_BETWEEN_MARKS`]th byte. With
    /// them the column of a place is found without reading the whole line: a file
    /// can be one long line with many failures in it.
    marks: Vec<usize>,
}

/// How many bytes stand between two marks.
const BYTES_BETWEEN_MARKS: usize = 1024;

/// Counts the characters of UTF-8 that begin in these bytes: each byte begins one
/// but those of the form `10xxxxxx`.
fn count_characters(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .filter(|byte| !matches!(byte, 0x80..=0xbf))
        .count()
}

/// A folder on this machine that holds copies of files from elsewhere.
#[derive(Debug)]
pub struct Mirror {
    /// The folder.
    pub folder: PathBuf,
    /// What its path stands for, such as `s3://`.
    pub address: String,
    /// Redacts in an address what no message may repeat, such as a signature.
    pub redact: fn(String) -> String,
}

/// Two mirrors are the same if folder and address are: functions cannot be
/// compared.
impl PartialEq for Mirror {
    fn eq(&self, other: &Self) -> bool {
        (&self.folder, &self.address) == (&other.folder, &other.address)
    }
}

impl Eq for Mirror {}

impl Mirror {
    /// A file as a message names it: by its address elsewhere if it is a copy, or
    /// by its path.
    pub fn name(mirror: Option<&Self>, path: &Path) -> String {
        let below = mirror.and_then(|mirror| {
            let below = path.strip_prefix(&mirror.folder).ok()?;
            let name = format!("{}{}", mirror.address, below.display());
            Some((mirror.redact)(name))
        });
        below.unwrap_or_else(|| path.display().to_string())
    }
}

impl Source {
    /// Wraps the text of the file at `path`. A byte order mark is dropped.
    pub fn new(path: impl Into<PathBuf>, text: impl Into<String>) -> Arc<Self> {
        Self::from_mirror(None, path, text)
    }

    /// Another file beside this one: in the same mirror, if this one is in one.
    pub fn beside(&self, path: impl Into<PathBuf>, text: impl Into<String>) -> Arc<Self> {
        Self::from_mirror(self.mirror.clone(), path, text)
    }

    /// Wraps the text of a file that may be in a mirror. A byte order mark is
    /// dropped.
    pub fn from_mirror(
        mirror: Option<Arc<Mirror>>,
        path: impl Into<PathBuf>,
        text: impl Into<String>,
    ) -> Arc<Self> {
        let mut text: String = text.into();
        if text.starts_with('\u{feff}') {
            text.drain(..'\u{feff}'.len_utf8());
        }
        let line_starts = std::iter::once(0)
            .chain(text.match_indices('\n').map(|(at, _)| at + 1))
            .collect();
        let pieces = text.as_bytes().chunks(BYTES_BETWEEN_MARKS);
        let marks = pieces.scan(0, |counted, piece| {
            let before = *counted;
            *counted += count_characters(piece);
            Some(before)
        });
        Arc::new(Self {
            marks: marks.collect(),
            path: path.into(),
            mirror,
            text,
            line_starts,
        })
    }

    /// The same text with a star for each byte of these spans, for secrets that
    /// stand in the file itself. Places in the text stay what they are.
    pub fn redact_spans(&self, spans: &[Span]) -> Arc<Self> {
        let mut bytes = self.text.clone().into_bytes();
        for span in spans {
            for byte in bytes.get_mut(span.range()).into_iter().flatten() {
                // A line break stays, so that later lines keep their numbers.
                if *byte != b'\n' {
                    *byte = b'*';
                }
            }
        }
        self.beside(&self.path, String::from_utf8_lossy(&bytes))
    }

    /// The file as a message names it.
    pub fn name(&self) -> String {
        Mirror::name(self.mirror.as_deref(), &self.path)
    }

    /// The file's path on this machine, as the user named it.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The whole text, without a byte order mark.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The line and column of a byte offset, both counted from one; the column
    /// counts characters.
    pub fn position(&self, offset: usize) -> (usize, usize) {
        let offset = self.text.floor_char_boundary(offset);
        let line = self.line_starts.partition_point(|start| *start <= offset);
        let start = self.line_starts[line.saturating_sub(1)];
        let column = self.characters_before(offset) - self.characters_before(start) + 1;
        (line, column)
    }

    /// How many characters begin before a byte offset. Those before the last mark
    /// are known, so only those behind it are counted.
    fn characters_before(&self, offset: usize) -> usize {
        let (mark, counted) = match self.marks.get(offset / BYTES_BETWEEN_MARKS) {
            Some(counted) => (offset / BYTES_BETWEEN_MARKS * BYTES_BETWEEN_MARKS, *counted),
            None => (0, 0),
        };
        counted + count_characters(&self.text.as_bytes()[mark..offset])
    }

    /// The number of the first line of a range, counted from one, and the bytes of
    /// all its lines without the last line break.
    pub(crate) fn lines_around(&self, range: Range<usize>) -> (usize, Range<usize>) {
        let first = self
            .line_starts
            .partition_point(|start| *start <= range.start);
        let last = self
            .line_starts
            .partition_point(|start| *start <= range.end);
        let start = self.line_starts[first.saturating_sub(1)];
        let next = self.line_starts.get(last.max(first));
        (first, start..next.map_or(self.text.len(), |next| next - 1))
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Source({})", self.name())
    }
}

/// A range of bytes in a [`Source`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// The span of `start..end`.
    pub fn new(start: usize, end: usize) -> Self {
        Self {
            start,
            end: end.max(start),
        }
    }

    /// The smallest span that holds both.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        Self::new(self.start.min(other.start), self.end.max(other.end))
    }

    /// The same as a range of bytes.
    pub fn range(self) -> Range<usize> {
        self.start..self.end
    }
}

/// A span together with the text it points into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub source: Arc<Source>,
    /// Where in the file.
    pub span: Span,
}

impl Place {
    /// The line and column where the place begins, counted from one.
    pub fn position(&self) -> (usize, usize) {
        self.source.position(self.span.start)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (line, column) = self.position();
        write!(f, "{}:{line}:{column}", self.source.name())
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// What is wrong, in one line: lower case, no full stop.
    pub title: String,
    /// Where it stands; absent when no file is to blame.
    pub place: Option<Place>,
    /// What would have been right.
    pub expected: Option<String>,
    /// What stands there instead.
    pub found: Option<String>,
    /// What to do, as an imperative.
    pub help: Option<String>,
    /// Other places that explain this one.
    pub related: Vec<(Place, String)>,
}

impl Diagnostic {
    /// A diagnostic that points into a file.
    pub fn at(source: &Arc<Source>, span: Span, title: impl Into<String>) -> Self {
        Self {
            place: Some(Place {
                source: Arc::clone(source),
                span,
            }),
            ..Self::general(title)
        }
    }

    /// A diagnostic without a place, such as one about a file that is missing.
    pub fn general(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            place: None,
            expected: None,
            found: None,
            help: None,
            related: Vec::new(),
        }
    }

    /// Says what would have been right.
    #[must_use]
    pub fn expected(mut self, text: impl Into<String>) -> Self {
        self.expected = Some(text.into());
        self
    }

    /// Says what stands there instead.
    #[must_use]
    pub fn found(mut self, text: impl Into<String>) -> Self {
        self.found = Some(text.into());
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help = Some(text.into());
        self
    }

    /// Adds a place that explains this one.
    #[must_use]
    pub fn related(mut self, source: &Arc<Source>, span: Span, text: impl Into<String>) -> Self {
        let place = Place {
            source: Arc::clone(source),
            span,
        };
        self.related.push((place, text.into()));
        self
    }

    /// The sentence below the caret: `expected …, found …`.
    pub fn label(&self) -> String {
        match (&self.expected, &self.found) {
            (Some(expected), Some(found)) => format!("expected {expected}, found {found}"),
            (Some(expected), None) => format!("expected {expected}"),
            (None, Some(found)) => format!("found {found}"),
            (None, None) => String::new(),
        }
    }
}

/// `file:line:column: title: expected …, found …`, on one line, for logs.
impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(f, "{place}: ")?;
        }
        f.write_str(&self.title)?;
        let label = self.label();
        if !label.is_empty() {
            write!(f, ": {label}")?;
        }
        Ok(())
    }
}

/// Everything that is wrong with what was given, at least one thing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
pub struct Problems(Vec<Diagnostic>);

impl Problems {
    /// The value, if no problem was found.
    ///
    /// # Errors
    /// All that were found.
    pub fn ok_unless<T>(found: Vec<Diagnostic>, value: T) -> Result<T, Self> {
        if found.is_empty() {
            Ok(value)
        } else {
            Err(Self(found))
        }
    }

    /// The diagnostics, in the order in which a reader meets them.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.0
    }
}

impl From<Diagnostic> for Problems {
    fn from(one: Diagnostic) -> Self {
        Self(vec![one])
    }
}
