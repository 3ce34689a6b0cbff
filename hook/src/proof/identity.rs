//! What the app says: each address of the load balancer answers as green, some
//! times in a row.

use std::time::Duration;

use client::connection::Connection;
use runner::green::ExpectedIdentity;

use super::nodes::{Nodes, WrongAnswer};
use super::question::{Question, expect_version};
use super::versions::{Version, Versions};
use crate::settings::{Identity, Origin};
use crate::time_limit::{Backoff, TimeLimit, Unproven};

/// The pause after a first wrong answer, and the longest.
const BACKOFF: Backoff = Backoff::new(Duration::from_millis(250), Duration::from_secs(2));

/// What every answer of green has to say, where it says anything of itself.
///
/// # Errors
/// Why that is not known.
pub(super) fn to_release_identity(
    identity: &Identity,
    green: &Version,
) -> Result<ExpectedIdentity, Unproven> {
    let expected = expect_version(identity, green)?;
    let of_answers = match &identity.origin {
        Origin::Header(name) => ExpectedIdentity::from_header(name, expected),
        Origin::Json(member) => ExpectedIdentity::from_member(&identity.path, member, expected),
    };
    of_answers.map_err(|problem| {
        Unproven::new(
            format!("the identity cannot be asked for: {problem}"),
            "look at `SMOKE_IDENTITY` and `SMOKE_IDENTITY_PATH`",
        )
    })
}

/// What blue says as well, if it does: then it tells nothing apart.
pub(super) fn find_shared<'a>(identity: &Identity, versions: &'a Versions) -> Option<&'a str> {
    let of = |version: &'a Version| version.identity(&identity.expected);
    let green = of(&versions.green)?;
    // A first deployment has no blue.
    let blue = of(versions.blue.as_ref()?)?;
    (green == blue).then_some(green)
}

/// Asks until each address has answered often enough: those of what is dialled
/// and of the load balancer's `own` name. Returns notes for the report.
pub(super) async fn prove(
    question: &Question,
    connection: &Connection,
    own: Option<&str>,
    limit: TimeLimit,
) -> Result<Vec<String>, Unproven> {
    wait_for_green(question, connection, own, limit)
        .await
        .map_err(|wrong| {
            Unproven::new(
                format!(
                    "the target does not answer as green after {}: {}",
                    limit.describe_elapsed_time(),
                    wrong.reason
                ),
                "look at what the address answers; `SMOKE_IDENTITY` says where the version stands",
            )
        })
}

/// Asks each address as often once more. A node that has not heard of the
/// listener's change is waited for, as before: no answer of it counted for a
/// check.
pub(super) async fn look_again(
    question: &Question,
    connection: &Connection,
    own: Option<&str>,
    limit: TimeLimit,
) -> Result<(), Unproven> {
    let Err(WrongAnswer { reason, is_answer }) =
        wait_for_green(question, connection, own, limit).await
    else {
        return Ok(());
    };
    Err(if is_answer {
        Unproven::new(
            format!(
                "after the checks, the target no longer answers as green after {}: {reason}",
                limit.describe_elapsed_time()
            ),
            "find out who moved the listener while the checks ran",
        )
    } else {
        Unproven::new(
            format!("after the checks, green could not be looked at again: {reason}"),
            "run the deployment again",
        )
    })
}

/// Waits until all addresses answer as green. The error is the last answer of
/// another version, or else the last silence.
async fn wait_for_green(
    question: &Question,
    connection: &Connection,
    own: Option<&str>,
    limit: TimeLimit,
) -> Result<Vec<String>, WrongAnswer> {
    let mut nodes = Nodes::new(question, connection, own);
    let mut last_answer: Option<WrongAnswer> = None;
    let mut backoff = BACKOFF.for_looks(question.times.get());
    loop {
        let looked = nodes.ask(limit.until).await;
        if looked.is_ok() && nodes.are_green() {
            return Ok(nodes.notes());
        }
        let pause = match &looked {
            // Green's answers so far are right, and too few in a row.
            Ok(()) => limit.is_open().then_some(Duration::ZERO),
            Err(_) => limit.next_pause(&mut backoff),
        };
        let Some(pause) = pause else {
            let few = || format!("too few answers to have {} in a row", question.times);
            // The last look had perhaps no time for an answer, so that an
            // earlier answer says more than its silence.
            return Err(match looked {
                Err(wrong) if wrong.is_answer => wrong,
                Err(silence) => last_answer.unwrap_or(silence),
                Ok(()) => last_answer.unwrap_or_else(|| WrongAnswer::silence(few())),
            });
        };
        if let Err(wrong) = looked {
            tracing::info!("waiting for green: {}", wrong.reason);
            if wrong.is_answer {
                last_answer = Some(wrong);
            }
        }
        tokio::time::sleep(pause).await;
    }
}
