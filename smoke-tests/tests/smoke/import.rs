//! Moving in from other tools: what `smoke import` makes of their files, and
//! whether it passes and fails as the original does under the real tool.

mod any;
mod beside;
mod examples;
mod words;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use diagnostic::Source;
use diagnostic::snippet::{Colour, render};
use importers::import::{self, Bodies, PostmanEnvironment};
use rehearsal::{Defect, Stage};
use report::verdict::{Verdict, judge};
use runner::plan::plan;
use runner::settings::Selection;

use crate::support::{connection, report_of_sources, stage};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/smoke/import")
}

fn source(name: &str) -> Arc<Source> {
    Source::new(name, std::fs::read_to_string(folder().join(name)).unwrap())
}

/// The check file, and all that is said of what was lost.
fn shown(imported: &import::Imported) -> String {
    let losses: Vec<_> = imported
        .losses
        .iter()
        .map(|loss| render(loss, Colour::Never))
        .collect();
    format!("{}\n{}\n", imported.text, losses.join("\n\n"))
}

fn hurl_file(name: &str) -> import::Imported {
    import::import_hurl(&source(name), Bodies::Readable).unwrap()
}

fn collection(name: &str, environment: &str) -> import::Imported {
    let environment = PostmanEnvironment::read(&source(environment)).unwrap();
    import::import_postman(&source(name), &[environment], Bodies::Readable).unwrap()
}

fn shop_collection() -> import::Imported {
    collection(
        "shop.postman_collection.json",
        "shop.postman_environment.json",
    )
}

#[test]
fn a_hurl_file_becomes_a_check_with_its_steps() {
    let imported = hurl_file("shop.hurl");
    assert_eq!(imported.losses, []);
    insta::assert_snapshot!("hurl_shop", imported.text);
}

#[test]
fn a_collection_becomes_checks_and_requests_that_hang_together_one_of_them() {
    let imported = shop_collection();
    assert_eq!(imported.losses, []);
    assert_eq!(imported.target.as_deref(), Some("https://localhost:8443"));
    insta::assert_snapshot!("postman_shop", imported.text);
}

#[test]
fn what_a_check_file_cannot_say_is_said_with_its_place() {
    insta::assert_snapshot!("hurl_odd", shown(&hurl_file("odd.hurl")));
    let odd = import::import_postman(
        &source("odd.postman_collection.json"),
        &[],
        Bodies::Readable,
    )
    .unwrap();
    insta::assert_snapshot!("postman_odd", shown(&odd));
    insta::assert_snapshot!("hurl_lost", shown(&hurl_file("lost.hurl")));
    let lost = import::import_postman(
        &source("lost.postman_collection.json"),
        &[],
        Bodies::Readable,
    )
    .unwrap();
    insta::assert_snapshot!("postman_lost", shown(&lost));
    for imported in [odd, lost, hurl_file("odd.hurl"), hurl_file("lost.hurl")] {
        accepted(&imported);
    }
}

/// What was made is a check file that can be read.
fn accepted(imported: &import::Imported) {
    let file = Source::new("imported.yaml", imported.text.as_str());
    let environment = |_: &str| Some("a value".to_owned());
    plan(&[file], &Selection::default(), &environment)
        .unwrap_or_else(|problems| panic!("{problems}\n{}", imported.text));
}

/// The same with the place of the original, beside which its files lie.
fn here(name: &str) -> Arc<Source> {
    Source::new(
        folder().join(name),
        std::fs::read_to_string(folder().join(name)).unwrap(),
    )
}

#[test]
fn requests_of_all_kinds_are_carried_over() {
    let hurl = import::import_hurl(&here("requests.hurl"), Bodies::Readable).unwrap();
    let postman = import::import_postman(
        &here("requests.postman_collection.json"),
        &[],
        Bodies::Readable,
    )
    .unwrap();
    for imported in [&hurl, &postman] {
        assert_eq!(imported.losses, []);
        assert_eq!(imported.files, ["order.json"]);
    }
    insta::assert_snapshot!("hurl_requests", hurl.text);
    insta::assert_snapshot!("postman_requests", postman.text);
}

/// A way in which the shop can be broken, or none.
fn releases() -> Vec<Option<Defect>> {
    let broken = Defect::ALL
        .into_iter()
        .filter(|defect| *defect != Defect::Slow);
    std::iter::once(None).chain(broken.map(Some)).collect()
}

/// The names of the checks, or steps, that fail under our own command.
async fn failing(stage: &Stage, text: &str) -> (Verdict, Vec<String>) {
    let file = Source::new(folder().join("imported.yaml"), text);
    let report = report_of_sources(&connection(stage), &[file]).await;
    let mut failing = Vec::new();
    for check in &report.checks {
        for step in check.steps.iter().filter(|step| !step.failures.is_empty()) {
            // The name of a request is that of its check, if it has one alone.
            let alone = (check.steps.len() == 1).then(|| check.name.rsplit(" / ").next());
            failing.push(alone.flatten().unwrap_or(&step.name).to_owned());
        }
    }
    (judge(&report), failing)
}

/// The tool, if it is installed; it is optional, and building it takes long.
fn tool(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|path| path.is_file());
    if found.is_none() {
        let line = format!(
            "SKIPPED: `{name}` is not installed, which is optional; see docs/moving-in.md\n"
        );
        // Past the test harness, which would keep it to itself.
        let _ = std::io::Write::write_all(&mut std::io::stderr(), line.as_bytes());
    }
    found
}

async fn run(command: &mut Command) -> Output {
    let mut command =
        tokio::process::Command::from(std::mem::replace(command, Command::new("true")));
    command.output().await.unwrap()
}

fn output(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

#[tokio::test]
async fn an_imported_hurl_file_fails_where_hurl_fails() {
    for (name, fails) in [("shop.hurl", true), ("requests.hurl", false)] {
        beside_hurl(name, fails).await;
    }
}

/// Runs a file of Hurl and what it becomes in all releases; `fails` says that
/// each defect must be found.
async fn beside_hurl(name: &str, fails: bool) {
    let imported = import::import_hurl(&here(name), Bodies::Readable).unwrap();
    let hurl = tool("hurl");
    let stage = stage().await;
    for defect in releases() {
        stage.green_app().reinstall(defect);
        let (verdict, failing) = failing(&stage, &imported.text).await;
        if fails || defect.is_none() {
            assert_eq!(
                verdict == Verdict::Failed,
                defect.is_some(),
                "{defect:?}: {failing:?}"
            );
        }
        let Some(hurl) = &hurl else { continue };
        stage.green_app().reinstall(defect);
        let said = run(Command::new(hurl)
            .args(["--test", "--no-color", "--variable"])
            .arg(format!("base={}", stage.test_url()))
            .arg("--cacert")
            .arg(stage.ca_file())
            .arg(folder().join(name)))
        .await;
        let text = output(&said);
        assert_eq!(
            said.status.success(),
            verdict == Verdict::Succeeded,
            "{defect:?}: {text}"
        );
        // Both stop at the same request.
        if let [step] = failing.as_slice() {
            let line = source(name);
            let line = line
                .text()
                .lines()
                .position(|line| line == format!("# {step}"))
                .unwrap()
                + 1;
            let next = source(name)
                .text()
                .lines()
                .skip(line)
                .position(|line| line.starts_with("# "));
            let place = text.split(&format!("{name}:")).nth(1).unwrap();
            let failed: usize = place.split(':').next().unwrap().parse().unwrap();
            assert!(
                failed > line && next.is_none_or(|next| failed <= line + next),
                "{step}: {text}"
            );
        }
    }
}

#[tokio::test]
async fn an_imported_collection_fails_where_postman_fails() {
    for (name, fails) in [("shop", true), ("requests", false)] {
        beside_newman(name, fails).await;
    }
}

/// The same for a collection.
async fn beside_newman(name: &str, fails: bool) {
    let collection = folder().join(format!("{name}.postman_collection.json"));
    let environment = PostmanEnvironment::read(&source("shop.postman_environment.json")).unwrap();
    let original = here(&format!("{name}.postman_collection.json"));
    let imported = import::import_postman(&original, &[environment], Bodies::Readable).unwrap();
    let newman = tool("newman");
    let stage = stage().await;
    for defect in releases() {
        stage.green_app().reinstall(defect);
        let (verdict, failing) = failing(&stage, &imported.text).await;
        if fails || defect.is_none() {
            assert_eq!(
                verdict == Verdict::Failed,
                defect.is_some(),
                "{defect:?}: {failing:?}"
            );
        }
        let Some(newman) = &newman else { continue };
        stage.green_app().reinstall(defect);
        let results = stage.folder().join("newman.json");
        let said = run(Command::new(newman)
            .arg("run")
            .arg(&collection)
            .arg("--working-dir")
            .arg(folder())
            .arg("--environment")
            .arg(folder().join("shop.postman_environment.json"))
            .arg("--env-var")
            .arg(format!("baseUrl={}", stage.test_url()))
            .arg("--ssl-extra-ca-certs")
            .arg(stage.ca_file())
            .args(["--reporters", "json", "--reporter-json-export"])
            .arg(&results))
        .await;
        assert_eq!(
            said.status.success(),
            verdict == Verdict::Succeeded,
            "{defect:?}: {}",
            output(&said)
        );
        let results: serde_json::Value =
            serde_json::from_slice(&std::fs::read(&results).unwrap()).unwrap();
        let failures = results["run"]["failures"].as_array().unwrap();
        let theirs: Vec<_> = failures
            .iter()
            .map(|failure| failure["source"]["name"].as_str().unwrap())
            .collect();
        // Postman goes on after a failure, so that others may follow from it.
        assert_eq!(
            theirs.first().copied(),
            failing.first().map(String::as_str),
            "{defect:?}"
        );
    }
}

#[tokio::test]
async fn files_that_the_original_sends_are_copied_beside_the_check_file() {
    let work = tempfile::tempdir().unwrap();
    let smoke = |file: &str, more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_smoke"));
        command.arg("import").arg(folder().join(file)).args(more);
        command.current_dir(work.path()).env_clear();
        command
    };
    let said = run(&mut smoke("requests.hurl", &[])).await;
    let text = output(&said);
    assert!(said.status.success(), "{text}");
    assert!(text.contains("copied: order.json"), "{text}");
    let there = std::fs::read(work.path().join("order.json")).unwrap();
    assert_eq!(there, std::fs::read(folder().join("order.json")).unwrap());
    let mut validate = Command::new(env!("CARGO_BIN_EXE_smoke"));
    validate
        .args(["validate", "requests.yaml"])
        .current_dir(work.path());
    let said = run(&mut validate).await;
    assert!(said.status.success(), "{}", output(&said));
    // Another file of that name is not replaced.
    std::fs::write(work.path().join("order.json"), "mine").unwrap();
    let said = run(&mut smoke("requests.hurl", &["--output", "again.yaml"])).await;
    assert_eq!(said.status.code(), Some(2), "{}", output(&said));
    assert_eq!(
        std::fs::read(work.path().join("order.json")).unwrap(),
        b"mine"
    );
}
