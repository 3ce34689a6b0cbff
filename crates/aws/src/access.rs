//! What the clients of all AWS services share: Region, credentials, endpoints,
//! and one HTTP client.

use std::fmt;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_runtime_api::client::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use aws_types::region::Region;
use aws_types::sdk_config::Builder;
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};

use crate::error::Error;
use crate::http::AwsHttp;

/// Access to AWS in the name of somebody: of the function's role, in Lambda.
#[derive(Clone)]
pub struct Access {
    http: AwsHttp,
    config: SdkConfig,
}

/// Says nothing of the credentials.
impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Access({:?})", self.config.region())
    }
}

impl Access {
    /// Access with the credentials, the Region and the endpoints of the
    /// environment, as Lambda gives them to a function, and an HTTP client with
    /// a pool of its own.
    ///
    /// `AWS_USE_FIPS_ENDPOINT` and `AWS_USE_DUALSTACK_ENDPOINT` choose the kind
    /// of endpoint, and `AWS_ENDPOINT_URL` and `AWS_ENDPOINT_URL_S3` (or
    /// another service) what is called in its place.
    ///
    /// Source: [Lambda environment variables](https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html),
    /// [FIPS and dual-stack endpoints](https://docs.aws.amazon.com/sdkref/latest/guide/feature-endpoints.html),
    /// [service-specific endpoints](https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html).
    ///
    /// # Errors
    /// What is missing.
    pub fn new(
        environment: impl Fn(&str) -> Option<String> + Send + Sync + 'static,
    ) -> Result<Self, Error> {
        Self::over(AwsHttp::new()?, environment)
    }

    /// The same over an HTTP client that is there.
    pub(crate) fn over(
        http: AwsHttp,
        environment: impl Fn(&str) -> Option<String> + Send + Sync + 'static,
    ) -> Result<Self, Error> {
        let mut missing = Vec::new();
        let mut need = |name: &str| {
            let value = read(&environment, name);
            if value.is_none() {
                missing.push(format!("`{name}`"));
            }
            value.unwrap_or_default()
        };
        let region = need("AWS_REGION");
        let (id, secret) = (need("AWS_ACCESS_KEY_ID"), need("AWS_SECRET_ACCESS_KEY"));
        if !missing.is_empty() {
            let names = missing.join(", ");
            return Err(Error::MissingVariables { names });
        }
        let token = read(&environment, "AWS_SESSION_TOKEN");
        let mut config = SdkConfig::builder().behavior_version(BehaviorVersion::latest());
        config
            .set_region(Region::new(region))
            .set_use_fips(read_switch(&environment, "AWS_USE_FIPS_ENDPOINT"))
            .set_use_dual_stack(read_switch(&environment, "AWS_USE_DUALSTACK_ENDPOINT"))
            .set_service_config(Some(ServiceEnvironment(environment)));
        let credentials = Credentials::new(id, secret, token, None, "environment");
        Ok(Self::build(http, config, credentials))
    }

    /// Access as AWS's own tools have it for the person at this terminal:
    /// environment variables, profiles, SSO, or the role of a machine.
    ///
    /// Source: [the credential provider chain](https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html).
    ///
    /// # Errors
    /// What is missing.
    #[cfg(feature = "user")]
    pub async fn for_user() -> Result<Self, Error> {
        crate::user::find_access(AwsHttp::new()?).await
    }

    pub(crate) fn build(http: AwsHttp, config: Builder, credentials: Credentials) -> Self {
        let config = config
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .http_client(http.clone())
            // Time is the bound, where the SDK would count; and it would give
            // up each answer that does not begin within five seconds.
            .retry_config(RetryConfig::disabled())
            .timeout_config(TimeoutConfig::disabled())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .build();
        Self { http, config }
    }

    /// The Region, such as `eu-central-1`.
    pub fn region(&self) -> &str {
        self.config.region().map_or("", AsRef::as_ref)
    }

    /// What the client of each service is made from.
    pub fn config(&self) -> &SdkConfig {
        &self.config
    }

    pub(crate) fn http(&self) -> &AwsHttp {
        &self.http
    }

    /// What is called in place of the Region's own endpoint of a service, which
    /// is named as AWS names it, such as `Secrets Manager`.
    pub(crate) fn endpoint_url(&self, service: &str) -> Option<String> {
        let key = ServiceConfigKey::builder()
            .service_id(service)
            .env("AWS_ENDPOINT_URL")
            .profile("endpoint_url")
            .build()
            .ok()?;
        let of_service = self.config.service_config();
        of_service
            .and_then(|services| services.load_config(key))
            .or_else(|| self.config.endpoint_url().map(str::to_owned))
    }
}

/// What the environment says to the SDK of one service.
struct ServiceEnvironment<F>(F);

/// The environment may hold secrets.
impl<F> fmt::Debug for ServiceEnvironment<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServiceEnvironment")
    }
}

impl<F> LoadServiceConfig for ServiceEnvironment<F>
where
    F: Fn(&str) -> Option<String> + Send + Sync,
{
    /// A variable of the service comes before that of all services.
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        let service = key.service_id().replace(' ', "_").to_uppercase();
        read(&self.0, &format!("{}_{service}", key.env())).or_else(|| read(&self.0, key.env()))
    }
}

/// The value of a variable; an empty one is none.
fn read(environment: &dyn Fn(&str) -> Option<String>, name: &str) -> Option<String> {
    let value = environment(name)?;
    Some(value.trim().to_owned()).filter(|value| !value.is_empty())
}

/// A variable that is `true` or `false`.
fn read_switch(environment: &dyn Fn(&str) -> Option<String>, name: &str) -> Option<bool> {
    let value = read(environment, name)?;
    match value.to_ascii_lowercase().as_str() {
        "true" => Some(true),
        "false" => Some(false),
        // AWS's own tools go on as well: without access, nobody could tell
        // CodeDeploy that the setting is wrong.
        _ => {
            tracing::warn!(
                "expected `true` or `false` in `{name}`, found `{value}`; it is ignored"
            );
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(variables: &'static [(&str, &str)]) -> Result<Access, Error> {
        Access::new(|name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn what_is_missing_is_said() {
        let missing = access(&[("AWS_REGION", "eu-central-1"), ("AWS_ACCESS_KEY_ID", " ")]);
        insta::assert_snapshot!(
            missing.unwrap_err(),
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
            ("AWS_ENDPOINT_URL_SECRETS_MANAGER", "http://127.0.0.1:2"),
        ])
        .unwrap();
        let endpoint = |service| access.endpoint_url(service);
        assert_eq!(
            endpoint("Secrets Manager").as_deref(),
            Some("http://127.0.0.1:2")
        );
        assert_eq!(endpoint("S3").as_deref(), Some("http://127.0.0.1:1"));
        assert_eq!(access.region(), "eu-central-1");
        assert_eq!(
            format!("{access:?}"),
            r#"Access(Some(Region("eu-central-1")))"#
        );
    }

    #[test]
    fn a_switch_is_true_or_false_in_any_case() {
        let check = |value: &'static str, expected| {
            let switch = read_switch(&|_| Some(value.to_owned()), "AWS_USE_FIPS_ENDPOINT");
            assert_eq!(switch, expected, "{value}");
        };
        check("True", Some(true));
        check(" false ", Some(false));
        check("", None);
        check("yes", None);
    }
}
