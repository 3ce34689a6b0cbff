//! The rehearsal from outside: the stage, its parts and the command.

#![allow(
    clippy::doc_markdown,
    clippy::panic,
    clippy::unwrap_used,
    reason = "these are tests; CodeDeploy is a name"
)]

mod app;
mod boto;
mod codedeploy;
mod command;
mod common;
mod deployment;
mod describes;
mod idle;
mod lambda;
mod load_balancer;
mod mixed;
mod streams;
