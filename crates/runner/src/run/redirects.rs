//! Where an answer redirects to, and what is sent there.

use bytes::Bytes;
use http::Method;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, LOCATION};
use url::Url;

use client::hosts::HARMLESS_HEADERS;
use client::http::{Request, Response, Transport};

/// The headers that a host may see although the step did not name it: the
/// others may hold credentials for the host that it did name.
pub(super) fn keep_harmless(headers: &HeaderMap) -> HeaderMap {
    HARMLESS_HEADERS
        .into_iter()
        .filter_map(|name| headers.get(&name).cloned().map(|value| (name, value)))
        .collect()
}

/// Where an answer redirects to, if it does. 300 and 304 name no place that
/// the client has to go to (RFC 9110, section 15.4).
pub(super) fn find_location(response: &Response) -> Option<String> {
    if !matches!(response.status, 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let location = response.headers.get(LOCATION)?;
    Some(String::from_utf8_lossy(location.as_bytes()).into_owned())
}

/// The request that follows a redirect: 307 and 308 keep method and body,
/// 303 asks with GET, and so do 301 and 302 after POST (RFC 9110,
/// section 15.4).
pub(super) fn redirect_request(
    response: &Response,
    method: Method,
    body: Bytes,
    own_headers: &HeaderMap,
    url: Url,
) -> Request {
    let becomes_get = match response.status {
        303 => method != Method::HEAD,
        301 | 302 => method == Method::POST,
        _ => false,
    };
    let mut headers = own_headers.clone();
    if becomes_get {
        headers.remove(CONTENT_TYPE);
        headers.remove(CONTENT_LENGTH);
        headers.remove(CONTENT_ENCODING);
    }
    Request {
        method: if becomes_get { Method::GET } else { method },
        url,
        headers,
        body: if becomes_get { Bytes::new() } else { body },
        transport: Transport::default(),
    }
}
