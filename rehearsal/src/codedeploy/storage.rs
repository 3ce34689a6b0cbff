//! S3, SNS, Secrets Manager and Parameter Store, in memory: objects, published
//! messages, secrets and parameters.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use serde_json::{Value, json};

use super::error::{self, ApiError};
use super::{AwsState, CodeDeploy, text_member};

/// The most keys of one page of a list.
const PAGE_SIZE: usize = 1_000;

/// The contents of these services.
#[derive(Debug, Default)]
pub(super) struct Storage {
    /// By the bucket's name: the objects, content by key.
    buckets: BTreeMap<String, BTreeMap<String, String>>,
    secrets: BTreeMap<String, String>,
    parameters: BTreeMap<String, String>,
    /// The ARNs of the topics.
    topics: BTreeSet<String>,
    /// Each published message, below its subject.
    messages: Vec<String>,
}

impl CodeDeploy {
    /// Makes a bucket, and puts these objects into it: key and content.
    pub fn make_bucket(&self, name: &str, objects: &[(&str, &str)]) {
        let mut records = self.state.lock();
        let bucket = records.storage.buckets.entry(name.to_owned()).or_default();
        let to_pair = |(key, text): &(&str, &str)| ((*key).to_owned(), (*text).to_owned());
        bucket.extend(objects.iter().map(to_pair));
    }

    /// The objects of a bucket: key and content.
    pub fn objects(&self, bucket: &str) -> Vec<(String, String)> {
        let records = self.state.lock();
        let objects = records.storage.buckets.get(bucket).into_iter().flatten();
        let to_pair = |(key, text): (&String, &String)| (key.clone(), text.clone());
        objects.map(to_pair).collect()
    }

    /// Puts a text into Secrets Manager.
    pub fn keep_secret(&self, id: &str, value: &str) {
        let mut records = self.state.lock();
        records
            .storage
            .secrets
            .insert(id.to_owned(), value.to_owned());
    }

    /// Puts a text into Parameter Store.
    pub fn keep_parameter(&self, name: &str, value: &str) {
        let mut records = self.state.lock();
        let parameters = &mut records.storage.parameters;
        parameters.insert(name.to_owned(), value.to_owned());
    }

    /// Makes a topic; the result is its ARN.
    pub fn make_topic(&self, name: &str) -> String {
        let arn = format!("arn:aws:sns:eu-central-1:111122223333:{name}");
        self.state.lock().storage.topics.insert(arn.clone());
        arn
    }

    /// The messages that were published, each below its subject, oldest first.
    pub fn messages(&self) -> Vec<String> {
        self.state.lock().storage.messages.clone()
    }
}

impl Storage {
    /// The bucket that a call names.
    fn bucket_mut(&mut self, input: &Value) -> Result<&mut BTreeMap<String, String>, ApiError> {
        let bucket = self
            .buckets
            .get_mut(text_member(input, "Bucket").unwrap_or_default());
        bucket.ok_or(error::NO_SUCH_BUCKET)
    }
}

/// Source: [ListObjectsV2](https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html).
pub(super) fn list_objects(state: &AwsState, input: &Value) -> Result<Value, ApiError> {
    let mut records = state.lock();
    let objects = records.storage.bucket_mut(input)?;
    let prefix = text_member(input, "prefix").unwrap_or_default();
    // This continuation token is the last key of the page before. Without one it
    // is empty, and every key is greater.
    let after = Bound::Excluded(text_member(input, "continuation-token").unwrap_or_default());
    let mut found = objects
        .range::<str, _>((after, Bound::Unbounded))
        .filter(|(key, _)| key.starts_with(prefix));
    let page: Vec<_> = found.by_ref().take(PAGE_SIZE).collect();
    // A token is given only where another page has something.
    let next = page.last().filter(|_| found.next().is_some());
    Ok(json!({
        "Contents": page
            .iter()
            .map(|(key, text)| json!({ "Key": key, "Size": text.len() }))
            .collect::<Vec<_>>(),
        "NextContinuationToken": next.map(|(key, _)| key),
    }))
}

/// Source: [GetObject](https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html).
pub(super) fn get_object(state: &AwsState, input: &Value) -> Result<Value, ApiError> {
    let mut records = state.lock();
    let object = records
        .storage
        .bucket_mut(input)?
        .get(text_member(input, "Key").unwrap_or_default());
    Ok(json!({ "Body": object.ok_or(error::NO_SUCH_KEY)? }))
}

/// Source: [PutObject](https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html).
pub(super) fn put_object(state: &AwsState, input: &Value) -> Result<Value, ApiError> {
    let mut records = state.lock();
    let objects = records.storage.bucket_mut(input)?;
    let key = text_member(input, "Key").unwrap_or_default();
    // This header asks that nothing is overwritten; S3 then refuses the object.
    if text_member(input, "if-none-match") == Some("*") && objects.contains_key(key) {
        return Err(error::PRECONDITION_FAILED);
    }
    objects.insert(
        key.to_owned(),
        text_member(input, "Body").unwrap_or_default().to_owned(),
    );
    Ok(json!({}))
}

/// Source: [Publish](https://docs.aws.amazon.com/sns/latest/api/API_Publish.html).
pub(super) fn publish_message(state: &AwsState, input: &Value) -> Result<Value, ApiError> {
    let storage = &mut state.lock().storage;
    if !storage
        .topics
        .contains(text_member(input, "TopicArn").unwrap_or_default())
    {
        return Err(error::NO_TOPIC);
    }
    let (subject, message) = (
        text_member(input, "Subject").unwrap_or_default(),
        text_member(input, "Message").unwrap_or_default(),
    );
    storage.messages.push(format!("{subject}\n{message}"));
    Ok(json!({ "MessageId": crate::random::draw_uuid() }))
}

/// Source: [GetSecretValue](https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html).
pub(super) fn get_secret(state: &AwsState, input: &Value) -> Result<Value, ApiError> {
    let id = text_member(input, "SecretId").unwrap_or_default();
    let records = state.lock();
    let secret = records.storage.secrets.get(id).ok_or(error::NO_SECRET)?;
    Ok(json!({
        "ARN": format!("arn:aws:secretsmanager:eu-central-1:111122223333:secret:{id}-a1b2c3"),
        "Name": id,
        "SecretString": secret,
    }))
}

/// Source: [GetParameters](https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameters.html).
pub(super) fn get_parameters(state: &AwsState, input: &Value) -> Result<Value, ApiError> {
    let names = input.get("Names").and_then(Value::as_array);
    let names = names.ok_or(error::SERIALIZATION)?.iter();
    let records = state.lock();
    let (mut found, mut unknown) = (Vec::new(), Vec::new());
    for name in names.filter_map(Value::as_str) {
        match records.storage.parameters.get(name) {
            Some(value) => found.push(json!({
                "Name": name,
                "Type": "SecureString",
                "Value": value,
                "Version": 1,
                "ARN": format!(
                    "arn:aws:ssm:eu-central-1:111122223333:parameter/{}",
                    name.trim_start_matches('/')
                ),
            })),
            // Parameter Store lists unknown names beside the others.
            None => unknown.push(name),
        }
    }
    Ok(json!({ "Parameters": found, "InvalidParameters": unknown }))
}
