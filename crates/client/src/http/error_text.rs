//! Why something ended, in words: told by the type of an error, never by its
//! text, which is for those who write programs.

use std::error::Error;
use std::{fmt, io};

use crate::dial::NetworkError;

/// Why a body did not come whole, in words.
#[derive(Debug)]
pub(super) struct Cause(String);

impl Cause {
    pub(super) fn new(words: String) -> Self {
        Self(words)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Cause {}

/// What the network says, in words.
pub(super) fn network(error: &io::Error) -> String {
    NetworkError::from(error).to_string()
}

/// What an error of HTTP/1.1 says, in words.
pub(super) fn one(error: &hyper::Error) -> String {
    let mut source = error.source();
    while let Some(below) = source {
        if let Some(error) = below.downcast_ref::<io::Error>() {
            return network(error);
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
