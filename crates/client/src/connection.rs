//! How the target is reached: the settings that every client is made of.

use std::path::PathBuf;

use crate::target::{Address, Target};

/// How the target is reached.
#[derive(Debug, Clone)]
pub struct Connection {
    /// The base URL under test.
    pub target: Target,
    /// What is dialled instead of the target's own name.
    pub connect_to: Option<Address>,
    /// A PEM file with the only certificate authorities that are trusted; the
    /// system's are trusted if absent.
    pub cacert: Option<PathBuf>,
}
