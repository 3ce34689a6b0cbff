//! Renders a [`Diagnostic`] with its source line and a caret under the text.
//!
//! The only module that knows the crate that draws.

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet, Title};

use crate::diagnostic::{Diagnostic, Place, Source, Span};

/// Whether the text may hold terminal colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// Plain text.
    Never,
    /// ANSI escape sequences.
    Always,
}

/// How grave the rendered diagnostic is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Severity {
    /// Stops the run, or fails the verdict.
    #[default]
    Error,
    /// Is shown, and changes nothing.
    Warning,
}

/// What is drawn around a diagnostic.
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
    render_in(diagnostic, &Frame::default(), colour)
}

/// The text of one diagnostic in its frame, without a final line break.
pub fn render_in(diagnostic: &Diagnostic, frame: &Frame, colour: Colour) -> String {
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
    let mut group = match &diagnostic.place {
        Some(place) => drawn(diagnostic, place, heading(level), &label),
        None if label.is_empty() => Group::with_title(heading(level)),
        None => Group::with_title(heading(level)).element(Level::NOTE.message(label.as_str())),
    };
    let notes: Vec<_> = frame.notes.iter().map(|note| visible(note)).collect();
    for note in &notes {
        group = group.element(Level::NOTE.message(note.as_str()));
    }
    if let Some(help) = &diagnostic.help {
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

/// The source line with a caret, and the lines that explain it.
fn drawn<'a>(
    diagnostic: &'a Diagnostic,
    place: &'a Place,
    heading: Title<'a>,
    label: &'a str,
) -> Group<'a> {
    let context = |(place, text): &'a (Place, String)| {
        AnnotationKind::Context
            .span(drawable(&place.source, place.span))
            .label(text.as_str())
    };
    let (here, elsewhere): (Vec<_>, Vec<_>) = diagnostic
        .related
        .iter()
        .partition(|(other, _)| other.source == place.source);
    let main = AnnotationKind::Primary
        .span(drawable(&place.source, place.span))
        .label(label);
    let main = snippet(place)
        .annotation(main)
        .annotations(here.into_iter().map(context));
    elsewhere
        .into_iter()
        .fold(heading.element(main), |group, related| {
            group.element(snippet(&related.0).annotation(context(related)))
        })
}

fn snippet(place: &Place) -> Snippet<'_, annotate_snippets::Annotation<'_>> {
    Snippet::source(place.source.text()).path(place.source.name())
}

/// The part of a span that is worth drawing: its first line, at least one
/// character if there is one, on character boundaries.
fn drawable(source: &Source, span: Span) -> std::ops::Range<usize> {
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

/// The text with control characters made visible, so that an answer from a
/// server cannot move the cursor or recolour the terminal.
pub(crate) fn visible(text: &str) -> String {
    text.chars()
        .flat_map(|c| {
            let escaped = c.is_control();
            escaped
                .then(|| c.escape_default())
                .into_iter()
                .flatten()
                .chain((!escaped).then_some(c))
        })
        .collect()
}
