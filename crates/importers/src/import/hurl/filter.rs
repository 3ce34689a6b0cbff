//! Filters of Hurl: what is made of a value before it is kept or compared.

use serde_json::{Value, json};

use super::super::dynamic::quote;
use super::super::variables::Variables;
use super::value::Word;
use query::jsonpath::Path;
use query::pattern::Pattern;

/// The filters by the number of their arguments.
const FILTERS: [&str; 3] = [
    "count daysAfterNow first htmlUnescape last location toFloat toInt toString urlDecode urlEncode",
    "jsonpath nth regex split urlQueryParam xpath",
    "replace",
];

/// Filters that Hurl has for texts only.
const TEXT_FILTERS: &str =
    "htmlUnescape jsonpath regex replace split urlDecode urlEncode urlQueryParam";

/// A filter with its arguments.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Filter<'w> {
    pub(super) name: &'static str,
    pub(super) arguments: &'w [Word],
}

/// The filters that the words begin with, and the words after them.
pub(super) fn parse_filters(words: &[Word]) -> Option<(Vec<Filter<'_>>, &[Word])> {
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
    pub(super) fn input_predicate(&self) -> Option<(&'static str, Value)> {
        match self.name {
            "toInt" | "toFloat" => Some(("schema", json!({ "type": ["number", "string"] }))),
            "toString" => {
                let types = json!(["string", "number", "boolean", "null"]);
                Some(("schema", json!({ "type": types })))
            }
            name if TEXT_FILTERS.split(' ').any(|known| known == name) => {
                Some(("type", json!("string")))
            }
            _ => None,
        }
    }
}

/// The template expression that applies the filters to `value`; nothing where
/// templates lack one of them.
pub(super) fn build_expression(
    value: String,
    filters: &[Filter<'_>],
    variables: &mut Variables,
) -> Option<String> {
    // In a template, a filter binds closer than a choice.
    let choice = value.contains(" if ") && !filters.is_empty();
    let value = if choice { format!("({value})") } else { value };
    filters.iter().try_fold(value, |value, filter| {
        Some(format!("{value} | {}", template_filter(filter, variables)?))
    })
}

/// A filter from values to values, as templates have it.
fn template_filter(filter: &Filter<'_>, variables: &mut Variables) -> Option<String> {
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
            // Where a path finds one value of several, Hurl takes it out of its list.
            Path::parse(path).ok().filter(Path::is_singular)?;
            format!("jsonpath({})", quote(path)?)
        }
        "urlDecode" => "url_decode".to_owned(),
        "urlEncode" => "urlencode".to_owned(),
        "urlQueryParam" => format!("url_param({})", text(0)?),
        "htmlUnescape" => "html_unescape".to_owned(),
        _ => return None,
    })
}
