//! The rules of a listener. The first rule whose conditions match a request
//! decides its action; without one the default action does.

use super::weights::Weights;
use crate::colour::Colour;

/// A rule of a listener. An empty condition matches every request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Patterns of the host, of which one has to match: `*` stands for any
    /// characters, `?` for one.
    pub hosts: Vec<String>,
    /// Patterns of the path, of which one has to match.
    pub paths: Vec<String>,
    /// The name of a header, and the pattern that one of its values has to match.
    pub header: Option<(String, String)>,
    /// What happens to a request that matches.
    pub action: Action,
}

/// What happens to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// It goes to the two target groups, by weight.
    Forward(Weights),
    /// It goes to the target group of another service, named `blog`.
    OtherService,
    /// The load balancer answers it, with this status.
    Fixed(u16),
}

/// Where one request goes: an [`Action`] after its weights have chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Destination {
    Colour(Colour),
    NoTarget,
    OtherService,
    Fixed(u16),
}

/// What the conditions of a rule look at.
#[derive(Clone, Copy, Debug)]
pub(super) struct ConditionInput<'a> {
    pub(super) host: &'a str,
    pub(super) path: &'a str,
    pub(super) headers: &'a http::HeaderMap,
}

/// The rules of a listener.
#[derive(Clone, Debug, Default)]
pub(crate) struct ListenerRules {
    pub(crate) rules: Vec<Rule>,
    /// The default action; without it the listener's weights are the default.
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

    fn matches(&self, input: ConditionInput<'_>) -> bool {
        let host = input.host.to_ascii_lowercase();
        let any_matches = |patterns: &[String], text: &str| {
            patterns.is_empty()
                || patterns
                    .iter()
                    .any(|pattern| matches_pattern(pattern, text))
        };
        let header = self.header.as_ref().is_none_or(|(name, pattern)| {
            let values = input.headers.get_all(name.as_str());
            let mut values = values.iter().filter_map(|value| value.to_str().ok());
            values.any(|value| matches_pattern(pattern, value))
        });
        header && any_matches(&self.hosts, &host) && any_matches(&self.paths, input.path)
    }
}

impl ListenerRules {
    /// The action for a request; `None` if the listener's weights decide.
    pub(super) fn action(&self, input: ConditionInput<'_>) -> Option<Action> {
        let rule = self.rules.iter().find(|rule| rule.matches(input));
        rule.map(|rule| rule.action).or(self.default)
    }
}

impl Action {
    /// Where the `turn`-th request goes.
    pub(super) fn destination(self, turn: u64) -> Destination {
        match self {
            Self::OtherService => Destination::OtherService,
            Self::Fixed(status) => Destination::Fixed(status),
            Self::Forward(weights) => weights
                .pick_colour(turn)
                .map_or(Destination::NoTarget, Destination::Colour),
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

/// Whether all of a text matches a pattern: `*` stands for any characters, `?`
/// for one.
fn matches_pattern(pattern: &str, text: &str) -> bool {
    let Some(first) = pattern.chars().next() else {
        return text.is_empty();
    };
    let rest = &pattern[first.len_utf8()..];
    let mut chars = text.chars();
    if first == '*' {
        // The star either ends here, or takes one more character.
        return matches_pattern(rest, text)
            || (chars.next().is_some() && matches_pattern(pattern, chars.as_str()));
    }
    chars.next().is_some_and(|it| first == '?' || first == it)
        && matches_pattern(rest, chars.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything_and_a_question_mark_for_one_character() {
        let check = |pattern: &str, text: &str, expected: bool| {
            assert_eq!(matches_pattern(pattern, text), expected, "{pattern} {text}");
        };
        check("*", "", true);
        check("/api/*", "/api/orders", true);
        check("/api/*", "/api", false);
        check("*.example.test", "shop.example.test", true);
        check("sho?.example.test", "shop.example.test", true);
        check("?", "", false);
    }
}
