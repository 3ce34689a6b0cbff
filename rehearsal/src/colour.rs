//! The two versions of a blue/green deployment.

use std::fmt;

/// One of the two versions of the app, and of the two target groups.
///
/// Blue is what customers use when the deployment starts; green is the new
/// version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Colour {
    /// The old version.
    Blue,
    /// The new version.
    Green,
}

impl Colour {
    /// `blue` or `green`, as `/version` answers it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Blue => "blue",
            Self::Green => "green",
        }
    }

    /// The version that the app of this colour answers.
    pub const fn version(self) -> &'static str {
        match self {
            Self::Blue => "blue-1.0.0",
            Self::Green => "green-1.1.0",
        }
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
