//! Calls to AWS: which errors pass, how long to go on, and what to say of a
//! call that did not succeed.
//!
//! | file | what it is for |
//! |---|---|
//! | `attempts` | when a call is made again, and when beside one that hangs |
//! | `error` | why an attempt, and why a call, did not succeed |
//! | `pages` | the pages of a list, which come to an end |

mod attempts;
mod error;
mod pages;

use std::error::Error;

use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use tokio::time::Instant;

pub use self::attempts::{ATTEMPT, LEAST, repeat};
pub use self::error::{AttemptError, CallError, PATIENCE, SdkError};
pub use self::pages::Pages;

/// Makes a call of an SDK, again and again while what it meets may pass, until
/// `until`. `action` and `resource` are those of an IAM policy.
///
/// # Errors
/// What the last attempt met.
pub async fn ask<T, E, F>(
    action: &'static str,
    resource: &str,
    until: Instant,
    mut call: impl FnMut() -> F,
) -> Result<T, CallError>
where
    F: Future<Output = Result<T, SdkError<E>>>,
    E: ProvideErrorMetadata + Error + 'static,
{
    let call = || {
        let answer = call();
        async { answer.await.map_err(|error| AttemptError::from_sdk(&error)) }
    };
    persist(action, resource, until, call).await
}

/// The same, for any call that may be made twice.
pub(crate) async fn persist<T, F>(
    action: &'static str,
    resource: &str,
    until: Instant,
    call: impl FnMut() -> F,
) -> Result<T, CallError>
where
    F: Future<Output = Result<T, AttemptError>>,
{
    persist_beside(action, resource, until, usize::MAX, call).await
}

/// The same, with so many attempts at the same time at most.
pub(crate) async fn persist_beside<T, F>(
    action: &'static str,
    resource: &str,
    until: Instant,
    most: usize,
    call: impl FnMut() -> F,
) -> Result<T, CallError>
where
    F: Future<Output = Result<T, AttemptError>>,
{
    let again = |attempt, reason: &str| {
        tracing::warn!(
            action,
            attempt,
            reason,
            "AWS did not answer as it should; asking again"
        );
    };
    let (answer, _) = repeat(until, most, call, again).await;
    answer.map_err(|attempt| CallError::new(action, resource, attempt))
}
