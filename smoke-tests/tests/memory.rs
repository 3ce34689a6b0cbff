//! The most memory that the command needs.
//!
//! A program of its own, because Linux counts what a process has held since its
//! parent made it: in the program of all other tests that is their memory too.

#![allow(
    missing_docs,
    clippy::format_push_string,
    clippy::unwrap_used,
    reason = "this is a test"
)]

use rehearsal::{Listener, Stage, StageOptions};
use serde_json::Value;
use wait4::Wait4;

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_checks_are_all_answered_within_64_mib() {
    let stage = Stage::start(StageOptions::default()).await.unwrap();
    let mut text = String::from("checks:\n");
    for n in 0..1_000 {
        text.push_str(&format!(
            "  - {{ name: c{n}, get: '/echo?n={n}', expect: {{ json: {{ $.path: /echo }} }} }}\n"
        ));
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("many.yaml"), text).unwrap();
    let target = stage.test_url();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_smoke"));
    command
        .args([
            "run",
            "many.yaml",
            "--quiet",
            "--jobs",
            "16",
            "--format",
            "json",
        ])
        .args(["--output", "report.json", "--target", &target, "--cacert"])
        .arg(stage.ca_file())
        .current_dir(folder.path())
        .stdout(std::process::Stdio::null());
    let ended = tokio::task::spawn_blocking(move || command.spawn().unwrap().wait4().unwrap())
        .await
        .unwrap();
    assert!(ended.status.success());
    assert!(
        ended.rusage.maxrss < 64 * 1024 * 1024,
        "{} bytes",
        ended.rusage.maxrss
    );
    let report = std::fs::read_to_string(folder.path().join("report.json")).unwrap();
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["counts"]["passed"], 1_000);
    assert_eq!(report["checks"][999]["name"], "c999");
    assert_eq!(stage.load_balancer().requests(Listener::Test), 1_000);
}
