//! S3: objects, in bounded sizes and numbers.
//!
//! The only module that knows the SDK of S3.

mod address;

use std::sync::OnceLock;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::{Builder, RequestChecksumCalculation, ResponseChecksumValidation};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ChecksumAlgorithm, Object};
use tokio::time::Instant;

pub use self::address::Address;
use crate::access::Access;
use crate::calls::{AttemptError, CallError, Pages, ask, persist};
use crate::http::{MostBytes, is_too_large};

/// An object, as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The whole key.
    pub key: String,
    /// In bytes.
    pub size: u64,
}

/// The client.
#[derive(Debug, Clone)]
pub struct S3 {
    access: Access,
    /// Made for the first call: the SDK reads its tables of endpoints for it.
    client: OnceLock<Client>,
}

impl S3 {
    /// Makes the client.
    pub fn new(access: &Access) -> Self {
        Self {
            access: access.clone(),
            client: OnceLock::new(),
        }
    }

    fn client(&self) -> &Client {
        self.client.get_or_init(|| {
            let config = Builder::from(self.access.config())
                // What stands in for S3 has no name for each bucket.
                .force_path_style(self.access.endpoint_url("S3").is_some())
                // A session would be one more call, and one more permission.
                .disable_s3_express_session_auth(true)
                .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
                .response_checksum_validation(ResponseChecksumValidation::WhenRequired);
            Client::from_conf(config.build())
        })
    }

    /// The content of an object; `None` if it has more than `most` bytes, of
    /// which one too many is read.
    ///
    /// Source: [GetObject](https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html).
    ///
    /// # Errors
    /// What the last attempt met.
    pub async fn get(
        &self,
        at: &Address,
        most: u64,
        until: Instant,
    ) -> Result<Option<Vec<u8>>, CallError> {
        let bound = MostBytes(most.saturating_add(1));
        let call = async || {
            let call = self.client().get_object().bucket(&at.bucket).key(&at.key);
            let call = call.range(format!("bytes=0-{most}")).customize();
            let answer = call
                .mutate_request(move |request| request.add_extension(bound))
                .send()
                .await;
            let body = match answer {
                Ok(answer) => answer.body,
                // What stands in for S3 may know no ranges.
                Err(error) if is_too_large(&error) => return Ok(None),
                Err(error) => return Err(AttemptError::from_sdk(&error)),
            };
            let content = body.collect().await;
            let content = content.map_err(|error| AttemptError::from_silence(&error, true))?;
            let content = content.to_vec();
            Ok(Some(content).filter(|content| content.len() as u64 <= most))
        };
        match persist("s3:GetObject", &resource(at), until, call).await {
            // There is no first byte.
            Err(error) if error.code() == "InvalidRange" => Ok(Some(Vec::new())),
            answer => answer,
        }
    }

    /// The objects whose keys begin as this address does, in the order of
    /// their keys: `most` of them, and one more if there are more.
    ///
    /// Source: [ListObjectsV2](https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html).
    ///
    /// # Errors
    /// What the last attempt met.
    pub async fn list(
        &self,
        below: &Address,
        most: usize,
        until: Instant,
    ) -> Result<Vec<Listed>, CallError> {
        let action = "s3:ListBucket";
        let resource = format!("the bucket `{}`", below.bucket);
        let (mut pages, mut token) = (Pages::new(action, &resource, until), None);
        let mut found = Vec::new();
        loop {
            let call = async || {
                let call = self.client().list_objects_v2().bucket(&below.bucket);
                let call = call
                    .prefix(&below.key)
                    .set_continuation_token(token.clone());
                let page = call.send().await;
                let page = page.map_err(|error| AttemptError::from_sdk(&error))?;
                let objects: Option<Vec<_>> = page
                    .contents
                    .unwrap_or_default()
                    .into_iter()
                    .map(to_listed)
                    .collect();
                // An object without a key or a size is no answer of S3.
                let objects = objects.ok_or_else(|| AttemptError::from_answer(200, "", ""))?;
                Ok((objects, page.next_continuation_token))
            };
            let (objects, next) = persist(action, &resource, until, call).await?;
            found.extend(objects);
            if found.len() > most {
                found.truncate(most.saturating_add(1));
                return Ok(found);
            }
            token = pages.next(next)?;
            if token.is_none() {
                return Ok(found);
            }
        }
    }

    /// Writes an object, or writes over it.
    ///
    /// Source: [PutObject](https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html).
    ///
    /// # Errors
    /// What the last attempt met.
    pub async fn put(
        &self,
        at: &Address,
        content_type: &str,
        content: &[u8],
        until: Instant,
    ) -> Result<(), CallError> {
        self.write(at, content_type, content, None, until).await
    }

    /// Writes an object, unless there is one. Returns whether it did.
    ///
    /// Source: [conditional writes](https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html).
    ///
    /// # Errors
    /// What the last attempt met.
    pub async fn put_new(
        &self,
        at: &Address,
        content_type: &str,
        content: &[u8],
        until: Instant,
    ) -> Result<bool, CallError> {
        match self
            .write(at, content_type, content, Some("*"), until)
            .await
        {
            Ok(()) => Ok(true),
            // It is there, or somebody else is about to write it.
            Err(error)
                if ["PreconditionFailed", "ConditionalRequestConflict"].contains(&error.code()) =>
            {
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    async fn write(
        &self,
        at: &Address,
        content_type: &str,
        content: &[u8],
        if_none_match: Option<&str>,
        until: Instant,
    ) -> Result<(), CallError> {
        let call = || {
            let call = self.client().put_object().bucket(&at.bucket).key(&at.key);
            call.content_type(content_type)
                .set_if_none_match(if_none_match.map(str::to_owned))
                // A bucket with Object Lock asks for a sum.
                .checksum_algorithm(ChecksumAlgorithm::Sha256)
                .body(ByteStream::from(content.to_vec()))
                .send()
        };
        ask("s3:PutObject", &resource(at), until, call).await?;
        Ok(())
    }
}

fn to_listed(object: Object) -> Option<Listed> {
    Some(Listed {
        key: object.key.filter(|key| !key.is_empty())?,
        size: object.size?.try_into().ok()?,
    })
}

/// As in an IAM policy.
fn resource(at: &Address) -> String {
    format!("`arn:aws:s3:::{}/{}`", at.bucket, at.key)
}

#[cfg(test)]
mod tests;
