//! Local use, for real: `cargo lambda watch` serves the hook, `cargo lambda
//! invoke` calls it, and the report comes back.
//!
//! A program of its own: the watch compiles what is not compiled yet, and no test
//! with a deadline is to run beside that.
#![allow(
    missing_docs,
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "these are tests"
)]

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use rehearsal::{Defect, Stage, StageOptions};
use serde_json::{Value, json};
use tokio::process::{Child, Command};

/// The first invocation waits until cargo has built the hook.
const PATIENCE: Duration = Duration::from_mins(10);

/// `cargo lambda watch` with everything it has started.
struct Watch {
    child: Child,
    tool: PathBuf,
    port: u16,
}

impl Watch {
    fn start(tool: &Path, stage: &Stage) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let mut command = cargo_lambda(tool);
        let child = command
            .args(["lambda", "watch", "--bin", "bootstrap", "--ignore-changes"])
            .args(["-A", "127.0.0.1", "-P", &port.to_string()])
            .env("SMOKE_CHECKS", workspace().join("smoke-tests/checks"))
            .env("SMOKE_CACERT", stage.ca_file())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .unwrap();
        Self {
            child,
            tool: tool.to_owned(),
            port,
        }
    }

    /// Invokes the function and returns its answer.
    async fn invoke(&self, event: &Value, folder: &Path) -> Value {
        let file = folder.join("event.json");
        std::fs::write(&file, event.to_string()).unwrap();
        let port = self.port.to_string();
        let patience = tokio::time::Instant::now() + PATIENCE;
        loop {
            let output = cargo_lambda(&self.tool)
                .args(["lambda", "invoke", "-A", "127.0.0.1", "-P", &port])
                .args(["bootstrap", "--data-file"])
                .arg(&file)
                .output();
            let output = tokio::time::timeout_at(patience, output)
                .await
                .expect("an answer in time")
                .unwrap();
            if output.status.success() {
                return serde_json::from_slice(&output.stdout).unwrap();
            }
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(
                said.contains("error sending request") && tokio::time::Instant::now() < patience,
                "{said}"
            );
            // The watch does not listen yet.
            tokio::task::yield_now().await;
        }
    }
}

impl Drop for Watch {
    /// Ends the watch and the function that it runs.
    fn drop(&mut self) {
        if let Some(id) = self.child.id() {
            let _ = std::process::Command::new("kill")
                .args(["-KILL", "--", &format!("-{id}")])
                .status();
        }
    }
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The tool, with the Python beside it that carries its linker, and without what
/// cargo says of this package to its tests: a build script that asks for the same
/// would run again, for this build and for the next of the workspace, and with it
/// all would be compiled that stands on ring.
fn cargo_lambda(tool: &Path) -> Command {
    let beside = tool.parent().unwrap().to_owned();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(std::iter::once(beside).chain(std::env::split_paths(&path)));
    let mut command = Command::new(tool);
    command.current_dir(workspace()).env("PATH", path.unwrap());
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if name.starts_with("CARGO_MANIFEST_") || name.starts_with("CARGO_PKG_") {
            command.env_remove(&*name);
        }
    }
    command
}

#[tokio::test]
async fn cargo_lambda_watches_and_invokes_the_hook() {
    let Some(tool) = rehearsal::find_tool("cargo-lambda").unwrap() else {
        return;
    };
    let stage = Stage::start(StageOptions::default()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let watch = Watch::start(&tool, &stage);
    let event = json!({ "target": stage.test_url() });

    let answer = watch.invoke(&event, folder.path()).await;
    assert_eq!(answer["verdict"], "Succeeded", "{answer:#}");
    assert_eq!(answer["reported"], "nothing-to-report-to");
    assert_eq!(answer["report"]["counts"]["passed"], 8);

    stage.green_app().break_with(Defect::OrdersAreEmpty);
    let answer = watch.invoke(&event, folder.path()).await;
    assert_eq!(answer["verdict"], "Failed", "{answer:#}");
    assert_eq!(answer["report"]["counts"]["failed"], 1);
}
