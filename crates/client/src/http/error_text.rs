//! The words for errors of the network and of the HTTP libraries. They are chosen
//! by an error's type, never by its text, which is for those who write programs.

use std::error::Error;
use std::io;

use crate::dial::NetworkError;

/// Why a connection could not be begun, or a body did not come whole, in words.
#[derive(Debug, thiserror::Error)]
#[error("{reason}")]
pub(super) struct ConnectionError {
    pub(super) reason: String,
}

impl From<&hyper::Error> for ConnectionError {
    fn from(error: &hyper::Error) -> Self {
        let reason = describe_http1(error);
        Self { reason }
    }
}

/// What the network says, in words.
pub(super) fn describe_io(error: &io::Error) -> String {
    NetworkError::from(error).to_string()
}

/// What an error of HTTP/1.1 says, in words. An error of the network stands below
/// hyper's own, and says more.
pub(super) fn describe_http1(error: &hyper::Error) -> String {
    let mut source = error.source();
    while let Some(below) = source {
        if let Some(error) = below.downcast_ref::<io::Error>() {
            return describe_io(error);
        }
        source = below.source();
    }
    let words = if error.is_parse_status() {
        "a status that HTTP does not know"
    } else if error.is_parse_version_h2() {
        "HTTP/2 where HTTP/1.1 was asked for"
    } else if error.is_parse() {
        "what came is not HTTP/1.1"
    } else if error.is_incomplete_message() || error.is_closed() || error.is_canceled() {
        "the connection ended before the end of the answer's head"
    } else {
        return error.to_string();
    };
    words.to_owned()
}
