//! The entries of a Hurl file: requests and answers, with their sections.

use super::super::base::{self, UrlParts};
use super::lines::{
    HurlLine, Lines, SyntaxError, find_closing, query_without_comment, unescape, without_comment,
};
use diagnostic::Span;

/// A request and what its answer must be like.
#[derive(Debug)]
pub(super) struct HurlEntry<'t> {
    pub(super) comments: Vec<&'t str>,
    pub(super) span: Span,
    pub(super) method: String,
    pub(super) address: UrlParts,
    pub(super) request: HurlMessage<'t>,
    pub(super) answer: Option<HurlResponse<'t>>,
}

/// `HTTP 200` and what follows.
#[derive(Debug)]
pub(super) struct HurlResponse<'t> {
    pub(super) version: Option<&'t str>,
    pub(super) status: Option<u16>,
    pub(super) span: Span,
    pub(super) message: HurlMessage<'t>,
}

/// What a request and an answer have in common.
#[derive(Debug, Default)]
pub(super) struct HurlMessage<'t> {
    pub(super) headers: Vec<Pair<'t>>,
    pub(super) sections: Vec<Section<'t>>,
    pub(super) body: Option<HurlBody<'t>>,
}

/// `[Name]` and its lines.
#[derive(Debug)]
pub(super) struct Section<'t> {
    pub(super) name: &'t str,
    pub(super) span: Span,
    /// `key: value` lines, or whole lines for asserts.
    pub(super) pairs: Vec<Pair<'t>>,
}

/// A line, and its two sides if it has two.
#[derive(Debug, Clone)]
pub(super) struct Pair<'t> {
    pub(super) key: String,
    /// As it is written, without a comment.
    pub(super) value: &'t str,
    pub(super) span: Span,
}

/// A body as it is written.
#[derive(Debug)]
pub(super) struct HurlBody<'t> {
    pub(super) kind: BodyKind<'t>,
    pub(super) span: Span,
}

#[derive(Debug)]
pub(super) enum BodyKind<'t> {
    Json(&'t str),
    Xml(&'t str),
    /// Between three backticks, with the word behind the opening ones.
    Text(&'t str, &'t str),
    /// Between single backticks, where escapes are read.
    Line(&'t str),
    /// `file,…;`, `base64,…;` and `hex,…;`, without the semicolon.
    Bytes(&'t str),
}

/// What a part of the text is, or what stopped the reading.
type Parsed<T> = Result<T, SyntaxError>;

const METHODS: &str = "a request, such as `GET https://example.com/`";

/// All entries of a text.
pub(super) fn parse_entries(text: &str) -> Parsed<Vec<HurlEntry<'_>>> {
    let mut lines = Lines::new(text);
    let mut entries = Vec::new();
    while let Some(line) = lines.peek() {
        entries.push(parse_entry(&mut lines, line)?);
    }
    if entries.is_empty() {
        return Err(SyntaxError {
            span: Span::new(0, 0),
            expected: METHODS,
            found: "none".to_owned(),
        });
    }
    Ok(entries)
}

fn parse_entry<'t>(lines: &mut Lines<'t>, line: HurlLine<'t>) -> Parsed<HurlEntry<'t>> {
    let (method, url) = line
        .text
        .split_once(char::is_whitespace)
        .ok_or_else(|| line.syntax_error(METHODS))?;
    if !is_method(method) {
        return Err(line.syntax_error(METHODS));
    }
    let comments = std::mem::take(&mut lines.comments);
    lines.skip();
    let url = unescape(url_without_comment(url.trim()));
    let request = parse_message(lines)?;
    let answer = match lines.peek() {
        Some(line) if line.text.starts_with("HTTP") => Some(parse_response(lines, line)?),
        _ => None,
    };
    Ok(HurlEntry {
        comments,
        span: line.span(),
        method: method.to_owned(),
        address: base::split_url(&url),
        request,
        answer,
    })
}

fn is_method(word: &str) -> bool {
    !word.starts_with("HTTP") && !word.is_empty() && word.chars().all(|c| c.is_ascii_uppercase())
}

/// In a URL, only a `#` behind a blank begins a comment.
fn url_without_comment(url: &str) -> &str {
    let end = url.find(" #").unwrap_or(url.len());
    url[..end].trim_end()
}

fn parse_response<'t>(lines: &mut Lines<'t>, line: HurlLine<'t>) -> Parsed<HurlResponse<'t>> {
    const EXPECTED: &str = "`HTTP` and a status, such as `HTTP 200`, or `HTTP *`";
    let mut words = without_comment(line.text).split_whitespace();
    let version = words.next().unwrap_or_default().strip_prefix("HTTP");
    let version = version.and_then(|version| version.strip_prefix('/'));
    let status = match words.next() {
        Some("*") => None,
        Some(code) => Some(code.parse().map_err(|_| line.syntax_error(EXPECTED))?),
        None => return Err(line.syntax_error(EXPECTED)),
    };
    lines.skip();
    Ok(HurlResponse {
        version,
        status,
        span: line.span(),
        message: parse_message(lines)?,
    })
}

fn parse_message<'t>(lines: &mut Lines<'t>) -> Parsed<HurlMessage<'t>> {
    let mut message = HurlMessage::default();
    while let Some(line) = lines.peek() {
        let first = line.text.split_whitespace().next().unwrap_or_default();
        if first.starts_with("HTTP") && !first.contains(':') || is_entry_start(line.text) {
            break;
        }
        if let Some(name) = section_name(line.text) {
            lines.skip();
            message
                .sections
                .push(parse_section(lines, name, line.span())?);
        } else if let Some(body) = parse_body(lines, line)? {
            message.body = Some(body);
            break;
        } else {
            message
                .headers
                .push(parse_pair(line, without_comment(line.text))?);
            lines.skip();
        }
    }
    Ok(message)
}

fn is_entry_start(line: &str) -> bool {
    let mut words = line.split_whitespace();
    words.next().is_some_and(is_method) && words.next().is_some() && !line.starts_with('[')
}

fn section_name(line: &str) -> Option<&str> {
    let inside = without_comment(line).strip_prefix('[')?.strip_suffix(']')?;
    let is_name = !inside.is_empty() && inside.chars().all(|c| c.is_ascii_alphabetic());
    (is_name && inside.starts_with(|c: char| c.is_ascii_uppercase())).then_some(inside)
}

fn parse_section<'t>(lines: &mut Lines<'t>, name: &'t str, span: Span) -> Parsed<Section<'t>> {
    let mut pairs = Vec::new();
    while let Some(line) = lines.peek() {
        if section_name(line.text).is_some()
            || line.text.starts_with("HTTP")
            || is_entry_start(line.text)
            || is_body_start(line.text)
        {
            break;
        }
        if name == "Asserts" {
            let text = query_without_comment(line.text);
            // A value in backticks may go over several lines.
            let end = match text.find("```") {
                Some(open) => {
                    let begin = line.start + open + 3;
                    let rest = &lines.text[begin..];
                    let close = rest
                        .find("```")
                        .ok_or_else(|| line.syntax_error("closing backticks"))?;
                    begin + close + 3
                }
                None => line.start + text.len(),
            };
            pairs.push(Pair {
                key: String::new(),
                value: &lines.text[line.start..end],
                span: Span::new(line.start, end),
            });
            lines.skip_to(end);
        } else {
            let text = match name {
                "Captures" => query_without_comment(line.text),
                _ => without_comment(line.text),
            };
            pairs.push(parse_pair(line, text)?);
            lines.skip();
        }
    }
    Ok(Section { name, span, pairs })
}

/// Whether a body that follows a section begins here.
fn is_body_start(line: &str) -> bool {
    let bytes = ["file,", "base64,", "hex,"];
    line.starts_with(['{', '[', '<', '`']) && !line.starts_with("{{")
        || bytes.iter().any(|kind| line.starts_with(kind))
}

fn parse_pair<'t>(line: HurlLine<'t>, text: &'t str) -> Parsed<Pair<'t>> {
    let mut escaped = false;
    let colon = text.char_indices().find(|(_, c)| {
        let found = *c == ':' && !escaped;
        escaped = *c == '\\' && !escaped;
        found
    });
    let (at, _) =
        colon.ok_or_else(|| line.syntax_error("`name: value`, a section, a body or a request"))?;
    let (key, value) = text.split_at(at);
    Ok(Pair {
        key: unescape(key.trim()),
        value: value[1..].trim(),
        span: Span::new(line.start, line.start + text.len()),
    })
}

fn parse_body<'t>(lines: &mut Lines<'t>, line: HurlLine<'t>) -> Parsed<Option<HurlBody<'t>>> {
    let rest = &lines.text[line.start..];
    let (kind, length) = if let Some(inside) = rest.strip_prefix("```") {
        let close = inside
            .find("```")
            .ok_or_else(|| line.syntax_error("closing backticks"))?;
        let (head, text) = inside[..close]
            .split_once('\n')
            .unwrap_or(("", &inside[..close]));
        // After the language there may be options for templates.
        let language = head.split(',').next().unwrap_or_default();
        (BodyKind::Text(language.trim(), text), close + 6)
    } else if let Some(inside) = rest.strip_prefix('`') {
        let close =
            find_closing(inside, '`').ok_or_else(|| line.syntax_error("a closing backtick"))?;
        (BodyKind::Line(&inside[..close]), close + 2)
    } else if ["file,", "base64,", "hex,"]
        .iter()
        .any(|kind| rest.starts_with(kind))
    {
        let close = rest
            .find(';')
            .ok_or_else(|| line.syntax_error("`;` behind the bytes"))?;
        (BodyKind::Bytes(&rest[..close]), close + 1)
    } else if rest.starts_with('<') {
        let length = xml_length(rest);
        (BodyKind::Xml(rest[..length].trim_end()), length)
    } else if is_json_start(rest) {
        let length =
            json_length(rest).ok_or_else(|| line.syntax_error("a JSON value that is closed"))?;
        (BodyKind::Json(&rest[..length]), length)
    } else {
        return Ok(None);
    };
    let span = Span::new(line.start, line.start + length);
    lines.skip_to(span.end.saturating_sub(1));
    Ok(Some(HurlBody { kind, span }))
}

fn is_json_start(rest: &str) -> bool {
    let line = rest.lines().next().unwrap_or_default().trim();
    rest.starts_with(['{', '[', '"'])
        && section_name(line).is_none()
        && !is_named_by_variable(line)
        // A quoted name with a colon would be a header, of which there is none.
        || matches!(line, "true" | "false" | "null")
        || line.parse::<f64>().is_ok()
}

/// Whether it is `{{name}}: value`.
fn is_named_by_variable(line: &str) -> bool {
    let name = line
        .strip_prefix("{{")
        .and_then(|rest| rest.split_once("}}"));
    name.is_some_and(|(_, rest)| rest.contains(':'))
}

/// How long the JSON value is; templates in it may stand without quotes.
fn json_length(rest: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut quoted = false;
    let mut escaped = false;
    for (at, c) in rest.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => {
                quoted = !quoted;
                if !quoted && depth == 0 {
                    return Some(at + 1);
                }
            }
            _ if quoted => {}
            '{' | '[' => depth += 1,
            '}' | ']' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            '\n' if depth == 0 => return Some(at),
            _ => {}
        }
    }
    (depth == 0 && !quoted).then_some(rest.len())
}

/// XML goes on to a line that begins something else.
fn xml_length(rest: &str) -> usize {
    let mut at = 0;
    for line in rest.split_inclusive('\n') {
        let text = line.trim();
        if at > 0
            && (text.starts_with("HTTP ")
                || text.starts_with("HTTP/")
                || is_entry_start(text)
                || text.starts_with('#'))
        {
            break;
        }
        at += line.len();
    }
    at
}
