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

mod allowed_hosts;
mod captures;
mod concurrency;
mod connection;
mod cookies;
mod credentials;
mod curl;
mod dial;
mod encodings;
mod fragments;
mod green;
mod grpc;
mod hostile_network;
mod html;
mod limits;
mod malformed_checks;
mod malformed_files;
mod markup;
mod needs;
mod predicates;
mod properties;
mod protobuf;
mod rate;
mod redirects;
mod requests;
mod resends;
mod retry;
mod rows;
mod schemas;
mod series;
mod support;
mod teardown;
mod timing;
mod variables;
mod websocket;
