//! SNS: a message to a topic.
//!
//! One operation, signed and sent by ourselves, like those of S3.

use std::fmt;
use std::str::FromStr;

use http::Request;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::time::Instant;

use crate::access::Access;
use crate::calls::{CallError, Met, persist_beside};
use crate::s3::answer;
use crate::signed;

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
pub struct Sns(Access);

impl Sns {
    /// Makes the client for a topic, which may be in another Region.
    pub fn new(access: &Access, topic: &Topic) -> Self {
        Self(access.in_region(&topic.region))
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
        let form = [
            ("Action", "Publish"),
            ("Version", "2010-03-31"),
            ("TopicArn", topic.arn.as_str()),
            ("Subject", subject),
            ("Message", message),
        ];
        let encoded = |text| utf8_percent_encode(text, NON_ALPHANUMERIC);
        let body = form.map(|(name, value)| format!("{name}={}", encoded(value)));
        let body = body.join("&");
        let call = || self.send(&body);
        let resource = format!("`{topic}`");
        persist_beside("sns:Publish", &resource, until, AT_ONCE, call).await
    }

    async fn send(&self, body: &str) -> Result<(), Met> {
        let request = Request::post(self.url())
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body.as_bytes().to_vec())
            .map_err(|error| Met::unanswered(&error, true))?;
        let answer = signed::send(&self.0, "sns", request).await?;
        let status = answer.status();
        // What says nothing of a message was perhaps not SNS.
        let kept = String::from_utf8_lossy(answer.body()).contains("<MessageId>");
        if status.is_success() && kept {
            return Ok(());
        }
        let (code, message) = answer::wrapped_error(answer.body());
        Err(Met::said(status.as_u16(), &code, &message))
    }

    fn url(&self) -> String {
        let region = self.0.region();
        let url = self.0.endpoint_url("SNS");
        let url = url.map(|url| format!("{}/", url.trim_end_matches('/')));
        url.unwrap_or_else(|| format!("https://sns.{region}.{}/", self.0.domain()))
    }
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

    #[test]
    fn a_topic_is_reached_in_its_own_region() {
        let check = |arn: &str, expected: &str| {
            let access = Access::new(|name| match name {
                "AWS_REGION" => Some("eu-central-1".to_owned()),
                "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => Some("A".to_owned()),
                _ => None,
            });
            let sns = Sns::new(&access.unwrap(), &arn.parse().unwrap());
            assert_eq!(sns.url(), expected);
        };
        check(
            "arn:aws:sns:eu-west-1:111122223333:d",
            "https://sns.eu-west-1.amazonaws.com/",
        );
        check(
            "arn:aws-cn:sns:cn-north-1:111122223333:d",
            "https://sns.cn-north-1.amazonaws.com.cn/",
        );
    }
}
