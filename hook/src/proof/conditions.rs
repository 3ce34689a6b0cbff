//! Whether a request meets the conditions of a rule, as the load balancer sees
//! it.
//!
//! What AWS does not document is tried in each way that it may be meant: a
//! path as it was sent and decoded, a regular expression for a part of the text
//! and for all of it. Where the ways differ, the answer is `Perhaps`.
//!
//! Source: [Condition types](https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-condition-types.html).

use std::cell::RefCell;
use std::collections::HashMap;

use http::HeaderMap;
use percent_encoding::percent_decode_str;
use regex::{Regex, RegexBuilder};

use crate::load_balancer::{Condition, QueryPair, Rule, Values};

/// Regular expressions that hold for every path.
const EVERY_PATH: [&str; 5] = [".*", "^.*$", "/.*", "^/.*", "^/.*$"];
/// The most memory that a regular expression may take, in bytes. AWS takes no
/// longer ones than 128 characters.
const MOST_BYTES: usize = 1 << 20;

/// The most regular expressions that are kept. A listener has no more than 100
/// rules, with five values each.
const MOST_KNOWN: usize = 1_000;

/// Whether something holds. The least of all conditions is that of the rule,
/// the greatest of all values that of the condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Match {
    No,
    /// It depends on what is not known.
    Perhaps,
    Yes,
}

/// What is known of a request.
#[derive(Debug, Clone, Copy)]
pub(super) struct RequestView<'a> {
    /// The host, without its port.
    pub(super) host: &'a str,
    /// Absent if it may be any request to the host.
    pub(super) request: Option<Request<'a>>,
}

/// A request as it is sent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Request<'a> {
    pub(super) method: &'a str,
    pub(super) path: &'a str,
    pub(super) query: Option<&'a str>,
    pub(super) headers: &'a HeaderMap,
}

impl Rule {
    /// Whether a request meets all conditions.
    pub(super) fn matches(&self, view: RequestView<'_>) -> Match {
        let conditions = self.conditions.iter();
        let least = conditions.map(|condition| condition.matches(view)).min();
        least.unwrap_or(Match::Yes)
    }
}

impl Condition {
    /// Whether a request meets it.
    pub(super) fn matches(&self, view: RequestView<'_>) -> Match {
        if self.is_empty() {
            return Match::Perhaps;
        }
        // These are met by requests that are not known, too.
        if self.is_every_path() || self.is_every_address() {
            return Match::Yes;
        }
        if let Self::Host(values) = self {
            return values.match_any(&[view.host], Case::Insensitive);
        }
        let Some(request) = view.request else {
            return Match::Perhaps;
        };
        match self {
            Self::Path(values) => {
                let path = decode_forms(request.path);
                let path: Vec<_> = path.iter().map(String::as_str).collect();
                let holds = values.match_any(&path, Case::Sensitive);
                holds.max(values.match_grpc(request))
            }
            Self::Header { name, values } => {
                let found = request.headers.get_all(name.as_str()).iter();
                let each = found.map(|value| match value.to_str() {
                    Ok(text) => values.match_any(&[text], Case::Insensitive),
                    // The load balancer compares visible ASCII alone.
                    Err(_) => Match::Perhaps,
                });
                each.max().unwrap_or(Match::No)
            }
            Self::Method(methods) => combine([methods.iter().any(|it| it == request.method)]),
            Self::Query(pairs) => {
                let items = request.query.unwrap_or_default().split('&');
                // `a=1&&b=2` has two pairs.
                let items = items.filter(|item| !item.is_empty());
                let each = items.flat_map(|item| pairs.iter().map(|pair| pair.matches(item)));
                each.max().unwrap_or(Match::No)
            }
            // The address that the load balancer sees is not known here: NAT
            // stands between.
            Self::Host(_) | Self::SourceIp(_) | Self::Unknown(_) => Match::Perhaps,
        }
    }

    /// Whether nothing is known of what it compares with.
    fn is_empty(&self) -> bool {
        match self {
            Self::Host(values) | Self::Path(values) => values.is_empty(),
            Self::Header { name, values } => name.is_empty() || values.is_empty(),
            Self::Method(values) | Self::SourceIp(values) => values.is_empty(),
            Self::Query(pairs) => pairs.is_empty(),
            Self::Unknown(_) => true,
        }
    }

    /// Whether it can be that all requests of a host meet it: those of a
    /// client that sends a header whatever is asked, or only GET.
    pub(super) fn may_match_all(&self, host: &str) -> bool {
        let view = RequestView {
            host,
            request: None,
        };
        match self {
            Self::Host(_) => self.matches(view) != Match::No,
            Self::Header { values, .. } => {
                let any = |it: &String| matches!(it.as_str(), "*" | ".*" | ".+");
                values.patterns.iter().chain(&values.expressions).any(any)
            }
            // Checks that only read would all be taken by it.
            Self::Method(methods) => methods.iter().any(|it| it == "GET"),
            _ => self.matches(view) == Match::Yes,
        }
    }

    fn is_every_path(&self) -> bool {
        let Self::Path(values) = self else {
            return false;
        };
        let every = |value: &String| {
            let rest = value.strip_prefix('/').unwrap_or(value);
            // `/` alone is one path, and `*` or `/*` is each.
            !rest.is_empty() && rest.bytes().all(|byte| byte == b'*')
        };
        let known = |it: &String| EVERY_PATH.contains(&it.as_str());
        values.patterns.iter().any(every) || values.expressions.iter().any(known)
    }

    fn is_every_address(&self) -> bool {
        let every = |value: &String| matches!(value.as_str(), "0.0.0.0/0" | "::/0");
        matches!(self, Self::SourceIp(ranges) if ranges.iter().any(every))
    }
}

/// Whether small and capital letters are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Case {
    Insensitive,
    Sensitive,
}

impl Values {
    fn is_empty(&self) -> bool {
        self.patterns.is_empty() && self.expressions.is_empty()
    }

    /// Whether one of them fits a text, in all of its forms.
    fn match_any(&self, forms: &[&str], case: Case) -> Match {
        let patterns = self.patterns.iter().map(|pattern| {
            // Only for query strings it is documented that a backslash may
            // stand before a star.
            let ways = forms.iter().flat_map(|text| {
                [Backslash::Itself, Backslash::Escape]
                    .map(|backslash| matches_pattern(pattern, text, case, backslash))
            });
            combine(ways)
        });
        let expressions = self.expressions.iter();
        let expressions = expressions.map(|expression| match_expression(expression, forms, case));
        patterns.chain(expressions).max().unwrap_or(Match::No)
    }

    /// Patterns for gRPC may name a package or a service alone. How the load
    /// balancer tells them from paths is not documented.
    ///
    /// Source: [Path conditions](https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-condition-types.html#path-conditions).
    fn match_grpc(&self, request: Request<'_>) -> Match {
        let kind = request.headers.get(http::header::CONTENT_TYPE);
        let is_grpc = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/grpc"));
        let names_its_package = |pattern: &String| {
            let rest = request.path.strip_prefix(pattern.as_str());
            rest.is_some_and(|rest| rest.starts_with(['.', '/']))
        };
        if is_grpc && self.patterns.iter().any(names_its_package) {
            Match::Perhaps
        } else {
            Match::No
        }
    }
}

impl QueryPair {
    /// Whether a pair of the query string is what it says.
    fn matches(&self, item: &str) -> Match {
        let fits = |pattern: &str, text: &str| {
            let forms = decode_forms(text);
            let fits = |text: &String| {
                matches_pattern(pattern, text, Case::Insensitive, Backslash::Escape)
            };
            combine(forms.iter().map(fits))
        };
        let Some((name, value)) = item.split_once('=') else {
            // A name without a value may be either.
            let as_name = match &self.key {
                Some(key) => fits(key, item).min(fits(&self.value, "")),
                None => fits(&self.value, item).max(fits(&self.value, "")),
            };
            return as_name.min(Match::Perhaps);
        };
        let key = self.key.as_ref().map(|key| fits(key, name));
        key.unwrap_or(Match::Yes).min(fits(&self.value, value))
    }
}

/// What several ways to read something say together.
fn combine(ways: impl IntoIterator<Item = bool>) -> Match {
    let (mut yes, mut no) = (false, false);
    for way in ways {
        yes |= way;
        no |= !way;
    }
    match (yes, no) {
        (true, false) => Match::Yes,
        (true, true) => Match::Perhaps,
        (false, _) => Match::No,
    }
}

/// A part of a URL as it was sent, and decoded: the load balancer compares it
/// after a normalization that is not documented.
fn decode_forms(text: &str) -> Vec<String> {
    let decoded = percent_decode_str(text).decode_utf8_lossy().into_owned();
    let mut forms = vec![text.to_owned()];
    forms.extend(Some(decoded).filter(|decoded| decoded != text));
    forms
}

/// Whether a regular expression occurs in a text, and is all of it: which of
/// both is asked is not documented. One that cannot be read may say anything.
fn match_expression(expression: &str, forms: &[&str], case: Case) -> Match {
    let cases: &[bool] = match case {
        Case::Insensitive => &[false, true],
        Case::Sensitive => &[false],
    };
    let mut ways = Vec::new();
    for whole in [expression.to_owned(), format!("^(?:{expression})$")] {
        for ignored in cases {
            let Some(regex) = compile(&whole, *ignored) else {
                return Match::Perhaps;
            };
            ways.extend(forms.iter().map(|text| regex.is_match(text)));
        }
    }
    combine(ways)
}

/// A regular expression, if it can be read. Each is compiled once: every
/// request of every check is held against it.
fn compile(expression: &str, ignored: bool) -> Option<Regex> {
    thread_local! {
        static KNOWN: RefCell<HashMap<(String, bool), Option<Regex>>> = RefCell::default();
    }
    KNOWN.with_borrow_mut(|known| {
        // The process serves many deployments, whose rules may differ each
        // time.
        if known.len() >= MOST_KNOWN {
            known.clear();
        }
        let regex = known.entry((expression.to_owned(), ignored));
        let regex = regex.or_insert_with(|| {
            RegexBuilder::new(expression)
                .size_limit(MOST_BYTES)
                .case_insensitive(ignored)
                .build()
                .ok()
        });
        regex.clone()
    })
}

/// What a backslash in a pattern stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Backslash {
    Itself,
    /// For nothing: a star or a question mark behind it is meant as it is.
    Escape,
}

/// A character of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token {
    Any,
    One,
    Literal(u8),
}

/// Whether a text is what a pattern says.
fn matches_pattern(pattern: &str, text: &str, case: Case, backslash: Backslash) -> bool {
    let plain = |byte: u8| match case {
        Case::Insensitive => byte.to_ascii_lowercase(),
        Case::Sensitive => byte,
    };
    let mut tokens = Vec::new();
    let mut bytes = pattern.bytes().peekable();
    while let Some(byte) = bytes.next() {
        let escaped = byte == b'\\' && backslash == Backslash::Escape;
        tokens.push(match byte {
            _ if escaped => {
                Token::Literal(bytes.next_if(|it| b"*?\\".contains(it)).unwrap_or(byte))
            }
            b'*' => Token::Any,
            b'?' => Token::One,
            byte => Token::Literal(plain(byte)),
        });
    }
    let text: Vec<u8> = text.bytes().map(plain).collect();
    // Where to go on if what follows the last star does not fit.
    let (mut at, mut read) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while read < text.len() {
        match tokens.get(at) {
            Some(Token::Any) => {
                star = Some((at, read));
                at += 1;
            }
            Some(token) if *token == Token::One || *token == Token::Literal(text[read]) => {
                at += 1;
                read += 1;
            }
            _ => {
                // No star could take more of the text.
                let Some((before, taken)) = star else {
                    return false;
                };
                star = Some((before, taken + 1));
                at = before + 1;
                read = taken + 1;
            }
        }
    }
    tokens[at..].iter().all(|token| *token == Token::Any)
}

#[cfg(test)]
mod tests;
