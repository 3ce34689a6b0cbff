//! Filters of Hurl: what is made of a value before it is kept or compared.

use serde_json::{Map, Value, json};

use super::super::dynamic::quoted;
use super::super::variables::Variables;
use super::value::Word;
use query::jsonpath::Path;
use query::pattern::Pattern;

/// The filters, each with the number of its arguments.
const FILTERS: [(&str, usize); 33] = [
    ("base64Decode", 0),
    ("base64Encode", 0),
    ("base64UrlSafeDecode", 0),
    ("base64UrlSafeEncode", 0),
    ("charsetDecode", 1),
    ("count", 0),
    ("dateFormat", 1),
    ("daysAfterNow", 0),
    ("daysBeforeNow", 0),
    ("decode", 1),
    ("first", 0),
    ("format", 1),
    ("htmlEscape", 0),
    ("htmlUnescape", 0),
    ("jsonpath", 1),
    ("last", 0),
    ("location", 0),
    ("nth", 1),
    ("regex", 1),
    ("replace", 2),
    ("replaceRegex", 2),
    ("split", 1),
    ("toDate", 1),
    ("toFloat", 0),
    ("toHex", 0),
    ("toInt", 0),
    ("toString", 0),
    ("urlDecode", 0),
    ("urlEncode", 0),
    ("urlQueryParam", 1),
    ("utf8Decode", 0),
    ("utf8Encode", 0),
    ("xpath", 1),
];

/// Dates in these forms are read without being told the form.
const KNOWN_DATES: [&str; 14] = [
    "%+",
    "%s",
    "%Y-%m-%d",
    "%F",
    "%Y-%m-%dT%H:%M:%SZ",
    "%Y-%m-%dT%H:%M:%S%z",
    "%Y-%m-%dT%H:%M:%S%:z",
    "%Y-%m-%dT%H:%M:%S%.fZ",
    "%Y-%m-%dT%H:%M:%S.%fZ",
    "%Y-%m-%dT%H:%M:%S%.3fZ",
    "%Y-%m-%dT%H:%M:%S%.f%:z",
    "%a, %d %b %Y %H:%M:%S GMT",
    "%a, %d %b %Y %T GMT",
    "%a, %d %b %Y %H:%M:%S %z",
];

/// A filter with its arguments.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Filter<'w> {
    pub(super) name: &'static str,
    pub(super) arguments: &'w [Word],
}

/// The filters that the words begin with, and the words after them.
pub(super) fn filters(words: &[Word]) -> Option<(Vec<Filter<'_>>, &[Word])> {
    let mut found = Vec::new();
    let mut rest = words;
    while let [Word::Name(name), after @ ..] = rest {
        let Some((name, count)) = FILTERS.iter().find(|(known, _)| known == name) else {
            break;
        };
        let (arguments, after) = after.split_at_checked(*count)?;
        found.push(Filter { name, arguments });
        rest = after;
    }
    Some((found, rest))
}

/// Filters that Hurl has for texts only.
const OF_TEXT: [&str; 13] = [
    "base64Decode",
    "base64UrlSafeDecode",
    "htmlEscape",
    "htmlUnescape",
    "jsonpath",
    "regex",
    "replace",
    "replaceRegex",
    "split",
    "toDate",
    "urlDecode",
    "urlEncode",
    "urlQueryParam",
];

impl Filter<'_> {
    /// Whether it is for texts only.
    pub(super) fn is_of_text(&self) -> bool {
        OF_TEXT.contains(&self.name)
    }
}

/// What a value is while filters are put together.
#[derive(Clone, Copy, PartialEq)]
enum Form {
    Any,
    /// Bytes, which no template knows: only text comes out of them.
    Bytes,
    Date,
}

/// A capture from a source, and what is made of its value.
pub(super) fn capture(source: Value, made: &str) -> Value {
    let plain = made == "value";
    let mut capture = match source {
        Value::Object(capture) => capture,
        word if plain => return word,
        word => Map::from_iter([("from".to_owned(), word)]),
    };
    if !plain {
        capture.insert("transform".to_owned(), json!(format!("{{{{ {made} }}}}")));
    }
    capture.into()
}

/// The expression that makes of `value` what the filters do.
pub(super) fn expression(
    value: String,
    filters: &[Filter<'_>],
    variables: &mut Variables,
) -> Option<String> {
    let (made, bytes) = made(value, filters, variables)?;
    (!bytes).then_some(made)
}

/// The same, and whether the original has bytes where here is text.
pub(super) fn made(
    value: String,
    filters: &[Filter<'_>],
    variables: &mut Variables,
) -> Option<(String, bool)> {
    // A choice is one term of what is made of it.
    let choice = value.contains(" if ") && !filters.is_empty();
    let mut made = if choice { format!("({value})") } else { value };
    let mut form = Form::Any;
    for filter in filters {
        let (after, next) = match (filter.name, form) {
            ("base64Decode" | "base64UrlSafeDecode", Form::Any) => {
                (Some("from_base64".to_owned()), Form::Bytes)
            }
            ("utf8Decode", Form::Bytes) => (None, Form::Any),
            ("decode" | "charsetDecode", Form::Bytes) => {
                let name = filter.arguments.first()?.fixed()?.to_ascii_lowercase();
                (
                    matches!(name.as_str(), "utf-8" | "utf8").then_some(None)?,
                    Form::Any,
                )
            }
            ("utf8Encode", Form::Any) => (None, Form::Bytes),
            ("base64Encode", Form::Bytes) => (Some("base64".to_owned()), Form::Any),
            ("base64UrlSafeEncode", Form::Bytes) => (Some("base64url".to_owned()), Form::Any),
            ("toDate", Form::Any) => {
                let date = filter.arguments.first()?.fixed()?;
                (KNOWN_DATES.contains(&date).then_some(None)?, Form::Date)
            }
            ("format" | "dateFormat", Form::Date) => {
                let text = filter.arguments.first()?.fixed()?;
                let text = quoted(text).filter(|_| is_known_format(text))?;
                (Some(format!("format_date({text})")), Form::Any)
            }
            ("daysAfterNow", Form::Date) => (Some("days_from_now".to_owned()), Form::Any),
            ("daysBeforeNow", Form::Date) => {
                made = format!("(0 - ({made} | days_from_now))");
                (None, Form::Any)
            }
            (_, Form::Any) => (Some(plain(filter, variables)?), Form::Any),
            _ => return None,
        };
        if let Some(after) = after {
            made = format!("{made} | {after}");
        }
        form = next;
    }
    (form != Form::Date).then_some((made, form == Form::Bytes))
}

/// A filter from values to values, as templates have it.
fn plain(filter: &Filter<'_>, variables: &mut Variables) -> Option<String> {
    let first = filter.arguments.first();
    let mut text = |at: usize| match filter.arguments.get(at)? {
        Word::Text(text) => variables.quoted(text),
        Word::Template(name) => Some(variables.expression(name)),
        _ => None,
    };
    Some(match filter.name {
        "count" => "length".to_owned(),
        // Of a text there is no first element.
        "first" => "nth(0)".to_owned(),
        "last" => "nth(-1)".to_owned(),
        "nth" => match first? {
            Word::Name(index) => format!("nth({})", index.parse::<i32>().ok()?),
            _ => format!("nth({})", text(0)?),
        },
        "toInt" => "int".to_owned(),
        "toFloat" => "float".to_owned(),
        "toString" => "string".to_owned(),
        "split" => format!("split({})", text(0)?),
        "replace" => format!("replace({}, {})", text(0)?, text(1)?),
        "regex" => {
            let pattern = first?.pattern()?;
            Pattern::parse(pattern).ok().filter(Pattern::has_group)?;
            format!("regex({})", quoted(pattern)?)
        }
        "jsonpath" => {
            let path = first?.fixed()?;
            // Of a path to several values, one alone is taken by itself.
            let singular = Path::parse(path).ok()?.is_singular();
            singular
                .then(|| quoted(path))
                .flatten()
                .map(|path| format!("jsonpath({path})"))?
        }
        "urlDecode" => "url_decode".to_owned(),
        "urlEncode" => "urlencode".to_owned(),
        "urlQueryParam" => format!("url_param({})", text(0)?),
        "htmlUnescape" => "html_unescape".to_owned(),
        _ => return None,
    })
}

/// Whether both languages know each specifier of a format.
fn is_known_format(format: &str) -> bool {
    let mut rest = format.split('%').skip(1);
    rest.all(|part| part.starts_with(|c: char| "YmdHMSjybBeaATFDp".contains(c)))
}
