//! A rule of a listener, in words.

use std::fmt;

use super::rules::list;
use crate::load_balancer::{Action, Condition, QueryPair, Rule, Values};

/// The two target groups of a deployment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Groups<'a> {
    /// The ARN of green's.
    pub(super) green: &'a str,
    /// The names of both.
    pub(super) pair: &'a [String],
}

impl Groups<'_> {
    /// Who gets the requests of a rule: `green` alone, or others, too.
    pub(super) fn shares<'a>(&self, action: &'a Action) -> Shares<'a> {
        let Action::Forward(forwards) = action else {
            return Shares::default();
        };
        let mut shares = Shares::default();
        for (arn, weight) in forwards.iter().filter(|(_, weight)| *weight > 0) {
            if arn == self.green {
                shares.green += *weight;
            } else {
                shares.others.push((name(arn), *weight));
            }
        }
        shares
    }

    /// Whether a target group is one of the deployment's.
    pub(super) fn hold(&self, name: &str) -> bool {
        self.pair.iter().any(|it| it == name)
    }

    /// A target group that is not green's: the other one of the pair is blue.
    pub(super) fn named(&self, name: &str) -> String {
        if self.hold(name) {
            format!("blue (`{name}`)")
        } else {
            format!("`{name}`")
        }
    }

    /// A rule, such as ``priority 5, path `/orders*`: `fixed-response` ``.
    pub(super) fn rule(&self, rule: &Rule) -> String {
        let which = match rule.priority {
            Some(priority) => format!("priority {priority}"),
            None => "the default action".to_owned(),
        };
        let conditions = match rule.asks() {
            asks if asks.is_empty() => asks,
            asks => format!(", {asks}"),
        };
        format!("{which}{conditions}: {}", self.outcome(rule))
    }

    /// What becomes of the requests of a rule.
    fn outcome(&self, rule: &Rule) -> String {
        if let Action::Answer(kind) = &rule.action {
            return format!("`{kind}`");
        }
        let Shares { green, others } = self.shares(&rule.action);
        let login = rule.login.as_ref().map(|login| format!("`{}`", login.kind));
        let to = match (green, others.as_slice()) {
            (0, []) => "nobody".to_owned(),
            (0, others) => list(others.iter().map(|(name, _)| self.named(name))),
            (_, []) => "green".to_owned(),
            (weight, others) => {
                let others = others
                    .iter()
                    .map(|(name, weight)| format!("{} with weight {weight}", self.named(name)));
                let green = format!("green with weight {weight}");
                list(std::iter::once(green).chain(others))
            }
        };
        match login {
            Some(login) => format!("{login} before {to}"),
            None => to,
        }
    }
}

/// Who gets the requests of a rule.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Shares<'a> {
    /// Green's weight.
    pub(super) green: u32,
    /// The names of other target groups, and their weights.
    pub(super) others: Vec<(&'a str, u32)>,
}

impl Shares<'_> {
    pub(super) fn are_greens_alone(&self) -> bool {
        self.green > 0 && self.others.is_empty()
    }
}

impl Rule {
    /// Its conditions.
    pub(super) fn asks(&self) -> String {
        list(self.conditions.iter().map(ToString::to_string))
    }
}

/// Of a header only the name is told: a listener that opens to those who know
/// a secret has it there.
impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let either = |values: &[String]| {
            let quoted = values.iter().map(|value| format!("`{value}`"));
            quoted.collect::<Vec<_>>().join(" or ")
        };
        match self {
            Self::Host(values) => write!(f, "host {values}"),
            Self::Path(values) => write!(f, "path {values}"),
            Self::Header { name, .. } => write!(f, "header `{name}`"),
            Self::Method(methods) => write!(f, "method {}", either(methods)),
            Self::Query(pairs) => {
                let pairs: Vec<_> = pairs.iter().map(ToString::to_string).collect();
                write!(f, "query {}", either(&pairs))
            }
            Self::SourceIp(ranges) => write!(f, "source IP {}", either(ranges)),
            Self::Unknown(field) => write!(f, "condition `{field}`"),
        }
    }
}

impl fmt::Display for QueryPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.key {
            Some(key) => write!(f, "{key}={}", self.value),
            None => f.write_str(&self.value),
        }
    }
}

impl fmt::Display for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let patterns = self.patterns.iter().map(|it| format!("`{it}`"));
        let expressions = self.expressions.iter().map(|it| format!("matching `{it}`"));
        let each: Vec<_> = patterns.chain(expressions).collect();
        f.write_str(&each.join(" or "))
    }
}

/// The name in the ARN of a target group: `…:targetgroup/NAME/ID`.
fn name(arn: &str) -> &str {
    arn.split('/').nth(1).unwrap_or(arn)
}
