//! The status of a call, which comes in the trailers of its answer, see
//! [Status codes](https://grpc.io/docs/guides/status-codes/).

use http::HeaderMap;

/// The names of the status codes, by their number.
pub(crate) const CODES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

/// The name of the status of an answer; a number that has none is its own
/// name.
pub fn status(headers: &HeaderMap) -> Option<String> {
    let code = headers.get("grpc-status")?.to_str().ok()?;
    let known = code.parse::<usize>().ok().and_then(|code| CODES.get(code));
    Some(known.map_or_else(|| code.to_owned(), |known| (*known).to_owned()))
}

/// What the server says about the status.
pub fn message(headers: &HeaderMap) -> Option<String> {
    let message = headers.get("grpc-message")?.to_str().ok()?;
    let message = percent_encoding::percent_decode_str(message).decode_utf8_lossy();
    (!message.is_empty()).then(|| message.into_owned())
}
