//! The engine and its command, as their users meet them.
//!
//! One program, so that the engine is linked once and no test waits for the
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
mod command;
mod curl;
mod deep;
mod dial;
mod digest;
mod documents;
mod examples;
mod expectations;
mod explain;
mod flow;
mod foreign_forms;
mod fragments;
mod grpc;
mod hostile_network;
mod html;
mod import;
mod init;
mod malformed_files;
mod malformed_flow;
mod markup;
mod outputs;
mod properties;
mod redirects;
mod release;
mod repeats;
mod report_schema;
mod requests;
mod runs;
mod safety;
mod schemas;
mod secrets;
mod series;
mod support;
mod texts;
mod tidy;
mod timing;
mod websocket;
