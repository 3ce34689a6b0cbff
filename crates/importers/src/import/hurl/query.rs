//! What a capture or an assert asks of an answer, with its filters.

use serde_json::{Value, json};

use super::filter::{Filter, filters};
use super::value::Word;
use crate::draft::is_header;
use query::jsonpath::Path;
use query::markup::{Kind, XPath};
use query::pattern::Pattern;

/// A part of an answer, as a check file can name it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Part {
    Status,
    Version,
    Body,
    /// The bytes of the body, of which only a digest can be compared.
    Bytes,
    Size,
    Sha256,
    Duration,
    Url,
    /// How many redirects were followed.
    Redirects,
    /// Where one of them led to, counted from 0.
    Redirect(i32),
    /// A variable, by its name in the original.
    Variable(String),
    Header(String),
    /// The number of a header's values.
    Values(String),
    Cookie(String),
    /// An attribute of a cookie.
    Attribute(String, &'static str),
    Json(String),
    /// The number of elements at a path.
    Count(String),
    Regex(String),
    /// An expression of XPath, and what its value is.
    XPath(String, Kind),
    /// The number of nodes of an expression.
    Nodes(String),
    /// A fact of the certificate.
    Tls(&'static str),
    /// Whole days until the certificate expires.
    Days,
}

/// What is asked, and the words after it.
pub(super) struct Query<'w> {
    pub(super) part: Part,
    /// The filters that are not part of `part`.
    pub(super) filters: Vec<Filter<'w>>,
    pub(super) rest: &'w [Word],
}

/// What the first words ask.
pub(super) fn query(words: &[Word]) -> Option<Query<'_>> {
    let (first, rest) = words.split_first()?;
    let Word::Name(name) = first else { return None };
    let (part, rest) = match name.as_str() {
        "status" => (Part::Status, rest),
        "version" => (Part::Version, rest),
        "body" => (Part::Body, rest),
        "bytes" => (Part::Bytes, rest),
        "sha256" => (Part::Sha256, rest),
        "duration" => (Part::Duration, rest),
        "url" => (Part::Url, rest),
        "redirects" if rest.first() == Some(&Word::Name("count".to_owned())) => {
            (Part::Redirects, &rest[1..])
        }
        "redirects" => redirect(rest)?,
        "variable" => {
            let (name, rest) = rest.split_first()?;
            (Part::Variable(name.fixed()?.to_owned()), rest)
        }
        "header" | "cookie" | "jsonpath" | "xpath" | "regex" | "certificate" => {
            let (argument, rest) = rest.split_first()?;
            (with_argument(name, argument)?, rest)
        }
        _ => return None,
    };
    let (mut filters, rest) = filters(rest)?;
    let mut part = part;
    while let Some(narrower) = filters.first().and_then(|filter| narrower(&part, filter)) {
        filters.remove(0);
        part = narrower;
    }
    Some(Query {
        part,
        filters,
        rest,
    })
}

/// `nth 0 location`, and its like.
fn redirect(words: &[Word]) -> Option<(Part, &[Word])> {
    let is = |word: &Word, name: &str| *word == Word::Name(name.to_owned());
    let (number, rest) = match words {
        [nth, Word::Name(number), rest @ ..] if is(nth, "nth") => (number.parse().ok()?, rest),
        [first, rest @ ..] if is(first, "first") => (0, rest),
        [last, rest @ ..] if is(last, "last") => (-1, rest),
        _ => return None,
    };
    match rest.split_first()? {
        (location, rest) if is(location, "location") => Some((Part::Redirect(number), rest)),
        _ => None,
    }
}

fn with_argument(name: &str, argument: &Word) -> Option<Part> {
    Some(match name {
        "header" => {
            let name = argument.fixed().filter(|name| is_header(name))?;
            Part::Header(name.to_ascii_lowercase())
        }
        "cookie" => cookie(argument.fixed()?)?,
        "jsonpath" => Part::Json(path(argument.fixed()?)?),
        "xpath" => {
            let xpath = XPath::parse(argument.fixed()?).ok()?;
            // Hurl's own prefix for the default namespace of the root.
            if xpath.prefixes().iter().any(|prefix| prefix == "_") {
                return None;
            }
            Part::XPath(xpath.text().to_owned(), xpath.kind())
        }
        "certificate" => Part::Tls(match argument.fixed()? {
            "Subject" => "subject",
            "Issuer" => "issuer",
            "Subject-Alt-Name" => "names",
            "Expire-Date" => "expires_in",
            _ => return None,
        }),
        _ => {
            // Without a group there is nothing that it could find.
            let pattern = argument.pattern()?;
            Pattern::parse(pattern).ok().filter(Pattern::has_group)?;
            Part::Regex(pattern.to_owned())
        }
    })
}

/// `name`, or `name[Attribute]`.
fn cookie(text: &str) -> Option<Part> {
    let Some((name, attribute)) = text.split_once('[') else {
        return Some(Part::Cookie(text.to_owned()));
    };
    let attribute = attribute.strip_suffix(']')?.to_ascii_lowercase();
    let attribute = match attribute.as_str() {
        "value" => return Some(Part::Cookie(name.to_owned())),
        "secure" => "secure",
        "httponly" => "http_only",
        "samesite" => "same_site",
        "path" => "path",
        "domain" => "domain",
        "max-age" => "max_age",
        _ => return None,
    };
    Some(Part::Attribute(name.to_owned(), attribute))
}

/// A path that both dialects read alike.
fn path(text: &str) -> Option<String> {
    Path::parse(text).ok().map(|_| text.to_owned())
}

/// What a filter makes of a part, if a check file can name that too.
fn narrower(part: &Part, filter: &Filter<'_>) -> Option<Part> {
    let argument = filter.arguments.first();
    let element = |index: &str| one(part).map(|path| Part::Json(format!("{path}[{index}]")));
    match (part, filter.name) {
        (Part::Json(path), "count") => Some(Part::Count(path.clone())),
        (Part::Json(_), "first") => element("0"),
        (Part::Json(_), "last") => element("-1"),
        (Part::Json(_), "nth") => {
            let Some(Word::Name(index)) = argument else {
                return None;
            };
            index.parse::<i32>().ok()?;
            element(index)
        }
        (Part::Body, "jsonpath") => Some(Part::Json(path(argument?.fixed()?)?)),
        (Part::Body, "regex" | "xpath") => with_argument(filter.name, argument?),
        (Part::XPath(xpath, Kind::Nodes), "count") => Some(Part::Nodes(xpath.clone())),
        (Part::Bytes, "count") => Some(Part::Size),
        (Part::Sha256, "toHex") => Some(Part::Sha256),
        (Part::Header(name), "count") => Some(Part::Values(name.clone())),
        (Part::Tls("expires_in"), "daysAfterNow") => Some(Part::Days),
        _ => None,
    }
}

/// A path that stands for one value, which may be a list.
fn one(part: &Part) -> Option<&str> {
    match part {
        Part::Json(path) => is_singular(path).then_some(path),
        _ => None,
    }
}

/// Whether a path stands for one value at the most. Of any other Hurl takes
/// the value if there is one alone, and a list if there are several.
pub(super) fn is_singular(path: &str) -> bool {
    Path::parse(path).is_ok_and(|path| path.is_singular())
}

impl Part {
    /// The key of `expect`, and the name below it.
    pub(super) fn place(&self) -> Option<(&'static str, Option<&str>)> {
        Some(match self {
            Self::Status => ("status", None),
            Self::Version => ("version", None),
            Self::Body => ("body", None),
            Self::Size => ("size", None),
            Self::Sha256 | Self::Bytes => ("sha256", None),
            Self::Duration => ("latency", None),
            Self::Url => ("url", None),
            Self::Redirects => ("redirects", None),
            Self::Header(name) | Self::Values(name) => ("headers", Some(name)),
            Self::Cookie(name) | Self::Attribute(name, _) => ("cookies", Some(name)),
            Self::Json(path) | Self::Count(path) => ("json", Some(path)),
            Self::XPath(xpath, _) | Self::Nodes(xpath) => ("xpath", Some(xpath)),
            Self::Tls(fact) => ("tls", Some(fact)),
            Self::Days => ("tls", Some("expires_in")),
            Self::Regex(_) | Self::Redirect(_) | Self::Variable(_) => return None,
        })
    }

    /// A word for the part, of which a variable is named.
    pub(super) fn word(&self) -> &str {
        match self {
            Self::Header(name) | Self::Cookie(name) => name,
            Self::Json(path) | Self::Count(path) => {
                let letter = |c: char| c.is_ascii_alphanumeric() || c == '_';
                let mut names = path.rsplit(|c: char| !letter(c));
                let begins = |name: &&str| name.starts_with(|c: char| c.is_ascii_alphabetic());
                names.find(begins).unwrap_or("value")
            }
            Self::Redirect(_) => "location",
            Self::Body => "body",
            _ => "value",
        }
    }

    /// Where a capture takes its value from, and what is made of it before any
    /// filter.
    pub(super) fn source(&self) -> Option<(Value, String)> {
        let plain = "value".to_owned();
        let alone = "value | nth(0) if value | length < 2 else value";
        Some(match self {
            Self::Status => (json!("status"), plain),
            Self::Body => (json!("body"), plain),
            Self::Url => (json!("url"), plain),
            Self::Redirect(number) => (json!("redirects"), format!("value | nth({number})")),
            Self::Header(name) => (json!({ "header": name }), plain),
            Self::Cookie(name) => (json!({ "cookie": name }), plain),
            Self::Regex(pattern) => (json!({ "regex": pattern }), plain),
            Self::XPath(xpath, _) => (json!({ "xpath": xpath }), plain),
            Self::Tls(fact @ ("subject" | "issuer")) => (json!({ "tls": fact }), plain),
            Self::Json(path) if is_singular(path) => (json!({ "json": path }), plain),
            Self::Json(path) => (json!({ "json": path }), alone.to_owned()),
            Self::Count(path) => {
                let (source, value) = Self::Json(path.clone()).source()?;
                let one = is_singular(path);
                let value = if one { value } else { format!("({value})") };
                (source, format!("{value} | length"))
            }
            _ => return None,
        })
    }
}
