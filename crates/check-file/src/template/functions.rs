//! What templates can compute beside the engine's own filters.
//!
//! | name | gives |
//! |---|---|
//! | `uuid()` | a random UUID |
//! | `random(1, 6)` | a random whole number, bounds included |
//! | `now()`, `now("%Y-%m-%d", "1d")` | the time in UTC, in RFC 3339 or by `strftime`, perhaps later or, with `-`, earlier |
//! | `timestamp()` | seconds since 1970 |
//! | `text \| base64`, `base64url`, `from_base64` | encodings |
//! | `text \| sha256`, `hmac_sha256(key)` | hashes, in hexadecimal digits |

use minijinja::{Environment, Error, ErrorKind};

use diagnostic::units::parse_duration;
use query::digest;

pub(super) fn add_to(engine: &mut Environment<'static>) {
    engine.add_function("uuid", || digest::uuid().ok_or_else(no_randomness));
    engine.add_function("random", random);
    engine.add_function("now", now);
    engine.add_function("timestamp", || jiff::Timestamp::now().as_second());
    engine.add_filter("base64", |text: &str| digest::base64(text.as_bytes()));
    engine.add_filter("base64url", |text: &str| {
        digest::base64_url(text.as_bytes())
    });
    engine.add_filter("from_base64", |text: &str| {
        digest::from_base64(text).ok_or_else(|| wrong("expected base64 of text"))
    });
    engine.add_filter("sha256", |text: &str| digest::sha256(text.as_bytes()));
    engine.add_filter("hmac_sha256", |text: &str, key: &str| {
        digest::hmac_sha256(text.as_bytes(), key.as_bytes())
    });
}

fn wrong(text: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidOperation, text.into())
}

fn no_randomness() -> Error {
    wrong("the system has no randomness")
}

fn random(least: i64, most: i64) -> Result<i64, Error> {
    if least > most {
        return Err(wrong(format!(
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
        let length = days(length)
            .or_else(|| parse_duration(length))
            .ok_or_else(|| {
                wrong(format!(
                    "expected an offset such as `-1h` or `7d`, found `{offset}`"
                ))
            })?;
        let moved = if earlier {
            now.checked_sub(length)
        } else {
            now.checked_add(length)
        };
        now = moved.map_err(|error| wrong(error.to_string()))?;
    }
    match format {
        None => Ok(format!("{now:.0}")),
        Some(format) => jiff::fmt::strtime::format(format, jiff::tz::Offset::UTC.to_datetime(now))
            .map_err(|error| wrong(error.to_string())),
    }
}

fn days(text: &str) -> Option<std::time::Duration> {
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
