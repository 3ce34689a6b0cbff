//! From a request on a listener to an answer of a target.

use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{Method, Request, Response, StatusCode, Uri, Version};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};

use super::broken::{self, Body};
use super::tunnel;
use crate::colour::Colour;

/// How long a target may take: the idle timeout of an ALB.
const TARGET_TIMEOUT: Duration = Duration::from_mins(1);
/// How long an unused connection to a target is kept.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// The two target groups, with one target each.
#[derive(Debug)]
pub(super) struct Targets {
    client: Client<HttpConnector, Incoming>,
    /// For gRPC, as a target group of that protocol speaks.
    grpc: Client<HttpConnector, Incoming>,
    blue: Target,
    green: Target,
}

#[derive(Debug)]
struct Target {
    authority: Authority,
    requests: AtomicU64,
}

/// What the target learns of the client.
#[derive(Clone, Copy, Debug)]
pub(super) struct Origin {
    pub(super) client: IpAddr,
    pub(super) port: u16,
}

impl Targets {
    pub(super) fn new(blue_port: u16, green_port: u16) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(Duration::from_secs(10)));
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(KEEP_ALIVE)
            .build(connector.clone());
        let grpc = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(KEEP_ALIVE)
            .http2_only(true)
            .build(connector);
        Self {
            client,
            grpc,
            blue: Target::on(blue_port),
            green: Target::on(green_port),
        }
    }

    pub(super) fn requests(&self, colour: Colour) -> u64 {
        self.target(colour).requests.load(Ordering::Relaxed)
    }

    fn target(&self, colour: Colour) -> &Target {
        match colour {
            Colour::Blue => &self.blue,
            Colour::Green => &self.green,
        }
    }

    /// Asks the target group of this colour and hands on what it answers.
    pub(super) async fn ask(
        &self,
        colour: Colour,
        origin: Origin,
        mut request: Request<Incoming>,
    ) -> Response<Body> {
        if request.method() == Method::TRACE {
            return broken::page(StatusCode::METHOD_NOT_ALLOWED);
        }
        let target = self.target(colour);
        target.requests.fetch_add(1, Ordering::Relaxed);
        let tunnel = tunnel::asked(&mut request);
        if rewrite(&mut request, target, origin).is_none() {
            return broken::page(StatusCode::BAD_REQUEST);
        }
        if tunnel.is_some() {
            tunnel::mark(request.headers_mut());
        }
        let client = if is_grpc(request.headers()) {
            *request.version_mut() = Version::HTTP_2;
            request.headers_mut().remove(header::HOST);
            &self.grpc
        } else {
            &self.client
        };
        match tokio::time::timeout(TARGET_TIMEOUT, client.request(request)).await {
            Err(_) => broken::page(StatusCode::GATEWAY_TIMEOUT),
            Ok(Err(_)) => broken::page(StatusCode::BAD_GATEWAY),
            Ok(Ok(mut response)) => {
                strip_hop_by_hop(response.headers_mut());
                *response.version_mut() = Version::HTTP_11;
                if let Some(client) = tunnel.filter(|_| is_switch(&response)) {
                    tunnel::mark(response.headers_mut());
                    tunnel::join(client, &mut response);
                }
                response.map(|body| body.map_err(Into::into).boxed_unsync())
            }
        }
    }
}

impl Target {
    fn on(port: u16) -> Self {
        // Digits and dots always make an authority; the fallback only spares
        // a panic and would be refused by the connector.
        let authority = format!("127.0.0.1:{port}")
            .parse()
            .unwrap_or_else(|_| Authority::from_static("127.0.0.1:0"));
        Self {
            authority,
            requests: AtomicU64::new(0),
        }
    }
}

/// Turns the client's request into the one that the target gets; `None` if it
/// cannot be written down.
fn rewrite(request: &mut Request<Incoming>, target: &Target, origin: Origin) -> Option<()> {
    // An HTTP/2 request has its host in the URI, an HTTP/1.1 one in a header.
    if !request.headers().contains_key(header::HOST)
        && let Some(authority) = request.uri().authority()
    {
        let host = HeaderValue::from_str(authority.as_str()).ok()?;
        request.headers_mut().insert(header::HOST, host);
    }
    let path = request
        .uri()
        .path_and_query()
        .cloned()
        .unwrap_or_else(|| PathAndQuery::from_static("/"));
    let mut uri = http::uri::Parts::default();
    uri.scheme = Some(Scheme::HTTP);
    uri.authority = Some(target.authority.clone());
    uri.path_and_query = Some(path);
    *request.uri_mut() = Uri::from_parts(uri).ok()?;
    *request.version_mut() = Version::HTTP_11;
    let headers = request.headers_mut();
    strip_hop_by_hop(headers);
    announce(headers, origin)
}

/// Adds what an ALB adds, see
/// [X-Forwarded headers](https://docs.aws.amazon.com/elasticloadbalancing/latest/application/x-forwarded-headers.html).
fn announce(headers: &mut HeaderMap, origin: Origin) -> Option<()> {
    let forwarded = HeaderName::from_static("x-forwarded-for");
    let client = match headers.get(&forwarded).and_then(|seen| seen.to_str().ok()) {
        Some(seen) => format!("{seen}, {}", origin.client),
        None => origin.client.to_string(),
    };
    headers.insert(forwarded, HeaderValue::from_str(&client).ok()?);
    headers.insert("x-forwarded-proto", HeaderValue::from_static("https"));
    headers.insert("x-forwarded-port", HeaderValue::from(origin.port));
    let trace = HeaderName::from_static("x-amzn-trace-id");
    if !headers.contains_key(&trace) {
        headers.insert(trace, HeaderValue::from_str(&trace_id()).ok()?);
    }
    Some(())
}

/// `Root=1-<time in hex>-<96 bits in hex>`.
pub(crate) fn trace_id() -> String {
    let seconds = jiff::Timestamp::now().as_second();
    let (high, low) = (crate::random::number(), crate::random::number());
    format!("Root=1-{seconds:08x}-{:08x}{low:016x}", high >> 32)
}

fn is_switch(response: &Response<Incoming>) -> bool {
    response.status() == StatusCode::SWITCHING_PROTOCOLS
}

fn is_grpc(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/grpc"))
}

fn strip_hop_by_hop(headers: &mut HeaderMap) {
    const NAMES: [HeaderName; 7] = [
        header::CONNECTION,
        header::TE,
        header::TRAILER,
        header::TRANSFER_ENCODING,
        header::UPGRADE,
        HeaderName::from_static("keep-alive"),
        HeaderName::from_static("proxy-connection"),
    ];
    let listed: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in NAMES.iter().chain(&listed) {
        headers.remove(name);
    }
}
