//! Filters that compute a value from a captured one.
//!
//! An undefined value stays undefined. A pattern or a path that cannot be read
//! is an error of syntax, so that the trial run of a template finds it before
//! any value is there.

use minijinja::value::{Serde, Value, ValueKind};
use minijinja::{Error, ErrorKind};

use super::functions::Callable;
use query::jsonpath::Path;
use query::markup::decode_references;
use query::pattern::Pattern;
use query::value::{quote_text, quote_value};

#[rustfmt::skip]
pub(crate) static FILTERS: &[Callable] = &[
    Callable { name: "regex", example: "value | regex('ord-([0-9]+)')", help: "The first group of the first match, or the whole match.",
        add: |engine, name| engine.add_filter(name, regex) },
    Callable { name: "jsonpath", example: "value | jsonpath('$.a')", help: "What the path selects; text is read as JSON.",
        add: |engine, name| engine.add_filter(name, jsonpath) },
    Callable { name: "nth", example: "value | nth(1)", help: "An element of a list, counted from 0, or from the end if negative.",
        add: |engine, name| engine.add_filter(name, nth) },
    Callable { name: "url_param", example: "value | url_param('code')", help: "A parameter of a URL's query.",
        add: |engine, name| engine.add_filter(name, url_param) },
    Callable { name: "url_decode", example: "value | url_decode", help: "The text without percent-encoding.",
        add: |engine, name| engine.add_filter(name, url_decode) },
    Callable { name: "html_unescape", example: "value | html_unescape", help: "The text without entities of HTML, such as `&eacute;`.",
        add: |engine, name| engine.add_filter(name, html_unescape) },
    Callable { name: "format_date", example: "value | format_date('%Y-%m-%d')", help: "A date in another form, in UTC.",
        add: |engine, name| engine.add_filter(name, format_date) },
    Callable { name: "days_from_now", example: "value | days_from_now", help: "Whole days until a date, negative if it is over.",
        add: |engine, name| engine.add_filter(name, days_from_now) },
];

fn explain_mismatch(expected: &str, found: &str) -> Error {
    let text = format!("expected {expected}, found {found}");
    Error::new(ErrorKind::InvalidOperation, text)
}

fn syntax_error(text: String) -> Error {
    Error::new(ErrorKind::SyntaxError, text)
}

fn to_json(value: &Value) -> serde_json::Value {
    serde_json::to_value(value).unwrap_or_default()
}

/// A text, or a number or boolean as text.
fn to_text(value: &Value) -> Result<String, Error> {
    match to_json(value) {
        serde_json::Value::String(text) => Ok(text),
        scalar @ (serde_json::Value::Number(_) | serde_json::Value::Bool(_)) => {
            Ok(scalar.to_string())
        }
        other => Err(explain_mismatch("text", &quote_value(&other))),
    }
}

fn regex(value: &Value, pattern: &str) -> Result<Value, Error> {
    let compiled = Pattern::parse(pattern).map_err(|reason| {
        syntax_error(format!("the pattern `{pattern}` cannot be read: {reason}"))
    })?;
    if value.is_undefined() {
        return Ok(Value::UNDEFINED);
    }
    let text = to_text(value)?;
    let found = compiled.find_first(&text).map(Value::from);
    found.ok_or_else(|| explain_mismatch(&format!("a match for `{pattern}`"), &quote_text(&text)))
}

fn jsonpath(value: &Value, path: &str) -> Result<Value, Error> {
    let parsed = Path::parse(path)
        .map_err(|error| syntax_error(format!("the JSONPath `{path}` cannot be read: {error}")))?;
    if value.is_undefined() {
        return Ok(Value::UNDEFINED);
    }
    let document = match to_json(value) {
        serde_json::Value::String(text) => query::json::parse(&text).map_err(|reason| {
            explain_mismatch("JSON", &format!("{}: {reason}", quote_text(&text)))
        })?,
        document => document,
    };
    let selected = parsed.select(&document);
    let selected =
        selected.ok_or_else(|| explain_mismatch(&format!("a value at `{path}`"), "nothing"))?;
    if query::json::has_too_large_number(&selected) {
        return Err(explain_mismatch(
            &format!("a value at `{path}`"),
            query::json::TOO_LARGE,
        ));
    }
    Ok(Value::from(Serde(selected)))
}

fn nth(value: &Value, index: i64) -> Result<Value, Error> {
    if value.is_undefined() {
        return Ok(Value::UNDEFINED);
    }
    if !matches!(value.kind(), ValueKind::Seq | ValueKind::Iterable) {
        return Err(explain_mismatch("a list", &format!("{}", value.kind())));
    }
    let items: Vec<Value> = value.try_iter()?.collect();
    let at = usize::try_from(index.unsigned_abs()).unwrap_or(usize::MAX);
    let at = if index < 0 {
        items.len().checked_sub(at)
    } else {
        Some(at)
    };
    let found = at.and_then(|at| items.get(at)).cloned();
    found.ok_or_else(|| {
        let expected = format!("an element {index}");
        explain_mismatch(&expected, &format!("{} elements", items.len()))
    })
}

fn url_param(value: &Value, name: &str) -> Result<Value, Error> {
    if value.is_undefined() {
        return Ok(Value::UNDEFINED);
    }
    let text = to_text(value)?;
    // A `location` header may hold a path alone, which has a query too.
    let base = url::Url::parse("http://localhost/").ok();
    let url = url::Url::options().base_url(base.as_ref()).parse(&text);
    let url =
        url.map_err(|error| explain_mismatch("a URL", &format!("{}: {error}", quote_text(&text))))?;
    let mut pairs = url.query_pairs();
    let found = pairs.find(|(key, _)| key == name);
    found
        .map(|(_, value)| Value::from(value.into_owned()))
        .ok_or_else(|| explain_mismatch(&format!("a parameter `{name}`"), &quote_text(&text)))
}

fn url_decode(value: &Value) -> Result<Value, Error> {
    if value.is_undefined() {
        return Ok(Value::UNDEFINED);
    }
    let text = to_text(value)?;
    percent_encoding::percent_decode_str(&text)
        .decode_utf8()
        .map(|decoded| Value::from(decoded.into_owned()))
        .map_err(|_| explain_mismatch("UTF-8 once it is decoded", &quote_text(&text)))
}

fn html_unescape(value: &Value) -> Result<Value, Error> {
    if value.is_undefined() {
        return Ok(Value::UNDEFINED);
    }
    Ok(Value::from(decode_references(&to_text(value)?)))
}

fn format_date(value: &Value, format: &str) -> Result<Value, Error> {
    if value.is_undefined() {
        return Ok(Value::UNDEFINED);
    }
    let date = jiff::tz::Offset::UTC.to_datetime(parse_moment(value)?);
    let text = jiff::fmt::strtime::format(format, date);
    text.map(Value::from)
        .map_err(|error| syntax_error(format!("the format `{format}` cannot be used: {error}")))
}

fn days_from_now(value: &Value) -> Result<Value, Error> {
    if value.is_undefined() {
        return Ok(Value::UNDEFINED);
    }
    let seconds = parse_moment(value)?.as_second() - jiff::Timestamp::now().as_second();
    Ok(Value::from(seconds / (24 * 60 * 60)))
}

/// A moment as answers write it: RFC 3339, a date alone, RFC 2822 as HTTP has
/// it, or seconds since 1970.
fn parse_moment(value: &Value) -> Result<jiff::Timestamp, Error> {
    let expected = "a date such as `2030-01-31`, `2030-01-31T12:00:00Z` or seconds since 1970";
    let text = to_text(value)?;
    let text = text.trim();
    let of_date = |date: jiff::civil::Date| {
        let midnight = date.to_datetime(jiff::civil::Time::midnight());
        jiff::tz::Offset::UTC.to_timestamp(midnight).ok()
    };
    let of_mail = || {
        let zoned = jiff::fmt::rfc2822::parse(text);
        zoned.ok().map(|zoned| zoned.timestamp())
    };
    let seconds = text
        .parse::<f64>()
        .ok()
        .filter(|seconds| seconds.abs() < 1e11);
    let seconds = seconds.and_then(|seconds| {
        #[expect(clippy::cast_possible_truncation, reason = "bounded above")]
        jiff::Timestamp::from_second(seconds as i64).ok()
    });
    seconds
        .or_else(|| text.parse().ok())
        .or_else(|| text.parse().ok().and_then(of_date))
        .or_else(of_mail)
        .ok_or_else(|| explain_mismatch(expected, &quote_text(text)))
}

#[cfg(test)]
mod tests {
    use crate::template::{Scope, Template, TemplateError, VALUE};
    use serde_json::{Value, json};

    fn apply_filter(value: &Value, transform: &str) -> Result<Value, TemplateError> {
        let mut scope = Scope::default();
        scope.set(VALUE, value);
        let template = format!("{{{{ value | {transform} }}}}");
        Template::parse(&template)?.evaluate(&scope)
    }

    #[test]
    fn filters_make_of_a_value_what_they_say() {
        let check = |value: Value, transform: &str, expected: Value| {
            assert_eq!(apply_filter(&value, transform), Ok(expected), "{transform}");
        };
        check(json!("/orders/ord-7"), "regex('ord-(\\\\d+)')", json!("7"));
        check(json!("a7b"), "regex('\\\\d') | int", json!(7));
        check(json!({"a": [1, 2]}), "jsonpath('$.a[1]')", json!(2));
        check(json!("{\"a\": 1}"), "jsonpath('$.a')", json!(1));
        check(json!([1, 2]), "jsonpath('$[?@ > 1]')", json!([2]));
        check(json!("a,b,c"), "split(',') | nth(1)", json!("b"));
        check(json!([1, 2, 3]), "nth(-1)", json!(3));
        check(json!("a b"), "split(' ') | last", json!("b"));
        check(json!("/x?a=1&b=2%203"), "url_param('b')", json!("2 3"));
        check(json!("https://h/?a=1"), "url_param('a')", json!("1"));
        check(json!("a%2Fb"), "url_decode", json!("a/b"));
        check(
            json!("&lt;b&gt; &amp;amp; &#65;&#x42 &eacute;&nbsp; & &x; ü&#0"),
            "html_unescape",
            json!("<b> &amp; AB \u{e9}\u{a0} & &x; ü\0"),
        );
        check(json!("<b>"), "escape", json!("&lt;b&gt;"));
        check(json!("1.5"), "float", json!(1.5));
        check(json!([1, 2, 3]), "count", json!(3));
        let dates = [
            json!("2030-01-31T12:00:00Z"),
            json!("2030-01-31"),
            json!("Thu, 31 Jan 2030 12:00:00 GMT"),
            json!(1_896_091_200),
        ];
        for date in dates {
            check(date, "format_date('%d.%m.%Y')", json!("31.01.2030"));
        }
        check(json!("1970-01-02"), "days_from_now < -20000", json!(true));
        let soon = jiff::Timestamp::now().as_second() + 3 * 86_400 + 60;
        check(json!(soon), "days_from_now", json!(3));
    }

    #[test]
    fn what_a_filter_cannot_make_is_an_error_that_says_why() {
        let explain = |value: Value, transform: &str| apply_filter(&value, transform).unwrap_err();
        let errors = [
            explain(json!("abc"), "regex('x(y)')"),
            explain(json!([1]), "regex('1')"),
            explain(json!("abc"), "regex('x(')"),
            explain(json!("abc"), "jsonpath('$.a')"),
            explain(json!({}), "jsonpath('$.a')"),
            explain(json!({}), "jsonpath('a')"),
            explain(json!([1]), "nth(1)"),
            explain(json!("/x"), "url_param('b')"),
            explain(json!("%ff"), "url_decode"),
            explain(json!("soon"), "days_from_now"),
            explain(json!("x"), "regex('x') | nope"),
        ];
        let errors = errors.map(|error| error.to_string());
        insta::assert_snapshot!(errors.join("\n"));
    }

    #[test]
    fn patterns_and_paths_are_read_with_the_template() {
        for transform in ["regex('x(')", "jsonpath('a')", "url_decode | regex('[')"] {
            let template = format!("{{{{ value | {transform} }}}}");
            assert!(Template::parse(&template).is_err(), "{transform}");
        }
    }
}
