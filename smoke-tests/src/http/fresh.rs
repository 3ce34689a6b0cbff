//! One request over a connection of its own, for what a pooled connection
//! cannot tell: the time of each phase, and the facts of TLS.

use std::time::Duration;

use bytes::Bytes;
use http::header::HOST;
use http::{HeaderValue, Uri, Version};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::check_file::HttpVersion;

use super::{
    AskError, Client, MOST_HEADER_LIST, Request, Response, Unanswered, connect_error, head_error,
    no_content, reasons, receive,
};
use crate::dial::{Dialled, Phases, Protocol, TlsFacts};

/// What a connection of its own tells beside the answer.
#[derive(Debug, Clone)]
pub(crate) struct Opened {
    pub(crate) phases: Phases,
    /// From the open connection to the head of the answer.
    pub(crate) first_byte: Duration,
    pub(crate) tls: Option<TlsFacts>,
}

impl Client {
    /// Sends one request over a fresh connection and reads the whole answer,
    /// within `limit`.
    pub(crate) async fn ask_fresh(
        &self,
        request: Request,
        limit: Duration,
    ) -> Result<Response, Unanswered> {
        let call = request.manner.grpc.clone();
        let begun = Instant::now();
        let end = begun + limit;
        // Ends the connection when this function does.
        let mut driving = JoinSet::new();
        let asked = tokio::time::timeout_at(end, self.head(request, &mut driving)).await;
        let (head, opened) = match asked {
            Ok(Ok(answered)) => answered,
            Ok(Err(error)) => return Err(error.into()),
            Err(_) => return Err(AskError::NoAnswer(limit).into()),
        };
        let why = |error: &hyper::Error| reasons(Some(error));
        receive(head, Some(opened), call, begun, limit, why).await
    }

    /// Opens the connection, sends the request, and waits for the head of the
    /// answer.
    pub(super) async fn head(
        &self,
        request: Request,
        driving: &mut JoinSet<()>,
    ) -> Result<(http::Response<Incoming>, Opened), AskError> {
        let http = request.manner.http;
        let offer = match http {
            None => vec![Protocol::Http2, Protocol::Http1],
            Some(HttpVersion::One) => vec![Protocol::Http1],
            Some(HttpVersion::Two) => vec![Protocol::Http2],
        };
        let dialled = self.dialer.dial(&request.url, &offer).await;
        let Dialled {
            stream,
            phases,
            tls,
        } = dialled.map_err(|error| connect_error(error.to_string(), http))?;
        let open = Instant::now();
        let io = TokioIo::new(stream);
        let agreed = tls.as_ref().and_then(|facts| facts.protocol.as_deref());
        let broken = |error: hyper::Error| head_error(reasons(Some(&error)), http);
        let two = http.map_or(agreed == Some("h2"), |http| http == HttpVersion::Two);
        let head = if two {
            let (mut sender, connection) = http2::Builder::new(TokioExecutor::new())
                .max_header_list_size(MOST_HEADER_LIST)
                .handshake(io)
                .await
                .map_err(broken)?;
            driving.spawn(async move { drop(connection.await) });
            let request = prepared(request, Version::HTTP_2)?;
            sender.send_request(request).await.map_err(broken)?
        } else {
            let (mut sender, connection) = http1::handshake(io).await.map_err(broken)?;
            let connection = connection.with_upgrades();
            driving.spawn(async move { drop(connection.await) });
            let request = prepared(request, Version::HTTP_11)?;
            sender.send_request(request).await.map_err(broken)?
        };
        let opened = Opened {
            phases,
            first_byte: open.elapsed(),
            tls,
        };
        Ok((head, opened))
    }
}

/// The request as its version of HTTP writes it: the host stands in a header,
/// or in the URI.
fn prepared(request: Request, version: Version) -> Result<http::Request<Full<Bytes>>, AskError> {
    let unfit = |error: http::Error| AskError::Broken(error.to_string());
    let body = request.encoded().map_err(AskError::Broken)?;
    let url = request.url;
    let mut headers = request.headers;
    if body.is_empty() {
        no_content(&request.method, &mut headers);
    }
    let authority = url.authority().to_owned();
    let target = if version == Version::HTTP_2 {
        // The pseudo-header stands for it (RFC 9113, section 8.3.1).
        let host = headers.remove(HOST);
        let host = host.as_ref().and_then(|host| host.to_str().ok());
        let host = host.unwrap_or(&authority);
        let path = &url[url::Position::BeforePath..url::Position::AfterQuery];
        &format!("{}://{host}{path}", url.scheme())
    } else {
        if let Ok(host) = HeaderValue::from_str(&authority) {
            headers.entry(HOST).or_insert(host);
        }
        &url[url::Position::BeforePath..url::Position::AfterQuery]
    };
    let uri: Uri = target
        .parse()
        .map_err(|error| unfit(http::Error::from(error)))?;
    let mut prepared = http::Request::builder()
        .method(request.method)
        .uri(uri)
        .version(version)
        .body(Full::new(body))
        .map_err(unfit)?;
    *prepared.headers_mut() = headers;
    Ok(prepared)
}
