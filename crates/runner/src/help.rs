//! What to do where no answer came, or not all of one could be read: the usual
//! reasons, by the types of the errors of the network and of TLS.

use std::io::ErrorKind;

use client::dial::{ConnectError, DialError, TlsErrorKind};
use client::http::AskError;

/// What to do where a host is silent: security groups drop what they do not
/// allow, so that a closed port looks like a slow one.
const SILENCE: &str = "check that the security group of the load balancer lets this machine in on \
                       the port; raise `timeout` if the target is only slow";

/// What to do about a request that failed, if that is known; `has_answer` tells
/// that the answer had begun.
pub(crate) fn find_help(error: &AskError, has_answer: bool) -> Option<&'static str> {
    match error {
        AskError::Connect(error) => find_connection_help(error),
        AskError::NoAnswer(_) if !has_answer => Some(SILENCE),
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

/// What to do about a connection that could not be opened.
fn find_connection_help(error: &DialError) -> Option<&'static str> {
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
