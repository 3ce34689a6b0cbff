//! Filters of Hurl: what is made of a value before it is kept or compared.

use serde_json::{Value, json};

use super::super::dynamic::quote;
use super::super::variables::Variables;
use super::value::Word;
use query::jsonpath::Path;
use query::pattern::Pattern;

/// The filters by the number of their arguments.
const FILTERS: [&str; 3] = [
    "base64Decode base64Encode base64UrlSafeDecode base64UrlSafeEncode count daysAfterNow daysBeforeNow first htmlEscape htmlUnescape last location toFloat toHex toInt toString urlDecode urlEncode utf8Decode utf8Encode",
    "charsetDecode dateFormat decode format jsonpath nth regex split toDate urlQueryParam xpath",
    "replace replaceRegex",
];

/// Filters that Hurl has for texts only.
const OF_TEXT: &str = "base64Decode base64UrlSafeDecode htmlEscape htmlUnescape jsonpath regex replace replaceRegex split toDate urlDecode urlEncode urlQueryParam";

/// Dates in these forms are read without being told the form.
const KNOWN_DATES: &str = "%+|%s|%Y-%m-%d|%F|%Y-%m-%dT%H:%M:%SZ|%Y-%m-%dT%H:%M:%S%z|%Y-%m-%dT%H:%M:%S%:z|%Y-%m-%dT%H:%M:%S%.fZ|%Y-%m-%dT%H:%M:%S.%fZ|%Y-%m-%dT%H:%M:%S%.3fZ|%Y-%m-%dT%H:%M:%S%.f%:z|%a, %d %b %Y %H:%M:%S GMT|%a, %d %b %Y %T GMT|%a, %d %b %Y %H:%M:%S %z";

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
        let find = |count: usize| FILTERS[count].split(' ').find(|known| known == name);
        let Some((count, name)) = (0..3).find_map(|count| Some((count, find(count)?))) else {
            break;
        };
        let (arguments, after) = after.split_at_checked(count)?;
        found.push(Filter { name, arguments });
        rest = after;
    }
    Some((found, rest))
}

impl Filter<'_> {
    /// What a value has to be, to go through it in Hurl.
    pub(super) fn takes(&self) -> Option<(&'static str, Value)> {
        match self.name {
            "toInt" | "toFloat" => Some(("schema", json!({ "type": ["number", "string"] }))),
            "toString" => {
                let types = json!(["string", "number", "boolean", "null"]);
                Some(("schema", json!({ "type": types })))
            }
            name if OF_TEXT.split(' ').any(|known| known == name) => {
                Some(("type", json!("string")))
            }
            _ => None,
        }
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

/// The expression that makes of `value` what the filters do, and whether the
/// original has bytes where here is text.
pub(super) fn expression(
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
                let name = filter.arguments.first()?.plain_text()?.to_ascii_lowercase();
                (
                    matches!(name.as_str(), "utf-8" | "utf8").then_some(None)?,
                    Form::Any,
                )
            }
            ("utf8Encode", Form::Any) => (None, Form::Bytes),
            ("base64Encode", Form::Bytes) => (Some("base64".to_owned()), Form::Any),
            ("base64UrlSafeEncode", Form::Bytes) => (Some("base64url".to_owned()), Form::Any),
            ("toDate", Form::Any) => {
                let date = filter.arguments.first()?.plain_text()?;
                (
                    KNOWN_DATES
                        .split('|')
                        .any(|known| known == date)
                        .then_some(None)?,
                    Form::Date,
                )
            }
            ("format" | "dateFormat", Form::Date) => {
                let text = filter.arguments.first()?.plain_text()?;
                let text = quote(text).filter(|_| is_known_format(text))?;
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
        Word::Text(text) => variables.quote(text),
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
            format!("regex({})", quote(pattern)?)
        }
        "jsonpath" => {
            let path = first?.plain_text()?;
            // Of a path to several values, one alone is taken by itself.
            let singular = Path::parse(path).ok()?.is_singular();
            singular
                .then(|| quote(path))
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
