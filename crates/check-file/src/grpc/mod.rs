//! gRPC over HTTP/2: unary calls, with messages as JSON on this side and as
//! protobuf on the other.
//!
//! ```text
//! .proto → Schema → Call; JSON → message → … → message → JSON
//! ```
//!
//! | module | what it is | needs |
//! |---|---|---|
//! | [`status`] | the status in the trailers | nothing |
//! | `proto` | `.proto` files → `Schema` | diagnostics |
//! | `message` | JSON ↔ message | descriptors |

mod message;
mod options;
mod proto;
pub mod status;

use prost_reflect::MethodDescriptor;
use serde_json::Value;

pub(crate) use self::message::{DecodeError, EncodeError};
pub(crate) use self::proto::{ImportError, Schema};

/// What every gRPC server is asked by its load balancer, see
/// [Health checking](https://grpc.io/docs/guides/health-checking/).
pub const HEALTH: &str = "grpc.health.v1.Health/Check";

/// The declaration of [`HEALTH`].
const HEALTH_PROTO: &str = "
syntax = \"proto3\";
package grpc.health.v1;
message HealthCheckRequest { string service = 1; }
message HealthCheckResponse {
  enum ServingStatus { UNKNOWN = 0; SERVING = 1; NOT_SERVING = 2; SERVICE_UNKNOWN = 3; }
  ServingStatus status = 1;
}
service Health { rpc Check(HealthCheckRequest) returns (HealthCheckResponse); }
";

/// One call that a service offers.
#[derive(Debug)]
pub struct Call {
    method: MethodDescriptor,
}

impl Call {
    /// The full name of the message that is sent.
    pub(crate) fn input_name(&self) -> String {
        self.method.input().full_name().to_owned()
    }

    /// Whether either side is a stream.
    pub(crate) fn is_stream(&self) -> bool {
        self.method.is_client_streaming() || self.method.is_server_streaming()
    }

    /// The message that is sent.
    pub fn encode(&self, message: &Value) -> Result<Vec<u8>, EncodeError> {
        message::encode(&self.method.input(), message)
    }

    /// The message of an answer as JSON.
    pub fn decode(&self, message: &[u8]) -> Result<Value, DecodeError> {
        message::decode(&self.method.output(), message)
    }
}

#[cfg(test)]
mod tests;
