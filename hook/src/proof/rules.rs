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

use super::conditions::{Match, RequestView};
use super::words::{Groups, NotGreen, Shares, join_with_and};
use crate::load_balancer::{Action, Condition, Rule};

/// The most rules that a note names.
const MOST_NAMED: usize = 5;

/// What is asked of a listener's rules.
#[derive(Debug, Clone, Copy)]
pub(super) struct RuleCheck<'a> {
    /// The listener, in words.
    pub(super) listener: &'a str,
    /// The host that the checks ask for.
    pub(super) host: &'a str,
    /// The deployment's target groups.
    pub(super) groups: Groups<'a>,
}

impl RuleCheck<'_> {
    /// Whether the rules lead to green alone, with notes on what they lead
    /// elsewhere; or else what they do, where `still` says that it is a state
    /// which may pass.
    pub(super) fn judge(self, rules: &[Rule], still: &str) -> Result<Vec<String>, NotGreen> {
        let (what, host) = (self.listener, self.host);
        let view = RequestView {
            host,
            request: None,
        };
        let mut elsewhere = Vec::new();
        let mut gated = Vec::new();
        for rule in rules {
            let takes = rule.matches(view);
            if takes == Match::No {
                continue;
            }
            let shares = self.groups.shares(&rule.action);
            // The default rule, which alone has no priority, takes what is
            // left.
            if rule.priority.is_none() {
                let opened = self.judge_default(rule, &shares, &gated, rules, still)?;
                return Ok(self.collect_notes(opened, elsewhere));
            }
            if shares.are_green_only() {
                // Every request to the host ends here, whatever the rules
                // behind it do.
                if takes == Match::Yes {
                    return Ok(self.collect_notes(None, elsewhere));
                }
                // A header that the checks send may open a listener that
                // answers nobody else.
                if rule.is_gated(view) {
                    gated.push(rule);
                }
                continue;
            }
            let of_pair = shares
                .others
                .iter()
                .any(|(name, _)| self.groups.contain(name));
            // Blue behind some path would answer checks in the name of green.
            if shares.green > 0 || of_pair {
                return Err(NotGreen::new(format!(
                    "the {what} {still}has a rule that does not lead to green alone: {}",
                    self.groups.describe_rule(rule)
                )));
            }
            if rule.may_take_all(host) {
                return Err(NotGreen::new(format!(
                    "the {what} has a rule that takes every request to `{host}`: {}",
                    self.groups.describe_rule(rule)
                )));
            }
            elsewhere.push(self.groups.describe_rule(rule));
        }
        Err(NotGreen::new(format!("the {what} forwards to nobody")))
    }

    /// Whether the default action leads to green, or the requests that it gets
    /// may be lost: then a note says which ones are not.
    fn judge_default(
        self,
        rule: &Rule,
        shares: &Shares<'_>,
        gated: &[&Rule],
        rules: &[Rule],
        still: &str,
    ) -> Result<Option<String>, NotGreen> {
        let (what, host) = (self.listener, self.host);
        let others = shares.others.iter();
        match (shares.green, shares.others.as_slice()) {
            // This is what CodeDeploy makes of a test listener.
            (1.., []) => Ok(None),
            (0, [_, ..]) => Err(NotGreen::new(format!(
                "the {what} {still}forwards to {}",
                join_with_and(others.map(|(name, _)| self.groups.describe_group(name)))
            ))),
            (1.., [_, ..]) => Err(NotGreen::new(format!(
                "the {what} forwards to green with weight {} and {still}to {}",
                shares.green,
                join_with_and(others.map(|(name, weight)| format!(
                    "{} with weight {weight}",
                    self.groups.describe_group(name)
                )))
            ))),
            // The default action answers those who do not know the header,
            // which is how teams close a test listener.
            (0, []) if !gated.is_empty() => Ok(Some(format!(
                "only requests with {} reach green on the {what}",
                join_with_and(gated.iter().map(|rule| rule.describe_conditions()))
            ))),
            (0, []) => {
                let is_forward =
                    |rule: &Rule| self.groups.shares(&rule.action) != Shares::default();
                if !rules.iter().any(is_forward) {
                    return Err(NotGreen::new(format!("the {what} forwards to nobody")));
                }
                let does = match &rule.action {
                    Action::Answer(kind) => format!("the default action `{kind}`"),
                    Action::Forward(_) => "a default action that forwards to nobody".to_owned(),
                };
                Err(NotGreen::new(format!(
                    "the {what} has {does}, and no rule that leads all requests to `{host}` to green"
                )))
            }
        }
    }

    /// What a reader has to know.
    fn collect_notes(self, opened: Option<String>, mut elsewhere: Vec<String>) -> Vec<String> {
        let mut notes: Vec<_> = opened.into_iter().collect();
        if let more @ 1.. = elsewhere.len() {
            let cut = if more > MOST_NAMED { " and more" } else { "" };
            // A note is read by people, and a listener may have a hundred
            // rules.
            elsewhere.truncate(MOST_NAMED);
            notes.push(format!(
                "some requests on the {} do not reach green: {}{cut}",
                self.listener,
                join_with_and(elsewhere.into_iter())
            ));
        }
        notes
    }
}

impl Rule {
    /// Whether it gets all requests of a host that meet a condition which only
    /// the checks can know to be met, such as a header.
    fn is_gated(&self, view: RequestView<'_>) -> bool {
        let mut conditions = self.conditions.iter();
        conditions.all(|condition| {
            let is_gate = matches!(condition, Condition::Header { .. } | Condition::SourceIp(_));
            is_gate || condition.matches(view) == Match::Yes
        })
    }

    /// Whether it can be that it gets all requests of a host.
    fn may_take_all(&self, host: &str) -> bool {
        let mut conditions = self.conditions.iter();
        conditions.all(|condition| condition.may_match_all(host))
    }
}

#[cfg(test)]
mod tests;
