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

use super::conditions::{Holds, Request, Seen};
use super::rules::list;
use super::words::Groups;
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
        let named = headers.get(header::HOST).and_then(|it| it.to_str().ok());
        let host = named.or(url.host_str()).unwrap_or_default();
        let seen = Seen {
            host: without_port(host),
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
            match rule.takes(seen) {
                Holds::No => {}
                Holds::Perhaps => doubtful.push((rule, self.by(rule, headers))),
                Holds::Yes => return self.among(&doubtful, self.by(rule, headers)),
            }
        }
        let nobody = Route::Elsewhere("the listener has no default action".to_owned());
        self.among(&doubtful, nobody)
    }

    /// Where a rule leads a request that it takes.
    fn by(&self, rule: &Rule, headers: &HeaderMap) -> Route {
        let groups = self.groups();
        if !groups.shares(&rule.action).are_greens_alone() {
            return Route::Elsewhere(groups.rule(rule));
        }
        match rule.login.as_ref().map(|login| login.is_passed(headers)) {
            None => Route::Release,
            Some(Holds::No) => Route::Elsewhere(groups.rule(rule)),
            Some(_) => Route::Undecided(groups.rule(rule)),
        }
    }

    /// Where a request is led that certain rules may take before this happens
    /// to it. It makes no difference whether they do if they lead there, too.
    fn among(&self, doubtful: &[(&Rule, Route)], certain: Route) -> Route {
        let same_way = |route: &Route| match &certain {
            Route::Release => *route == Route::Release,
            Route::Elsewhere(_) => matches!(route, Route::Elsewhere(_)),
            Route::Undecided(_) => false,
        };
        if doubtful.iter().all(|(_, route)| same_way(route)) {
            return certain;
        }
        let differ = doubtful.iter().filter(|(_, route)| !same_way(route));
        let rules = differ.map(|(rule, _)| self.groups().rule(rule));
        let behind = match &certain {
            Route::Undecided(rule) => Some(rule.clone()),
            _ => None,
        };
        Route::Undecided(list(rules.chain(behind)))
    }

    /// Whether these rules are the same for requests to a host.
    pub(super) fn are_for(&self, host: &str, rules: &[Rule]) -> bool {
        let seen = Seen {
            host,
            request: None,
        };
        let may_take = |rule: &&Rule| rule.takes(seen) != Holds::No;
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
    fn is_passed(&self, headers: &HeaderMap) -> Holds {
        let Some((name, text)) = &self.needs else {
            return Holds::Perhaps;
        };
        let mut values = headers.get_all(*name).iter();
        let has = |value: &[u8]| value.windows(text.len()).any(|it| it == text.as_bytes());
        if values.any(|value| has(value.as_bytes())) {
            Holds::Perhaps
        } else {
            Holds::No
        }
    }
}

/// The host of a `host` header or a URL.
fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests;
