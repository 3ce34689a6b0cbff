//! The credentials and the Region of a person, found as AWS's own tools find
//! them.
//!
//! The only module that knows `aws-config`, which the Lambda is built without.

use std::sync::Arc;
use std::time::Duration;

use aws_credential_types::provider::ProvideCredentials;
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_types::error::display::DisplayErrorContext;

use crate::access::Access;
use crate::http::AwsHttp;

/// The longest that is looked for credentials: a machine that is none of
/// AWS's has nobody who answers at the address of its role.
const LONGEST: Duration = Duration::from_secs(10);

pub(crate) async fn access(http: AwsHttp) -> Result<Access, String> {
    let config = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http.clone())
        .load()
        .await;
    if config.region().is_none() {
        return Err("expected a Region in `AWS_REGION` or in the profile, found none".to_owned());
    }
    let Some(provider) = config.credentials_provider() else {
        return Err("expected credentials, found none".to_owned());
    };
    let credentials = tokio::time::timeout(LONGEST, provider.provide_credentials())
        .await
        .map_err(|_| {
            format!(
                "expected credentials, found none in {} s",
                LONGEST.as_secs()
            )
        })?
        .map_err(|error| DisplayErrorContext(error).to_string())?;
    Ok(Access {
        http,
        credentials,
        config,
        environment: Arc::new(|name| std::env::var(name).ok()),
    })
}
