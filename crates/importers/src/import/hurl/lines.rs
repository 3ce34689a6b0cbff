//! The text of a Hurl file, line by line, with places.

use diagnostic::Span;

/// What stopped the reading.
#[derive(Debug)]
pub(super) struct SyntaxError {
    pub(super) span: Span,
    pub expected: &'static str,
    pub found: String,
}

/// A line without the blanks around it.
#[derive(Debug, Clone, Copy)]
pub(super) struct HurlLine<'t> {
    pub(super) text: &'t str,
    pub(super) start: usize,
}

impl HurlLine<'_> {
    pub(super) fn span(&self) -> Span {
        Span::new(self.start, self.start + self.text.len())
    }

    pub(super) fn syntax_error(&self, expected: &'static str) -> SyntaxError {
        SyntaxError {
            span: self.span(),
            expected,
            found: format!("`{}`", self.text.chars().take(60).collect::<String>()),
        }
    }
}

/// A place in the text that moves on.
pub(super) struct Lines<'t> {
    pub(super) text: &'t str,
    pub(super) at: usize,
    /// The comments right above the line that comes next.
    pub(super) comments: Vec<&'t str>,
}

impl<'t> Lines<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self {
            text,
            at: 0,
            comments: Vec::new(),
        }
    }

    /// The next line that is neither blank nor a comment.
    pub(super) fn peek(&mut self) -> Option<HurlLine<'t>> {
        while self.at < self.text.len() {
            let line = self.current_line();
            if line.text.is_empty() {
                self.comments.clear();
            } else if let Some(comment) = line.text.strip_prefix('#') {
                self.comments.push(comment.trim());
            } else {
                return Some(line);
            }
            self.at = self.next_line_start();
        }
        None
    }

    /// The line that begins here, whatever it holds.
    pub(super) fn current_line(&self) -> HurlLine<'t> {
        let rest = &self.text[self.at..];
        let raw = &rest[..rest.find('\n').unwrap_or(rest.len())];
        let blank = raw.len() - raw.trim_start().len();
        HurlLine {
            text: raw.trim(),
            start: self.at + blank,
        }
    }

    /// Moves behind the line.
    pub(super) fn skip(&mut self) {
        self.comments.clear();
        self.at = self.next_line_start();
    }

    fn next_line_start(&self) -> usize {
        let rest = &self.text[self.at..];
        self.at + rest.find('\n').map_or(rest.len(), |end| end + 1)
    }

    /// Moves behind an offset, to the end of its line.
    pub(super) fn skip_to(&mut self, offset: usize) {
        self.at = offset.max(self.at).min(self.text.len());
        self.skip();
    }
}

/// The text before a comment at the end of a line.
pub(super) fn without_comment(text: &str) -> &str {
    let mut escaped = false;
    let mut quoted = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => quoted = !quoted,
            '#' if !quoted => return text[..at].trim_end(),
            _ => {}
        }
    }
    text.trim_end()
}

/// The same of a capture or an assert, where a regular expression and a text
/// in backticks may hold a `#` too.
pub(super) fn query_without_comment(text: &str) -> &str {
    let mut find_closing = None;
    let mut escaped = false;
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        match (find_closing, c) {
            _ if escaped => escaped = false,
            (None | Some('"' | '/'), '\\') => escaped = true,
            (Some(quote), c) if c == quote => find_closing = None,
            (None, '"' | '`') => find_closing = Some(c),
            (None, '/') if before.is_whitespace() => find_closing = Some('/'),
            (None, '#') => return text[..at].trim_end(),
            (Some(_) | None, _) => {}
        }
        before = c;
    }
    text.trim_end()
}

/// A text with Hurl's escapes taken out.
pub(super) fn unescape(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        if c != '\\' {
            plain.push(c);
            continue;
        }
        match rest.next() {
            Some('n') => plain.push('\n'),
            Some('r') => plain.push('\r'),
            Some('t') => plain.push('\t'),
            Some('b') => plain.push('\u{8}'),
            Some('f') => plain.push('\u{c}'),
            Some('u') => {
                let digits: String = rest.by_ref().take_while(|c| *c != '}').collect();
                let code = u32::from_str_radix(digits.trim_start_matches('{'), 16);
                plain.extend(code.ok().and_then(char::from_u32));
            }
            Some(c) => plain.push(c),
            None => {}
        }
    }
    plain
}

/// Where a text in quotes ends, which may hold the quote behind a backslash.
pub(in crate::import) fn find_closing(text: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return Some(at),
            _ => {}
        }
    }
    None
}
