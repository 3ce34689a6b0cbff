//! The ways in which a new version of the app can be broken.

use std::fmt;
use std::str::FromStr;

/// What is wrong with a version of the app.
///
/// The first two are the reason for a deployment gate: the app starts, answers
/// its health check, and is of no use to its customers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Defect {
    /// Login works and health is fine, but a customer's order list is empty.
    OrdersAreEmpty,
    /// An order's total is one cent more than its items.
    WrongTotals,
    /// Nobody can log in: `POST /login` answers 500.
    LoginFails,
    /// `GET /healthz` answers 503; the rest works.
    Unhealthy,
    /// Every answer takes [`Defect::DELAY`] longer.
    Slow,
}

impl Defect {
    /// Every defect, in the order of the documentation.
    pub const ALL: [Self; 5] = [
        Self::OrdersAreEmpty,
        Self::WrongTotals,
        Self::LoginFails,
        Self::Unhealthy,
        Self::Slow,
    ];

    /// How much later a [`Defect::Slow`] app answers.
    pub const DELAY: std::time::Duration = std::time::Duration::from_millis(1500);

    /// The name on the command line, such as `orders-are-empty`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OrdersAreEmpty => "orders-are-empty",
            Self::WrongTotals => "wrong-totals",
            Self::LoginFails => "login-fails",
            Self::Unhealthy => "unhealthy",
            Self::Slow => "slow",
        }
    }
}

impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The text is not the name of a defect.
#[derive(Debug, thiserror::Error)]
#[error("expected one of {}, found `{found}`", Defect::ALL.map(Defect::name).join(", "))]
pub struct UnknownDefect {
    /// The text.
    pub found: String,
}

impl FromStr for Defect {
    type Err = UnknownDefect;

    fn from_str(text: &str) -> Result<Self, UnknownDefect> {
        Self::ALL
            .into_iter()
            .find(|defect| defect.name() == text)
            .ok_or_else(|| UnknownDefect {
                found: text.to_owned(),
            })
    }
}
