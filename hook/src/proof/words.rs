//! A rule of a listener, in words.

use std::fmt;

use crate::load_balancer::{Action, Condition, QueryPair, Rule, Values};

/// What was seen instead of green. It may pass.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{state}")]
pub(super) struct NotGreen {
    /// As a clause.
    pub(super) state: String,
}

impl NotGreen {
    pub(super) fn new(state: impl Into<String>) -> Self {
        Self {
            state: state.into(),
        }
    }
}

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
        // CodeDeploy leaves the group that gets nothing in the rule, with
        // weight 0.
        for (arn, weight) in forwards.iter().filter(|(_, weight)| *weight > 0) {
            if arn == self.green {
                shares.green += *weight;
            } else {
                shares.others.push((group_name(arn), *weight));
            }
        }
        shares
    }

    /// Whether a target group is one of the deployment's.
    pub(super) fn contain(&self, name: &str) -> bool {
        self.pair.iter().any(|it| it == name)
    }

    /// A target group that is not green's: the other one of the pair is blue.
    pub(super) fn describe_group(&self, name: &str) -> String {
        if self.contain(name) {
            format!("blue (`{name}`)")
        } else {
            format!("`{name}`")
        }
    }

    /// A rule, such as ``priority 5, path `/orders*`: `fixed-response` ``.
    pub(super) fn describe_rule(&self, rule: &Rule) -> String {
        let which = match rule.priority {
            Some(priority) => format!("priority {priority}"),
            None => "the default action".to_owned(),
        };
        let conditions = match rule.describe_conditions() {
            asks if asks.is_empty() => asks,
            asks => format!(", {asks}"),
        };
        format!("{which}{conditions}: {}", self.describe_outcome(rule))
    }

    /// What becomes of the requests of a rule.
    fn describe_outcome(&self, rule: &Rule) -> String {
        if let Action::Answer(kind) = &rule.action {
            return format!("`{kind}`");
        }
        let Shares { green, others } = self.shares(&rule.action);
        let login = rule.login.as_ref().map(|login| format!("`{}`", login.kind));
        let to = match (green, others.as_slice()) {
            // Each weight is 0, so that no group gets the request.
            (0, []) => "nobody".to_owned(),
            (0, others) => join_with_and(others.iter().map(|(name, _)| self.describe_group(name))),
            (_, []) => "green".to_owned(),
            (weight, others) => {
                let others = others.iter().map(|(name, weight)| {
                    format!("{} with weight {weight}", self.describe_group(name))
                });
                let green = format!("green with weight {weight}");
                join_with_and(std::iter::once(green).chain(others))
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
    pub(super) fn are_green_only(&self) -> bool {
        self.green > 0 && self.others.is_empty()
    }
}

impl Rule {
    /// Its conditions.
    pub(super) fn describe_conditions(&self) -> String {
        join_with_and(self.conditions.iter().map(ToString::to_string))
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
fn group_name(arn: &str) -> &str {
    arn.split('/').nth(1).unwrap_or(arn)
}

pub(super) fn join_with_and(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join(" and ")
}
