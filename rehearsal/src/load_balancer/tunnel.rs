//! A WebSocket through the load balancer: once a target has switched protocols,
//! bytes go both ways until one side ends.

use http::header::{self, HeaderMap, HeaderValue};
use http::{Request, Response, Version};
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;

/// The client's side of a WebSocket, if the request asks for one. As an ALB,
/// this load balancer upgrades HTTP/1.1 only.
pub(super) fn take_client_upgrade(request: &mut Request<Incoming>) -> Option<OnUpgrade> {
    let protocol = request.headers().get(header::UPGRADE)?.as_bytes();
    let asks = protocol.eq_ignore_ascii_case(b"websocket") && request.version() == Version::HTTP_11;
    asks.then(|| hyper::upgrade::on(request))
}

/// Sets the headers that ask for, or confirm, a WebSocket on one hop.
pub(super) fn set_upgrade_headers(headers: &mut HeaderMap) {
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
}

/// Copies bytes between client and target once both have switched protocols.
pub(super) fn join_streams(client: OnUpgrade, response: &mut Response<Incoming>) {
    let target = hyper::upgrade::on(response);
    tokio::spawn(async move {
        if let (Ok(client), Ok(target)) = tokio::join!(client, target) {
            let (mut client, mut target) = (TokioIo::new(client), TokioIo::new(target));
            // An error here means that one side has closed.
            let _ = tokio::io::copy_bidirectional(&mut client, &mut target).await;
        }
    });
}
