//! What the clients of all AWS services share: Region, credentials, and one
//! HTTP client.

use aws_sdk_codedeploy::config::{Credentials, Region};

use crate::aws_http::AwsHttp;
use crate::environment::Environment;

/// Access to AWS as the function's role.
#[derive(Debug, Clone)]
pub(crate) struct Access {
    /// The Region of the function, and of the deployment.
    pub(crate) region: Region,
    /// The credentials that Lambda put into the environment.
    pub(crate) credentials: Credentials,
    /// The connections.
    pub(crate) http: AwsHttp,
    environment: Environment,
}

impl Access {
    /// Reads the environment and makes an HTTP client with a pool of its own.
    ///
    /// # Errors
    /// What is missing, as a clause.
    pub(crate) fn new(environment: &Environment) -> Result<Self, String> {
        let aws = environment.aws()?;
        let http = AwsHttp::new().map_err(|error| format!("no HTTP client for AWS: {error}"))?;
        let credentials = Credentials::new(
            aws.access_key_id,
            aws.secret_access_key,
            aws.session_token,
            None,
            "environment",
        );
        Ok(Self {
            region: Region::new(aws.region),
            credentials,
            http,
            environment: environment.clone(),
        })
    }

    /// What is called in place of the Region's own endpoint. The service is
    /// named as in `AWS_ENDPOINT_URL_…`.
    ///
    /// Source: [service-specific endpoints](https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html).
    pub(crate) fn endpoint_url(&self, service: &str) -> Option<String> {
        let of_service = format!("AWS_ENDPOINT_URL_{service}");
        let given = self.environment.given(&of_service);
        let given = given.or_else(|| self.environment.given("AWS_ENDPOINT_URL"));
        given.map(str::to_owned)
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn the_endpoint_of_a_service_comes_before_that_of_all() {
        let variables = [
            ("AWS_REGION", "eu-central-1"),
            ("AWS_ACCESS_KEY_ID", "A"),
            ("AWS_SECRET_ACCESS_KEY", "B"),
            ("AWS_ENDPOINT_URL", "http://127.0.0.1:1"),
            ("AWS_ENDPOINT_URL_ECS", "http://127.0.0.1:2"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let access = Access::new(&Environment::new(variables, PathBuf::new())).unwrap();
        let endpoint = |service| access.endpoint_url(service).unwrap();
        assert_eq!(endpoint("ECS"), "http://127.0.0.1:2");
        assert_eq!(endpoint("CODEDEPLOY"), "http://127.0.0.1:1");
    }
}
