//! The command from outside: its exit codes, its story, its ready file.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::common::{self, bootstrap_path, function_settings};

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rehearsal"));
    command.args(arguments).env_remove("NO_COLOR");
    command
}

/// Runs a subcommand with the small function in this mode.
fn run_with_hook(subcommand: &[&str], mode: &str) -> Output {
    let mut command = command(subcommand);
    command.arg("--hook").arg(bootstrap_path());
    for (name, value) in function_settings(mode) {
        command.arg("--set").arg(format!("{name}={value}"));
    }
    command.output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn a_deployment_that_succeeds_is_exit_code_0() {
    let output = run_with_hook(&["deploy"], "Succeeded");
    assert_eq!(output.status.code(), Some(0));
    let text = stdout(&output);
    assert!(text.contains("INFO  the verdict is Succeeded"), "{text}");
    assert!(text.contains("ended       Succeeded; production answers green"));
    assert!(!text.contains('\u{1b}'), "no colours into a pipe");
}

#[test]
fn a_deployment_that_fails_is_exit_code_1() {
    let output = run_with_hook(&["deploy", "--color", "always"], "Failed");
    assert_eq!(output.status.code(), Some(1));
    let text = stdout(&output);
    assert!(text.contains('\u{1b}'), "colours were asked for");
    assert!(text.contains("production never moved"));
}

#[test]
fn bad_input_is_exit_code_2_and_says_what_was_expected() {
    for (arguments, part) in [
        (
            &["demo", "--hook", "no/such/file"][..],
            "found no file `no/such/file`",
        ),
        (
            &["demo", "--defect", "ugly"][..],
            "expected one of orders-are-empty",
        ),
        (
            &["deploy", "--test-fault", "drip"][..],
            "expected one of refuse",
        ),
        (&["fly"][..], "unrecognized subcommand"),
    ] {
        let output = command(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn a_port_that_is_taken_is_exit_code_3() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let output = command(&["serve", "--test-port", &port]).output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    let text = String::from_utf8(output.stderr).unwrap();
    let expected = format!("error: cannot listen on 127.0.0.1:{port} for the test listener: ");
    assert!(text.starts_with(&expected), "{text}");
}

#[test]
fn a_demo_whose_gate_lets_everything_pass_is_exit_code_1() {
    let output = run_with_hook(&["demo"], "Succeeded");
    assert_eq!(output.status.code(), Some(1));
    let text = stdout(&output);
    assert!(text.contains("orders-are-empty   Succeeded"), "{text}");
    assert!(text.trim_end().ends_with("NO"), "{text}");
}

#[test]
fn help_tells_the_exit_codes() {
    for arguments in [&["--help"][..], &["demo", "--help"], &["serve", "--help"]] {
        let text = stdout(&command(arguments).output().unwrap());
        assert!(text.contains("Exit codes:"), "{arguments:?}");
    }
}

#[test]
fn a_served_stage_tells_where_it_is_and_ends_when_asked() {
    let folder = tempfile::tempdir().unwrap();
    let ready = folder.path().join("ready.json");
    let mut child = command(&["serve", "--ready-file"])
        .arg(&ready)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    stdout.read_line(&mut line).unwrap();
    assert_eq!(line, "The stage is up; ctrl-c ends it.\n");
    let summary = common::parse_json(&std::fs::read_to_string(&ready).unwrap());
    let ca_file = Path::new(summary["ca_file"].as_str().unwrap());
    assert!(ca_file.exists());
    let event = std::fs::read_to_string(summary["event_file"].as_str().unwrap()).unwrap();
    assert_eq!(common::parse_json(&event), summary["event"]);
    let environment = &summary["environment"];
    assert_eq!(
        environment["AWS_ENDPOINT_URL_CODEDEPLOY"],
        summary["codedeploy_url"]
    );
    assert_eq!(environment["SMOKE_CACERT"], summary["ca_file"]);
    let ended = Command::new("kill")
        .arg(child.id().to_string())
        .status()
        .unwrap();
    assert!(ended.success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(!ca_file.exists(), "the stage removes its folder");
}
