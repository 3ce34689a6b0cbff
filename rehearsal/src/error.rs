//! The errors of the stage itself.
//!
//! A deployment that fails is not an error: it is data, in
//! [`Outcome`](crate::Outcome).

use std::io;
use std::path::PathBuf;

use crate::load_balancer::Listener;

/// Why the stage could not be built, asked or run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StageError {
    /// A listening socket could not be opened.
    #[error("cannot listen on 127.0.0.1:{port} for the {what}")]
    Listen {
        /// What the socket was for.
        what: &'static str,
        /// The port that was asked for; 0 means any.
        port: u16,
        /// The error of the system.
        source: io::Error,
    },
    /// The stage's temporary folder could not be made or written.
    #[error("cannot write `{}`", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
    /// A certificate could not be made.
    #[error("cannot make the certificate `{name}`")]
    Certificate {
        /// Which certificate.
        name: &'static str,
        /// The error of the certificate library.
        source: rcgen::Error,
    },
    /// A TLS configuration was refused.
    #[error("cannot set up TLS for `{name}`")]
    Tls {
        /// Which certificate.
        name: &'static str,
        /// The error of the TLS library.
        source: rustls::Error,
    },
    /// The function's `bootstrap` could not be started at all.
    #[error("cannot start the function `{}`", path.display())]
    Spawn {
        /// The `bootstrap` that was asked for.
        path: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
    /// A request of the stage itself got no usable answer.
    #[error("no answer from 127.0.0.1:{port}{path}: {reason}")]
    Ask {
        /// The port that was asked.
        port: u16,
        /// The path that was asked for.
        path: String,
        /// What went wrong.
        reason: String,
    },
    /// A listener did not answer with one colour.
    #[error("expected the {listener} listener to serve blue or green, found {found}")]
    Undecided {
        /// The listener that was asked.
        listener: Listener,
        /// What it answered.
        found: String,
    },
}
