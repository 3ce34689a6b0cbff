//! The address that is dialled for a target.

use std::net::IpAddr;
use std::str::FromStr;

/// What is dialled instead of the target's own name: the load balancer's name
/// or address. TLS and `Host` keep the target's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    host: String,
    port: Option<u16>,
}

/// Why a text is no [`Address`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected `HOST`, `HOST:PORT` or `[IPV6]:PORT`, found `{text}`")]
pub struct ParseAddressError {
    text: String,
}

impl FromStr for Address {
    type Err = ParseAddressError;

    fn from_str(text: &str) -> Result<Self, ParseAddressError> {
        let wrong = || ParseAddressError {
            text: text.to_owned(),
        };
        let (host, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (host, port) = rest.split_once(']').ok_or_else(wrong)?;
                (host, port.strip_prefix(':').map(str::to_owned))
            }
            // An IPv6 address without brackets has colons, and none of them
            // stands before a port.
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
        let is_valid = !host.is_empty()
            && (host.parse::<IpAddr>().is_ok()
                || host
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_')));
        if !is_valid {
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
