//! URLs of other tools: which part is the target, which the path on it.

use std::collections::BTreeMap;

use serde_json::json;
use url::Url;

use super::variables::{Variables, variable_length};

/// A URL in two parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct UrlParts {
    /// Scheme and authority, or the variable that stands for them.
    pub(super) base: String,
    /// From the first `/` on, without a fragment.
    pub(super) path: String,
    /// Whether the URL has a path at all.
    pub(super) has_no_path: bool,
    /// User and password, where the URL holds them.
    pub(super) login: Option<(String, String)>,
}

/// Takes a URL apart. Variables are still written as the original has them.
pub(super) fn split_url(url: &str) -> UrlParts {
    let url = url.trim();
    let url = url.split_once('#').map_or(url, |(before, _)| before);
    let begin = if url.starts_with("{{") {
        let end = url.find("}}").map_or(0, |at| at + 2);
        let scheme = url.get(end..).is_some_and(|rest| rest.starts_with("://"));
        end + if scheme { 3 } else { 0 }
    } else {
        url.find("://").map_or(0, |at| at + 3)
    };
    let rest = url.get(begin..).unwrap_or_default();
    let end = begin + rest.find(['/', '?']).unwrap_or(rest.len());
    let (base, path) = url.split_at(end);
    let (base, login) = split_login(base);
    UrlParts {
        base,
        path: clean_path(path),
        has_no_path: path.is_empty(),
        login,
    }
}

/// Takes `user:password@` out of a base.
fn split_login(base: &str) -> (String, Option<(String, String)>) {
    let found = base.split_once("://").and_then(|(scheme, rest)| {
        let (login, host) = rest.rsplit_once('@')?;
        let (user, password) = login.split_once(':')?;
        Some((format!("{scheme}://{host}"), user, password))
    });
    let Some((base, user, password)) = found else {
        return (base.to_owned(), None);
    };
    let decoded = |text: &str| {
        let text = percent_encoding::percent_decode_str(text);
        text.decode_utf8_lossy().into_owned()
    };
    (base, Some((decoded(user), decoded(password))))
}

/// What URLs on another host begin with in a check file, and what has to be
/// allowed, as far as that is known; nothing if no request can go there.
pub(super) fn base_on_other_host(
    base: &str,
    variables: &mut Variables,
) -> Option<(String, Option<String>)> {
    let http = base.starts_with("https://") || base.starts_with("http://");
    if base.contains("{{") {
        let is_unusable = base.contains(['@', '"', '\\']) || base.contains(char::is_whitespace);
        let is_absolute = base.starts_with("{{") || http;
        let allow = variables
            .value_of_template(base)
            .and_then(|url| host_to_allow(&url));
        return (is_absolute && !is_unusable).then(|| (variables.template(base), allow));
    }
    let allow = host_to_allow(base).filter(|_| http)?;
    // A value of its own, so that it is changed in one place.
    let name = allow.replace("http://", "");
    let base = json!(base);
    if variables.value(&name).is_some_and(|known| *known != base) {
        return None;
    }
    variables.declare(name.clone(), base, false);
    let base = format!("{{{{ {} }}}}", variables.expression(&name));
    Some((base, Some(allow)))
}

/// What `--allow-host` has to say for a URL.
pub(super) fn host_to_allow(url: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    let is_allowed = matches!(url.scheme(), "http" | "https")
        && url.username().is_empty()
        && url.password().is_none();
    let host = url
        .host_str()
        .filter(|host| is_allowed && !host.is_empty())?;
    let port = url.port().map(|port| format!(":{port}"));
    let allowed = format!("{host}{}", port.unwrap_or_default());
    Some(match url.scheme() {
        "http" => format!("http://{allowed}"),
        _ => allowed,
    })
}

/// The path as a check file can ask for it: one slash at the beginning, and
/// nothing that a URL cannot hold outside of variables.
pub(super) fn clean_path(path: &str) -> String {
    let mut clean = String::from("/");
    let mut rest = path.trim_start_matches('/');
    while let Some(c) = rest.chars().next() {
        let variable = variable_length(rest);
        let length = variable.unwrap_or(c.len_utf8());
        let (part, after) = rest.split_at(length);
        if variable.is_none() && (c.is_whitespace() || c.is_control() || matches!(c, '#' | '{')) {
            clean.extend(part.bytes().map(|byte| format!("%{byte:02X}")));
        } else {
            clean.push_str(part);
        }
        rest = after;
    }
    clean
}

/// The base that most requests share: the target of the check file.
pub(super) fn most_common_base<'a>(bases: impl Iterator<Item = &'a str>) -> Option<String> {
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for (at, base) in bases.enumerate() {
        counts.entry(base).or_insert((0, usize::MAX - at)).0 += 1;
    }
    let most = counts.into_iter().max_by_key(|(_, count)| *count)?;
    Some(most.0.to_owned())
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_url_may_hold_a_login() {
        let login = |url: &str| super::split_url(url).login;
        let wanted = Some(("me@a.example".to_owned(), "p:q".to_owned()));
        assert_eq!(login("http://me%40a.example:p:q@b.example/x"), wanted);
        assert_eq!(login("http://b.example/x@y"), None);
    }

    #[test]
    fn a_url_has_a_base_and_a_path() {
        let check = |url: &str, base: &str, path: &str| {
            let address = super::split_url(url);
            assert_eq!(
                (address.base.as_str(), address.path.as_str()),
                (base, path),
                "{url}"
            );
        };
        check(
            "https://a.example:8443/x/y?z=1#f",
            "https://a.example:8443",
            "/x/y?z=1",
        );
        check("{{base}}/x", "{{base}}", "/x");
        check("{{base}}", "{{base}}", "/");
        check("{{scheme}}://{{host}}/x", "{{scheme}}://{{host}}", "/x");
        check("a.example?x=1", "a.example", "/?x=1");
        check("http://a.example", "http://a.example", "/");
        check("", "", "/");
        check("http://a:b@c.example/x", "http://c.example", "/x");
        check("http://a@c.example/x", "http://a@c.example", "/x");
        check("{{base}}//x", "{{base}}", "/x");
        check("{{base}}/{{x}/{%}", "{{base}}", "/%7B%7Bx}/%7B%}");
        check(
            "http://a.example/x y/{{ z }}",
            "http://a.example",
            "/x%20y/{{ z }}",
        );
    }
}
