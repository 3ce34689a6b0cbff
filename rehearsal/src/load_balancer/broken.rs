//! Answers of the load balancer itself, honest and dishonest.

use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{self, Stream};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue, SERVER};
use http::{Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::Frame;

use crate::serve::BoxError;

/// The body of each answer that a listener gives.
pub(super) type Body = UnsyncBoxBody<Bytes, BoxError>;

/// How many bytes one frame of a long body has.
const CHUNK: usize = 64 * 1024;
/// How much a short body promises.
const PROMISED: u64 = 4096;

/// An error page as an Application Load Balancer writes it.
pub(super) fn page(status: StatusCode) -> Response<Body> {
    // The one reason phrase in which ALB and RFC 9110 differ.
    let reason = match status {
        StatusCode::SERVICE_UNAVAILABLE => "Service Temporarily Unavailable",
        StatusCode::GATEWAY_TIMEOUT => "Gateway Time-out",
        other => other.canonical_reason().unwrap_or("Error"),
    };
    let title = format!("{} {reason}", status.as_u16());
    let html = format!(
        "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n\
         <center><h1>{title}</h1></center>\r\n</body>\r\n</html>\r\n"
    );
    let length = HeaderValue::from(html.len());
    let body = Full::new(Bytes::from(html)).map_err(|never| match never {});
    let mut response = Response::new(body.boxed_unsync());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(SERVER, HeaderValue::from_static("awselb/2.0"));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html"));
    headers.insert(CONTENT_LENGTH, length);
    response
}

/// One byte, a pause, one byte, a pause, for ever.
pub(super) fn drip(every: Duration) -> Response<Body> {
    ok(stream::unfold((), move |()| async move {
        tokio::time::sleep(every).await;
        Some((Ok(Frame::data(Bytes::from_static(b"x"))), ()))
    }))
}

/// As many bytes as the client takes.
pub(super) fn endless() -> Response<Body> {
    let chunk = Bytes::from(vec![b'x'; CHUNK]);
    ok(stream::repeat_with(move || Ok(Frame::data(chunk.clone()))))
}

/// A large body with an honest length.
pub(super) fn huge(mebibytes: u32) -> Response<Body> {
    let length = u64::from(mebibytes) * 1024 * 1024;
    let chunk = Bytes::from(vec![b'x'; CHUNK]);
    let body = stream::unfold(length, move |left| {
        let size = usize::try_from(left).unwrap_or(CHUNK).min(CHUNK);
        let part = (size > 0).then(|| (Ok(Frame::data(chunk.slice(..size))), left - size as u64));
        std::future::ready(part)
    });
    with_length(ok(body), length)
}

/// One header of this size.
pub(super) fn huge_header(kibibytes: u32) -> Response<Body> {
    let size = usize::try_from(kibibytes).unwrap_or_default() * 1024;
    with_headers(1, &vec![b'x'; size])
}

/// So many headers.
pub(super) fn many_headers(count: u32) -> Response<Body> {
    with_headers(count, b"x")
}

/// A fine answer with so many headers of this value beside its own.
fn with_headers(count: u32, value: &[u8]) -> Response<Body> {
    let mut response = with_length(ok(stream::empty()), 0);
    for number in 0..count {
        let name = HeaderName::try_from(format!("x-header-{number}"));
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_bytes(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// Less than the promised bytes, then the end of the connection.
pub(super) fn short() -> Response<Body> {
    let body = stream::unfold(0, |sent| async move {
        if sent == 0 {
            let start = Bytes::from_static(b"{\"status\":");
            return Some((Ok(Frame::data(start)), 1));
        }
        // Whatever was written has to leave before the error ends the
        // connection, or the client would see no answer at all.
        tokio::time::sleep(Duration::from_millis(50)).await;
        Some((Err("the body ends early".into()), 2))
    });
    with_length(ok(body), PROMISED)
}

fn ok(body: impl Stream<Item = Result<Frame<Bytes>, BoxError>> + Send + 'static) -> Response<Body> {
    let mut response = Response::new(BodyExt::boxed_unsync(StreamBody::new(body)));
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn with_length(mut response: Response<Body>, length: u64) -> Response<Body> {
    response
        .headers_mut()
        .insert(CONTENT_LENGTH, HeaderValue::from(length));
    response
}
