//! The question for its version that the app is asked, and what green answers.

use std::num::NonZeroU32;

use client::connection::Connection;
use runner::plan::Plan;
use url::Url;

use super::versions::Version;
use crate::settings::{Expected, Identity};
use crate::time_limit::Unproven;

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
        let expected = expect_version(identity, green)?;
        let url = Url::parse(&connection.target.to_string()).ok();
        let host = url.as_ref().filter(|_| connection.target.is_address());
        let host = host.map(Url::authority);
        let plan = identity.plan(expected, host).map_err(|problems| {
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

/// What an app of the green version has to say.
pub(super) fn expect_version<'v>(
    identity: &Identity,
    green: &'v Version,
) -> Result<&'v str, Unproven> {
    if let Some(expected) = green.identity(&identity.expected) {
        return Ok(expected);
    }
    let what = match &identity.expected {
        Expected::Tag => "an image with a tag".to_owned(),
        Expected::Digest => "an image with a digest".to_owned(),
        Expected::Image => "an image".to_owned(),
        Expected::Variable(name) => format!("the environment variable `{name}`"),
    };
    let definition = &green.task_definition;
    let image = green.image.as_deref().unwrap_or("none");
    Err(Unproven::new(
        format!("expected {what} in `{definition}`, found the image `{image}`"),
        "set `SMOKE_IDENTITY_IS` to `tag`, `digest`, `image` or `env:NAME`, whichever \
         tells versions apart",
    ))
}
