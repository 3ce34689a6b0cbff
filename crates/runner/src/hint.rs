//! What to do where nobody could be asked, or not all of an answer could be
//! read: the usual reasons, by what the network and TLS say.

use std::io::ErrorKind;

use client::dial::{ConnectError, DialError, TlsErrorKind};
use client::http::AskError;

const SILENCE: &str = "check that the security group of the load balancer lets this machine in on \
                       the port; raise `timeout` if the target is only slow";

/// What to do about it, if that is known.
pub(crate) fn hint(error: &AskError, answered: bool) -> Option<&'static str> {
    match error {
        AskError::Connect(error) => connection(error),
        AskError::NoAnswer(_) if !answered => Some(SILENCE),
        AskError::NoEnd(_) => Some("raise `timeout` if the answer is only slow"),
        AskError::Version { .. } => {
            Some("leave `http` out, or turn the version on at the load balancer")
        }
        AskError::Refused { .. } => Some(
            "find out why the server takes no more requests; ask fewer at the same time by \
             `--jobs` if there are too many for it",
        ),
        AskError::TooLarge(_) | AskError::TooLargeDecoded(_) => Some(
            "ask for less, such as one page of a list, or with `head` for status and headers alone",
        ),
        AskError::LargeHead => Some("let the service send fewer or shorter headers"),
        AskError::NoAnswer(_) | AskError::Broken(_) => None,
    }
}

/// What to do about a connection that there is not.
fn connection(error: &DialError) -> Option<&'static str> {
    match error {
        DialError::Resolve { .. } | DialError::Unresolved { .. } => {
            return Some(
                "check the name; give the load balancer's by `--connect-to` if the target's leads elsewhere",
            );
        }
        DialError::LinkLocal { .. } => {
            return Some(
                "give the load balancer's name or address; nobody is asked at link-local addresses",
            );
        }
        DialError::Addresses(_) => {}
    }
    match error.decisive_error()? {
        ConnectError::NoConnection | ConnectError::NoHandshake => Some(SILENCE),
        ConnectError::Network(error) => match error.kind() {
            ErrorKind::ConnectionRefused => Some(
                "check the port, and that a listener is there; nothing accepts connections on it",
            ),
            ErrorKind::NetworkUnreachable | ErrorKind::HostUnreachable => {
                Some("check the subnet's routes, and whether the address is inside another network")
            }
            _ => None,
        },
        ConnectError::Handshake(_) => None,
        ConnectError::Tls(tls) => match tls.kind() {
            TlsErrorKind::NoTls => {
                Some("check the scheme and the port; what answers there speaks no TLS")
            }
            TlsErrorKind::OtherName => Some(
                "give the certificate's name in the target, and the load balancer's own by `--connect-to`",
            ),
            TlsErrorKind::UnknownIssuer => Some(
                "give the authority that signed the certificate by `--cacert`, if you trust it",
            ),
            TlsErrorKind::Expired => Some("renew the listener's certificate"),
            TlsErrorKind::Certificate => {
                Some("give the listener a certificate that customers' clients accept")
            }
            TlsErrorKind::NoProtocol | TlsErrorKind::Other => None,
        },
    }
}
