//! Headers that are credentials by nature, whether a secret of the check file is
//! in them or not.

use std::ops::Range;

use http::HeaderMap;

use redact::{Secret, shell_variable};

/// Headers whose whole value is a credential.
const KEYS: [&str; 5] = [
    "x-api-key",
    "api-key",
    "x-auth-token",
    "x-amz-security-token",
    "x-csrf-token",
];

/// The length below which a credential is not looked for in other texts: so short
/// a value stands in too many of them, in bytes.
pub(crate) const LEAST_LENGTH: usize = 8;

/// Finds the parts of a header's value that are credentials, each with the name
/// of a shell variable for it.
pub(crate) fn find_credentials(name: &str, value: &str) -> Vec<(Range<usize>, String)> {
    match name {
        "authorization" | "proxy-authorization" => {
            // `Bearer TOKEN`: the scheme is none. A value without a scheme is a
            // credential as a whole.
            let start = value.find(' ').map_or(0, |space| space + 1);
            vec![(start..value.len(), shell_variable(name))]
        }
        "cookie" => value
            .split_inclusive(';')
            .scan(0, |from, pair| {
                let start = *from;
                *from += pair.len();
                Some((start, pair.trim_end_matches(';')))
            })
            .map(|(start, pair)| locate_cookie_value(start, pair))
            .collect(),
        "set-cookie" => vec![locate_cookie_value(
            0,
            value.split(';').next().unwrap_or_default(),
        )],
        _ if KEYS.contains(&name) => vec![(0..value.len(), shell_variable(name))],
        _ => Vec::new(),
    }
    .into_iter()
    .filter(|(range, _)| !range.is_empty())
    .collect()
}

/// Where the value of `name=value` stands in a header in which the pair begins
/// at the byte `start`.
fn locate_cookie_value(start: usize, pair: &str) -> (Range<usize>, String) {
    let (name, at) = match pair.find('=') {
        Some(at) => (pair[..at].trim(), at + 1),
        None => ("", 0),
    };
    let name = shell_variable(&format!("cookie-{name}"));
    (start + at..start + pair.len(), name)
}

/// The credentials in these headers that are long enough to be looked for in
/// other texts.
pub(crate) fn collect_credentials(headers: &HeaderMap) -> Vec<Secret> {
    headers
        .iter()
        .map(|(name, value)| (name.as_str(), String::from_utf8_lossy(value.as_bytes())))
        .flat_map(|(name, value)| {
            let found = find_credentials(name, &value).into_iter();
            let found = found.map(|(range, variable)| Secret {
                name: variable,
                value: value[range].to_owned(),
            });
            found.collect::<Vec<_>>()
        })
        .filter(|secret| secret.value.len() >= LEAST_LENGTH)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_credential_of_a_header_is_found_and_called_by_a_name() {
        let check = |name: &str, value: &str, expected: &[(&str, &str)]| {
            let found = find_credentials(name, value);
            let found: Vec<_> = found
                .iter()
                .map(|(range, name)| (&value[range.clone()], name.as_str()))
                .collect();
            assert_eq!(found, expected, "{name}: {value}");
        };
        check("authorization", "Bearer abc", &[("abc", "AUTHORIZATION")]);
        check("authorization", "abc", &[("abc", "AUTHORIZATION")]);
        check(
            "cookie",
            "session=abc; theme=dark",
            &[("abc", "COOKIE_SESSION"), ("dark", "COOKIE_THEME")],
        );
        check(
            "set-cookie",
            "session=a=b; Path=/; HttpOnly",
            &[("a=b", "COOKIE_SESSION")],
        );
        check("set-cookie", "session=; Path=/", &[]);
        check("x-api-key", "abc", &[("abc", "X_API_KEY")]);
        check("content-type", "text/html", &[]);
    }
}
