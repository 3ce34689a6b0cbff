//! What a capture or an assert asks of an answer, with its filters.

use serde_json::{Value, json};

use super::filter::{Filter, parse_filters};
use super::value::Word;
use crate::draft::{Query, is_header};
use query::jsonpath::Path;
use query::markup::{self, XPath};
use query::pattern::Pattern;

/// A part of an answer.
#[derive(Debug, Clone)]
pub(super) struct AnswerPart {
    /// Where a check file finds it.
    pub(super) place: Query,
    pub(super) form: ValueKind,
    /// Whether a path may lead to several values: Hurl takes the value if there
    /// is one alone, and a list if there are several.
    pub(super) is_multiple: bool,
}

/// What kind of value a part is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum ValueKind {
    Status,
    Text,
    Number,
    Boolean,
    Json,
    /// The number of elements.
    Count,
    Nodes,
    Milliseconds,
    /// Whole days until the certificate expires.
    Days,
    Url,
    /// A digest, in hexadecimal digits.
    Digest,
    /// An attribute of a cookie.
    Attribute(&'static str),
    /// The first group of a pattern in the body.
    Regex(String),
}

impl AnswerPart {
    pub(super) fn new(place: Query, form: ValueKind) -> Self {
        Self {
            place,
            form,
            is_multiple: false,
        }
    }

    /// The same place with what a filter makes of it.
    fn with_form(&self, form: ValueKind) -> Self {
        Self {
            form,
            ..self.clone()
        }
    }

    /// Where a capture takes the value from, and the expression that makes the
    /// original's value of it.
    pub(super) fn source(&self) -> Option<(Value, &'static str)> {
        let source = match &self.form {
            ValueKind::Days | ValueKind::Attribute(_) => return None,
            ValueKind::Regex(pattern) => json!({ "regex": pattern }),
            _ => self.place.source()?,
        };
        let expression = if self.is_multiple {
            "value | nth(0) if value | length < 2 else value"
        } else {
            "value"
        };
        Some((source, expression))
    }

    /// The same of a capture that the original names: of a count, the number.
    pub(super) fn capture_source(&self) -> Option<(Value, String)> {
        let (source, expression) = self.source()?;
        let expression = match self.form {
            ValueKind::Count if self.is_multiple => format!("({expression}) | length"),
            ValueKind::Count => format!("{expression} | length"),
            _ => expression.to_owned(),
        };
        Some((source, expression))
    }

    /// A word for the part, of which a variable is named.
    pub(super) fn naming_word(&self) -> &str {
        match &self.place {
            Query::Header(name) | Query::Cookie(name) => name,
            Query::Json(path) => {
                let letter = |c: char| c.is_ascii_alphanumeric() || c == '_';
                let mut names = path.rsplit(|c: char| !letter(c));
                let begins = |name: &&str| name.starts_with(|c: char| c.is_ascii_alphabetic());
                names.find(begins).unwrap_or("value")
            }
            Query::Body if self.form == ValueKind::Text => "body",
            _ => "value",
        }
    }
}

/// What is asked, and the words after it.
pub(super) struct HurlQuery<'w> {
    pub(super) part: AnswerPart,
    /// The filters that are not part of `part`.
    pub(super) filters: Vec<Filter<'w>>,
    pub(super) rest: &'w [Word],
}

/// What the first words ask.
pub(super) fn parse_query(words: &[Word]) -> Option<HurlQuery<'_>> {
    let (first, rest) = words.split_first()?;
    let Word::Name(name) = first else {
        return None;
    };
    let (mut part, rest) = match name.as_str() {
        "status" => (AnswerPart::new(Query::Status, ValueKind::Status), rest),
        "version" => (AnswerPart::new(Query::Version, ValueKind::Text), rest),
        "body" => (AnswerPart::new(Query::Body, ValueKind::Text), rest),
        "bytes" if rest.first().is_some_and(|word| word.is_name("count")) => {
            (AnswerPart::new(Query::Size, ValueKind::Number), &rest[1..])
        }
        "sha256" => (AnswerPart::new(Query::Sha256, ValueKind::Digest), rest),
        "duration" => (
            AnswerPart::new(Query::Latency, ValueKind::Milliseconds),
            rest,
        ),
        "url" => (AnswerPart::new(Query::Url, ValueKind::Url), rest),
        "redirects" if rest.first().is_some_and(|word| word.is_name("count")) => (
            AnswerPart::new(Query::Redirects, ValueKind::Count),
            &rest[1..],
        ),
        _ => {
            let (argument, rest) = rest.split_first()?;
            (parse_query_with_argument(name, argument)?, rest)
        }
    };
    let (mut filters, rest) = parse_filters(rest)?;
    while let Some(narrower) = filters
        .first()
        .and_then(|filter| apply_filter(&part, filter))
    {
        filters.remove(0);
        part = narrower;
    }
    Some(HurlQuery {
        part,
        filters,
        rest,
    })
}

fn parse_query_with_argument(name: &str, argument: &Word) -> Option<AnswerPart> {
    Some(match name {
        "variable" => AnswerPart::new(
            Query::Variable(argument.plain_text()?.to_owned()),
            ValueKind::Json,
        ),
        "header" => {
            let name = argument.plain_text().filter(|name| is_header(name))?;
            AnswerPart::new(Query::Header(name.to_ascii_lowercase()), ValueKind::Text)
        }
        "cookie" => parse_cookie(argument.plain_text()?)?,
        "jsonpath" => json_path(argument.plain_text()?.to_owned())?,
        "xpath" => {
            let xpath = XPath::parse(argument.plain_text()?).ok()?;
            // Hurl's own prefix for the default namespace of the root.
            if xpath.prefixes().iter().any(|prefix| prefix == "_") {
                return None;
            }
            let form = match xpath.kind() {
                markup::ValueKind::Text => ValueKind::Text,
                markup::ValueKind::Number => ValueKind::Number,
                markup::ValueKind::Boolean => ValueKind::Boolean,
                markup::ValueKind::Nodes => ValueKind::Nodes,
            };
            AnswerPart::new(Query::XPath(xpath.text().to_owned()), form)
        }
        "certificate" => match argument.plain_text()? {
            "Subject" => AnswerPart::new(Query::Tls("subject"), ValueKind::Text),
            "Issuer" => AnswerPart::new(Query::Tls("issuer"), ValueKind::Text),
            "Expire-Date" => AnswerPart::new(Query::Tls("expires_in"), ValueKind::Nodes),
            _ => return None,
        },
        "regex" => {
            // Without a group there is nothing that it could find.
            let pattern = argument.pattern()?;
            Pattern::parse(pattern).ok().filter(Pattern::has_group)?;
            AnswerPart::new(Query::Body, ValueKind::Regex(pattern.to_owned()))
        }
        _ => return None,
    })
}

/// A path that both dialects read alike.
fn json_path(path: String) -> Option<AnswerPart> {
    let is_multiple = !Path::parse(&path).ok()?.is_singular();
    Some(AnswerPart {
        is_multiple,
        ..AnswerPart::new(Query::Json(path), ValueKind::Json)
    })
}

/// `name`, or `name[Attribute]`.
fn parse_cookie(text: &str) -> Option<AnswerPart> {
    let (name, form) = match text.split_once('[') {
        None => (text, ValueKind::Text),
        Some((name, attribute)) => {
            let attribute = attribute.strip_suffix(']')?.to_ascii_lowercase();
            let form = match attribute.as_str() {
                "value" => ValueKind::Text,
                "secure" => ValueKind::Attribute("secure"),
                "httponly" => ValueKind::Attribute("http_only"),
                "samesite" => ValueKind::Attribute("same_site"),
                _ => return None,
            };
            (name, form)
        }
    };
    Some(AnswerPart::new(Query::Cookie(name.to_owned()), form))
}

/// What a filter makes of a part, if a check file can name that too.
fn apply_filter(part: &AnswerPart, filter: &Filter<'_>) -> Option<AnswerPart> {
    let argument = filter.arguments.first();
    match (&part.place, &part.form, filter.name) {
        (Query::Json(path), ValueKind::Json, "first") if !part.is_multiple => {
            json_path(format!("{path}[0]"))
        }
        (Query::Json(path), ValueKind::Json, "last") if !part.is_multiple => {
            json_path(format!("{path}[-1]"))
        }
        (Query::Json(path), ValueKind::Json, "nth") if !part.is_multiple => match argument? {
            Word::Name(index) => json_path(format!("{path}[{}]", index.parse::<i32>().ok()?)),
            _ => None,
        },
        (Query::Body, ValueKind::Text, "jsonpath" | "regex" | "xpath") => {
            parse_query_with_argument(filter.name, argument?)
        }
        (_, ValueKind::Json | ValueKind::Nodes, "count") => Some(part.with_form(ValueKind::Count)),
        (Query::Tls("expires_in"), _, "daysAfterNow") => Some(part.with_form(ValueKind::Days)),
        _ => None,
    }
}
