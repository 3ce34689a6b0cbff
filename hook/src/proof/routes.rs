//! Where the load balancer leads a request that was sent: the rules of the
//! listener, as they were read last, tried as the load balancer tries them.
//!
//! | what a rule does with the request | where it leads |
//! |---|---|
//! | it forwards to green alone | `Release` |
//! | it forwards to others, to others as well, or to nobody | `Elsewhere` |
//! | it answers by itself (`fixed-response`, `redirect`) | `Elsewhere` |
//! | it makes who has no session log in before it forwards | `Elsewhere` |
//! | it may or may not hold, and leads elsewhere than what comes after it | `Undecided` |
//!
//! A rule that rewrites the URL or the host does so after it was chosen: where
//! the request goes is the same.
//!
//! Source: [Listener rules](https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-rules.html).

use http::{HeaderMap, Method, header};
use report::Route;
use url::Url;

use super::conditions::{Match, Request, RequestView};
use super::words::{Groups, join_with_and};
use crate::load_balancer::{Login, Rule};

/// The rules of a listener, and which target group is green.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Routes {
    /// In the order in which they hold; the default one is the last.
    pub(super) rules: Vec<Rule>,
    /// The ARN of green's target group.
    pub(super) green: String,
    /// The names of both target groups.
    pub(super) pair: Vec<String>,
}

impl Routes {
    /// Where a request to the listener is led, as far as its rules say it. The
    /// headers are those that are sent; the host is that of the URL if none of
    /// them is `host`.
    pub(crate) fn route(&self, method: &Method, url: &Url, headers: &HeaderMap) -> Route {
        // A check may name another host than it connects to.
        let named = headers.get(header::HOST).and_then(|it| it.to_str().ok());
        let host = named.or(url.host_str()).unwrap_or_default();
        let view = RequestView {
            host: strip_port(host),
            request: Some(Request {
                method: method.as_str(),
                path: url.path(),
                query: url.query(),
                headers,
            }),
        };
        // The rules that may hold, before the first one that does.
        let mut doubtful: Vec<(&Rule, Route)> = Vec::new();
        for rule in &self.rules {
            match rule.matches(view) {
                Match::No => {}
                Match::Perhaps => doubtful.push((rule, self.follow(rule, headers))),
                Match::Yes => return self.decide(&doubtful, self.follow(rule, headers)),
            }
        }
        let nobody = Route::Elsewhere("the listener has no default action".to_owned());
        self.decide(&doubtful, nobody)
    }

    /// Where a rule leads a request that it takes.
    fn follow(&self, rule: &Rule, headers: &HeaderMap) -> Route {
        let groups = self.groups();
        if !groups.shares(&rule.action).are_green_only() {
            return Route::Elsewhere(groups.describe_rule(rule));
        }
        match rule.login.as_ref().map(|login| login.lets_pass(headers)) {
            None => Route::Release,
            Some(Match::No) => Route::Elsewhere(groups.describe_rule(rule)),
            Some(_) => Route::Undecided(groups.describe_rule(rule)),
        }
    }

    /// Where a request is led that certain rules may take before this happens
    /// to it. It makes no difference whether they do if they lead there, too.
    fn decide(&self, doubtful: &[(&Rule, Route)], certain: Route) -> Route {
        let same_way = |route: &Route| match &certain {
            Route::Release => *route == Route::Release,
            Route::Elsewhere(_) => matches!(route, Route::Elsewhere(_)),
            Route::Undecided(_) => false,
        };
        if doubtful.iter().all(|(_, route)| same_way(route)) {
            return certain;
        }
        let differ = doubtful.iter().filter(|(_, route)| !same_way(route));
        let rules = differ.map(|(rule, _)| self.groups().describe_rule(rule));
        let behind = match &certain {
            Route::Undecided(rule) => Some(rule.clone()),
            _ => None,
        };
        Route::Undecided(join_with_and(rules.chain(behind)))
    }

    /// Whether these rules are the same for requests to a host.
    pub(super) fn match_for(&self, host: &str, rules: &[Rule]) -> bool {
        let view = RequestView {
            host,
            request: None,
        };
        // Other teams change rules for other hosts at any time.
        let may_take = |rule: &&Rule| rule.matches(view) != Match::No;
        let before = self.rules.iter().filter(may_take);
        before.eq(rules.iter().filter(may_take))
    }

    fn groups(&self) -> Groups<'_> {
        Groups {
            green: &self.green,
            pair: &self.pair,
        }
    }
}

impl Login {
    /// Whether a request passes: it may if it holds a session or a token,
    /// which the load balancer alone can judge.
    fn lets_pass(&self, headers: &HeaderMap) -> Match {
        let Some((name, text)) = &self.needs else {
            return Match::Perhaps;
        };
        let mut values = headers.get_all(*name).iter();
        let has = |value: &[u8]| value.windows(text.len()).any(|it| it == text.as_bytes());
        if values.any(|value| has(value.as_bytes())) {
            Match::Perhaps
        } else {
            Match::No
        }
    }
}

/// The host of a `host` header or a URL.
fn strip_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests;
