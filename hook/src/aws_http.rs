//! The AWS SDK's HTTP client over the one that the checks use: one TLS stack
//! in the package, where the SDK's own would be a second.

use aws_sdk_codedeploy::config::http::{HttpRequest, HttpResponse};
use aws_sdk_codedeploy::config::{HttpClient, RuntimeComponents};
use aws_sdk_codedeploy::error::ConnectorError;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};

/// A client with a pool of connections, which the SDK's clients may share. It
/// has no time-outs of its own: whoever calls the SDK sets them.
#[derive(Debug, Clone)]
pub(crate) struct AwsHttp(reqwest::Client);

impl AwsHttp {
    /// Makes the client; reads the system's certificate authorities.
    pub(crate) fn new() -> Result<Self, reqwest::Error> {
        // A second call finds the provider in place, which is what is wanted.
        let _ = rustls::crypto::ring::default_provider().install_default();
        reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .map(Self)
    }
}

impl HttpClient for AwsHttp {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for AwsHttp {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let client = self.0.clone();
        HttpConnectorFuture::new(async move { ask(&client, request).await })
    }
}

async fn ask(
    client: &reqwest::Client,
    request: HttpRequest,
) -> Result<HttpResponse, ConnectorError> {
    let request = request
        .try_into_http1x()
        .map_err(|error| ConnectorError::user(error.into()))?
        // The bodies of AWS JSON and AWS Query are always in memory.
        .map(|body| body.bytes().unwrap_or_default().to_vec());
    let request =
        reqwest::Request::try_from(request).map_err(|error| ConnectorError::user(error.into()))?;
    let answer = client.execute(request).await.map_err(broken)?;
    let (status, headers) = (answer.status(), answer.headers().clone());
    let body = answer.bytes().await.map_err(broken)?;
    let mut response = http::Response::new(body.into());
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    HttpResponse::try_from(response).map_err(|error| ConnectorError::other(error.into(), None))
}

fn broken(error: reqwest::Error) -> ConnectorError {
    if error.is_timeout() {
        ConnectorError::timeout(error.into())
    } else {
        ConnectorError::io(error.into())
    }
}
