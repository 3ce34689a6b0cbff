//! What the app says: each address of the load balancer answers as green, some
//! times in a row. An identity is a check like any other.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use client::connection::Connection;
use diagnostic::{Problems, Source};
use runner::plan::{self, Plan};
use runner::release;
use runner::settings::Selection;
use serde_json::json;
use url::Url;

use super::nodes::Nodes;
use super::versions::{Version, Versions};
use super::{Bound, Pauses, Unproven};

/// The pause after a first wrong answer, and the longest.
const PAUSES: Pauses = Pauses::new(Duration::from_millis(250), Duration::from_secs(2));
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
        self.plan_at(expected, None)
    }

    /// The same, with a `host` header where the URL is that of an address.
    fn plan_at(&self, expected: &str, host: Option<&str>) -> Result<Plan, Problems> {
        let expect = match &self.origin {
            Origin::Header(name) => json!({"headers": {name: "{{ expected }}"}}),
            Origin::Json(path) => json!({"json": {path: "{{ expected }}"}}),
        };
        let mut check =
            json!({"name": "the identity of green", "get": self.path, "expect": expect});
        if let Some(host) = host {
            check["headers"] = json!({"host": host});
        }
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
    pub(super) plan: Plan,
    pub(super) times: NonZeroU32,
}

impl Question {
    pub(super) fn new(
        identity: &Identity,
        green: &Version,
        connection: &Connection,
    ) -> Result<Self, Unproven> {
        let expected = green.identity(&identity.expected);
        let expected = expected.ok_or_else(|| nothing_to_compare(&identity.expected, green))?;
        let url = Url::parse(&connection.target.to_string()).ok();
        let host = url.as_ref().filter(|_| connection.target.is_address());
        let host = host.map(Url::authority);
        let plan = identity.plan_at(expected, host).map_err(|problems| {
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
pub(super) fn release_identity(
    identity: &Identity,
    green: &Version,
) -> Result<release::Identity, Unproven> {
    let expected = green.identity(&identity.expected);
    let expected = expected.ok_or_else(|| nothing_to_compare(&identity.expected, green))?;
    let of_answers = match &identity.origin {
        Origin::Header(name) => release::Identity::of_header(name, expected),
        Origin::Json(member) => release::Identity::of_member(&identity.path, member, expected),
    };
    of_answers.map_err(|problem| {
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

/// Asks until each address has answered often enough: those of what is dialled
/// and of the load balancer's `own` name. Returns notes for the report.
pub(super) async fn prove(
    question: &Question,
    connection: &Connection,
    own: Option<&str>,
    bound: Bound,
) -> Result<Vec<String>, Unproven> {
    let (why, _) = match wait(question, connection, own, bound).await {
        Ok(notes) => return Ok(notes),
        Err(still) => still,
    };
    Err(Unproven::new(
        format!(
            "the target does not answer as green after {}: {why}",
            bound.elapsed()
        ),
        "look at what the address answers; `SMOKE_IDENTITY` says where the version stands",
    ))
}

/// Asks each address as often once more. A node that has not heard of the
/// listener's change is waited for, as before: no answer of it counted for a
/// check.
pub(super) async fn again(
    question: &Question,
    connection: &Connection,
    own: Option<&str>,
    bound: Bound,
) -> Result<(), Unproven> {
    match wait(question, connection, own, bound).await {
        Ok(_) => Ok(()),
        Err((why, true)) => Err(Unproven::new(
            format!(
                "after the checks, the target no longer answers as green after {}: {why}",
                bound.elapsed()
            ),
            "find out who moved the listener while the checks ran",
        )),
        Err((why, false)) => Err(Unproven::new(
            format!("after the checks, green could not be looked at again: {why}"),
            "run the deployment again",
        )),
    }
}

/// Waits until all addresses answer as green. The error says what was wrong
/// last, and whether that was an answer of another version.
async fn wait(
    question: &Question,
    connection: &Connection,
    own: Option<&str>,
    bound: Bound,
) -> Result<Vec<String>, (String, bool)> {
    let mut nodes = Nodes::new(question, connection, own);
    let mut last_answer: Option<String> = None;
    let mut pauses = PAUSES.for_looks(question.times.get());
    loop {
        let asked = nodes.ask(bound.until).await;
        if asked.is_ok() && nodes.are_green() {
            return Ok(nodes.notes());
        }
        let pause = match asked {
            Ok(()) => bound.is_open().then_some(Duration::ZERO),
            Err(_) => bound.pause(&mut pauses),
        };
        let Some(pause) = pause else {
            // The last ones were perhaps given no time to answer.
            let (answer, silence) = match asked {
                Err(wrong) if wrong.is_answer => (Some(wrong.why), None),
                other => (last_answer, other.err().map(|wrong| wrong.why)),
            };
            let few = || format!("too few answers to have {} in a row", question.times);
            return Err(match answer {
                Some(answer) => (answer, true),
                None => (silence.unwrap_or_else(few), false),
            });
        };
        if let Err(wrong) = asked {
            tracing::info!("waiting for green: {}", wrong.why);
            if wrong.is_answer {
                last_answer = Some(wrong.why);
            }
        }
        tokio::time::sleep(pause).await;
    }
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
        let right = identity("/", Origin::Header("x-app-version".to_owned()));
        assert!(right.plan_at("1", Some("[::1]:8080")).is_ok());
    }
}
