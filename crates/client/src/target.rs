//! The target under test, and the address that is dialled for it.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use url::Url;

pub use crate::address::{Address, ParseAddressError};
use crate::hosts::Hosts;

/// The base URL under test: scheme, host, port, and a path that all paths of
/// checks are appended to; and the other hosts that may be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    base: Url,
    /// The other hosts that requests may go to.
    hosts: Hosts,
}

/// Why a text is no [`Target`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a URL such as `https://shop.example.com:8443`, found {found}")]
pub struct ParseTargetError {
    found: String,
}

/// Why no request can go to a path or URL, as what was found there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// It is neither a URL nor a path that stays on the target.
    #[error("`{path}`, which does not begin with one `/`")]
    NoPath {
        /// The path, as it was given.
        path: String,
    },
    /// It cannot be parsed.
    #[error("`{path}`: {reason}")]
    Malformed {
        /// The path or URL, as it was given.
        path: String,
        /// What is wrong with it.
        reason: url::ParseError,
    },
    /// Requests of that scheme are not sent.
    #[error("the scheme `{scheme}`, which is neither `http` nor `https`")]
    Scheme {
        /// The scheme.
        scheme: String,
    },
    /// It leads to a host that nobody allowed.
    #[error("`{origin}`, which is not on the target `{target}`")]
    NotAllowed {
        /// Scheme, host and port of the URL.
        origin: String,
        /// Scheme, host and port of the target.
        target: String,
    },
}

impl FromStr for Target {
    type Err = ParseTargetError;

    fn from_str(text: &str) -> Result<Self, ParseTargetError> {
        let base = Url::parse(text.trim()).map_err(|error| {
            // What holds an `@` may hold a password, which no message repeats.
            let text = if text.contains('@') { "text" } else { text };
            let found = format!("`{text}`: {error}");
            ParseTargetError { found }
        })?;
        let found = if !is_http(&base) {
            Some(format!("the scheme `{}`", base.scheme()))
        } else if !base.username().is_empty() || base.password().is_some() {
            // The message does not repeat it: it may be a real password.
            Some("a user name or password in it".to_owned())
        } else if literal_address(&base).is_some_and(is_link_local) {
            Some("a link-local address, where no load balancer is".to_owned())
        } else if base.query().is_some() || base.fragment().is_some() {
            Some("a query or fragment".to_owned())
        } else {
            None
        };
        match found {
            Some(found) => Err(ParseTargetError { found }),
            None => Ok(Self {
                base,
                hosts: Hosts::default(),
            }),
        }
    }
}

/// The address in a URL whose host is no name.
pub(crate) fn literal_address(url: &Url) -> Option<IpAddr> {
    match url.host()? {
        url::Host::Domain(_) => None,
        url::Host::Ipv4(address) => Some(address.into()),
        url::Host::Ipv6(address) => Some(address.into()),
    }
}

/// Whether the scheme is one of those that requests are sent by.
fn is_http(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https")
}

/// Whether an address is link-local (RFC 3927, RFC 4291), where clouds keep
/// the credentials of a machine or a container, or AWS's own over IPv6. No
/// load balancer is there, so nobody is ever asked there.
pub(crate) fn is_link_local(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => {
            address.is_unicast_link_local() || address.segments()[..3] == [0xfd00, 0x0ec2, 0]
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.base.as_str().trim_end_matches('/'))
    }
}

impl Target {
    /// This target, and other hosts that requests may go to.
    #[must_use]
    pub fn with_allowed_hosts(self, hosts: Hosts) -> Self {
        Self { hosts, ..self }
    }

    /// The other hosts that requests may go to.
    pub(crate) fn hosts(&self) -> &Hosts {
        &self.hosts
    }

    /// Whether a URL has the target's scheme, host and port.
    pub fn is_origin_of(&self, url: &Url) -> bool {
        url.origin() == self.base.origin()
    }

    /// The URL of a path on the target. An absolute URL stays as it is.
    ///
    /// # Errors
    /// The path is none, or the URL leads neither to the target nor to a host
    /// that is allowed.
    pub fn url(&self, path: &str) -> Result<Url, UrlError> {
        let url = if path.starts_with("http://") || path.starts_with("https://") {
            Url::parse(path)
        } else if path.starts_with('/') && !path.starts_with("//") {
            Url::parse(&format!("{self}{path}"))
        } else {
            // Two slashes begin a host in a URL without a scheme (RFC 3986,
            // section 4.2), so such a path would leave the target.
            let path = path.to_owned();
            return Err(UrlError::NoPath { path });
        };
        let url = url.map_err(|reason| UrlError::Malformed {
            path: path.to_owned(),
            reason,
        })?;
        self.check_allowed(url)
    }

    /// A URL as a check file writes it: the path on the target, or the whole
    /// URL if it is elsewhere.
    pub fn path_of(&self, url: &Url) -> String {
        let whole = url.as_str();
        let here = whole.strip_prefix(self.to_string().as_str());
        match here.filter(|path| path.starts_with('/')) {
            Some(path) => path.to_owned(),
            None => whole.to_owned(),
        }
    }

    /// The URL that a redirect from `from` to `location` leads to.
    ///
    /// # Errors
    /// Why the redirect may not be followed, and what to do about that.
    pub fn resolve_redirect(
        &self,
        from: &Url,
        location: &str,
    ) -> Result<Url, (UrlError, &'static str)> {
        const WRONG: &str =
            "correct the `location` of the answer, or expect the redirect's own status";
        const ELSEWHERE: &str = "allow the host with `--allow-host` if it is yours to ask";
        let url = from.join(location);
        let url = url.map_err(|reason| {
            let path = location.to_owned();
            (UrlError::Malformed { path, reason }, WRONG)
        })?;
        let help = if is_http(&url) { ELSEWHERE } else { WRONG };
        self.check_allowed(url).map_err(|found| (found, help))
    }

    /// Returns the URL as it is sent, if it leads to the target or to an allowed
    /// host.
    fn check_allowed(&self, mut url: Url) -> Result<Url, UrlError> {
        if !is_http(&url) {
            let scheme = url.scheme().to_owned();
            return Err(UrlError::Scheme { scheme });
        }
        // A fragment is for the reader of the answer and is not sent (RFC 9110,
        // section 7.1).
        url.set_fragment(None);
        // Another host never gets a user or password that stands in a URL.
        let credentials = !url.username().is_empty() || url.password().is_some();
        if self.is_origin_of(&url) || (self.hosts.is_allowed(&url) && !credentials) {
            Ok(url)
        } else {
            Err(UrlError::NotAllowed {
                origin: url.origin().ascii_serialization(),
                target: self.base.origin().ascii_serialization(),
            })
        }
    }

    /// The name or address, that of IPv6 without its brackets.
    pub fn host(&self) -> &str {
        let host = self.base.host_str().unwrap_or_default();
        host.trim_matches(['[', ']'])
    }

    /// The port, as given or implied by the scheme.
    pub fn port(&self) -> u16 {
        self.base.port_or_known_default().unwrap_or(443)
    }

    /// Whether the host is an address. No other address can be dialled for it,
    /// because a connection for a name is what TLS verifies.
    pub fn is_address(&self) -> bool {
        !matches!(self.base.host(), Some(url::Host::Domain(_)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_stay_on_the_target() {
        let target: Target = "https://shop.example.com:8443/base/".parse().unwrap();
        let check = |path: &str, url: Option<&str>| {
            let found = target.url(path).ok().map(|url| url.to_string());
            assert_eq!(found.as_deref(), url, "{path}");
        };
        check("/a?b=c", Some("https://shop.example.com:8443/base/a?b=c"));
        check("//evil.example/a", None);
        check("a", None);
        check(
            "https://shop.example.com:8443/x",
            Some("https://shop.example.com:8443/x"),
        );
        check("https://shop.example.com/x", None);
        check("http://shop.example.com:8443/x", None);
        check("https://shop.example.com:8443@evil.example/x", None);
        check("/a?b#c", Some("https://shop.example.com:8443/base/a?b"));
        check("/a#b?c", Some("https://shop.example.com:8443/base/a"));
        let from = target.url("/a").unwrap();
        let moved = target.resolve_redirect(&from, "/b#c").unwrap();
        assert_eq!(target.path_of(&moved), "https://shop.example.com:8443/b");
        for (location, scheme) in [
            ("javascript:alert(1)", "javascript"),
            ("data:text/html,x", "data"),
            ("mailto:a@shop.example.com", "mailto"),
            ("file:///etc/passwd", "file"),
            ("blob:https://shop.example.com:8443/x", "blob"),
            ("ws://shop.example.com:8443/x", "ws"),
        ] {
            let (found, _) = target.resolve_redirect(&from, location).unwrap_err();
            assert_eq!(
                found.to_string(),
                format!("the scheme `{scheme}`, which is neither `http` nor `https`")
            );
        }
        assert!(target.resolve_redirect(&from, "/b").is_ok());
        assert!(target.resolve_redirect(&from, "//evil.example/b").is_err());
        assert!(
            target
                .resolve_redirect(&from, "https://169.254.169.254/")
                .is_err()
        );
    }

    #[test]
    fn a_target_is_a_plain_base_url() {
        for text in [
            "shop",
            "ftp://shop",
            "https://a:b@shop",
            "https://shop?x=1",
            "",
        ] {
            assert!(text.parse::<Target>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_password_in_a_target_is_not_repeated() {
        for text in [
            "https://me:s3cret@shop",
            "https://me:s3cret@ho st",
            "me:s3cret@shop",
        ] {
            let said = text.parse::<Target>().unwrap_err().to_string();
            assert!(!said.contains("s3cret"), "{said}");
        }
    }

    #[test]
    fn nobody_is_asked_at_a_link_local_address() {
        let check = |address: &str, refused: bool| {
            assert_eq!(
                is_link_local(address.parse().unwrap()),
                refused,
                "{address}"
            );
        };
        check("169.254.169.254", true);
        check("169.254.170.2", true);
        check("::ffff:169.254.169.254", true);
        check("fe80::1", true);
        check("fd00:ec2::254", true);
        check("10.0.0.1", false);
        check("127.0.0.1", false);
        check("fd12::1", false);
        assert!("http://169.254.169.254".parse::<Target>().is_err());
        assert!("http://2852039166".parse::<Target>().is_err());
        assert!("http://[fe80::1]".parse::<Target>().is_err());
    }
}
