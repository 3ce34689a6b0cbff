//! Values from Secrets Manager.
//!
//! The only module that knows its SDK.

use std::sync::OnceLock;

use aws_sdk_secretsmanager::Client;
use tokio::time::Instant;

use crate::access::Access;
use crate::calls::{AttemptError, CallError, persist};

/// The client.
#[derive(Debug, Clone)]
pub struct SecretsManager {
    access: Access,
    /// Made for the first call: the SDK reads its tables of endpoints for it.
    client: OnceLock<Client>,
}

impl SecretsManager {
    /// Makes the client.
    pub fn new(access: &Access) -> Self {
        Self {
            access: access.clone(),
            client: OnceLock::new(),
        }
    }

    /// The text of a secret, or `None` if it has only bytes.
    ///
    /// Source: [GetSecretValue](https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html).
    ///
    /// # Errors
    /// What the last attempt met.
    pub async fn value(&self, id: &str, until: Instant) -> Result<Option<String>, CallError> {
        let client = self
            .client
            .get_or_init(|| Client::new(self.access.config()));
        let call = async || {
            let answer = client.get_secret_value().secret_id(id).send().await;
            let answer = answer.map_err(|error| AttemptError::from_sdk(&error))?;
            match (answer.secret_string, answer.secret_binary) {
                // A secret has one of both. The SDK reads this of an empty body
                // and of an empty object alike.
                (None, None) => Err(AttemptError {
                    passes: false,
                    ..AttemptError::from_answer(200, "", "")
                }),
                (text, _) => Ok(text),
            }
        };
        let resource = format!("the secret `{id}`");
        persist("secretsmanager:GetSecretValue", &resource, until, call).await
    }
}
