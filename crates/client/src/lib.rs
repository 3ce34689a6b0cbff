//! One bounded request, one answer: from the target, or from a host that somebody
//! allowed beside it.
//!
//! | module | what it is for |
//! |---|---|
//! | `target`, `hosts` | where requests may go |
//! | `connection` | how the target is reached |
//! | `dial` | a host → a connection to the first address that gives one |
//! | `http` | a request → an answer, or why there is none |
//! | `encoding`, `grpc` | gzip, deflate and Brotli; the frame around a message of gRPC |
//! | `sigv4` | signatures of AWS |
//!
//! It knows neither check files nor reports.

mod address;
pub mod connection;
pub mod dial;
pub mod encoding;
pub mod grpc;
pub mod hosts;
pub mod http;
pub mod sigv4;
pub mod target;
