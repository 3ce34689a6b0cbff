//! What these tests share with those of the runner.

#[path = "../../../crates/runner/tests/runner/support/blocks.rs"]
pub mod blocks;
#[path = "../../../crates/runner/tests/runner/support/server.rs"]
pub mod server;
#[path = "../../../crates/runner/tests/runner/support/stage.rs"]
mod stage;

pub use stage::*;
