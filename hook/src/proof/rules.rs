//! What a listener's rules do with the requests of the checks, as far as that
//! can be said before they are sent.
//!
//! They are read as the load balancer reads them: in their order, and only as
//! far as a request to the target's host can get.
//!
//! | rule | what follows |
//! |---|---|
//! | it is for other hosts | nothing |
//! | it leads to green alone, for the whole host | what stands behind it is never reached |
//! | it leads to blue, or shares between green and others | no proof |
//! | it is not the default one, can take every request to the host, and does not lead to green | no proof |
//! | it leads elsewhere for some requests | a note in the report |
//! | it is the default one, and leads to green alone | this is what has to be |
//! | it is the default one, and answers by itself | a rule has to lead the whole host to green |
//! | it is the default one, and leads elsewhere | no proof |

use super::conditions::{Holds, Seen};
use super::words::{Groups, Shares};
use crate::load_balancer::{Action, Condition, Rule};

/// The most rules that a note names.
const MOST_NAMED: usize = 5;

/// What is asked of a listener's rules.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a> {
    /// The listener, in words.
    pub(super) what: &'a str,
    /// The host that the checks ask for.
    pub(super) host: &'a str,
    /// The deployment's target groups.
    pub(super) groups: Groups<'a>,
}

impl Asked<'_> {
    /// Whether the rules lead to green alone, with notes on what they lead
    /// elsewhere; or else what they do, where `still` says that it is a state
    /// which may pass.
    pub(super) fn judge(self, rules: &[Rule], still: &str) -> Result<Vec<String>, String> {
        let (what, host) = (self.what, self.host);
        let seen = Seen {
            host,
            request: None,
        };
        let mut elsewhere = Vec::new();
        let mut gated = Vec::new();
        for rule in rules {
            let takes = rule.takes(seen);
            if takes == Holds::No {
                continue;
            }
            let shares = self.groups.shares(&rule.action);
            if rule.priority.is_none() {
                let opened = self.default(rule, &shares, &gated, rules, still)?;
                return Ok(self.notes(opened, elsewhere));
            }
            if shares.are_greens_alone() {
                if takes == Holds::Yes {
                    return Ok(self.notes(None, elsewhere));
                }
                if rule.is_gated(seen) {
                    gated.push(rule);
                }
                continue;
            }
            let of_pair = shares.others.iter().any(|(name, _)| self.groups.hold(name));
            if shares.green > 0 || of_pair {
                return Err(format!(
                    "the {what} {still}has a rule that does not lead to green alone: {}",
                    self.groups.rule(rule)
                ));
            }
            if rule.may_get_all(host) {
                return Err(format!(
                    "the {what} has a rule that takes every request to `{host}`: {}",
                    self.groups.rule(rule)
                ));
            }
            elsewhere.push(self.groups.rule(rule));
        }
        Err(format!("the {what} forwards to nobody"))
    }

    /// Whether the default action leads to green, or the requests that it gets
    /// may be lost: then a note says which ones are not.
    fn default(
        self,
        rule: &Rule,
        shares: &Shares<'_>,
        gated: &[&Rule],
        rules: &[Rule],
        still: &str,
    ) -> Result<Option<String>, String> {
        let (what, host) = (self.what, self.host);
        let others = shares.others.iter();
        match (shares.green, shares.others.as_slice()) {
            (1.., []) => Ok(None),
            (0, [_, ..]) => Err(format!(
                "the {what} {still}forwards to {}",
                list(others.map(|(name, _)| self.groups.named(name)))
            )),
            (1.., [_, ..]) => Err(format!(
                "the {what} forwards to green with weight {} and {still}to {}",
                shares.green,
                list(others.map(|(name, weight)| format!(
                    "{} with weight {weight}",
                    self.groups.named(name)
                )))
            )),
            (0, []) if !gated.is_empty() => Ok(Some(format!(
                "only requests with {} reach green on the {what}",
                list(gated.iter().map(|rule| rule.asks()))
            ))),
            (0, []) => {
                let is_forward =
                    |rule: &Rule| self.groups.shares(&rule.action) != Shares::default();
                if !rules.iter().any(is_forward) {
                    return Err(format!("the {what} forwards to nobody"));
                }
                let does = match &rule.action {
                    Action::Answer(kind) => format!("the default action `{kind}`"),
                    Action::Forward(_) => "a default action that forwards to nobody".to_owned(),
                };
                Err(format!(
                    "the {what} has {does}, and no rule that leads all requests to `{host}` to green"
                ))
            }
        }
    }

    /// What a reader has to know.
    fn notes(self, opened: Option<String>, mut elsewhere: Vec<String>) -> Vec<String> {
        let mut notes: Vec<_> = opened.into_iter().collect();
        if let more @ 1.. = elsewhere.len() {
            let cut = if more > MOST_NAMED { " and more" } else { "" };
            elsewhere.truncate(MOST_NAMED);
            notes.push(format!(
                "some requests on the {} do not reach green: {}{cut}",
                self.what,
                list(elsewhere.into_iter())
            ));
        }
        notes
    }
}

impl Rule {
    /// Whether it gets all requests of a host that meet a condition which only
    /// the checks can know to be met, such as a header.
    fn is_gated(&self, seen: Seen<'_>) -> bool {
        let mut conditions = self.conditions.iter();
        conditions.all(|condition| {
            let is_gate = matches!(condition, Condition::Header { .. } | Condition::SourceIp(_));
            is_gate || condition.holds(seen) == Holds::Yes
        })
    }

    /// Whether it can be that it gets all requests of a host.
    fn may_get_all(&self, host: &str) -> bool {
        let mut conditions = self.conditions.iter();
        conditions.all(|condition| condition.may_hold_for_all(host))
    }
}

pub(super) fn list(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join(" and ")
}

#[cfg(test)]
mod tests;
