//! One listener at work: accepts connections, speaks TLS, hands requests on.

use std::future::pending;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::{Request, Response, StatusCode, header};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::broken::{self, Body};
use super::endless;
use super::fault::Fault;
use super::frames;
use super::gate::{Arrival, Gate};
use super::life::{End, Life, Shared};
use super::proxy::{Origin, Targets};
use super::rules::{Asked, Destination};
use super::stream::Stream;
use crate::certificates::Certificates;

/// How many connections a listener holds; more have to wait.
const MOST_CONNECTIONS: usize = 4096;
/// How long a client may take for its TLS handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How many bytes wait between the frames of HTTP/2 and hyper.
const BETWEEN: usize = 64 * 1024;
/// The beginning of an answer, which breaks off in the head.
const HALF_HEAD: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: appl";

/// Accepts the connections of one address until the task is dropped.
pub(super) async fn accept(
    gate: Arc<Gate>,
    node: usize,
    targets: Arc<Targets>,
    certificates: Arc<Certificates>,
) {
    // The set owns the connections, so that they end with the listener.
    let mut connections = JoinSet::new();
    let mut cuts = gate.cuts();
    let Some(socket) = gate.nodes().get(node).map(|node| &node.socket) else {
        return;
    };
    loop {
        tokio::select! {
            accepted = socket.accept(), if connections.len() < MOST_CONNECTIONS => {
                let Ok((tcp, peer)) = accepted else {
                    // Out of file descriptors, most likely; one pause, then again.
                    tokio::time::sleep(Duration::from_millis(10)).await;
                    continue;
                };
                let connection = Connection {
                    number: gate.count_connection(),
                    node,
                    gate: Arc::clone(&gate),
                    targets: Arc::clone(&targets),
                    peer,
                    reset: Arc::default(),
                    life: Arc::default(),
                };
                connections.spawn(connection.serve(tcp, Arc::clone(&certificates)));
            }
            Some(_) = connections.join_next() => {}
            _ = cuts.changed() => connections.abort_all(),
        }
    }
}

/// One connection of a client.
#[derive(Clone, Debug)]
struct Connection {
    number: u64,
    node: usize,
    gate: Arc<Gate>,
    targets: Arc<Targets>,
    peer: SocketAddr,
    reset: Arc<AtomicBool>,
    life: Arc<Life>,
}

impl Connection {
    async fn serve(self, tcp: TcpStream, certificates: Arc<Certificates>) {
        let _ = tcp.set_nodelay(true);
        let mut stream = Stream::new(tcp, Arc::clone(&self.reset));
        let wrong = match self.gate.fault() {
            Some(Fault::ResetOnAccept) => return self.reset.store(true, Ordering::Release),
            Some(Fault::BlackHole) => {
                // Reading is what tells that the client has given up.
                let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
                return;
            }
            Some(Fault::BrokenTls) => {
                // What a listener without TLS would say.
                let text = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n";
                let _ = stream.write_all(text).await;
                let _ = stream.shutdown().await;
                return;
            }
            Some(Fault::Certificate(wrong)) => Some(wrong),
            _ => None,
        };
        let mut tls = certificates.server(wrong);
        if !self.gate.http2() {
            Arc::make_mut(&mut tls).alpn_protocols = vec![b"http/1.1".to_vec()];
        }
        let acceptor = TlsAcceptor::from(tls);
        let Ok(Ok(tls)) = tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await else {
            return;
        };
        let two = tls.get_ref().1.alpn_protocol() == Some(b"h2");
        match self.gate.fault() {
            Some(Fault::EndlessHeaders) => {
                self.gate.count_request(self.node);
                // A client that goes away is what ends them.
                let _ = endless::answer(tls, two).await;
            }
            Some(Fault::GoAway { requests }) if two => {
                let (near, far) = tokio::io::duplex(BETWEEN);
                let _ = tokio::join!(frames::relay(tls, far, requests), self.speak(near));
            }
            _ => self.speak(tls).await,
        }
    }

    /// Answers the requests of a connection until it ends.
    async fn speak(self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
        let mut stream = Shared::new(stream);
        let (life, gate) = (Arc::clone(&self.life), Arc::clone(&self.gate));
        let reset = Arc::clone(&self.reset);
        let service = service_fn(move |request| self.clone().answer(request));
        let mut builder = auto::Builder::new(TokioExecutor::new());
        builder.http1().timer(TokioTimer::new());
        builder.http2().timer(TokioTimer::new());
        let io = TokioIo::new(stream.clone());
        let mut serving = Box::pin(builder.serve_connection_with_upgrades(io, service));
        loop {
            tokio::select! {
                // A client that goes away is no news here.
                _ = &mut serving => return,
                () = life.changed() => {}
            }
            match life.ended() {
                Some(End::Reset) => return reset.store(true, Ordering::Release),
                Some(End::Close(last)) => {
                    drop(serving);
                    let _ = stream.write_all(last).await;
                    let _ = stream.shutdown().await;
                    return;
                }
                None => {}
            }
            if let Some(Fault::CloseAfter { answers }) = gate.fault()
                && life.answers() >= u64::from(answers)
                && life.is_idle()
            {
                serving.as_mut().graceful_shutdown();
            }
        }
    }

    async fn answer(self, request: Request<Incoming>) -> Result<Response<Body>, h2::Error> {
        let arrival = Arrival {
            connection: self.number,
            node: self.node,
            version: request.version(),
            answers: self.life.answers(),
            idle: self.life.is_idle(),
        };
        let waiting = self.life.begin();
        let response = self.respond(request, arrival).await?;
        Ok(response.map(|body| waiting.until_the_end_of(body)))
    }

    async fn respond(
        self,
        request: Request<Incoming>,
        arrival: Arrival,
    ) -> Result<Response<Body>, h2::Error> {
        let named = request.headers().get(header::HOST);
        let named = named.and_then(|host| host.to_str().ok());
        let host = request.uri().host().or_else(|| {
            let host = named?;
            Some(host.rsplit_once(':').map_or(host, |(host, _)| host))
        });
        let asked = Asked {
            host: host.unwrap_or_default(),
            path: request.uri().path(),
            headers: request.headers(),
        };
        let decision = self.gate.decide(arrival, asked);
        match decision.fault {
            Some(Fault::BlackHole | Fault::NoAnswer) => return pending().await,
            Some(Fault::ResetOnAccept | Fault::ResetOnRequest | Fault::ResetOnReuse { .. }) => {
                self.life.end(End::Reset);
                return pending().await;
            }
            Some(Fault::CloseOnReuse { .. }) => {
                self.life.end(End::Close(b""));
                return pending().await;
            }
            Some(Fault::HalfHead { .. }) => {
                self.life.end(End::Close(HALF_HEAD));
                return pending().await;
            }
            // What hyper finds below its service's error is what it resets the
            // stream with.
            Some(Fault::RefusedStream) => return Err(h2::Reason::REFUSED_STREAM.into()),
            Some(Fault::Drip { every }) => return Ok(broken::drip(every)),
            Some(Fault::EndlessBody) => return Ok(broken::endless()),
            Some(Fault::HugeBody { mebibytes }) => return Ok(broken::huge(mebibytes)),
            Some(Fault::HugeHeader { kibibytes }) => return Ok(broken::huge_header(kibibytes)),
            Some(Fault::ManyHeaders { count }) => return Ok(broken::many_headers(count)),
            Some(Fault::ShortBody) => return Ok(broken::short()),
            Some(Fault::Status(code)) => {
                let status = StatusCode::from_u16(code).unwrap_or(StatusCode::BAD_GATEWAY);
                return Ok(broken::page(status));
            }
            Some(Fault::Slow { by }) => tokio::time::sleep(by).await,
            // These act before the first request, after an answer, or on the
            // choice of target.
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
        let page = |status| StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
        let colour = match decision.destination {
            Destination::Colour(colour) => colour,
            Destination::Nobody => return Ok(broken::page(StatusCode::SERVICE_UNAVAILABLE)),
            Destination::Fixed(status) => return Ok(broken::page(page(status))),
            // The blog has an answer to everything.
            Destination::Elsewhere => return Ok(broken::page(StatusCode::OK)),
        };
        let origin = Origin {
            client: self.peer.ip(),
            port: self.gate.port(),
        };
        Ok(self.targets.ask(colour, origin, request).await)
    }
}
