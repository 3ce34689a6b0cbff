//! Answers that the load balancer gives itself: error pages, and the answers of
//! its faults.

use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{self, Stream};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue, SERVER};
use http::{Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::Frame;

use crate::server::BoxError;

/// The body of each answer that a listener gives.
pub(super) type ResponseBody = UnsyncBoxBody<Bytes, BoxError>;

/// How many bytes one chunk of a long body has.
const CHUNK: usize = 64 * 1024;
/// The `content-length` of a body that is shorter.
const PROMISED_LENGTH: u64 = 4096;

/// An error page as an Application Load Balancer writes it.
pub(super) fn error_page(status: StatusCode) -> Response<ResponseBody> {
    // An ALB differs from RFC 9110 in these two reason phrases.
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

/// A 200 whose body is one byte each `every`, without end.
pub(super) fn drip_response(every: Duration) -> Response<ResponseBody> {
    stream_response(stream::unfold((), move |()| async move {
        tokio::time::sleep(every).await;
        Some((Ok(Frame::data(Bytes::from_static(b"x"))), ()))
    }))
}

/// A 200 whose body has as many bytes as the client reads.
pub(super) fn endless_response() -> Response<ResponseBody> {
    let chunk = Bytes::from(vec![b'x'; CHUNK]);
    stream_response(stream::repeat_with(move || Ok(Frame::data(chunk.clone()))))
}

/// A 200 with a large body and its true length.
pub(super) fn huge_response(mebibytes: u32) -> Response<ResponseBody> {
    let length = u64::from(mebibytes) * 1024 * 1024;
    let chunk = Bytes::from(vec![b'x'; CHUNK]);
    let body = stream::unfold(length, move |left| {
        let size = usize::try_from(left).unwrap_or(CHUNK).min(CHUNK);
        let next = (size > 0).then(|| (Ok(Frame::data(chunk.slice(..size))), left - size as u64));
        std::future::ready(next)
    });
    with_content_length(stream_response(body), length)
}

/// A 200 with one header of this size.
pub(super) fn huge_header_response(kibibytes: u32) -> Response<ResponseBody> {
    let size = usize::try_from(kibibytes).unwrap_or_default() * 1024;
    headers_response(1, &vec![b'x'; size])
}

/// A 200 with so many headers.
pub(super) fn many_headers_response(count: u32) -> Response<ResponseBody> {
    headers_response(count, b"x")
}

/// A 200 with so many headers of this value beside its own.
fn headers_response(count: u32, value: &[u8]) -> Response<ResponseBody> {
    let mut response = with_content_length(stream_response(stream::empty()), 0);
    for number in 0..count {
        let name = HeaderName::try_from(format!("x-header-{number}"));
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_bytes(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// A 200 that sends less than its length before the connection ends.
pub(super) fn short_response() -> Response<ResponseBody> {
    let body = stream::unfold(0, |sent| async move {
        if sent == 0 {
            let start = Bytes::from_static(b"{\"status\":");
            return Some((Ok(Frame::data(start)), 1));
        }
        // hyper drops what it has not yet written when a body fails, so the
        // pause lets the head and the first bytes reach the client.
        tokio::time::sleep(Duration::from_millis(50)).await;
        Some((Err("the body ends early".into()), 2))
    });
    with_content_length(stream_response(body), PROMISED_LENGTH)
}

/// A 200 with this body, which claims to be JSON.
fn stream_response(
    body: impl Stream<Item = Result<Frame<Bytes>, BoxError>> + Send + 'static,
) -> Response<ResponseBody> {
    let mut response = Response::new(BodyExt::boxed_unsync(StreamBody::new(body)));
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn with_content_length(
    mut response: Response<ResponseBody>,
    length: u64,
) -> Response<ResponseBody> {
    response
        .headers_mut()
        .insert(CONTENT_LENGTH, HeaderValue::from(length));
    response
}
