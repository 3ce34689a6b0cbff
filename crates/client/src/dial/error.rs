//! Why there is no connection: which addresses were tried, and what each said.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

pub use super::tls::TlsProblem;

/// Why nothing can be dialled at all.
#[derive(Debug, Clone, thiserror::Error)]
pub enum DialerError {
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
    /// Only the name is known when an address is looked up.
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
        /// What was said instead of an address.
        reason: String,
    },
    /// The addresses of the name were not told in time.
    #[error("`{host}` does not resolve: no answer from DNS")]
    Unresolved {
        /// The name.
        host: String,
    },
    /// Nobody is asked at the address of the name.
    #[error("`{host}` is {address}, a link-local address")]
    LinkLocal {
        /// The name.
        host: String,
        /// Its address.
        address: IpAddr,
    },
    /// No address gave a connection.
    #[error("{}", list(.0))]
    Addresses(Vec<Unreached>),
}

/// An address that gave no connection.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{address}: {problem}")]
pub struct Unreached {
    /// The address.
    pub address: SocketAddr,
    /// What came instead.
    pub problem: Problem,
}

/// What came instead of a connection.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Problem {
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
    Tls(TlsProblem),
}

/// What the network says, in words.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{words}")]
pub struct NetworkError {
    kind: io::ErrorKind,
    words: String,
}

impl DialError {
    /// Whether the time was over before it could be told.
    pub(crate) fn is_late(&self) -> bool {
        match self {
            Self::Unresolved { .. } => true,
            Self::Addresses(tried) => tried.iter().any(|one| one.problem.is_silence()),
            Self::Resolve { .. } | Self::LinkLocal { .. } => false,
        }
    }

    /// What came of the address that says the most.
    pub fn problem(&self) -> Option<&Problem> {
        let Self::Addresses(tried) = self else {
            return None;
        };
        let problems = || tried.iter().map(|one| &one.problem);
        let tls = problems().find(|problem| matches!(problem, Problem::Tls(_)));
        let spoken = || problems().find(|problem| !problem.is_silence());
        tls.or_else(spoken).or_else(|| problems().next())
    }
}

impl Problem {
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
            _ if error.raw_os_error().is_some() => without_number(error),
            // The TLS stack says it with a link into its own documents.
            io::ErrorKind::UnexpectedEof => "the connection ended too early".to_owned(),
            io::ErrorKind::BrokenPipe => "the connection ended".to_owned(),
            _ => error.to_string(),
        };
        Self { kind, words }
    }
}

/// What the operating system says, without its number for it.
pub(super) fn without_number(error: &io::Error) -> String {
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

fn list(tried: &[Unreached]) -> String {
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
