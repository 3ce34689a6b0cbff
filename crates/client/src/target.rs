//! The target under test, and the address that is dialled for it.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use url::Url;

use crate::hosts::Hosts;

/// The base URL under test: scheme, host, port, and a path that all paths of
/// checks are appended to; and the other hosts that may be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    base: Url,
    /// Where requests may go beside it.
    hosts: Hosts,
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const EXPECTED: &str = "expected a URL such as `https://shop.example.com:8443`";
        let base = Url::parse(text.trim()).map_err(|error| {
            // What holds an `@` may hold a password.
            let found = if text.contains('@') { "text" } else { text };
            format!("{EXPECTED}, found `{found}`: {error}")
        })?;
        let wrong = if !is_asked(&base) {
            Some(format!("the scheme `{}`", base.scheme()))
        } else if !base.username().is_empty() || base.password().is_some() {
            // Not repeated: it may be a real password.
            Some("a user name or password in it".to_owned())
        } else if literal(&base).is_some_and(is_link_local) {
            Some("a link-local address, where no load balancer is".to_owned())
        } else if base.query().is_some() || base.fragment().is_some() {
            Some("a query or fragment".to_owned())
        } else {
            None
        };
        match wrong {
            Some(wrong) => Err(format!("{EXPECTED}, found {wrong}")),
            None => Ok(Self {
                base,
                hosts: Hosts::default(),
            }),
        }
    }
}

/// The address that stands in a URL in place of a name.
pub(crate) fn literal(url: &Url) -> Option<IpAddr> {
    match url.host()? {
        url::Host::Domain(_) => None,
        url::Host::Ipv4(address) => Some(address.into()),
        url::Host::Ipv6(address) => Some(address.into()),
    }
}

/// Whether requests can go to a URL of this scheme.
fn is_asked(url: &Url) -> bool {
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
    pub fn allowing(self, hosts: Hosts) -> Self {
        Self { hosts, ..self }
    }

    /// The other hosts that requests may go to.
    pub(crate) fn hosts(&self) -> &Hosts {
        &self.hosts
    }

    /// Whether a request to this URL goes to the target.
    pub fn is_at(&self, url: &Url) -> bool {
        url.origin() == self.base.origin()
    }

    /// The URL of a path, or why it cannot be requested. An absolute URL is
    /// fine if it stays on the target, or goes to an allowed host.
    pub fn url(&self, path: &str) -> Result<Url, String> {
        let url = if path.starts_with("http://") || path.starts_with("https://") {
            Url::parse(path)
        } else if path.starts_with('/') && !path.starts_with("//") {
            Url::parse(&format!("{self}{path}"))
        } else {
            return Err(format!("`{path}`, which does not begin with one `/`"));
        };
        let url = url.map_err(|error| format!("`{path}`: {error}"))?;
        self.guard(url)
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

    /// Where a redirect from `from` to `location` leads, or why it is not
    /// followed, and what to do about that.
    pub fn redirect(&self, from: &Url, location: &str) -> Result<Url, (String, &str)> {
        const WRONG: &str =
            "correct the `location` of the answer, or expect the redirect's own status";
        const ELSEWHERE: &str = "allow the host with `--allow-host` if it is yours to ask";
        let url = from.join(location);
        let url = url.map_err(|error| (format!("`{location}`: {error}"), WRONG))?;
        let help = if is_asked(&url) { ELSEWHERE } else { WRONG };
        self.guard(url).map_err(|found| (found, help))
    }

    /// Requests go to the target and to allowed hosts, and nowhere else.
    fn guard(&self, mut url: Url) -> Result<Url, String> {
        if !is_asked(&url) {
            let scheme = url.scheme();
            return Err(format!(
                "the scheme `{scheme}`, which is neither `http` nor `https`"
            ));
        }
        // It is for who reads the answer, and not sent (RFC 9110, section 7.1).
        url.set_fragment(None);
        let credentials = !url.username().is_empty() || url.password().is_some();
        if self.is_at(&url) || (self.hosts.allow(&url) && !credentials) {
            Ok(url)
        } else {
            Err(format!(
                "`{}`, which is not on the target `{}`",
                url.origin().ascii_serialization(),
                self.base.origin().ascii_serialization()
            ))
        }
    }

    /// The name or address, that of IPv6 without its brackets.
    pub fn host(&self) -> &str {
        let host = self.base.host_str().unwrap_or_default();
        host.trim_matches(['[', ']'])
    }

    /// The port, said or implied.
    pub fn port(&self) -> u16 {
        self.base.port_or_known_default().unwrap_or(443)
    }

    /// Whether the host is an address, which no connect-to can replace.
    pub fn is_address(&self) -> bool {
        !matches!(self.base.host(), Some(url::Host::Domain(_)))
    }
}

/// What is dialled instead of the target's own name: the load balancer's name
/// or address. TLS and `Host` keep the target's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    host: String,
    port: Option<u16>,
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("expected `HOST`, `HOST:PORT` or `[IPV6]:PORT`, found `{text}`");
        let (host, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (host, port) = rest.split_once(']').ok_or_else(wrong)?;
                (host, port.strip_prefix(':').map(str::to_owned))
            }
            None if text.parse::<IpAddr>().is_ok() => (text, None),
            None => match text.split_once(':') {
                Some((host, port)) => (host, Some(port.to_owned())),
                None => (text, None),
            },
        };
        let port = match port {
            Some(port) => Some(
                port.parse::<u16>()
                    .ok()
                    .filter(|port| *port > 0)
                    .ok_or_else(wrong)?,
            ),
            None => None,
        };
        let fine = !host.is_empty()
            && (host.parse::<IpAddr>().is_ok()
                || host
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_')));
        if !fine {
            return Err(wrong());
        }
        Ok(Self {
            host: host.to_owned(),
            port,
        })
    }
}

impl Address {
    /// The name or address.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, if it is not the target's.
    pub fn port(&self) -> Option<u16> {
        self.port
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
        let moved = target.redirect(&from, "/b#c").unwrap();
        assert_eq!(target.path_of(&moved), "https://shop.example.com:8443/b");
        for (location, scheme) in [
            ("javascript:alert(1)", "javascript"),
            ("data:text/html,x", "data"),
            ("mailto:a@shop.example.com", "mailto"),
            ("file:///etc/passwd", "file"),
            ("blob:https://shop.example.com:8443/x", "blob"),
            ("ws://shop.example.com:8443/x", "ws"),
        ] {
            let (found, _) = target.redirect(&from, location).unwrap_err();
            assert_eq!(
                found,
                format!("the scheme `{scheme}`, which is neither `http` nor `https`")
            );
        }
        assert!(target.redirect(&from, "/b").is_ok());
        assert!(target.redirect(&from, "//evil.example/b").is_err());
        assert!(target.redirect(&from, "https://169.254.169.254/").is_err());
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
            let said = text.parse::<Target>().unwrap_err();
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

    #[test]
    fn an_address_is_a_host_and_perhaps_a_port() {
        let check = |text: &str, parts: Option<(&str, Option<u16>)>| {
            let address = text.parse::<Address>().ok();
            let found = address.as_ref().map(|a| (a.host(), a.port()));
            assert_eq!(found, parts, "{text}");
        };
        check("alb.example.com", Some(("alb.example.com", None)));
        check("10.0.0.1:8443", Some(("10.0.0.1", Some(8443))));
        check("[::1]:8443", Some(("::1", Some(8443))));
        check("::1", Some(("::1", None)));
        check("alb:port", None);
        check("alb:0", None);
        check(":8443", None);
        check("https://alb", None);
    }
}
