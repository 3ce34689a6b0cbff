//! The AWS SDK's HTTP client over the one that the checks use: one TLS stack
//! in the package, where the SDK's own would be a second.

use std::sync::{Arc, OnceLock};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use rustls::ClientConfig;
use rustls_platform_verifier::Verifier;

/// The largest answer that is read, in bytes. AWS pages its lists, and objects
/// are asked for in part.
const MOST_BYTES: usize = 16 * 1024 * 1024;

/// A client with a pool of connections, which the SDK's clients may share. It
/// has no time-outs of its own: whoever calls the SDK sets them.
#[derive(Debug, Clone)]
pub(crate) struct AwsHttp(reqwest::Client);

impl AwsHttp {
    /// Makes the client, which trusts the system's certificate authorities.
    ///
    /// # Errors
    /// What is wrong with them or with the TLS stack, as a clause.
    pub(crate) fn new() -> Result<Self, String> {
        let unusable = |error: &dyn std::error::Error| format!("no HTTP client for AWS: {error}");
        let tls = trusting_the_system().map_err(|error| unusable(&error))?;
        reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .http1_only()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .map(Self)
            .map_err(|error| unusable(&error))
    }

    /// Sends a request and reads its answer, which is bounded.
    pub(crate) async fn send(
        &self,
        request: http::Request<Vec<u8>>,
    ) -> Result<http::Response<Vec<u8>>, ConnectorError> {
        let request = reqwest::Request::try_from(request)
            .map_err(|error| ConnectorError::user(error.into()))?;
        let mut answer = self.0.execute(request).await.map_err(broken)?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(broken)? {
            body.extend_from_slice(&chunk);
            if body.len() > MOST_BYTES {
                let problem =
                    format!("expected an answer of at most {MOST_BYTES} bytes, found more");
                return Err(ConnectorError::user(problem.into()));
            }
        }
        let mut response = http::Response::new(body);
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        Ok(response)
    }
}

/// The TLS settings of all clients. The authorities are read once: there are
/// more than a hundred, and that takes longer than all else before a first
/// request.
fn trusting_the_system() -> Result<ClientConfig, rustls::Error> {
    static READ: OnceLock<ClientConfig> = OnceLock::new();
    if let Some(config) = READ.get() {
        return Ok(config.clone());
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = Verifier::new(Arc::clone(&provider))?;
    // What is called dangerous is to bring a verifier of one's own; this one
    // verifies by the system's authorities.
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    // A connection for each request that is under way: over one of HTTP/2, a
    // second attempt would hang with the first.
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(READ.get_or_init(|| config).clone())
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
        let client = self.clone();
        HttpConnectorFuture::new(async move { ask(&client, request).await })
    }
}

async fn ask(client: &AwsHttp, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
    let request = request
        .try_into_http1x()
        .map_err(|error| ConnectorError::user(error.into()))?
        // The bodies of AWS JSON and AWS Query are always in memory.
        .map(|body| body.bytes().unwrap_or_default().to_vec());
    let response = client.send(request).await?.map(Into::into);
    HttpResponse::try_from(response).map_err(|error| ConnectorError::other(error.into(), None))
}

fn broken(error: reqwest::Error) -> ConnectorError {
    if error.is_timeout() {
        ConnectorError::timeout(error.into())
    } else {
        ConnectorError::io(error.into())
    }
}
