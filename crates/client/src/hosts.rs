//! Hosts beside the target that checks may ask, because somebody allowed them
//! by name.
//!
//! | written as | allows |
//! |---|---|
//! | `auth.example.com` | `https://auth.example.com/…` |
//! | `auth.example.com:9000` | the same on that port |
//! | `*.example.com` | `https` on every name below `example.com`, and not on itself |
//! | `http://stub.internal:8080` | without TLS, which has to be said |

use std::str::FromStr;

use http::HeaderName;
use http::header::{ACCEPT, ACCEPT_ENCODING, ACCEPT_LANGUAGE, USER_AGENT};
use url::Url;

use crate::target::{is_link_local, literal_address};

/// The headers of a request that another host gets when it is redirected there:
/// they say nothing of the user and his login.
pub const HARMLESS_HEADERS: [HeaderName; 4] =
    [ACCEPT, ACCEPT_ENCODING, ACCEPT_LANGUAGE, USER_AGENT];

/// One host, or all below a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// Scheme, name and port.
    base: Url,
    /// Whether it stands for the names below it, and not for itself.
    is_wildcard: bool,
}

/// Why a text is no [`Host`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected a host such as `auth.example.com`, `*.example.com` or `localhost:9000`, found {found}"
)]
pub struct ParseHostError {
    found: String,
}

impl FromStr for Host {
    type Err = ParseHostError;

    fn from_str(text: &str) -> Result<Self, ParseHostError> {
        let error = |found: String| ParseHostError { found };
        let text = text.trim();
        let (scheme, rest) = match text.split_once("://") {
            Some(("https", rest)) => ("https", rest),
            Some(("http", rest)) => ("http", rest),
            Some((scheme, _)) => return Err(error(format!("the scheme `{scheme}`"))),
            None => ("https", text),
        };
        if rest.contains('@') {
            // The message does not repeat it: it may be a real password.
            return Err(error("a user name or password in it".to_owned()));
        }
        let (is_wildcard, name) = match rest.strip_prefix("*.") {
            Some(name) => (true, name),
            None => (false, rest),
        };
        let wrong = |reason: String| Err(error(format!("`{text}`{reason}")));
        let base = match Url::parse(&format!("{scheme}://{name}")) {
            Ok(base) if !name.contains('*') => base,
            Ok(_) => return wrong(", with a `*` that is not the first label".to_owned()),
            Err(error) => return wrong(format!(": {error}")),
        };
        if base.path() != "/" || base.query().is_some() || base.fragment().is_some() {
            return wrong(", with more than a host and a port".to_owned());
        }
        if literal_address(&base).is_some_and(is_link_local) {
            return wrong(", a link-local address, where nobody is asked".to_owned());
        }
        // A wildcard below a top-level domain would allow everybody's hosts.
        if is_wildcard && !base.domain().is_some_and(|name| name.contains('.')) {
            return wrong(", which would allow too much".to_owned());
        }
        Ok(Self { base, is_wildcard })
    }
}

impl Host {
    /// Whether the URL has this scheme, host and port.
    fn is_match(&self, url: &Url) -> bool {
        let name = self.base.host_str().unwrap_or_default();
        let found = url.host_str().unwrap_or_default();
        let is_same_host = if self.is_wildcard {
            // Without the `.`, `*.example.com` would allow `evilexample.com`.
            let labels = found.strip_suffix(name);
            labels.is_some_and(|labels| labels.len() > 1 && labels.ends_with('.'))
        } else {
            found == name
        };
        is_same_host
            && url.scheme() == self.base.scheme()
            && url.port_or_known_default() == self.base.port_or_known_default()
    }
}

/// The hosts that are allowed; none if nothing is said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hosts(Vec<Host>);

impl FromIterator<Host> for Hosts {
    fn from_iter<I: IntoIterator<Item = Host>>(hosts: I) -> Self {
        Self(hosts.into_iter().collect())
    }
}

impl Hosts {
    /// Whether a request to this URL is allowed.
    pub fn is_allowed(&self, url: &Url) -> bool {
        self.0.iter().any(|host| host.is_match(url))
    }

    /// Name and port of each entry that is one host and no wildcard.
    pub fn exact_hosts(&self) -> impl Iterator<Item = (&str, u16)> {
        let exact = self.0.iter().filter(|host| !host.is_wildcard);
        exact.filter_map(|host| {
            let name = host.base.host_str()?.trim_matches(['[', ']']);
            Some((name, host.base.port_or_known_default()?))
        })
    }

    /// Whether an entry that is no wildcard has this name.
    pub(crate) fn has_name(&self, name: &str) -> bool {
        let mut exact = self.0.iter().filter(|host| !host.is_wildcard);
        exact.any(|host| host.base.host_str() == Some(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_allows_what_it_says_and_no_more() {
        let check = |host: &str, url: &str, allowed: bool| {
            let hosts: Hosts = [host.parse().unwrap()].into_iter().collect();
            let url = Url::parse(url).unwrap();
            assert_eq!(hosts.is_allowed(&url), allowed, "{host}: {url}");
        };
        check("auth.example.com", "https://auth.example.com/token", true);
        check("AUTH.example.com", "https://auth.example.com:443/", true);
        check("auth.example.com", "http://auth.example.com/token", false);
        check("auth.example.com", "https://auth.example.com:444/", false);
        check("auth.example.com", "https://a.auth.example.com/", false);
        check(
            "auth.example.com",
            "https://auth.example.com.evil.example/",
            false,
        );
        check(
            "auth.example.com:444",
            "https://auth.example.com:444/",
            true,
        );
        check("http://stub:8080", "http://stub:8080/", true);
        check("http://stub:8080", "https://stub:8080/", false);
        check("*.example.com", "https://a.example.com/", true);
        check("*.example.com", "https://a.b.example.com/", true);
        check("*.example.com", "https://example.com/", false);
        check("*.example.com", "https://evilexample.com/", false);
        check("*.example.com", "https://a.example.com:444/", false);
        check("*.example.com:444", "https://a.example.com:444/", true);
        check("[::1]:9000", "https://[::1]:9000/", true);
    }

    #[test]
    fn what_is_no_host_or_too_many_is_refused() {
        let said: Vec<_> = [
            "",
            "*",
            "*.com",
            "a.*.com",
            "ftp://a",
            "https://a/b",
            "me:s3cret@a",
            "169.254.169.254",
            "http://[fe80::1]",
            "a b",
        ]
        .into_iter()
        .map(|text| text.parse::<Host>().unwrap_err().to_string())
        .collect();
        assert!(!said.join("").contains("s3cret"));
        insta::assert_snapshot!(said.join("\n"));
    }
}
