//! What the account holds beside the deployment: objects in S3, secrets,
//! parameters, and what topics were told.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use serde_json::{Value, json};

use super::error::{self, ApiError};
use super::{CodeDeploy, State};

/// The most keys of one page of a list.
const PAGE: usize = 1_000;

#[derive(Debug, Default)]
pub(super) struct Account {
    buckets: BTreeMap<String, BTreeMap<String, String>>,
    secrets: BTreeMap<String, String>,
    parameters: BTreeMap<String, String>,
    topics: BTreeSet<String>,
    messages: Vec<String>,
}

impl CodeDeploy {
    /// Makes a bucket, and puts these objects into it: key and content.
    pub fn make_bucket(&self, name: &str, objects: &[(&str, &str)]) {
        let mut book = self.state.lock();
        let bucket = book.account.buckets.entry(name.to_owned()).or_default();
        let owned = |(key, text): &(&str, &str)| ((*key).to_owned(), (*text).to_owned());
        bucket.extend(objects.iter().map(owned));
    }

    /// The objects of a bucket: key and content.
    pub fn objects(&self, bucket: &str) -> Vec<(String, String)> {
        let book = self.state.lock();
        let objects = book.account.buckets.get(bucket).into_iter().flatten();
        let owned = |(key, text): (&String, &String)| (key.clone(), text.clone());
        objects.map(owned).collect()
    }

    /// Puts a text into Secrets Manager.
    pub fn keep_secret(&self, id: &str, value: &str) {
        let mut book = self.state.lock();
        book.account.secrets.insert(id.to_owned(), value.to_owned());
    }

    /// Puts a text into Parameter Store.
    pub fn keep_parameter(&self, name: &str, value: &str) {
        let mut book = self.state.lock();
        let parameters = &mut book.account.parameters;
        parameters.insert(name.to_owned(), value.to_owned());
    }

    /// Makes a topic; the answer is its ARN.
    pub fn make_topic(&self, name: &str) -> String {
        let arn = format!("arn:aws:sns:eu-central-1:111122223333:{name}");
        self.state.lock().account.topics.insert(arn.clone());
        arn
    }

    /// What topics were told, in this order.
    pub fn messages(&self) -> Vec<String> {
        self.state.lock().account.messages.clone()
    }
}

fn text<'v>(input: &'v Value, member: &str) -> &'v str {
    input.get(member).and_then(Value::as_str).unwrap_or("")
}

impl Account {
    fn bucket(&mut self, input: &Value) -> Result<&mut BTreeMap<String, String>, ApiError> {
        let bucket = self.buckets.get_mut(text(input, "Bucket"));
        bucket.ok_or(error::NO_SUCH_BUCKET)
    }
}

/// Source: [ListObjectsV2](https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html).
pub(super) fn list(state: &State, input: &Value) -> Result<Value, ApiError> {
    let mut book = state.lock();
    let objects = book.account.bucket(input)?;
    let prefix = text(input, "prefix");
    let after = Bound::Excluded(text(input, "continuation-token"));
    let mut found = objects
        .range::<str, _>((after, Bound::Unbounded))
        .filter(|(key, _)| key.starts_with(prefix));
    let page: Vec<_> = found.by_ref().take(PAGE).collect();
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
pub(super) fn get(state: &State, input: &Value) -> Result<Value, ApiError> {
    let mut book = state.lock();
    let found = book.account.bucket(input)?.get(text(input, "Key"));
    Ok(json!({ "Body": found.ok_or(error::NO_SUCH_KEY)? }))
}

/// Source: [PutObject](https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html).
pub(super) fn put(state: &State, input: &Value) -> Result<Value, ApiError> {
    let mut book = state.lock();
    let objects = book.account.bucket(input)?;
    let key = text(input, "Key");
    if text(input, "if-none-match") == "*" && objects.contains_key(key) {
        return Err(error::PRECONDITION_FAILED);
    }
    objects.insert(key.to_owned(), text(input, "Body").to_owned());
    Ok(json!({}))
}

/// Source: [Publish](https://docs.aws.amazon.com/sns/latest/api/API_Publish.html).
pub(super) fn publish(state: &State, input: &Value) -> Result<Value, ApiError> {
    let account = &mut state.lock().account;
    if !account.topics.contains(text(input, "TopicArn")) {
        return Err(error::NO_TOPIC);
    }
    let (subject, message) = (text(input, "Subject"), text(input, "Message"));
    account.messages.push(format!("{subject}\n{message}"));
    Ok(json!({ "MessageId": crate::random::uuid() }))
}

/// Source: [GetSecretValue](https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html).
pub(super) fn secret(state: &State, input: &Value) -> Result<Value, ApiError> {
    let id = text(input, "SecretId");
    let book = state.lock();
    let found = book.account.secrets.get(id).ok_or(error::NO_SECRET)?;
    Ok(json!({
        "ARN": format!("arn:aws:secretsmanager:eu-central-1:111122223333:secret:{id}-a1b2c3"),
        "Name": id,
        "SecretString": found,
    }))
}

/// Source: [GetParameters](https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameters.html).
pub(super) fn parameters(state: &State, input: &Value) -> Result<Value, ApiError> {
    let names = input.get("Names").and_then(Value::as_array);
    let names = names.ok_or(error::SERIALIZATION)?.iter();
    let book = state.lock();
    let (mut found, mut unknown) = (Vec::new(), Vec::new());
    for name in names.filter_map(Value::as_str) {
        match book.account.parameters.get(name) {
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
            None => unknown.push(name),
        }
    }
    Ok(json!({ "Parameters": found, "InvalidParameters": unknown }))
}
