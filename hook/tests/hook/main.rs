//! The real `bootstrap` on the rehearsal's Runtime API, load balancer and
//! CodeDeploy.

#![allow(
    missing_docs,
    clippy::panic,
    clippy::unwrap_used,
    reason = "these are tests"
)]

mod addresses;
mod aws_calls;
mod aws_over_tls;
mod between;
mod bucket;
mod deep;
mod deployments;
mod events;
mod hour;
mod kept;
mod leaks;
mod ledger;
mod lifecycle;
mod logs;
mod matrix;
mod metrics;
mod mixed_colours;
mod one_build;
mod one_stack;
mod order;
mod own_requests;
mod proof;
mod proof_calls;
mod proof_moves;
mod proof_place;
mod proof_rules;
mod proof_versions;
mod real_clients;
mod reasons;
mod reporting;
mod secrets;
mod settings;
mod sinks;
mod stand_in;
mod subject;
mod support;
mod verdicts;
