//! Forwards a request of a client to a target, and the target's answer back.

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

use super::responses::{self, ResponseBody};
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
    /// Speaks HTTP/2 to targets, as a target group for gRPC does.
    grpc_client: Client<HttpConnector, Incoming>,
    blue: Target,
    green: Target,
}

#[derive(Debug)]
struct Target {
    authority: Authority,
    requests: AtomicU64,
}

/// The client, as `X-Forwarded` headers describe it to the target.
#[derive(Clone, Copy, Debug)]
pub(super) struct ClientInfo {
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
        let grpc_client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(KEEP_ALIVE)
            .http2_only(true)
            .build(connector);
        Self {
            client,
            grpc_client,
            blue: Target::new(blue_port),
            green: Target::new(green_port),
        }
    }

    /// How many requests were forwarded to this colour.
    pub(super) fn requests(&self, colour: Colour) -> u64 {
        self.target(colour).requests.load(Ordering::Relaxed)
    }

    fn target(&self, colour: Colour) -> &Target {
        match colour {
            Colour::Blue => &self.blue,
            Colour::Green => &self.green,
        }
    }

    /// Forwards a request to the target group of this colour. Where the target
    /// gives no answer, the result is the load balancer's error page.
    pub(super) async fn forward_request(
        &self,
        colour: Colour,
        client_info: ClientInfo,
        mut request: Request<Incoming>,
    ) -> Response<ResponseBody> {
        // An ALB never forwards TRACE.
        if request.method() == Method::TRACE {
            return responses::error_page(StatusCode::METHOD_NOT_ALLOWED);
        }
        let target = self.target(colour);
        target.requests.fetch_add(1, Ordering::Relaxed);
        // Rewriting removes the header that asks for an upgrade, so it is read
        // before.
        let tunnel = tunnel::take_client_upgrade(&mut request);
        if rewrite_for_target(&mut request, target, client_info).is_none() {
            return responses::error_page(StatusCode::BAD_REQUEST);
        }
        if tunnel.is_some() {
            // Rewriting has removed these headers, as it must for each hop.
            tunnel::set_upgrade_headers(request.headers_mut());
        }
        let client = if is_grpc(request.headers()) {
            // Over HTTP/2 the `:authority` of the URI stands for the host.
            *request.version_mut() = Version::HTTP_2;
            request.headers_mut().remove(header::HOST);
            &self.grpc_client
        } else {
            &self.client
        };
        match tokio::time::timeout(TARGET_TIMEOUT, client.request(request)).await {
            // An ALB answers 504 for a slow target and 502 for a broken connection.
            Err(_) => responses::error_page(StatusCode::GATEWAY_TIMEOUT),
            Ok(Err(_)) => responses::error_page(StatusCode::BAD_GATEWAY),
            Ok(Ok(mut response)) => {
                strip_hop_by_hop(response.headers_mut());
                // The version is that of the hop to the target; hyper writes the
                // answer in the version that the client speaks.
                *response.version_mut() = Version::HTTP_11;
                // A target may answer a request for a WebSocket with a normal response.
                if let Some(client) = tunnel.filter(|_| is_protocol_switch(&response)) {
                    tunnel::set_upgrade_headers(response.headers_mut());
                    tunnel::join_streams(client, &mut response);
                }
                response.map(|body| body.map_err(Into::into).boxed_unsync())
            }
        }
    }
}

impl Target {
    fn new(port: u16) -> Self {
        // An address and a port always parse; the fallback avoids a panic, and
        // a connection to port 0 fails.
        let authority = format!("127.0.0.1:{port}")
            .parse()
            .unwrap_or_else(|_| Authority::from_static("127.0.0.1:0"));
        Self {
            authority,
            requests: AtomicU64::new(0),
        }
    }
}

/// Turns the client's request into the one that the target gets; `None` if its
/// host or path cannot be written in HTTP/1.1.
fn rewrite_for_target(
    request: &mut Request<Incoming>,
    target: &Target,
    client_info: ClientInfo,
) -> Option<()> {
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
    add_forwarded_headers(headers, client_info)
}

/// Adds what an ALB adds, see
/// [X-Forwarded headers](https://docs.aws.amazon.com/elasticloadbalancing/latest/application/x-forwarded-headers.html).
fn add_forwarded_headers(headers: &mut HeaderMap, client_info: ClientInfo) -> Option<()> {
    let forwarded = HeaderName::from_static("x-forwarded-for");
    let client = match headers.get(&forwarded).and_then(|seen| seen.to_str().ok()) {
        Some(seen) => format!("{seen}, {}", client_info.client),
        None => client_info.client.to_string(),
    };
    headers.insert(forwarded, HeaderValue::from_str(&client).ok()?);
    headers.insert("x-forwarded-proto", HeaderValue::from_static("https"));
    headers.insert("x-forwarded-port", HeaderValue::from(client_info.port));
    let trace = HeaderName::from_static("x-amzn-trace-id");
    // An ALB keeps the trace id of a client.
    if !headers.contains_key(&trace) {
        headers.insert(trace, HeaderValue::from_str(&new_trace_id()).ok()?);
    }
    Some(())
}

/// A trace id as an ALB makes it: `Root=1-<time in hex>-<96 bits in hex>`.
pub(crate) fn new_trace_id() -> String {
    let seconds = jiff::Timestamp::now().as_second();
    let (high, low) = (crate::random::draw_number(), crate::random::draw_number());
    format!("Root=1-{seconds:08x}-{:08x}{low:016x}", high >> 32)
}

fn is_protocol_switch(response: &Response<Incoming>) -> bool {
    response.status() == StatusCode::SWITCHING_PROTOCOLS
}

/// Whether this is a request of gRPC, which needs HTTP/2 and its trailers.
fn is_grpc(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/grpc"))
}

/// Removes the headers that hold for one connection only, those that
/// `connection` lists included (RFC 9110, section 7.6.1).
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
