//! gRPC over HTTP/2: unary calls, with messages as JSON on this side and as
//! protobuf on the other.
//!
//! ```text
//! .proto → Schema → Call; JSON → message → frame → … → frame → message → JSON
//! ```
//!
//! Reading and writing protobuf is our own: a library with reflection costs a
//! tenth of the whole package.

mod decode;
mod encode;
mod proto;
mod schema;
mod well_known;
mod wire;

use std::sync::Arc;

use http::HeaderMap;
use serde_json::Value;

pub use schema::Schema;
pub use well_known::file as well_known_file;

/// What every gRPC server is asked by its load balancer, see
/// [Health checking](https://grpc.io/docs/guides/health-checking/).
pub const HEALTH: &str = "grpc.health.v1.Health/Check";

/// The declaration of [`HEALTH`].
pub const HEALTH_PROTO: &str = "
syntax = \"proto3\";
package grpc.health.v1;
message HealthCheckRequest { string service = 1; }
message HealthCheckResponse {
  enum ServingStatus { UNKNOWN = 0; SERVING = 1; NOT_SERVING = 2; SERVICE_UNKNOWN = 3; }
  ServingStatus status = 1;
}
service Health { rpc Check(HealthCheckRequest) returns (HealthCheckResponse); }
";

/// The names of the status codes, by their number.
pub const CODES: [&str; 17] = [
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

/// One unary call.
#[derive(Debug)]
pub struct Call {
    /// The messages of the service.
    pub schema: Arc<Schema>,
    /// The method that is called.
    pub method: schema::Method,
}

impl Call {
    /// Whether a message in JSON is one of the call.
    pub fn check(&self, message: &[u8]) -> Result<(), String> {
        let message = serde_json::from_slice(message).map_err(|error| error.to_string())?;
        self.frame(&message).map(drop)
    }

    /// A message as it is sent.
    pub fn frame(&self, message: &Value) -> Result<Vec<u8>, String> {
        let message = encode::encode(&self.schema, &self.method.input, message)?;
        let length = u32::try_from(message.len()).map_err(|_| "too large a message")?;
        let mut frame = vec![0];
        frame.extend_from_slice(&length.to_be_bytes());
        frame.extend_from_slice(&message);
        Ok(frame)
    }

    /// The one message of an answer.
    pub fn unframe(&self, frame: &[u8]) -> Result<Value, String> {
        let Some(([compressed, length @ ..], message)) = frame.split_first_chunk::<5>() else {
            return Err("a frame that is cut short".to_owned());
        };
        if *compressed != 0 {
            return Err("a message that is compressed, which was not asked for".to_owned());
        }
        let length = u32::from_be_bytes(*length) as usize;
        if length != message.len() {
            return Err(format!(
                "{} bytes where a message has {length}",
                message.len()
            ));
        }
        let name = &self.method.output;
        decode::decode(&self.schema, name, message)
            .map_err(|reason| format!("what is not a `{name}`: {reason}"))
    }
}

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

#[cfg(test)]
mod tests;
