//! The rules of a listener: tried in their order, each with an action, before
//! the default action.

use super::weights::Weights;
use crate::colour::Colour;

/// A rule of a listener before its default one. What is empty holds for every
/// request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Patterns of the host, of which one has to fit: `*` stands for any
    /// characters, `?` for one.
    pub hosts: Vec<String>,
    /// Patterns of the path, of which one has to fit.
    pub paths: Vec<String>,
    /// A header and its pattern.
    pub header: Option<(String, String)>,
    /// What becomes of a request that fits.
    pub action: Action,
}

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// It goes to the two target groups, by weight.
    Forward(Weights),
    /// It goes to the target group of another service, the `blog`.
    Elsewhere,
    /// The load balancer answers it, with this status.
    Fixed(u16),
}

/// Where a request goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Destination {
    Colour(Colour),
    Nobody,
    Elsewhere,
    Fixed(u16),
}

/// What a rule looks at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    pub(super) host: &'a str,
    pub(super) path: &'a str,
    pub(super) headers: &'a http::HeaderMap,
}

/// The rules of a listener, and what holds where none does, if it is not the
/// listener's own weights.
#[derive(Clone, Debug, Default)]
pub(crate) struct Routes {
    pub(crate) rules: Vec<Rule>,
    pub(crate) default: Option<Action>,
}

impl Rule {
    /// A rule for these paths on every host.
    pub fn of_paths(paths: &[&str], action: impl Into<Action>) -> Self {
        Self {
            hosts: Vec::new(),
            paths: paths.iter().map(|&path| path.to_owned()).collect(),
            header: None,
            action: action.into(),
        }
    }

    /// A rule for these hosts and every path.
    pub fn of_hosts(hosts: &[&str], action: impl Into<Action>) -> Self {
        Self {
            hosts: hosts.iter().map(|&host| host.to_owned()).collect(),
            ..Self::of_paths(&[], action)
        }
    }

    fn fits(&self, asked: Asked<'_>) -> bool {
        let host = asked.host.to_ascii_lowercase();
        let one = |patterns: &[String], text: &str| {
            patterns.is_empty() || patterns.iter().any(|pattern| matches(pattern, text))
        };
        let header = self.header.as_ref().is_none_or(|(name, pattern)| {
            let values = asked.headers.get_all(name.as_str());
            let mut values = values.iter().filter_map(|value| value.to_str().ok());
            values.any(|value| matches(pattern, value))
        });
        header && one(&self.hosts, &host) && one(&self.paths, asked.path)
    }
}

impl Routes {
    /// What becomes of a request, unless the listener's weights say it.
    pub(super) fn action(&self, asked: Asked<'_>) -> Option<Action> {
        let rule = self.rules.iter().find(|rule| rule.fits(asked));
        rule.map(|rule| rule.action).or(self.default)
    }
}

impl Action {
    pub(super) fn destination(self, turn: u64) -> Destination {
        match self {
            Self::Elsewhere => Destination::Elsewhere,
            Self::Fixed(status) => Destination::Fixed(status),
            Self::Forward(weights) => weights
                .pick(turn)
                .map_or(Destination::Nobody, Destination::Colour),
        }
    }
}

impl From<Weights> for Action {
    fn from(weights: Weights) -> Self {
        Self::Forward(weights)
    }
}

impl From<Colour> for Action {
    fn from(colour: Colour) -> Self {
        Self::Forward(colour.into())
    }
}

/// Whether a text is what a pattern says.
fn matches(pattern: &str, text: &str) -> bool {
    let Some(first) = pattern.chars().next() else {
        return text.is_empty();
    };
    let rest = &pattern[first.len_utf8()..];
    let mut chars = text.chars();
    if first == '*' {
        return matches(rest, text) || (chars.next().is_some() && matches(pattern, chars.as_str()));
    }
    chars.next().is_some_and(|it| first == '?' || first == it) && matches(rest, chars.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything_and_a_question_mark_for_one_character() {
        let check = |pattern: &str, text: &str, expected: bool| {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        };
        check("*", "", true);
        check("/api/*", "/api/orders", true);
        check("/api/*", "/api", false);
        check("*.example.test", "shop.example.test", true);
        check("sho?.example.test", "shop.example.test", true);
        check("?", "", false);
    }
}
