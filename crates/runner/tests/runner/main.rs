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

mod access;
mod at_once;
mod codings;
mod curl;
mod dial;
mod expectations;
mod flow;
mod fragments;
mod grpc;
mod hostile_network;
mod html;
mod malformed_files;
mod malformed_flow;
mod markup;
mod properties;
mod protobuf;
mod redirects;
mod release;
mod repeats;
mod requests;
mod runs;
mod safety;
mod schemas;
mod series;
mod support;
mod timing;
mod websocket;
