//! A WebSocket through the load balancer: once a target has switched protocols,
//! bytes go both ways until one side ends.

use http::header::{self, HeaderMap, HeaderValue};
use http::{Request, Response, Version};
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;

/// The client's side, if the request asks for a WebSocket; as an ALB, over
/// HTTP/1.1 only.
pub(super) fn asked(request: &mut Request<Incoming>) -> Option<OnUpgrade> {
    let protocol = request.headers().get(header::UPGRADE)?.as_bytes();
    let asks = protocol.eq_ignore_ascii_case(b"websocket") && request.version() == Version::HTTP_11;
    asks.then(|| hyper::upgrade::on(request))
}

/// Says again what is said from hop to hop.
pub(super) fn mark(headers: &mut HeaderMap) {
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
}

/// Joins the two sides once both have switched.
pub(super) fn join(client: OnUpgrade, response: &mut Response<Incoming>) {
    let target = hyper::upgrade::on(response);
    tokio::spawn(async move {
        if let (Ok(client), Ok(target)) = tokio::join!(client, target) {
            let (mut client, mut target) = (TokioIo::new(client), TokioIo::new(target));
            // One that goes away is no news here.
            let _ = tokio::io::copy_bidirectional(&mut client, &mut target).await;
        }
    });
}
