//! The real `bootstrap` on the rehearsal's Runtime API, load balancer and
//! CodeDeploy.

#![allow(
    missing_docs,
    clippy::panic,
    clippy::unwrap_used,
    reason = "these are tests"
)]

mod addresses;
mod bucket;
mod deployments;
mod events;
mod hour;
mod kept;
mod leaks;
mod lifecycle;
mod logs;
mod matrix;
mod metrics;
mod proof;
mod proof_calls;
mod reasons;
mod reporting;
mod settings;
mod sinks;
mod stand_in;
mod support;
mod verdicts;
