//! Accepts the connections of a listener, ends their TLS, and answers their
//! requests: with a fault, a page of the load balancer, or a target's answer.

use std::future::pending;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::{Request, Response, StatusCode, header};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::connection_state::{ConnectionEnd, ConnectionState, SharedStream};
use super::endless_headers;
use super::fault::Fault;
use super::frames;
use super::listener::{ListenerState, RequestContext};
use super::proxy::{ClientInfo, Targets};
use super::responses::{self, ResponseBody};
use super::rules::{ConditionInput, Destination};
use super::stream::ResettableStream;
use crate::certificates::Certificates;
use crate::server::http_builder;

/// How many connections a listener holds; more have to wait.
const MOST_CONNECTIONS: usize = 4096;
/// How long a client may take for its TLS handshake.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// How many bytes may lie between the HTTP/2 relay and hyper.
const FRAME_BUFFER: usize = 64 * 1024;
/// The beginning of an answer that breaks off in its head.
const HALF_HEAD: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: appl";

/// Accepts the connections of one address until the task is dropped.
pub(super) async fn accept_connections(
    listener: Arc<ListenerState>,
    node: usize,
    targets: Arc<Targets>,
    certificates: Arc<Certificates>,
) {
    // Dropping the set aborts its tasks, so connections end with the listener.
    let mut connections = JoinSet::new();
    let mut cuts = listener.subscribe_to_cuts();
    let Some(socket) = listener.nodes().get(node).map(|node| &node.socket) else {
        return;
    };
    loop {
        tokio::select! {
            // More connections than this wait in the socket's queue, as clients of a
            // busy load balancer do.
            accepted = socket.accept(), if connections.len() < MOST_CONNECTIONS => {
                let Ok((tcp, peer)) = accepted else {
                    // `accept` fails when file descriptors run out; without a
                    // pause this loop would take a whole core meanwhile.
                    tokio::time::sleep(Duration::from_millis(10)).await;
                    continue;
                };
                let connection = Connection {
                    number: listener.count_connection(),
                    node,
                    listener: Arc::clone(&listener),
                    targets: Arc::clone(&targets),
                    peer,
                    reset: Arc::default(),
                    state: Arc::default(),
                };
                connections.spawn(connection.serve(tcp, Arc::clone(&certificates)));
            }
            // A set keeps ended tasks until they are joined.
            Some(_) = connections.join_next() => {}
            // A listener that refuses connections has closed the open ones too.
            _ = cuts.changed() => connections.abort_all(),
        }
    }
}

/// One connection of a client.
#[derive(Clone, Debug)]
struct Connection {
    number: u64,
    node: usize,
    listener: Arc<ListenerState>,
    targets: Arc<Targets>,
    peer: SocketAddr,
    /// Makes the TCP stream end with a reset when it is dropped.
    reset: Arc<AtomicBool>,
    state: Arc<ConnectionState>,
}

impl Connection {
    /// Serves one connection to its end, with the fault that the listener has.
    async fn serve(self, tcp: TcpStream, certificates: Arc<Certificates>) {
        // A stream without `TCP_NODELAY` works too, only later.
        let _ = tcp.set_nodelay(true);
        let mut stream = ResettableStream::new(tcp, Arc::clone(&self.reset));
        let wrong_certificate = match self.listener.fault() {
            Some(Fault::ResetOnAccept) => return self.reset.store(true, Ordering::Release),
            Some(Fault::BlackHole) => {
                // Reading shows when the client closes the connection; only
                // then may this task end, or the client would get an answer.
                let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
                return;
            }
            Some(Fault::BrokenTls) => {
                // A listener without TLS answers a handshake like this.
                let text = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n";
                let _ = stream.write_all(text).await;
                let _ = stream.shutdown().await;
                return;
            }
            Some(Fault::Certificate(wrong)) => Some(wrong),
            _ => None,
        };
        let mut tls = certificates.server_config(wrong_certificate);
        if !self.listener.http2() {
            // Without `h2` in ALPN, clients fall back to HTTP/1.1.
            Arc::make_mut(&mut tls).alpn_protocols = vec![b"http/1.1".to_vec()];
        }
        let acceptor = TlsAcceptor::from(tls);
        let Ok(Ok(tls)) = tokio::time::timeout(HANDSHAKE_TIMEOUT, acceptor.accept(stream)).await
        else {
            // A client that refuses the certificate ends the handshake.
            return;
        };
        let over_http2 = tls.get_ref().1.alpn_protocol() == Some(b"h2");
        // The fault may have changed during the handshake, so it is read again.
        match self.listener.fault() {
            Some(Fault::EndlessHeaders) => {
                self.listener.count_request(self.node);
                // The headers end when the client closes the connection, so the
                // error of that last write is expected.
                let _ = if over_http2 {
                    endless_headers::send_over_http2(tls).await
                } else {
                    endless_headers::send_over_http1(tls).await
                };
            }
            Some(Fault::GoAway { requests }) if over_http2 => {
                // hyper cannot send GOAWAY for an earlier stream than the last,
                // so a relay stands between hyper and the client.
                let (near, far) = tokio::io::duplex(FRAME_BUFFER);
                let _ = tokio::join!(
                    frames::relay_until_goaway(tls, far, requests),
                    self.serve_http(near)
                );
            }
            _ => self.serve_http(tls).await,
        }
    }

    /// Answers the requests of a connection until it ends.
    async fn serve_http(self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
        let mut stream = SharedStream::new(stream);
        let (state, listener) = (Arc::clone(&self.state), Arc::clone(&self.listener));
        let reset = Arc::clone(&self.reset);
        let service = service_fn(move |request| self.clone().answer_request(request));
        let builder = http_builder();
        let io = TokioIo::new(stream.clone());
        let mut serving = Box::pin(builder.serve_connection_with_upgrades(io, service));
        loop {
            tokio::select! {
                // An error here means that the client closed the connection.
                _ = &mut serving => return,
                () = state.wait_for_change() => {}
            }
            match state.requested_end() {
                Some(ConnectionEnd::Reset) => return reset.store(true, Ordering::Release),
                Some(ConnectionEnd::Close(last)) => {
                    // hyper must not write to the stream after these bytes.
                    drop(serving);
                    let _ = stream.write_all(last).await;
                    let _ = stream.shutdown().await;
                    return;
                }
                None => {}
            }
            // hyper sends GOAWAY over HTTP/2. Over HTTP/1.1 the last answer is
            // complete, so hyper closes without `connection: close`.
            if let Some(Fault::CloseAfter { answers }) = listener.fault()
                && state.answer_count() >= u64::from(answers)
                && state.is_idle()
            {
                serving.as_mut().graceful_shutdown();
            }
        }
    }

    /// Answers one request, which counts as open until its body was written.
    async fn answer_request(
        self,
        request: Request<Incoming>,
    ) -> Result<Response<ResponseBody>, h2::Error> {
        let context = RequestContext {
            connection: self.number,
            node: self.node,
            version: request.version(),
            answers: self.state.answer_count(),
            idle: self.state.is_idle(),
        };
        // The context above must not count this request as one that is open.
        let open_request = self.state.open_request();
        let response = self.respond(request, context).await?;
        Ok(response.map(|body| open_request.track(body)))
    }

    /// Makes the answer to one request, or leaves it without one.
    ///
    /// # Errors
    /// The stream is to be reset with this reason.
    async fn respond(
        self,
        request: Request<Incoming>,
        context: RequestContext,
    ) -> Result<Response<ResponseBody>, h2::Error> {
        let input = ConditionInput {
            host: request_host(&request).unwrap_or_default(),
            path: request.uri().path(),
            headers: request.headers(),
        };
        let route = self.listener.route(context, input);
        match route.fault {
            // A fault can be set while connections are open: then it acts on their
            // next request, as far as it can.
            Some(Fault::BlackHole | Fault::NoAnswer) => return pending().await,
            Some(Fault::ResetOnAccept | Fault::ResetOnRequest | Fault::ResetOnReuse { .. }) => {
                self.state.request_end(ConnectionEnd::Reset);
                return pending().await;
            }
            Some(Fault::CloseOnReuse { .. }) => {
                self.state.request_end(ConnectionEnd::Close(b""));
                return pending().await;
            }
            Some(Fault::HalfHead { .. }) => {
                self.state.request_end(ConnectionEnd::Close(HALF_HEAD));
                return pending().await;
            }
            // hyper looks for an h2 reason among the sources of this error, and
            // resets the stream with it.
            Some(Fault::RefusedStream) => return Err(h2::Reason::REFUSED_STREAM.into()),
            Some(Fault::Drip { every }) => return Ok(responses::drip_response(every)),
            Some(Fault::EndlessBody) => return Ok(responses::endless_response()),
            Some(Fault::HugeBody { mebibytes }) => return Ok(responses::huge_response(mebibytes)),
            Some(Fault::HugeHeader { kibibytes }) => {
                return Ok(responses::huge_header_response(kibibytes));
            }
            Some(Fault::ManyHeaders { count }) => {
                return Ok(responses::many_headers_response(count));
            }
            Some(Fault::ShortBody) => return Ok(responses::short_response()),
            Some(Fault::Status(code)) => return Ok(responses::error_page(to_status(code))),
            Some(Fault::Slow { by }) => tokio::time::sleep(by).await,
            // These faults act before the first request, after an answer, or
            // on the choice of target.
            Some(
                Fault::Refuse
                | Fault::BrokenTls
                | Fault::Certificate(_)
                | Fault::EndlessHeaders
                | Fault::CloseAfter { .. }
                | Fault::GoAway { .. }
                | Fault::LateFlip { .. }
                | Fault::StaleNode { .. }
                | Fault::StaleRequest { .. }
                | Fault::StaleByLot { .. }
                | Fault::StaleAddress { .. },
            )
            | None => {}
        }
        let colour = match route.destination {
            Destination::Colour(colour) => colour,
            Destination::NoTarget => {
                return Ok(responses::error_page(StatusCode::SERVICE_UNAVAILABLE));
            }
            Destination::Fixed(status) => return Ok(responses::error_page(to_status(status))),
            // The other service, a blog, answers every request with 200.
            Destination::OtherService => return Ok(responses::error_page(StatusCode::OK)),
        };
        let client = ClientInfo {
            client: self.peer.ip(),
            port: self.listener.port(),
        };
        Ok(self.targets.forward_request(colour, client, request).await)
    }
}

/// The host that a request asks for, without its port: HTTP/2 has it in the
/// URI, HTTP/1.1 in a header.
fn request_host(request: &Request<Incoming>) -> Option<&str> {
    request.uri().host().or_else(|| {
        let host = request.headers().get(header::HOST)?.to_str().ok()?;
        Some(host.rsplit_once(':').map_or(host, |(host, _)| host))
    })
}

/// A status that HTTP does not know becomes 502, as of a broken load balancer.
fn to_status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).unwrap_or(StatusCode::BAD_GATEWAY)
}
