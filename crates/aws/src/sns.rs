//! SNS: a message to a topic.
//!
//! The only module that knows the SDK of SNS.

use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;

use aws_sdk_sns::Client;
use aws_sdk_sns::config::endpoint::{DefaultResolver, Params, ResolveEndpoint};
use aws_types::SdkConfig;
use aws_types::region::Region;
use tokio::time::Instant;

use crate::access::Access;
use crate::calls::{AttemptError, CallError, persist_beside};

/// How many attempts to send a message may be under way at the same time: each
/// of them may still arrive.
const AT_ONCE: usize = 2;

/// The ARN of a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    arn: String,
    region: String,
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.arn)
    }
}

impl FromStr for Topic {
    type Err = String;

    /// Source: [the resources of SNS](https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsns.html#amazonsns-resources-for-iam-policies).
    fn from_str(text: &str) -> Result<Self, String> {
        let parts: Vec<_> = text.split(':').collect();
        let region = match parts.as_slice() {
            ["arn", partition, "sns", region, account, name]
                if ![partition, region, account, name]
                    .iter()
                    .any(|part| part.is_empty()) =>
            {
                (*region).to_owned()
            }
            _ => {
                return Err(format!(
                    "expected the ARN of a topic, such as `arn:aws:sns:eu-central-1:111122223333:deployments`, found `{text}`"
                ));
            }
        };
        let arn = text.to_owned();
        Ok(Self { arn, region })
    }
}

/// The client.
#[derive(Debug, Clone)]
pub struct Sns {
    config: SdkConfig,
    /// Made for the first call: the SDK reads its tables of endpoints for it.
    client: OnceLock<Client>,
}

impl Sns {
    /// Makes the client for a topic, which may be in another Region.
    pub fn new(access: &Access, topic: &Topic) -> Self {
        let config = access.config().to_builder();
        Self {
            config: config.region(Region::new(topic.region.clone())).build(),
            client: OnceLock::new(),
        }
    }

    /// Sends a message to everybody who listens to the topic.
    ///
    /// Source: [Publish](https://docs.aws.amazon.com/sns/latest/api/API_Publish.html).
    ///
    /// # Errors
    /// What the last attempt met.
    pub async fn publish(
        &self,
        topic: &Topic,
        subject: &str,
        message: &str,
        until: Instant,
    ) -> Result<(), CallError> {
        let client = self.client.get_or_init(|| Client::new(&self.config));
        let call = async || {
            let call = client.publish().topic_arn(&topic.arn);
            let answer = call.subject(subject).message(message).send().await;
            match answer {
                Ok(answer) if answer.message_id.is_some() => Ok(()),
                // What says nothing of a message was perhaps not SNS.
                Ok(_) => Err(AttemptError::from_answer(200, "", "")),
                Err(error) => Err(AttemptError::from_sdk(&error)),
            }
        };
        let resource = format!("`{topic}`");
        persist_beside("sns:Publish", &resource, until, AT_ONCE, call).await
    }
}

/// The endpoint of a Region as AWS's own rules have it, or what is called in
/// its place.
///
/// # Errors
/// What the partition does not have, such as FIPS, or what does not go together.
pub(crate) async fn endpoint(
    config: &SdkConfig,
    stand_in: Option<String>,
) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
    let params = Params::builder()
        .set_region(config.region().map(ToString::to_string))
        .set_use_fips(config.use_fips())
        .set_use_dual_stack(config.use_dual_stack())
        .set_endpoint(stand_in)
        .build()?;
    let endpoint = DefaultResolver::new().resolve_endpoint(&params).await?;
    Ok(endpoint.url().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_is_an_arn() {
        let read = |text: &str| text.parse::<Topic>().unwrap_err();
        insta::assert_snapshot!(read("deployments"), @"expected the ARN of a topic, such as `arn:aws:sns:eu-central-1:111122223333:deployments`, found `deployments`");
        for wrong in [
            "arn:aws:sqs:eu-central-1:111122223333:deployments",
            "arn:aws:sns:eu-central-1:111122223333:",
            "arn:aws:sns:eu-central-1:111122223333:deployments:subscription",
        ] {
            assert!(read(wrong).ends_with(&format!("found `{wrong}`")));
        }
    }
}
