//! What to do where nobody could be asked, or not all of an answer could be
//! read: the usual reasons, by what the network and TLS say.

use crate::http::AskError;

/// Words of the network and of TLS, and what usually helps against them.
const HINTS: [(&str, &str); 11] = [
    (
        "does not resolve",
        "check the name; give the load balancer's by `--connect-to` if the target's leads elsewhere",
    ),
    (
        "link-local",
        "give the load balancer's name or address; nobody is asked at link-local addresses",
    ),
    (
        "refused",
        "check the port, and that a listener is there; nothing accepts connections on it",
    ),
    (
        "unreachable",
        "check the subnet's routes, and whether the address is inside another network",
    ),
    (
        "InvalidContentType",
        "check the scheme and the port; what answers there speaks no TLS",
    ),
    (
        "not valid for name",
        "give the certificate's name in the target, and the load balancer's own by `--connect-to`",
    ),
    (
        "NotValidForName",
        "give the certificate's name in the target, and the load balancer's own by `--connect-to`",
    ),
    (
        "UnknownIssuer",
        "give the authority that signed the certificate by `--cacert`, if you trust it",
    ),
    ("expired", "renew the listener's certificate"),
    ("Expired", "renew the listener's certificate"),
    (
        "invalid peer certificate",
        "give the listener a certificate that customers' clients accept",
    ),
];

/// What to do about it, if that is known.
pub(crate) fn hint(error: &AskError, answered: bool) -> Option<&'static str> {
    match error {
        AskError::Connect(reason) | AskError::Broken(reason) => {
            let known = HINTS.iter().find(|(words, _)| reason.contains(words));
            known.map(|(_, hint)| *hint)
        }
        AskError::NoAnswer(_) if !answered => Some(
            "check that the security group of the load balancer lets this machine in on the port; \
             raise `timeout` if the target is only slow",
        ),
        AskError::NoEnd(_) => Some("raise `timeout` if the answer is only slow"),
        AskError::Version { .. } => {
            Some("leave `http` out, or turn the version on at the load balancer")
        }
        AskError::TooLarge(_) | AskError::TooLargeDecoded(_) => Some(
            "ask for less, such as one page of a list, or with `head` for status and headers alone",
        ),
        AskError::LargeHead => Some("let the service send fewer or shorter headers"),
        AskError::NoAnswer(_) => None,
    }
}
