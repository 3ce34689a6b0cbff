//! The two listeners, and the weights by which they forward.

use std::fmt;

use crate::colour::Colour;

/// One of the load balancer's two listeners.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Listener {
    /// Customers' traffic: port 443 on AWS.
    Production,
    /// The gate's traffic: port 8443 on AWS.
    Test,
}

impl Listener {
    /// `production` or `test`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Production => "production",
            Self::Test => "test",
        }
    }
}

impl fmt::Display for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The share of each target group in a listener's forward action, as in
/// [`ForwardConfig`](https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_ForwardActionConfig.html).
///
/// With both weights 0 the listener has no targets and answers 503.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Weights {
    /// The share of the blue target group.
    pub blue: u32,
    /// The share of the green target group.
    pub green: u32,
}

impl Weights {
    /// The colour that gets the `turn`-th request; `None` if both weights are 0.
    ///
    /// An ALB draws lots; here the turns are spread evenly, so that a test
    /// that sends a hundred requests knows what to expect.
    pub(super) fn pick_colour(self, turn: u64) -> Option<Colour> {
        let total = u64::from(self.blue) + u64::from(self.green);
        let turn = turn.checked_rem(total)?;
        // How many of the first requests green has had by then.
        let due = |turn: u64| turn * u64::from(self.green) / total;
        if due(turn + 1) > due(turn) {
            Some(Colour::Green)
        } else {
            Some(Colour::Blue)
        }
    }
}

impl From<Colour> for Weights {
    fn from(colour: Colour) -> Self {
        match colour {
            Colour::Blue => Self { blue: 1, green: 0 },
            Colour::Green => Self { blue: 0, green: 1 },
        }
    }
}

impl From<Option<Colour>> for Weights {
    fn from(colour: Option<Colour>) -> Self {
        colour.map(Self::from).unwrap_or_default()
    }
}

impl fmt::Display for Weights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.blue, self.green) {
            (0, 0) => f.write_str("no targets"),
            (_, 0) => f.write_str("blue"),
            (0, _) => f.write_str("green"),
            (blue, green) => write!(f, "blue {blue} / green {green}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(weights: Weights, expected: &str) {
        let picked: String = (0..10)
            .map(|turn| match weights.pick_colour(turn) {
                None => '-',
                Some(Colour::Blue) => 'b',
                Some(Colour::Green) => 'g',
            })
            .collect();
        assert_eq!(picked, expected);
    }

    #[test]
    fn the_turns_follow_the_weights_and_are_spread_evenly() {
        check(Weights { blue: 0, green: 0 }, "----------");
        check(Weights { blue: 1, green: 0 }, "bbbbbbbbbb");
        check(Weights { blue: 0, green: 7 }, "gggggggggg");
        check(Weights { blue: 1, green: 1 }, "bgbgbgbgbg");
        check(Weights { blue: 4, green: 1 }, "bbbbgbbbbg");
        check(
            Weights {
                blue: 90,
                green: 10,
            },
            "bbbbbbbbbg",
        );
    }
}
