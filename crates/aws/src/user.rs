//! The credentials and the Region of a person, found as AWS's own tools find
//! them.
//!
//! The only module that knows `aws-config`, which the Lambda is built without.

use std::time::Duration;

use aws_credential_types::provider::ProvideCredentials;
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_types::error::display::DisplayErrorContext;

use crate::access::Access;
use crate::error::Error;
use crate::http::AwsHttp;

/// The longest that is looked for credentials: a machine that is none of
/// AWS's has nobody who answers at the address of its role.
const LONGEST: Duration = Duration::from_secs(10);

pub(crate) async fn find_access(http: AwsHttp) -> Result<Access, Error> {
    let config = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http.clone())
        .load()
        .await;
    if config.region().is_none() {
        return Err(Error::NoRegion);
    }
    let provider = config.credentials_provider().ok_or(Error::NoCredentials)?;
    let credentials = tokio::time::timeout(LONGEST, provider.provide_credentials())
        .await
        .map_err(|_| Error::SlowCredentials {
            seconds: LONGEST.as_secs(),
        })?
        .map_err(|error| Error::Credentials {
            reasons: DisplayErrorContext(error).to_string(),
        })?;
    Ok(Access::build(http, config.into_builder(), credentials))
}
