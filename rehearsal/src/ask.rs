//! The stage's own requests: what does a listener, or an app, answer now?

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
const PATIENCE: Duration = Duration::from_secs(5);
/// How many bytes of an answer are read.
const BODY_LIMIT: usize = 64 * 1024;

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Bytes,
}

/// Asks over a fresh TLS connection, under the name that customers use.
pub(crate) async fn over_tls(
    port: u16,
    path: &str,
    client: Arc<ClientConfig>,
) -> Result<Answer, StageError> {
    let asking = async {
        let name = ServerName::try_from(PRODUCTION_NAME)?;
        let tcp = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
        let tls = TlsConnector::from(client).connect(name, tcp).await?;
        exchange(tls, path).await
    };
    bounded(port, path, asking).await
}

/// Asks over plain HTTP.
pub(crate) async fn plainly(port: u16, path: &str) -> Result<Answer, StageError> {
    let asking = async {
        let tcp = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
        exchange(tcp, path).await
    };
    bounded(port, path, asking).await
}

type Asked = Result<Answer, Box<dyn std::error::Error + Send + Sync>>;

async fn bounded(
    port: u16,
    path: &str,
    asking: impl Future<Output = Asked>,
) -> Result<Answer, StageError> {
    let failed = |reason: String| StageError::Ask {
        port,
        path: path.to_owned(),
        reason,
    };
    match tokio::time::timeout(PATIENCE, asking).await {
        Err(_) => Err(failed(format!("nothing within {} s", PATIENCE.as_secs()))),
        Ok(answer) => answer.map_err(|error| failed(error.to_string())),
    }
}

async fn exchange<T>(stream: T, path: &str) -> Asked
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
        Ok(Answer { status, body })
    };
    // The connection moves the bytes; it ends after the answer or before it.
    tokio::pin!(answer, connection);
    tokio::select! {
        biased;
        answer = &mut answer => answer,
        _ = &mut connection => answer.await,
    }
}
