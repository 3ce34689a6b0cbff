//! The command, as its users meet it.
//!
//! One program, so that the command's crates are linked once and no test waits for the
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

mod any_input;
mod command;
mod deep;
mod documents;
mod examples;
mod explain;
mod foreign_forms;
mod import;
mod init;
mod lanes;
mod outputs;
mod report_schema;
mod secrets;
mod support;
mod texts;
mod tidy;
mod words;
