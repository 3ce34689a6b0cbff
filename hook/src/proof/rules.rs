//! What a listener's rules do with the requests of the checks.
//!
//! | rule | what follows |
//! |---|---|
//! | the default one leads to green alone | this is what has to be |
//! | the default one answers by itself | another rule has to lead to green, for the target's host and every path |
//! | it leads to blue, or shares with green | no proof |
//! | it can take every request to the target's host, and does not lead to green | no proof |
//! | it leads elsewhere for some requests | a note in the report |

use std::collections::BTreeMap;

use crate::load_balancer::{Action, Condition, Rule};

/// The most rules that a note names.
const MOST_NAMED: usize = 5;

/// Regular expressions that hold for every path.
const EVERY_PATH: [&str; 6] = [".*", "^.*$", "/.*", "^/.*", "^/.*$", "^/"];

/// What is asked of a listener's rules.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a> {
    /// The listener, in words.
    pub(super) what: &'a str,
    /// The host that the checks ask for.
    pub(super) host: &'a str,
    /// The ARN of green's target group.
    pub(super) green: &'a str,
    /// The names of both target groups.
    pub(super) pair: &'a [String],
}

/// How many of the target's requests a rule certainly gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gets {
    Some,
    /// All that meet a condition which only the checks can know to be met,
    /// such as a header.
    Gated,
    All,
}

impl Asked<'_> {
    /// Whether the rules lead to green alone, with notes on what they lead
    /// elsewhere; or else what they do, where `still` says that it is a state
    /// which may pass.
    pub(super) fn judge(self, rules: &[Rule], still: &str) -> Result<Vec<String>, String> {
        let (what, host) = (self.what, self.host);
        let mut shares: BTreeMap<&str, u32> = BTreeMap::new();
        let mut elsewhere = Vec::new();
        let mut gated = Vec::new();
        let mut covered = false;
        let mut default = None;
        for rule in rules {
            let is_default = rule.priority.is_none();
            let forwards = match &rule.action {
                Action::Forward(forwards) => forwards.as_slice(),
                Action::Answer(kind) if !is_default && rule.may_get_all(host) && !covered => {
                    return Err(format!(
                        "the {what} has a rule that takes every request to `{host}`: {}",
                        described(rule, &format!("`{kind}`"))
                    ));
                }
                Action::Answer(_) => &[],
            };
            let holds = |arn: &str| forwards.iter().any(|(it, weight)| it == arn && *weight > 0);
            let to_others = forwards
                .iter()
                .any(|(arn, weight)| arn != self.green && *weight > 0);
            if holds(self.green) && !to_others && !is_default {
                match rule.gets(host) {
                    Gets::All => covered = true,
                    Gets::Gated => gated.push(rule),
                    Gets::Some => {}
                }
            }
            let takes_all = rule.may_get_all(host) && !covered;
            let mut foreign = Vec::new();
            for (arn, weight) in forwards.iter().filter(|(_, weight)| *weight > 0) {
                let of_pair = self.pair.iter().any(|it| it == name(arn));
                if holds(self.green) || is_default || of_pair || takes_all {
                    let share = shares.entry(arn).or_default();
                    *share = (*share).max(*weight);
                } else {
                    foreign.push(format!("`{}`", name(arn)));
                }
            }
            if is_default {
                default = Some((&rule.action, holds(self.green)));
            } else if rule.may_get_some(host) && !covered {
                if let Action::Answer(kind) = &rule.action {
                    foreign.push(format!("`{kind}`"));
                }
                if !foreign.is_empty() {
                    elsewhere.push(described(rule, &list(foreign.into_iter())));
                }
            }
        }
        self.shared(shares, still)?;
        let mut notes = Vec::new();
        if !default.is_some_and(|(_, to_green)| to_green) && !covered {
            if gated.is_empty() {
                let does = match default {
                    Some((Action::Answer(kind), _)) => format!("the default action `{kind}`"),
                    _ => "a default action that forwards to nobody".to_owned(),
                };
                return Err(format!(
                    "the {what} has {does}, and no rule that leads all requests to `{host}` to green"
                ));
            }
            let asked = gated.iter().map(|rule| rule.asks());
            notes.push(format!(
                "only requests with {} reach green on the {what}",
                list(asked)
            ));
        }
        if let more @ 1.. = elsewhere.len() {
            let cut = if more > MOST_NAMED { " and more" } else { "" };
            elsewhere.truncate(MOST_NAMED);
            notes.push(format!(
                "some requests on the {what} do not reach green: {}{cut}",
                list(elsewhere.into_iter())
            ));
        }
        Ok(notes)
    }

    /// Whether green has no need to share.
    fn shared(self, mut shares: BTreeMap<&str, u32>, still: &str) -> Result<(), String> {
        let what = self.what;
        let to_green = shares.remove(self.green);
        let others: Vec<(&str, u32)> = shares
            .into_iter()
            .map(|(arn, weight)| (name(arn), weight))
            .collect();
        match (to_green, others.as_slice()) {
            (Some(_), []) => Ok(()),
            (None, []) => Err(format!("the {what} forwards to nobody")),
            (None, others) => Err(format!(
                "the {what} {still}forwards to {}",
                list(others.iter().map(|(name, _)| self.named(name)))
            )),
            (Some(weight), others) => Err(format!(
                "the {what} forwards to green with weight {weight} and {still}to {}",
                list(
                    others
                        .iter()
                        .map(|(name, weight)| format!("{} with weight {weight}", self.named(name)))
                )
            )),
        }
    }

    /// The other one of the pair is blue.
    fn named(self, name: &str) -> String {
        if self.pair.iter().any(|it| it == name) {
            format!("blue (`{name}`)")
        } else {
            format!("`{name}`")
        }
    }
}

impl Rule {
    /// How many of a host's requests it certainly gets.
    fn gets(&self, host: &str) -> Gets {
        let mut gets = Gets::All;
        for condition in &self.conditions {
            match condition.field.as_str() {
                "host-header" if condition.has_host(host) => {}
                "path-pattern" if condition.is_every_path() => {}
                "source-ip" if condition.is_every_address() => {}
                "http-header" | "source-ip" => gets = Gets::Gated,
                _ => return Gets::Some,
            }
        }
        gets
    }

    /// Whether it can be that it gets all requests of a host.
    fn may_get_all(&self, host: &str) -> bool {
        self.conditions
            .iter()
            .all(|condition| match condition.field.as_str() {
                "host-header" => condition.may_have_host(host),
                "path-pattern" => condition.is_every_path(),
                "source-ip" => condition.is_every_address(),
                "http-header" => condition.values.iter().any(|value| value == "*"),
                "http-request-method" => condition
                    .values
                    .iter()
                    .any(|it| it.eq_ignore_ascii_case("get")),
                _ => false,
            })
    }

    /// Whether it can be that it gets any request of a host.
    fn may_get_some(&self, host: &str) -> bool {
        let mut hosts = self.conditions.iter();
        hosts.all(|it| it.field != "host-header" || it.may_have_host(host))
    }

    /// Its conditions, in words.
    fn asks(&self) -> String {
        let asked = self.conditions.iter().map(|condition| {
            let values = condition.values.iter().chain(&condition.expressions);
            let values: Vec<_> = values.map(|value| format!("`{value}`")).collect();
            format!("{} {}", condition.field, values.join(" or "))
        });
        list(asked.map(|text| text.trim_end().to_owned()))
    }
}

impl Condition {
    fn has_host(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        let mut values = self.values.iter();
        values.any(|value| fits(value.to_ascii_lowercase().as_bytes(), host.as_bytes()))
    }

    /// A regular expression may say anything.
    fn may_have_host(&self, host: &str) -> bool {
        self.has_host(host) || !self.expressions.is_empty()
    }

    fn is_every_path(&self) -> bool {
        let every = |value: &String| {
            let rest = value.strip_prefix('/').unwrap_or(value);
            !rest.is_empty() && rest.bytes().all(|byte| byte == b'*')
        };
        let known = |it: &String| EVERY_PATH.contains(&it.as_str());
        self.values.iter().any(every) || self.expressions.iter().any(known)
    }

    fn is_every_address(&self) -> bool {
        let every = |value: &String| matches!(value.as_str(), "0.0.0.0/0" | "::/0");
        self.values.iter().any(every)
    }
}

/// Whether a text is what a pattern says.
fn fits(pattern: &[u8], text: &[u8]) -> bool {
    // Where to go on if what follows the last star does not fit.
    let (mut at, mut read) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while read < text.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, read));
                at += 1;
            }
            Some(it) if *it == b'?' || *it == text[read] => {
                at += 1;
                read += 1;
            }
            _ => {
                let Some((before, taken)) = star else {
                    return false;
                };
                star = Some((before, taken + 1));
                at = before + 1;
                read = taken + 1;
            }
        }
    }
    pattern[at..].iter().all(|byte| *byte == b'*')
}

/// A rule, in words.
fn described(rule: &Rule, to: &str) -> String {
    match rule.asks() {
        asks if asks.is_empty() => to.to_owned(),
        asks => format!("{asks} leads to {to}"),
    }
}

/// The name in the ARN of a target group: `…:targetgroup/NAME/ID`.
fn name(arn: &str) -> &str {
    arn.split('/').nth(1).unwrap_or(arn)
}

pub(super) fn list(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join(" and ")
}

#[cfg(test)]
mod tests;
