//! What templates can compute beside the engine's own filters.

use minijinja::{Environment, Error, ErrorKind};

use diagnostic::units::parse_duration;
use query::digest;

/// A function or a filter that templates have beside the engine's own.
pub(crate) struct Callable {
    pub(crate) name: &'static str,
    /// An expression with it, without the brackets.
    pub(crate) example: &'static str,
    /// What it gives, in Markdown without links.
    pub(crate) help: &'static str,
    /// Adds it to an engine under its name.
    pub(super) add: fn(&mut Environment<'static>, &'static str),
}

#[rustfmt::skip]
pub(crate) static FUNCTIONS: &[Callable] = &[
    Callable { name: "uuid", example: "uuid()", help: "A random UUID.",
        add: |engine, name| engine.add_function(name, || digest::uuid().ok_or_else(no_randomness)) },
    Callable { name: "random", example: "random(1, 6)", help: "A random whole number, bounds included.",
        add: |engine, name| engine.add_function(name, random) },
    Callable { name: "now", example: "now(\"%Y-%m-%d\", \"-1d\")",
        help: "The time in UTC, as in RFC 3339 or by a `strftime` format, perhaps later or earlier.",
        add: |engine, name| engine.add_function(name, now) },
    Callable { name: "timestamp", example: "timestamp()", help: "Seconds since 1970.",
        add: |engine, name| engine.add_function(name, || jiff::Timestamp::now().as_second()) },
    Callable { name: "base64", example: "text | base64", help: "Base64 of a text.",
        add: |engine, name| engine.add_filter(name, |text: &str| digest::base64(text.as_bytes())) },
    Callable { name: "base64url", example: "text | base64url", help: "The same in the alphabet of URLs, without padding.",
        add: |engine, name| engine.add_filter(name, |text: &str| digest::base64_url(text.as_bytes())) },
    Callable { name: "from_base64", example: "'YT8-' | from_base64", help: "The text of either Base64.",
        add: |engine, name| engine.add_filter(name, from_base64) },
    // The engine brings `urlencode` along; it stands here so that the documents and
    // the JSON Schema list every encoding.
    Callable { name: "urlencode", example: "text | urlencode", help: "A text as it stands in a URL.",
        add: |_, _| {} },
    Callable { name: "sha256", example: "text | sha256", help: "A hash, in hexadecimal digits.",
        add: |engine, name| engine.add_filter(name, |text: &str| digest::sha256(text.as_bytes())) },
    Callable { name: "hmac_sha256", example: "text | hmac_sha256(key)", help: "A hash with a key, in hexadecimal digits.",
        add: |engine, name| engine.add_filter(name, hmac_sha256) },
];

fn from_base64(text: &str) -> Result<String, Error> {
    digest::from_base64(text).ok_or_else(|| invalid_operation("expected base64 of text"))
}

fn hmac_sha256(text: &str, key: &str) -> String {
    digest::hmac_sha256(text.as_bytes(), key.as_bytes())
}

fn invalid_operation(text: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidOperation, text.into())
}

fn no_randomness() -> Error {
    invalid_operation("the system has no randomness")
}

fn random(least: i64, most: i64) -> Result<i64, Error> {
    if least > most {
        return Err(invalid_operation(format!(
            "expected bounds in order, found {least} and {most}"
        )));
    }
    digest::random(least, most).ok_or_else(no_randomness)
}

fn now(format: Option<&str>, offset: Option<&str>) -> Result<String, Error> {
    let mut now = jiff::Timestamp::now();
    if let Some(offset) = offset {
        let (earlier, length) = match offset.strip_prefix('-') {
            Some(length) => (true, length),
            None => (false, offset.strip_prefix('+').unwrap_or(offset)),
        };
        let length = parse_days(length)
            .or_else(|| parse_duration(length))
            .ok_or_else(|| {
                invalid_operation(format!(
                    "expected an offset such as `-1h` or `7d`, found `{offset}`"
                ))
            })?;
        let moved = if earlier {
            now.checked_sub(length)
        } else {
            now.checked_add(length)
        };
        now = moved.map_err(|error| invalid_operation(error.to_string()))?;
    }
    match format {
        None => Ok(format!("{now:.0}")),
        Some(format) => jiff::fmt::strtime::format(format, jiff::tz::Offset::UTC.to_datetime(now))
            .map_err(|error| invalid_operation(error.to_string())),
    }
}

fn parse_days(text: &str) -> Option<std::time::Duration> {
    let days: u32 = text.strip_suffix('d')?.parse().ok()?;
    (days <= 36_500).then(|| std::time::Duration::from_hours(24 * u64::from(days)))
}

#[cfg(test)]
mod tests {
    use crate::template::{Scope, Template};

    fn text(template: &str) -> String {
        let template = Template::parse(template).unwrap();
        template.render(&Scope::default()).unwrap()
    }

    #[test]
    fn functions_compute_what_they_say() {
        let check = |template: &str, expected: &str| assert_eq!(text(template), expected);
        check("{{ 'a?>~' | base64 }}", "YT8+fg==");
        check("{{ 'a?>~' | base64url }}", "YT8-fg");
        check("{{ 'YT8-fg' | from_base64 }}", "a?>~");
        check("{{ random(4, 4) }}", "4");
        check("{{ uuid() | length }}", "36");
        check("{{ ('abc' | sha256)[:8] }}", "ba7816bf");
        check("{{ ('abc' | hmac_sha256('key')) | length }}", "64");
        check("{{ now('%Y-%m-%d', '-36500d')[:2] }}", "19");
        check("{{ now() | length }}", "20");
        check("{{ timestamp() > 1700000000 }}", "true");
        check("{{ 'a b&' | urlencode }}", "a%20b%26");
    }

    #[test]
    fn what_cannot_be_computed_is_an_error() {
        for template in [
            "{{ random(2, 1) }}",
            "{{ now(none, 'soon') }}",
            "{{ '*' | from_base64 }}",
        ] {
            let template = Template::parse(template).unwrap();
            assert!(template.render(&Scope::default()).is_err());
        }
    }
}
