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

use crate::error::Error;

/// The largest answer that is read, in bytes, where a request has no bound of
/// its own: AWS pages its lists.
const MOST_BYTES: u64 = 16 * 1024 * 1024;

/// The largest answer to one request, in bytes: an extension of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MostBytes(pub(crate) u64);

/// An answer was larger than its bound. It is not read to its end.
#[derive(Debug, thiserror::Error)]
#[error("expected an answer of at most {most} bytes, found more")]
struct AnswerTooLarge {
    most: u64,
}

/// Whether there is no answer because it was larger than its bound.
pub(crate) fn is_too_large(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut chain = std::iter::successors(Some(error), |error| error.source());
    chain.any(<dyn std::error::Error>::is::<AnswerTooLarge>)
}

/// A client with a pool of connections, which the SDK's clients may share. It
/// has no time-outs of its own: whoever calls the SDK sets them.
#[derive(Debug, Clone)]
pub(crate) struct AwsHttp(reqwest::Client);

impl AwsHttp {
    /// Makes the client, which trusts the system's certificate authorities.
    ///
    /// # Errors
    /// What is wrong with them or with the TLS stack.
    pub(crate) fn new() -> Result<Self, Error> {
        let tls = trusting_the_system().map_err(|error| unusable(error.into()))?;
        Self::build(reqwest::Client::builder().tls_backend_preconfigured(tls))
    }

    /// A client that looks up the names of hosts here, and so reaches nobody.
    #[cfg(test)]
    pub(crate) fn with_resolver(names: tests::Names) -> Result<Self, Error> {
        let tls = trusting_the_system().map_err(|error| unusable(error.into()))?;
        let client = reqwest::Client::builder().tls_backend_preconfigured(tls);
        Self::build(client.dns_resolver(names))
    }

    fn build(client: reqwest::ClientBuilder) -> Result<Self, Error> {
        client
            .http1_only()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .map(Self)
            .map_err(|error| unusable(error.into()))
    }

    /// Sends a request and reads its answer, which is bounded.
    pub(crate) async fn send(
        &self,
        request: http::Request<Vec<u8>>,
    ) -> Result<http::Response<Vec<u8>>, ConnectorError> {
        let bound = request.extensions().get::<MostBytes>();
        let most = bound.map_or(MOST_BYTES, |bound| bound.0);
        let request = reqwest::Request::try_from(request)
            .map_err(|error| ConnectorError::user(error.into()))?;
        let mut answer = self.0.execute(request).await.map_err(broken)?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(broken)? {
            if (body.len() + chunk.len()) as u64 > most {
                return Err(ConnectorError::user(AnswerTooLarge { most }.into()));
            }
            body.extend_from_slice(&chunk);
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
        HttpConnectorFuture::new(async move { call(&client, request).await })
    }
}

async fn call(client: &AwsHttp, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
    let (head, body) = request
        .try_into_http1x()
        .map_err(|error| ConnectorError::user(error.into()))?
        .into_parts();
    // No caller here streams a body. Without this branch, one that does would
    // be sent as an empty one.
    let body = body
        .bytes()
        .ok_or_else(|| ConnectorError::user("expected a body in memory, found a stream".into()))?;
    let request = http::Request::from_parts(head, body.to_vec());
    let response = client.send(request).await?.map(Into::into);
    // The SDK takes no headers that are not UTF-8, as something between AWS and
    // us may send them: another answer may come from AWS itself.
    HttpResponse::try_from(response).map_err(|error| ConnectorError::io(error.into()))
}

fn unusable(source: Box<dyn std::error::Error + Send + Sync>) -> Error {
    Error::HttpClient { source }
}

fn broken(error: reqwest::Error) -> ConnectorError {
    if error.is_timeout() {
        ConnectorError::timeout(error.into())
    } else {
        ConnectorError::io(error.into())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::{Arc, Mutex};

    use reqwest::dns::{Name, Resolve, Resolving};

    /// Resolves no name, and keeps each that it is asked for.
    #[derive(Clone, Default)]
    pub(crate) struct Names(Arc<Mutex<Vec<String>>>);

    impl Names {
        /// The last name.
        pub(crate) fn pop(&self) -> Option<String> {
            self.0.lock().unwrap().pop()
        }
    }

    impl Resolve for Names {
        fn resolve(&self, name: Name) -> Resolving {
            self.0.lock().unwrap().push(name.as_str().to_owned());
            Box::pin(async { Err("no such name".into()) })
        }
    }
}
