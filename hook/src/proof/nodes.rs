//! The addresses of the load balancer, each of which is asked for its identity.
//!
//! The engine runs that check: with a client of its own for each answer, so that
//! no connection is used twice.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use client::connection::Connection;
use client::hosts::Hosts;
use client::http::Client;
use client::target::Target;
use futures_util::future::join_all;
use report::{Class, Outcome, Report};
use runner::plan::Plan;
use runner::run;
use runner::settings::Limits;
use tokio::time::Instant;
use url::Url;

use super::addresses::Names;
use super::question::Question;
use aws::calls::LEAST;

/// The longest that one answer may take.
const ANSWER: Duration = Duration::from_secs(5);
/// How many look-ups in a row have to leave an address out, before it is taken
/// for gone: a load balancer with many tells a part of them at a time.
const MOST_ABSENT: u32 = 5;

/// An address of the load balancer.
#[derive(Debug, Default)]
struct Node {
    /// How many answers in a row were green's.
    streak: u32,
    /// How many look-ups in a row have left it out.
    absent: u32,
}

/// The addresses of the load balancer, and what they have answered.
pub(super) struct Nodes<'a> {
    question: &'a Question,
    connection: &'a Connection,
    names: Names<'a>,
    by_address: BTreeMap<SocketAddr, Node>,
    /// How many one look-up has shown at most.
    shown: usize,
    /// The family to which no route leads.
    left_out: Option<&'static str>,
}

impl<'a> Nodes<'a> {
    pub(super) fn new(
        question: &'a Question,
        connection: &'a Connection,
        own: Option<&'a str>,
    ) -> Self {
        // What TLS verifies is the name of the URL, and one that is an address
        // stands for no other.
        let target = &connection.target;
        let is_fixed = target.is_address() && target.to_string().starts_with("https:");
        Self {
            question,
            connection,
            names: Names::new(connection, own.filter(|_| !is_fixed)),
            by_address: BTreeMap::new(),
            shown: 0,
            left_out: None,
        }
    }

    /// Asks each of them once, and says what was wrong: an answer that is not
    /// green's, or else silence.
    pub(super) async fn ask(&mut self, until: Instant) -> Result<(), WrongAnswer> {
        let shown = self.names.addresses(until).await;
        let shown = shown.map_err(|error| WrongAnswer::silence(error.to_string()))?;
        for node in self.by_address.values_mut() {
            node.absent += 1;
        }
        self.shown = self.shown.max(shown.addresses.len());
        self.left_out = self.left_out.or(shown.left_out);
        for address in shown.addresses {
            self.by_address.entry(address).or_default().absent = 0;
        }
        // A load balancer that shrinks takes nodes out of DNS first.
        self.by_address.retain(|_, node| node.absent < MOST_ABSENT);
        let (plan, connection) = (&self.question.plan, self.connection);
        let answers = self
            .by_address
            .iter_mut()
            .map(|(&address, node)| async move {
                let answer = ask(plan, connection, address, until).await;
                // One answer of blue among green's means that the node knows
                // both.
                node.streak = if answer.is_ok() { node.streak + 1 } else { 0 };
                answer.map_err(|wrong| WrongAnswer {
                    reason: format!("{address}: {}", wrong.reason),
                    ..wrong
                })
            });
        let wrong = join_all(answers).await.into_iter().filter_map(Result::err);
        // An answer says more than silence.
        match wrong.min_by_key(|wrong| !wrong.is_answer) {
            Some(wrong) => Err(wrong),
            None => Ok(()),
        }
    }

    /// Whether each of them has answered as green often enough.
    pub(super) fn are_green(&self) -> bool {
        let times = self.question.times.get();
        !self.by_address.is_empty() && self.by_address.values().all(|node| node.streak >= times)
    }

    /// What a reader has to know of who was asked.
    pub(super) fn notes(&self) -> Vec<String> {
        let name = self.names.name();
        let mut notes = Vec::new();
        // Of an address there is nothing more to know than that it was asked.
        if name.parse::<IpAddr>().is_err() {
            let addresses = match self.by_address.len() {
                1 => "1 address".to_owned(),
                several => format!("{several} addresses"),
            };
            notes.push(format!(
                "the identity was asked at {addresses} of `{name}`, of which DNS shows {} at once",
                self.shown
            ));
        }
        notes.extend(self.left_out.map(|family| {
            format!(
                "no route leads to the {family} addresses of `{name}`: nothing proves that green \
                 answers there"
            )
        }));
        notes
    }
}

/// An answer that is not green's, or silence.
pub(super) struct WrongAnswer {
    pub(super) reason: String,
    /// Whether it was an answer at all.
    pub(super) is_answer: bool,
}

impl WrongAnswer {
    pub(super) fn silence(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            is_answer: false,
        }
    }
}

/// One answer, over a connection that is made for it.
async fn ask(
    plan: &Plan,
    connection: &Connection,
    address: SocketAddr,
    until: Instant,
) -> Result<(), WrongAnswer> {
    let mut connection = connection.clone();
    // Nobody else is asked for the identity, not even by the target's name.
    connection.target = connection.target.with_allowed_hosts(Hosts::default());
    if connection.target.is_address() {
        connection.target = replace_host(&connection.target, address)
            .ok_or_else(|| WrongAnswer::silence("no URL can be made of the address"))?;
    } else {
        connection.connect_to = address.to_string().parse().ok();
    }
    let client =
        Client::new(&connection).map_err(|error| WrongAnswer::silence(error.to_string()))?;
    let left = until.saturating_duration_since(Instant::now());
    let limits = Limits {
        // A last look is given the time to see something.
        deadline: Some(left.clamp(LEAST, ANSWER)),
        ..Limits::default()
    };
    let report = run::run(plan, &client, limits, &|_| {}).await;
    judge(&report)
}

/// A target that is an address, at another one.
fn replace_host(target: &Target, address: SocketAddr) -> Option<Target> {
    let mut url = Url::parse(&target.to_string()).ok()?;
    url.set_ip_host(address.ip()).ok()?;
    url.as_str().parse().ok()
}

fn judge(report: &Report) -> Result<(), WrongAnswer> {
    let Some(check) = report.checks.first() else {
        return Err(WrongAnswer::silence("nothing was asked"));
    };
    if check.outcome == Outcome::Passed {
        return Ok(());
    }
    let failure = check.failures().next();
    Err(failure.map_or_else(
        || WrongAnswer::silence("no answer"),
        |failure| {
            let diagnostic = &failure.diagnostic;
            let reason = match (&diagnostic.expected, &diagnostic.found) {
                (Some(expected), Some(found)) => format!("expected {expected}, found {found}"),
                _ => diagnostic.to_string(),
            };
            WrongAnswer {
                reason,
                is_answer: failure.class == Class::WrongAnswer,
            }
        },
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_that_is_an_address_is_asked_at_others_with_its_own_host() {
        let check = |target: &str, address: &str, expected: &str| {
            let target: Target = target.parse().unwrap();
            let found = replace_host(&target, address.parse().unwrap()).unwrap();
            assert_eq!(found.to_string(), expected);
        };
        check(
            "http://10.0.0.1:8080",
            "10.0.0.2:8080",
            "http://10.0.0.2:8080",
        );
        check(
            "http://10.0.0.1/shop",
            "[2001:db8::1]:80",
            "http://[2001:db8::1]/shop",
        );
    }
}
