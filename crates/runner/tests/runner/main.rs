//! Check files against a stage, and what the report says of them.
//!
//! One program, so that the crates are linked once and no test waits for the
//! slowest one of another subject.

#![allow(
    missing_docs,
    unreachable_pub,
    clippy::expect_used,
    clippy::format_push_string,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "these are tests"
)]

mod concurrency;
mod credentials;
mod curl;
mod dial;
mod digest;
mod encodings;
mod expectations;
mod flow;
mod fragments;
mod green;
mod grpc;
mod hostile_network;
mod html;
mod malformed_checks;
mod malformed_files;
mod markup;
mod properties;
mod protobuf;
mod redirects;
mod requests;
mod resends;
mod runs;
mod safety;
mod schemas;
mod series;
mod support;
mod timing;
mod websocket;
