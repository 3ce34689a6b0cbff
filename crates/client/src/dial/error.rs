//! Why there is no connection: which addresses were tried, and what each said.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

pub use super::tls::TlsError;

/// Why nothing can be dialled at all.
#[derive(Debug, Clone, thiserror::Error)]
pub enum DialerSetupError {
    /// The file with the certificate authorities cannot be read.
    #[error("the certificate authorities in `{}` cannot be read: {reason}", .path.display())]
    Authorities {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A target that is an address is dialled as it is.
    #[error(
        "an address to connect to needs a target with a name, found a target that is an address itself"
    )]
    TargetIsAddress,
    /// The target's name is also that of an allowed host, and the resolver, which
    /// is given the name alone, cannot tell them apart.
    #[error(
        "`{name}` cannot be allowed as another host, because something else is dialled for that name"
    )]
    TwoMeanings {
        /// The target's name, which is also that of an allowed host.
        name: String,
    },
    /// The TLS stack or the system's certificate authorities failed.
    #[error("the TLS stack cannot be set up: {reason}")]
    Stack {
        /// What is wrong.
        reason: String,
    },
}

/// Why there is no connection.
#[derive(Debug, Clone, thiserror::Error)]
pub enum DialError {
    /// The name has no address.
    #[error("`{host}` does not resolve: {reason}")]
    Resolve {
        /// The name.
        host: String,
        /// What the resolver says.
        reason: String,
    },
    /// The addresses of the name were not told in time.
    #[error("`{host}` does not resolve: no answer from DNS")]
    Unresolved {
        /// The name.
        host: String,
    },
    /// The address of the name is link-local, where the credentials of a machine
    /// are.
    #[error("`{host}` is {address}, a link-local address")]
    LinkLocal {
        /// The name.
        host: String,
        /// Its address.
        address: IpAddr,
    },
    /// No address gave a connection.
    #[error("{}", join_errors(.0))]
    Addresses(Vec<AddressError>),
}

/// An address that gave no connection.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{address}: {error}")]
pub struct AddressError {
    /// The address.
    pub address: SocketAddr,
    /// Why.
    pub error: ConnectError,
}

/// Why an address gave no connection.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ConnectError {
    /// Nothing at all.
    #[error("no answer to the connection")]
    NoConnection,
    /// A TCP connection, and nothing over it.
    #[error("no answer to the TLS handshake")]
    NoHandshake,
    /// What the network says.
    #[error("{0}")]
    Network(NetworkError),
    /// What the network says while TLS is agreed on.
    #[error("no TLS handshake: {0}")]
    Handshake(NetworkError),
    /// What is wrong with TLS, or with the certificate.
    #[error("{0}")]
    Tls(TlsError),
}

/// What the network says, in words.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{words}")]
pub struct NetworkError {
    kind: io::ErrorKind,
    words: String,
}

impl DialError {
    /// Whether the deadline passed while an address, or DNS, was silent.
    pub(crate) fn is_late(&self) -> bool {
        match self {
            Self::Unresolved { .. } => true,
            Self::Addresses(tried) => tried.iter().any(|tried| tried.error.is_silence()),
            Self::Resolve { .. } | Self::LinkLocal { .. } => false,
        }
    }

    /// The error of the address that says the most: one about TLS names a
    /// mistake, one of the network a place, and silence nothing.
    pub fn decisive_error(&self) -> Option<&ConnectError> {
        let Self::Addresses(tried) = self else {
            return None;
        };
        let errors = || tried.iter().map(|tried| &tried.error);
        let tls = errors().find(|error| matches!(error, ConnectError::Tls(_)));
        let network = || errors().find(|error| !error.is_silence());
        tls.or_else(network).or_else(|| errors().next())
    }
}

impl ConnectError {
    /// Whether the address sent nothing at all.
    fn is_silence(&self) -> bool {
        matches!(self, Self::NoConnection | Self::NoHandshake)
    }
}

impl NetworkError {
    /// What kind of error it is.
    pub fn kind(&self) -> io::ErrorKind {
        self.kind
    }
}

impl From<&io::Error> for NetworkError {
    fn from(error: &io::Error) -> Self {
        let kind = error.kind();
        let words = match kind {
            _ if error.raw_os_error().is_some() => describe_os_error(error),
            // The TLS stack says it with a link into its own documents.
            io::ErrorKind::UnexpectedEof => "the connection ended too early".to_owned(),
            io::ErrorKind::BrokenPipe => "the connection ended".to_owned(),
            _ => error.to_string(),
        };
        Self { kind, words }
    }
}

/// The text of an error of the operating system, without its number and in
/// lower case, as part of a sentence.
pub(super) fn describe_os_error(error: &io::Error) -> String {
    let words = error.to_string();
    let number = error
        .raw_os_error()
        .map(|number| format!(" (os error {number})"));
    let words = number
        .and_then(|number| words.strip_suffix(&number))
        .unwrap_or(&words);
    let mut chars = words.chars();
    let first = chars.next().map(|first| first.to_ascii_lowercase());
    first.into_iter().chain(chars).collect()
}

fn join_errors(tried: &[AddressError]) -> String {
    let tried: Vec<_> = tried.iter().map(ToString::to_string).collect();
    tried.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_network_says_is_said_in_words() {
        let link = "peer closed connection: https://docs.example/manual/unexpected-eof";
        for (error, words) in [
            (io::Error::from_raw_os_error(111), "connection refused"),
            (
                io::Error::from_raw_os_error(104),
                "connection reset by peer",
            ),
            (io::Error::from_raw_os_error(101), "network is unreachable"),
            (
                io::Error::new(io::ErrorKind::UnexpectedEof, link),
                "the connection ended too early",
            ),
        ] {
            assert_eq!(NetworkError::from(&error).to_string(), words);
        }
    }
}
