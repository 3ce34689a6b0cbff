//! The requests that the stage sends itself: which version does a listener serve,
//! and is an app healthy?

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::certificates::PRODUCTION_NAME;
use crate::error::StageError;

/// How long an answer may take.
const TIMEOUT: Duration = Duration::from_secs(5);
/// How many bytes of an answer are read.
const BODY_LIMIT: usize = 64 * 1024;

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct ProbeResponse {
    pub(crate) status: StatusCode,
    pub(crate) body: Bytes,
}

/// Sends a GET over a fresh TLS connection, with the name that customers use.
pub(crate) async fn get_over_tls(
    port: u16,
    path: &str,
    client_config: Arc<ClientConfig>,
) -> Result<ProbeResponse, StageError> {
    let exchange = async {
        let name = ServerName::try_from(PRODUCTION_NAME)?;
        let tcp = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
        let tls = TlsConnector::from(client_config).connect(name, tcp).await?;
        send_get(tls, path).await
    };
    with_timeout(port, path, exchange).await
}

/// Sends a GET without TLS.
pub(crate) async fn get_over_http(port: u16, path: &str) -> Result<ProbeResponse, StageError> {
    let exchange = async {
        let tcp = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
        send_get(tcp, path).await
    };
    with_timeout(port, path, exchange).await
}

/// A response, or any error on the way to it.
type ProbeResult = Result<ProbeResponse, Box<dyn std::error::Error + Send + Sync>>;

/// Waits for a response, and names port and path in the error.
async fn with_timeout(
    port: u16,
    path: &str,
    exchange: impl Future<Output = ProbeResult>,
) -> Result<ProbeResponse, StageError> {
    // The caller learns which address failed, whatever the reason.
    let failed = |reason: String| StageError::Ask {
        port,
        path: path.to_owned(),
        reason,
    };
    match tokio::time::timeout(TIMEOUT, exchange).await {
        Err(_) => Err(failed(format!("nothing within {} s", TIMEOUT.as_secs()))),
        Ok(answer) => answer.map_err(|error| failed(error.to_string())),
    }
}

/// Sends a GET on this stream and reads the response to its end.
async fn send_get<T>(stream: T, path: &str) -> ProbeResult
where
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let request = Request::get(path)
        .header(header::HOST, PRODUCTION_NAME)
        .body(Empty::<Bytes>::new())?;
    let answer = async {
        let response = sender.send_request(request).await?;
        let status = response.status();
        let body = Limited::new(response.into_body(), BODY_LIMIT)
            .collect()
            .await?
            .to_bytes();
        Ok(ProbeResponse { status, body })
    };
    // The connection has to be polled to move the bytes. It may end before the
    // response is read, from what it has buffered.
    tokio::pin!(answer, connection);
    tokio::select! {
        biased;
        answer = &mut answer => answer,
        _ = &mut connection => answer.await,
    }
}
