//! What the app says: each address of the load balancer answers as green, some
//! times in a row, each time over a fresh connection.
//!
//! An identity is a check like any other, and the engine runs it: a client of
//! its own for each answer, so that no connection is used twice.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;
use smoke_tests::diagnostic::{Problems, Source};
use smoke_tests::http::Client;
use smoke_tests::plan::{self, Plan};
use smoke_tests::report::{Outcome, Report};
use smoke_tests::run;
use smoke_tests::settings::{Connection, Limits, Selection};
use tokio::time::Instant;

use super::facts::Green;
use super::{Bound, Unproven};
use aws::calls::LEAST;

/// The longest that one answer may take.
const ANSWER: Duration = Duration::from_secs(5);
/// The pause after a wrong answer.
const PAUSE: Duration = Duration::from_millis(250);

/// How the app is asked which version it is, and what it has to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    /// The path of a GET.
    pub(crate) path: String,
    /// Where in the answer the identity stands.
    pub(crate) origin: Origin,
    /// What has to stand there.
    pub(crate) expected: Expected,
    /// How many answers in a row each address has to give.
    pub(crate) times: NonZeroU32,
}

/// Where an identity stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    /// In a header.
    Header(String),
    /// In a JSON body, at a JSONPath.
    Json(String),
}

/// What of the green task definition an identity has to equal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Expected {
    /// The tag of the image.
    Tag,
    /// The digest of the image.
    Digest,
    /// The image as it is written.
    Image,
    /// A variable of the container.
    Variable(String),
}

impl Identity {
    /// The check, for an app that has to say `expected`.
    ///
    /// # Errors
    /// What is wrong with the path, the header or the `JSONPath`.
    pub(crate) fn plan(&self, expected: &str) -> Result<Plan, Problems> {
        let expect = match &self.origin {
            Origin::Header(name) => json!({"headers": {name: "{{ expected }}"}}),
            Origin::Json(path) => json!({"json": {path: "{{ expected }}"}}),
        };
        let check = json!({"name": "the identity of green", "get": self.path, "expect": expect});
        // JSON is YAML.
        let text = json!({"checks": [check]}).to_string();
        let selection = Selection {
            variables: BTreeMap::from([("expected".to_owned(), expected.to_owned())]),
            ..Selection::default()
        };
        let source: Arc<Source> = Source::new("identity", text);
        plan::plan(&[source], &selection, &|_| None)
    }
}

impl Green {
    fn identity(&self, expected: &Expected) -> Result<&str, Unproven> {
        let (found, what) = match expected {
            Expected::Tag => (self.tag(), "an image with a tag".to_owned()),
            Expected::Digest => (self.digest(), "an image with a digest".to_owned()),
            Expected::Image => (self.image.as_deref(), "an image".to_owned()),
            Expected::Variable(name) => (
                self.environment.get(name).map(String::as_str),
                format!("the environment variable `{name}`"),
            ),
        };
        found.ok_or_else(|| {
            let definition = &self.task_definition;
            let image = self.image.as_deref().unwrap_or("none");
            Unproven::new(
                format!("expected {what} in `{definition}`, found the image `{image}`"),
                "set `SMOKE_IDENTITY_IS` to `tag`, `digest`, `image` or `env:NAME`, whichever \
                 tells versions apart",
            )
        })
    }
}

/// Asks until each address has answered often enough.
pub(super) async fn prove(
    identity: &Identity,
    green: &Green,
    connection: &Connection,
    bound: Bound,
) -> Result<(), Unproven> {
    let expected = green.identity(&identity.expected)?;
    let plan = identity.plan(expected).map_err(|problems| {
        let first = problems.diagnostics().first();
        Unproven::new(
            format!(
                "the identity cannot be asked for: {}",
                first.map_or(String::new(), ToString::to_string)
            ),
            "look at `SMOKE_IDENTITY` and `SMOKE_IDENTITY_PATH`",
        )
    })?;
    let plan = &plan;
    let mut streaks: BTreeMap<SocketAddr, u32> = BTreeMap::new();
    let mut last_wrong: Option<String> = None;
    loop {
        let mut wrong = None;
        match addresses(connection).await {
            Err(reason) => wrong = Some(reason),
            Ok(found) => {
                streaks.retain(|address, _| found.contains(address));
                for address in found {
                    streaks.entry(address).or_default();
                }
                let asked = streaks.iter_mut().map(|(&address, streak)| async move {
                    let answer = ask(plan, connection, address, bound.until).await;
                    *streak = if answer.is_ok() { *streak + 1 } else { 0 };
                    answer.map_err(|why| format!("{address}: {why}"))
                });
                for answer in join_all(asked).await {
                    wrong = wrong.or(answer.err());
                }
            }
        }
        let done = !streaks.is_empty() && streaks.values().all(|it| *it >= identity.times.get());
        if wrong.is_none() && done {
            return Ok(());
        }
        let pause = if wrong.is_some() {
            PAUSE
        } else {
            Duration::ZERO
        };
        // An answer that is given no time would say nothing of the app.
        if !bound.allows(pause + LEAST) {
            let why = wrong
                .or(last_wrong)
                .unwrap_or_else(|| format!("too few answers to have {} in a row", identity.times));
            return Err(Unproven::new(
                format!(
                    "the target does not answer as green after {}: {why}",
                    bound.elapsed()
                ),
                "look at what the address answers; `SMOKE_IDENTITY` says where the version stands",
            ));
        }
        if let Some(why) = wrong {
            tracing::info!("waiting for green: {why}");
            last_wrong = Some(why);
        }
        tokio::time::sleep(pause).await;
    }
}

/// All addresses that the load balancer's name stands for, or the one that
/// the target is.
async fn addresses(connection: &Connection) -> Result<Vec<SocketAddr>, String> {
    let target = &connection.target;
    let (host, port) = match &connection.connect_to {
        Some(address) => (
            address.host().to_owned(),
            address.port().unwrap_or(target.port()),
        ),
        None => (target.host().to_owned(), target.port()),
    };
    let found = tokio::time::timeout(ANSWER, tokio::net::lookup_host((host.as_str(), port))).await;
    let unknown = |why: String| format!("`{host}` does not resolve: {why}");
    let mut found: Vec<_> = found
        .map_err(|_| unknown("no answer in time".to_owned()))?
        .map_err(|error| unknown(error.to_string()))?
        .collect();
    found.sort();
    found.dedup();
    if found.iter().any(has_route) {
        found.retain(has_route);
    }
    Ok(found)
}

/// Whether this machine has a way to an address: a function without IPv6 has
/// none to half of what a dual-stack load balancer's name stands for. Nothing
/// is sent.
fn has_route(address: &SocketAddr) -> bool {
    let own: IpAddr = if address.is_ipv4() {
        Ipv4Addr::UNSPECIFIED.into()
    } else {
        Ipv6Addr::UNSPECIFIED.into()
    };
    let socket = UdpSocket::bind((own, 0));
    socket.is_ok_and(|socket| socket.connect(address).is_ok())
}

/// One answer, over a connection that is made for it.
async fn ask(
    plan: &Plan,
    connection: &Connection,
    address: SocketAddr,
    until: Instant,
) -> Result<(), String> {
    let mut connection = connection.clone();
    if !connection.target.is_address() {
        connection.connect_to = address.to_string().parse().ok();
    }
    let client = Client::new(&connection).map_err(|error| error.to_string())?;
    let left = until.saturating_duration_since(Instant::now());
    let limits = Limits {
        deadline: Some(left.min(ANSWER)),
        ..Limits::default()
    };
    let report = run::run(plan, &client, limits, &|_| {}).await;
    judge(&report)
}

fn judge(report: &Report) -> Result<(), String> {
    let Some(check) = report.checks.first() else {
        return Err("nothing was asked".to_owned());
    };
    if check.outcome == Outcome::Passed {
        return Ok(());
    }
    let failure = check.failures().next();
    Err(failure.map_or("no answer".to_owned(), |failure| {
        let diagnostic = &failure.diagnostic;
        match (&diagnostic.expected, &diagnostic.found) {
            (Some(expected), Some(found)) => format!("expected {expected}, found {found}"),
            _ => diagnostic.to_string(),
        }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(path: &str, origin: Origin) -> Identity {
        Identity {
            path: path.to_owned(),
            origin,
            expected: Expected::Tag,
            times: NonZeroU32::MIN,
        }
    }

    #[test]
    fn only_addresses_that_can_be_reached_from_here_are_asked() {
        assert!(has_route(&"127.0.0.1:8443".parse().unwrap()));
        // An address of no network.
        assert!(!has_route(&"255.255.255.255:8443".parse().unwrap()));
    }

    #[test]
    fn an_identity_is_a_check() {
        let header = Origin::Header("x-app-version".to_owned());
        let json = Origin::Json("$.version".to_owned());
        for origin in [header, json] {
            let plan = identity("/version", origin).plan("1.0 \"{{\" '").unwrap();
            assert_eq!(plan.checks(), 1);
        }
        let wrong = identity("/", Origin::Json("$.[".to_owned()));
        assert!(wrong.plan("1").is_err());
    }
}
