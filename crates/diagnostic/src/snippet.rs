//! Renders a [`Diagnostic`] with its source line and a caret under the text.
//!
//! The only module that knows the renderer, annotate-snippets.

use std::ops::Range;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{
    Annotation, AnnotationKind, Group, Level, Origin, Renderer, Snippet, Title,
};

use crate::{Diagnostic, Place, Source, Span};

/// Whether the text may hold terminal colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// Plain text.
    Never,
    /// ANSI escape sequences.
    Always,
}

/// Whether a diagnostic is drawn as an error or as a warning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Severity {
    /// Stops the run, or fails the verdict.
    #[default]
    Error,
    /// Is shown, and changes nothing.
    Warning,
}

/// What is drawn beside a diagnostic's own texts.
#[derive(Debug, Clone, Default)]
pub struct Frame {
    /// How grave it is.
    pub severity: Severity,
    /// A word in brackets behind the severity, such as the class of a failure.
    pub id: Option<&'static str>,
    /// Lines below the source, before the help.
    pub notes: Vec<String>,
}

/// The text of one diagnostic as an error, without a final line break.
pub fn render(diagnostic: &Diagnostic, colour: Colour) -> String {
    render_with_frame(diagnostic, &Frame::default(), colour)
}

/// The text of one diagnostic in its frame, without a final line break.
pub fn render_with_frame(diagnostic: &Diagnostic, frame: &Frame, colour: Colour) -> String {
    let level = match frame.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = visible(&diagnostic.title);
    let heading = |level: Level<'static>| {
        let heading = level.primary_title(title.as_str());
        match frame.id {
            Some(id) => heading.id(id),
            None => heading,
        }
    };
    let label = visible(&diagnostic.label());
    let related = diagnostic.related.iter();
    let related_texts: Vec<_> = related.map(|(_, text)| visible(text)).collect();
    let mut group = match &diagnostic.place {
        Some(place) => draw_source(diagnostic, place, heading(level), &label, &related_texts),
        None if label.is_empty() => Group::with_title(heading(level)),
        None => Group::with_title(heading(level)).element(Level::NOTE.message(label.as_str())),
    };
    let notes: Vec<_> = frame.notes.iter().map(|note| visible(note)).collect();
    for note in &notes {
        group = group.element(Level::NOTE.message(note.as_str()));
    }
    let help = diagnostic.help.as_deref().map(visible);
    if let Some(help) = &help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    let renderer = match colour {
        Colour::Never => Renderer::plain(),
        Colour::Always => Renderer::styled(),
    };
    renderer
        .decor_style(DecorStyle::Ascii)
        .term_width(120)
        .render(&[group])
}

/// The most bytes of a file that are drawn as they stand there: the renderer reads
/// all that it is given, and does so again for each failure.
const MOST_DRAWN_BYTES: usize = 4 * 1024;
/// How many bytes of a longer line are drawn before the place, and about twice as
/// many behind its begin.
const BYTES_AROUND: usize = 100;

/// Draws the source line with a caret, and the places that explain it: in the same
/// section if that is short enough, or each in a section of its own.
fn draw_source<'a>(
    diagnostic: &'a Diagnostic,
    place: &'a Place,
    heading: Title<'a>,
    label: &'a str,
    related_texts: &'a [String],
) -> Group<'a> {
    let main = drawn_range(&place.source, place.span);
    let related = || diagnostic.related.iter().zip(related_texts);
    let spans = related().filter(|((other, _), _)| other.source == place.source);
    let spans = spans.map(|((other, _), _)| drawn_range(&other.source, other.span));
    let all = spans.fold(main.clone(), |all, span| {
        all.start.min(span.start)..all.end.max(span.end)
    });
    let (_, lines) = place.source.lines_around(all.clone());
    let fits_in_one = lines.len() <= MOST_DRAWN_BYTES;
    let mut section = Section::around(place, if fits_in_one { all } else { main.clone() });
    section.annotate(AnnotationKind::Primary, main, label);
    let mut separate = Vec::new();
    for ((other, _), text) in related() {
        let span = drawn_range(&other.source, other.span);
        if fits_in_one && other.source == place.source {
            section.annotate(AnnotationKind::Context, span, text);
        } else {
            let mut section = Section::around(other, span.clone());
            section.annotate(AnnotationKind::Context, span, text);
            separate.push(section);
        }
    }
    let group = Group::with_title(heading);
    [section]
        .into_iter()
        .chain(separate)
        .fold(group, |group, section| section.draw(group))
}

/// A section of a file that is drawn.
struct Section<'a> {
    /// The heading with file, line and column; absent where the renderer finds
    /// them out itself.
    origin: Option<Origin<'a>>,
    snippet: Snippet<'a, Annotation<'a>>,
    /// The bytes of the file that are drawn.
    range: Range<usize>,
}

impl<'a> Section<'a> {
    /// The section with the lines of a range, or with what stands around its begin
    /// if they are long.
    fn around(place: &'a Place, span: Range<usize>) -> Self {
        let source = &place.source;
        let (line, lines) = source.lines_around(span.clone());
        let text = source.text();
        let name = visible(&source.name());
        if lines.len() <= MOST_DRAWN_BYTES {
            let snippet = Snippet::source(&text[lines.clone()]).line_start(line);
            return Self {
                origin: None,
                snippet: snippet.path(name),
                range: lines,
            };
        }
        let start =
            text.floor_char_boundary(span.start.saturating_sub(BYTES_AROUND).max(lines.start));
        let end = text.ceil_char_boundary((span.start + 2 * BYTES_AROUND).min(lines.end));
        // The renderer would count columns from the begin of the section and not
        // of the line, so the heading names the place.
        let (line, column) = source.position(span.start);
        Self {
            origin: Some(Origin::path(name).line(line).char_column(column)),
            snippet: Snippet::source(&text[start..end]).line_start(line),
            range: start..end,
        }
    }

    fn annotate(&mut self, kind: AnnotationKind, span: Range<usize>, label: &'a str) {
        let within = |at: usize| at.clamp(self.range.start, self.range.end) - self.range.start;
        let annotation = kind.span(within(span.start)..within(span.end)).label(label);
        let snippet = std::mem::replace(&mut self.snippet, Snippet::source(""));
        self.snippet = snippet.annotation(annotation);
    }

    fn draw(self, group: Group<'a>) -> Group<'a> {
        let group = match self.origin {
            Some(origin) => group.element(origin),
            None => group,
        };
        group.element(self.snippet)
    }
}

/// The bytes of a span that get a caret: those in its first line, at least one
/// character if there is one, on character boundaries.
fn drawn_range(source: &Source, span: Span) -> Range<usize> {
    let text = source.text();
    let floor = |mut at: usize| {
        at = at.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let start = floor(span.start);
    let end = floor(span.end.max(start));
    let first_line = text[start..end].find('\n').map_or(end, |at| start + at);
    let mut end = start + text[start..first_line].trim_end().len();
    if end == start {
        end = text[start..]
            .chars()
            .next()
            .filter(|next| *next != '\n')
            .map_or(start, |next| start + next.len_utf8());
    }
    start..end
}

/// Escapes what cannot be seen in a text: control characters, so that an answer
/// from a server cannot move the cursor or recolour the terminal, and characters
/// of Unicode that turn the direction of writing, or show nothing at all.
pub fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if is_invisible(c) {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    shown
}

/// Whether a character is not seen itself and may change how others are shown.
pub fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{61c}' | '\u{200b}' | '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How much of files is drawn for a failure at each of these places.
    fn bytes_drawn(source: &std::sync::Arc<Source>, spans: &[Span]) -> usize {
        let drawn = spans.iter().map(|span| {
            let place = Place {
                source: std::sync::Arc::clone(source),
                span: *span,
            };
            Section::around(&place, span.range()).range.len()
        });
        drawn.sum()
    }

    #[test]
    fn what_is_drawn_of_a_file_grows_with_its_failures_and_not_with_the_file() {
        let failures = |lines: usize, end: &str| {
            let line = format!("- {{ name: größe, get: /, expect: {{ status: 201 }} }}{end}");
            let source = Source::new("shop.yaml", line.repeat(lines));
            let at = |index: usize| {
                let start = index * line.len() + line.find("201").unwrap();
                Span::new(start, start + 3)
            };
            bytes_drawn(&source, &(0..lines).map(at).collect::<Vec<_>>())
        };
        for end in ["\n", " "] {
            let (some, many) = (failures(500, end), failures(4_000, end));
            // At the edges of the file less is drawn.
            assert!(many < 9 * some, "{end:?}: {some} and {many}");
        }
    }

    #[test]
    fn a_place_in_a_long_line_is_named_and_drawn_with_what_stands_around_it() {
        let text = format!(
            "[{}bäd, {}]\n[]\n",
            "größe, ".repeat(2_000),
            "more, ".repeat(2_000)
        );
        let source = Source::new("shop.yaml", text.clone());
        let start = text.find("bäd").unwrap();
        let diagnostic = Diagnostic::at(&source, Span::new(start, start + 4), "it is wrong")
            .expected("good")
            .related(&source, Span::new(1, 7), "as written here");
        let drawn = render(&diagnostic, Colour::Never);
        assert!(drawn.contains(" --> shop.yaml:1:14002\n"), "{drawn}");
        assert!(drawn.contains("^^^ expected good"), "{drawn}");
        assert!(drawn.contains("as written here"), "{drawn}");
        assert!(drawn.len() < 2_000, "{drawn}");
    }

    #[test]
    fn a_place_is_counted_in_characters_wherever_it_is() {
        let text = format!("äöü\n{}\nß", "€uro, ".repeat(1_000));
        let source = Source::new("shop.yaml", text.clone());
        for (offset, _) in text.char_indices().step_by(7) {
            let before = &text[..offset];
            let line = before.matches('\n').count() + 1;
            let column = before.rsplit('\n').next().unwrap().chars().count() + 1;
            assert_eq!(source.position(offset), (line, column), "{offset}");
        }
    }
}
