//! What the app says: each address of the load balancer answers as green, some
//! times in a row, each time over a fresh connection.
//!
//! An identity is a check like any other, and the engine runs it: a client of
//! its own for each answer, so that no connection is used twice.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;
use smoke_tests::diagnostic::{Problems, Source};
use smoke_tests::http::Client;
use smoke_tests::plan::{self, Plan};
use smoke_tests::release;
use smoke_tests::report::{Class, Outcome, Report};
use smoke_tests::run;
use smoke_tests::settings::{Connection, Limits, Selection};
use tokio::time::Instant;

use super::dialled::addresses;
use super::versions::{Version, Versions};
use super::{Bound, Pauses, Unproven};
use aws::calls::LEAST;

/// The longest that one answer may take.
const ANSWER: Duration = Duration::from_secs(5);
/// The pause after a first wrong answer, and the longest.
const PAUSES: Pauses = Pauses::new(Duration::from_millis(250), Duration::from_secs(2));
/// How many look-ups in a row have to leave an address out, before it is taken
/// for gone: a load balancer with many tells a part of them at a time.
const MOST_ABSENT: u32 = 5;

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

/// What green is asked, and what it has to say.
#[derive(Debug)]
pub(super) struct Question {
    plan: Plan,
    times: NonZeroU32,
}

impl Question {
    pub(super) fn new(identity: &Identity, green: &Version) -> Result<Self, Unproven> {
        let expected = green.identity(&identity.expected);
        let expected = expected.ok_or_else(|| nothing_to_compare(&identity.expected, green))?;
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
        Ok(Self {
            plan,
            times: identity.times,
        })
    }
}

/// What every answer of green has to say, where it says anything of itself.
///
/// # Errors
/// Why that is not known.
pub(super) fn held(identity: &Identity, green: &Version) -> Result<release::Identity, Unproven> {
    let expected = green.identity(&identity.expected);
    let expected = expected.ok_or_else(|| nothing_to_compare(&identity.expected, green))?;
    let held = match &identity.origin {
        Origin::Header(name) => release::Identity::of_header(name, expected),
        Origin::Json(member) => release::Identity::of_member(&identity.path, member, expected),
    };
    held.map_err(|problem| {
        Unproven::new(
            format!("the identity cannot be asked for: {problem}"),
            "look at `SMOKE_IDENTITY` and `SMOKE_IDENTITY_PATH`",
        )
    })
}

fn nothing_to_compare(expected: &Expected, green: &Version) -> Unproven {
    let what = match expected {
        Expected::Tag => "an image with a tag".to_owned(),
        Expected::Digest => "an image with a digest".to_owned(),
        Expected::Image => "an image".to_owned(),
        Expected::Variable(name) => format!("the environment variable `{name}`"),
    };
    let definition = &green.task_definition;
    let image = green.image.as_deref().unwrap_or("none");
    Unproven::new(
        format!("expected {what} in `{definition}`, found the image `{image}`"),
        "set `SMOKE_IDENTITY_IS` to `tag`, `digest`, `image` or `env:NAME`, whichever \
         tells versions apart",
    )
}

/// What blue says as well, if it does: then it tells nothing apart.
pub(super) fn shared<'a>(identity: &Identity, versions: &'a Versions) -> Option<&'a str> {
    let of = |version: &'a Version| version.identity(&identity.expected);
    let green = of(&versions.green)?;
    let blue = of(versions.blue.as_ref()?)?;
    (green == blue).then_some(green)
}

/// An address of the load balancer.
#[derive(Debug, Default)]
struct Node {
    /// How many answers in a row were green's.
    streak: u32,
    /// How many look-ups in a row have left it out.
    absent: u32,
}

/// Asks until each address has answered often enough.
pub(super) async fn prove(
    question: &Question,
    connection: &Connection,
    bound: Bound,
) -> Result<(), Unproven> {
    let plan = &question.plan;
    let mut nodes: BTreeMap<SocketAddr, Node> = BTreeMap::new();
    let mut last_answer: Option<String> = None;
    let mut pauses = PAUSES;
    loop {
        let mut wrong: Option<Wrong> = None;
        match addresses(connection).await {
            Err(reason) => wrong = Some(Wrong::silence(reason)),
            Ok(found) => {
                for node in nodes.values_mut() {
                    node.absent += 1;
                }
                for address in found {
                    nodes.entry(address).or_default().absent = 0;
                }
                nodes.retain(|_, node| node.absent < MOST_ABSENT);
                let asked = nodes.iter_mut().map(|(&address, node)| async move {
                    let answer = ask(plan, connection, address, bound.until).await;
                    node.streak = if answer.is_ok() { node.streak + 1 } else { 0 };
                    answer.map_err(|wrong| Wrong {
                        why: format!("{address}: {}", wrong.why),
                        ..wrong
                    })
                });
                for found in join_all(asked).await.into_iter().filter_map(Result::err) {
                    // An answer says more than silence.
                    let says_more = |it: &Wrong| found.is_answer && !it.is_answer;
                    if wrong.as_ref().is_none_or(says_more) {
                        wrong = Some(found);
                    }
                }
            }
        }
        let often = |node: &Node| node.streak >= question.times.get();
        if wrong.is_none() && !nodes.is_empty() && nodes.values().all(often) {
            return Ok(());
        }
        let pause = if wrong.is_some() {
            pauses.next()
        } else {
            Duration::ZERO
        };
        // An answer that is given no time would say nothing of the app.
        if !bound.allows(pause + LEAST) {
            // The last ones were perhaps given no time to answer.
            let (answer, silence) = match wrong {
                Some(wrong) if wrong.is_answer => (Some(wrong.why), None),
                other => (last_answer, other.map(|wrong| wrong.why)),
            };
            let why = answer
                .or(silence)
                .unwrap_or_else(|| format!("too few answers to have {} in a row", question.times));
            return Err(Unproven::new(
                format!(
                    "the target does not answer as green after {}: {why}",
                    bound.elapsed()
                ),
                "look at what the address answers; `SMOKE_IDENTITY` says where the version stands",
            ));
        }
        if let Some(wrong) = wrong {
            tracing::info!("waiting for green: {}", wrong.why);
            if wrong.is_answer {
                last_answer = Some(wrong.why);
            }
        }
        tokio::time::sleep(pause).await;
    }
}

/// Asks each address once more. An answer that is not green's says enough;
/// who does not answer is asked again.
pub(super) async fn again(
    question: &Question,
    connection: &Connection,
    bound: Bound,
) -> Result<(), Unproven> {
    let mut pauses = PAUSES;
    loop {
        let mut silent = None;
        match addresses(connection).await {
            Err(reason) => silent = Some(reason),
            Ok(found) => {
                let asked = found.into_iter().map(|address| async move {
                    let answer = ask(&question.plan, connection, address, bound.until).await;
                    (address, answer)
                });
                for (address, answer) in join_all(asked).await {
                    match answer {
                        Ok(()) => {}
                        Err(wrong) if wrong.is_answer => {
                            return Err(Unproven::new(
                                format!(
                                    "after the checks, the target no longer answers as green: \
                                     {address}: {}",
                                    wrong.why
                                ),
                                "find out who moved the listener while the checks ran",
                            ));
                        }
                        Err(wrong) => silent = Some(format!("{address}: {}", wrong.why)),
                    }
                }
            }
        }
        let Some(why) = silent else {
            return Ok(());
        };
        let pause = pauses.next();
        if !bound.allows(pause + LEAST) {
            return Err(Unproven::new(
                format!("after the checks, green could not be looked at again: {why}"),
                "run the deployment again",
            ));
        }
        tokio::time::sleep(pause).await;
    }
}

/// An answer that is not green's.
struct Wrong {
    why: String,
    /// Whether it was an answer at all.
    is_answer: bool,
}

impl Wrong {
    fn silence(why: impl Into<String>) -> Self {
        Self {
            why: why.into(),
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
) -> Result<(), Wrong> {
    let mut connection = connection.clone();
    if !connection.target.is_address() {
        connection.connect_to = address.to_string().parse().ok();
    }
    let client = Client::new(&connection).map_err(|error| Wrong::silence(error.to_string()))?;
    let left = until.saturating_duration_since(Instant::now());
    let limits = Limits {
        deadline: Some(left.min(ANSWER)),
        ..Limits::default()
    };
    let report = run::run(plan, &client, limits, &|_| {}).await;
    judge(&report)
}

fn judge(report: &Report) -> Result<(), Wrong> {
    let Some(check) = report.checks.first() else {
        return Err(Wrong::silence("nothing was asked"));
    };
    if check.outcome == Outcome::Passed {
        return Ok(());
    }
    let failure = check.failures().next();
    Err(failure.map_or_else(
        || Wrong::silence("no answer"),
        |failure| {
            let diagnostic = &failure.diagnostic;
            let why = match (&diagnostic.expected, &diagnostic.found) {
                (Some(expected), Some(found)) => format!("expected {expected}, found {found}"),
                _ => diagnostic.to_string(),
            };
            Wrong {
                why,
                is_answer: failure.class == Class::WrongAnswer,
            }
        },
    ))
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
