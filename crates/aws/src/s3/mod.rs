//! S3: objects, in bounded sizes and numbers.
//!
//! Three operations of a hundred, signed by AWS's signer and sent by ourselves:
//! the SDK's client would bring all it has for the others along.

mod address;
pub(crate) mod answer;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{Method, Request, Uri};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use ring::digest::{SHA256, digest};
use tokio::time::Instant;

pub use self::address::Address;
use crate::access::Access;
use crate::calls::{CallError, Met, Pages, persist};
use crate::signed;

/// What a key keeps as it is; a query keeps no `/` either.
const KEPT_IN_QUERY: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');
const KEPT_IN_PATH: &AsciiSet = &KEPT_IN_QUERY.remove(b'/');

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
pub struct S3(Access);

impl S3 {
    /// Makes the client.
    pub fn new(access: &Access) -> Self {
        Self(access.clone())
    }

    /// The content of an object, or its first `most` bytes and one more, which
    /// tells that it is larger.
    ///
    /// Source: [GetObject](https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html).
    ///
    /// # Errors
    /// What the last attempt met.
    pub async fn get(&self, at: &Address, most: u64, until: Instant) -> Result<Vec<u8>, CallError> {
        let range = format!("bytes=0-{most}");
        let headers = [("range", range.as_str())];
        let call = || self.send(Method::GET, at, "", &headers, &[]);
        match persist("s3:GetObject", &resource(at), until, call).await {
            // There is no first byte.
            Err(error) if error.code() == "InvalidRange" => Ok(Vec::new()),
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
        let bucket = below.with_key("");
        let resource = format!("the bucket `{}`", below.bucket);
        let first = format!("list-type=2&prefix={}", in_query(&below.key));
        let mut query = first.clone();
        let mut pages = Pages::new("s3:ListBucket", &resource, until);
        let mut found = Vec::new();
        loop {
            let call = async || {
                let body = self.send(Method::GET, &bucket, &query, &[], &[]).await?;
                answer::list(&body)
            };
            let page = persist("s3:ListBucket", &resource, until, call).await?;
            found.extend(page.objects);
            if found.len() > most {
                found.truncate(most.saturating_add(1));
                return Ok(found);
            }
            let Some(token) = pages.next(page.next)? else {
                return Ok(found);
            };
            query = format!("continuation-token={}&{first}", in_query(&token));
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
        self.write(at, &[("content-type", content_type)], content, until)
            .await
    }

    /// Writes an object, unless there is one. Says whether it did.
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
        let headers = [("content-type", content_type), ("if-none-match", "*")];
        match self.write(at, &headers, content, until).await {
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
        headers: &[(&str, &str)],
        content: &[u8],
        until: Instant,
    ) -> Result<(), CallError> {
        // A bucket with Object Lock asks for a sum.
        let sum = STANDARD.encode(digest(&SHA256, content));
        let sum = ("x-amz-checksum-sha256", sum.as_str());
        let headers: Vec<_> = headers.iter().copied().chain([sum]).collect();
        let call = || self.send(Method::PUT, at, "", &headers, content);
        persist("s3:PutObject", &resource(at), until, call).await?;
        Ok(())
    }

    async fn send(
        &self,
        method: Method,
        at: &Address,
        query: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Vec<u8>, Met> {
        let uri = self.uri(at, query).map_err(|problem| Met {
            code: String::new(),
            reason: problem,
            passes: false,
        })?;
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request
            .body(body.to_vec())
            .map_err(|error| Met::unanswered(&error, true))?;
        let answer = signed::send(&self.0, "s3", request).await?;
        let status = answer.status();
        if status.is_success() {
            return Ok(answer.into_body());
        }
        let (code, message) = answer::error(answer.body());
        Err(Met::said(status.as_u16(), &code, &message))
    }

    /// Source: [methods for accessing a bucket](https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-bucket-intro.html).
    fn uri(&self, at: &Address, query: &str) -> Result<Uri, String> {
        let key = utf8_percent_encode(&at.key, KEPT_IN_PATH);
        let region = self.0.region();
        let domain = self.0.domain();
        let mark = if query.is_empty() { "" } else { "?" };
        // What stands in for S3 has no name for each bucket, and a certificate
        // has none for a bucket with a dot.
        let url = match self.0.endpoint_url("S3") {
            Some(url) => format!(
                "{}/{}/{key}{mark}{query}",
                url.trim_end_matches('/'),
                at.bucket
            ),
            None if at.bucket.contains(['.', '_']) => {
                format!(
                    "https://s3.{region}.{domain}/{}/{key}{mark}{query}",
                    at.bucket
                )
            }
            None => format!(
                "https://{}.s3.{region}.{domain}/{key}{mark}{query}",
                at.bucket
            ),
        };
        url.parse()
            .map_err(|error| format!("expected a URL, found `{url}`: {error}"))
    }
}

fn in_query(text: &str) -> impl std::fmt::Display {
    utf8_percent_encode(text, KEPT_IN_QUERY)
}

/// As in an IAM policy.
fn resource(at: &Address) -> String {
    format!("`arn:aws:s3:::{}/{}`", at.bucket, at.key)
}

#[cfg(test)]
mod tests;
