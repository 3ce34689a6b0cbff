//! The words of JavaScript, as far as test scripts use them.

/// A word and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) start: usize,
    pub(super) end: usize,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum TokenKind {
    Name(String),
    Text(String),
    /// A text with values in it, as its texts and the expressions between.
    Joined(Vec<Joined>),
    Number(f64),
    /// A regular expression with its flags.
    Pattern(String, String),
    Sign(&'static str),
    /// Something that no rule knows.
    Unknown,
}

/// A part of a text with values in it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Joined {
    Text(String),
    Expression(String),
}

/// Signs, the longer ones first.
const SIGNS: [&str; 37] = [
    "===", "!==", "...", "=>", "==", "!=", ">=", "<=", "&&", "||", "??", "?.", "++", "--", "+=",
    "-=", "(", ")", "[", "]", "{", "}", ".", ",", ";", ":", "?", "=", "+", "-", "*", "/", "%", "<",
    ">", "!", "&",
];

pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        if c.is_whitespace() {
            at += c.len_utf8();
            continue;
        }
        if rest.starts_with("//") {
            at += rest.find('\n').unwrap_or(rest.len());
            continue;
        }
        if let Some(comment) = rest.strip_prefix("/*") {
            at += comment.find("*/").map_or(rest.len(), |end| end + 4);
            continue;
        }
        let (kind, length) = token(rest, c, tokens.last());
        tokens.push(Token {
            kind,
            start: at,
            end: at + length,
        });
        at += length;
    }
    tokens
}

fn token(rest: &str, c: char, before: Option<&Token>) -> (TokenKind, usize) {
    if c.is_alphabetic() || matches!(c, '_' | '$') {
        let inside = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$');
        let end = rest.find(|c| !inside(c)).unwrap_or(rest.len());
        return (TokenKind::Name(rest[..end].to_owned()), end);
    }
    if c.is_ascii_digit() {
        let inside = |c: char| c.is_ascii_alphanumeric() || c == '.';
        let end = rest.find(|c| !inside(c)).unwrap_or(rest.len());
        let number = rest[..end]
            .parse()
            .map_or(TokenKind::Unknown, TokenKind::Number);
        return (number, end);
    }
    if matches!(c, '"' | '\'' | '`') {
        return quoted(rest, c);
    }
    if c == '/'
        && begins_a_value(before)
        && let Some((pattern, length)) = pattern(rest)
    {
        return (pattern, length);
    }
    match SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
        Some(sign) => (TokenKind::Sign(sign), sign.len()),
        None => (TokenKind::Unknown, c.len_utf8()),
    }
}

/// Whether a value can begin after this word: then `/` opens a pattern.
fn begins_a_value(before: Option<&Token>) -> bool {
    match before.map(|token| &token.kind) {
        None => true,
        Some(TokenKind::Sign(sign)) => !matches!(*sign, ")" | "]" | "}"),
        Some(TokenKind::Name(name)) => name == "return",
        Some(_) => false,
    }
}

fn quoted(rest: &str, quote: char) -> (TokenKind, usize) {
    let mut text = String::new();
    let mut characters = rest.char_indices().skip(1);
    while let Some((at, c)) = characters.next() {
        match c {
            _ if c == quote => return (TokenKind::Text(text), at + 1),
            '\\' => match characters.next() {
                Some((_, 'n')) => text.push('\n'),
                Some((_, 't')) => text.push('\t'),
                Some((_, 'r')) => text.push('\r'),
                Some((at, 'u')) => match unicode(&rest[at + 1..]) {
                    Some(c) => {
                        text.push(c);
                        characters.nth(3);
                    }
                    None => return (TokenKind::Unknown, rest.len()),
                },
                Some((_, c)) => text.push(c),
                None => break,
            },
            // A text with values in it is more than a text.
            '$' if quote == '`' && rest[at + 1..].starts_with('{') => {
                let end = rest[at..].find('`').map_or(rest.len(), |end| at + end + 1);
                let inside = rest.get(1..end - 1).and_then(joined);
                return (inside.map_or(TokenKind::Unknown, TokenKind::Joined), end);
            }
            c => text.push(c),
        }
    }
    (TokenKind::Unknown, rest.len())
}

/// What stands between the signs of a text with values in it.
fn joined(text: &str) -> Option<Vec<Joined>> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let (expression, after) = after.split_once('}')?;
        // Neither escapes nor braces within braces.
        if before.contains('\\') || expression.contains(['{', '"', '\'', '\\']) {
            return None;
        }
        parts.push(Joined::Text(before.to_owned()));
        parts.push(Joined::Expression(expression.to_owned()));
        rest = after;
    }
    (!rest.contains('\\')).then(|| {
        parts.push(Joined::Text(rest.to_owned()));
        parts
    })
}

fn unicode(digits: &str) -> Option<char> {
    let digits = digits.get(..4)?;
    char::from_u32(u32::from_str_radix(digits, 16).ok()?)
}

fn pattern(rest: &str) -> Option<(TokenKind, usize)> {
    let mut in_class = false;
    let mut characters = rest.char_indices().skip(1);
    while let Some((at, c)) = characters.next() {
        match c {
            '\n' => return None,
            '\\' => {
                characters.next();
            }
            '[' => in_class = true,
            ']' => in_class = false,
            '/' if !in_class => {
                let after = &rest[at + 1..];
                let flags = after
                    .find(|c: char| !c.is_ascii_alphabetic())
                    .unwrap_or(after.len());
                let pattern = TokenKind::Pattern(rest[1..at].to_owned(), after[..flags].to_owned());
                return Some((pattern, at + 1 + flags));
            }
            _ => {}
        }
    }
    None
}
