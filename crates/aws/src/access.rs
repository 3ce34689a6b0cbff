//! What the clients of all AWS services share: Region, credentials, endpoints,
//! and one HTTP client.

use std::fmt;
use std::sync::Arc;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_runtime_api::client::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use aws_types::region::Region;

use crate::http::AwsHttp;

/// Where the endpoints are looked up.
type Environment = dyn Fn(&str) -> Option<String> + Send + Sync;

/// Access to AWS in the name of somebody: of the function's role, in Lambda.
#[derive(Clone)]
pub struct Access {
    pub(crate) http: AwsHttp,
    pub(crate) credentials: Credentials,
    pub(crate) config: SdkConfig,
    pub(crate) environment: Arc<Environment>,
}

/// Says nothing of the credentials.
impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Access({:?})", self.config.region())
    }
}

impl Access {
    /// Access with the credentials and the Region of the environment, as
    /// Lambda gives them to a function, and an HTTP client with a pool of its
    /// own.
    ///
    /// Source: [Lambda environment variables](https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html).
    ///
    /// # Errors
    /// What is missing, as a clause.
    pub fn new(
        environment: impl Fn(&str) -> Option<String> + Send + Sync + 'static,
    ) -> Result<Self, String> {
        let mut missing = Vec::new();
        let mut need = |name: &str| {
            let value = given(&environment, name);
            if value.is_none() {
                missing.push(format!("`{name}`"));
            }
            value.unwrap_or_default()
        };
        let region = need("AWS_REGION");
        let (id, secret) = (need("AWS_ACCESS_KEY_ID"), need("AWS_SECRET_ACCESS_KEY"));
        if !missing.is_empty() {
            return Err(format!(
                "expected AWS's environment variables, found no {}",
                missing.join(", ")
            ));
        }
        let token = given(&environment, "AWS_SESSION_TOKEN");
        let credentials = Credentials::new(id, secret, token, None, "environment");
        let http = AwsHttp::new()?;
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(region))
            .credentials_provider(SharedCredentialsProvider::new(credentials.clone()))
            .http_client(http.clone())
            // Time is the bound, where the SDK would count; and it would give
            // up each answer that does not begin within five seconds.
            .retry_config(RetryConfig::disabled())
            .timeout_config(TimeoutConfig::disabled())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .build();
        Ok(Self {
            http,
            credentials,
            config,
            environment: Arc::new(environment),
        })
    }

    /// Access as AWS's own tools have it for the person at this terminal:
    /// environment variables, profiles, SSO, or the role of a machine.
    ///
    /// Source: [the credential provider chain](https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html).
    ///
    /// # Errors
    /// What is missing, as a clause.
    #[cfg(feature = "user")]
    pub async fn of_user() -> Result<Self, String> {
        let http = AwsHttp::new()?;
        crate::user::access(http).await
    }

    /// The Region, such as `eu-central-1`.
    pub fn region(&self) -> &str {
        self.config.region().map_or("", AsRef::as_ref)
    }

    /// What the names of the Region's endpoints end with.
    ///
    /// Source: [service endpoints](https://docs.aws.amazon.com/general/latest/gr/rande.html).
    pub(crate) fn domain(&self) -> &'static str {
        if self.region().starts_with("cn-") {
            "amazonaws.com.cn"
        } else {
            "amazonaws.com"
        }
    }

    /// The same access, in another Region.
    pub(crate) fn in_region(&self, region: &str) -> Self {
        let region = Region::new(region.to_owned());
        Self {
            config: self.config.to_builder().region(region).build(),
            ..self.clone()
        }
    }

    /// What the client of a service is made from. The service is named as in
    /// `AWS_ENDPOINT_URL_…`.
    pub fn config(&self, service: &str) -> SdkConfig {
        let mut config = self.config.to_builder();
        config.set_endpoint_url(self.endpoint_url(service));
        config.build()
    }

    /// What is called in place of the Region's own endpoint.
    ///
    /// Source: [service-specific endpoints](https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html).
    pub(crate) fn endpoint_url(&self, service: &str) -> Option<String> {
        let of_service = format!("AWS_ENDPOINT_URL_{service}");
        given(&*self.environment, &of_service)
            .or_else(|| given(&*self.environment, "AWS_ENDPOINT_URL"))
    }
}

/// The value of a variable; an empty one is none.
fn given(environment: &dyn Fn(&str) -> Option<String>, name: &str) -> Option<String> {
    let value = environment(name)?;
    Some(value.trim().to_owned()).filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(variables: &'static [(&str, &str)]) -> Result<Access, String> {
        Access::new(|name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn what_is_missing_is_said() {
        let missing = access(&[("AWS_REGION", "eu-central-1"), ("AWS_ACCESS_KEY_ID", " ")]);
        insta::assert_snapshot!(
            missing.err().unwrap_or_default(),
            @"expected AWS's environment variables, found no `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`"
        );
    }

    #[test]
    fn the_endpoint_of_a_service_comes_before_that_of_all() {
        let access = access(&[
            ("AWS_REGION", "eu-central-1"),
            ("AWS_ACCESS_KEY_ID", "A"),
            ("AWS_SECRET_ACCESS_KEY", "B"),
            ("AWS_ENDPOINT_URL", "http://127.0.0.1:1"),
            ("AWS_ENDPOINT_URL_ECS", "http://127.0.0.1:2"),
        ])
        .unwrap();
        let endpoint = |service| access.config(service).endpoint_url().map(str::to_owned);
        assert_eq!(endpoint("ECS").as_deref(), Some("http://127.0.0.1:2"));
        assert_eq!(endpoint("S3").as_deref(), Some("http://127.0.0.1:1"));
        assert_eq!(access.region(), "eu-central-1");
        assert_eq!(
            format!("{access:?}"),
            r#"Access(Some(Region("eu-central-1")))"#
        );
    }
}
