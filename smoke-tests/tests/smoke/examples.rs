//! The examples of the documents are true: each check file in them runs
//! against the rehearsal's shop, and comes out as the document says.
//!
//! Every check of an example passes, unless a comment right above its block
//! says otherwise, as JSON:
//!
//! ```text
//! <!-- example: { "outcomes": { "a check": "warned" } } -->
//! ```
//!
//! | key | what it says |
//! |---|---|
//! | `outcomes` | the outcome of a check, `setup` or `teardown` by its name |
//! | `files` | texts of files beside the check file, by their names |
//! | `environment`, `variables`, `secrets` | values by their names |
//! | `allow_hosts` | what `--allow-host` allows |
//! | `only_read` | why the example cannot run here; it is read all the same |
//!
//! In all of these texts `TEST_URL` is the stage's test listener, `OTHER_URL`
//! its production listener, which is another host to the checks: `OTHER_HOST`.

use std::collections::BTreeMap;

use client::connection::Connection;
use client::hosts::Hosts;
use client::http::Client;
use diagnostic::snippet::Colour;
use rehearsal::Stage;
use report::render::failures;
use report::{CheckReport, Outcome};
use runner::plan::{Plan, plan};
use runner::run::run;
use runner::settings::{Limits, Selection};
use serde::Deserialize;

use crate::support;
use crate::support::blocks::{Block, documents, yaml_blocks};

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Example {
    outcomes: BTreeMap<String, String>,
    files: BTreeMap<String, String>,
    environment: BTreeMap<String, String>,
    variables: BTreeMap<String, String>,
    secrets: BTreeMap<String, String>,
    allow_hosts: Vec<String>,
    only_read: Option<String>,
}

impl Example {
    fn hosts(&self) -> Hosts {
        let hosts = self.allow_hosts.iter();
        hosts.map(|host| host.parse().unwrap()).collect()
    }
}

/// What the comment above a block says of it.
fn example(block: &Block, stage: &Stage, name: &str) -> Example {
    let said = block.comment.as_deref().and_then(|comment| {
        let json = comment.strip_prefix("example:")?;
        let json = json
            .replace("TEST_URL", &stage.test_url())
            .replace("OTHER_URL", &stage.production_url())
            .replace(
                "OTHER_HOST",
                &format!("localhost:{}", stage.production_port()),
            );
        Some(serde_json::from_str(&json).unwrap_or_else(|error| panic!("{name}: {error}")))
    });
    said.unwrap_or_default()
}

fn planned(block: &Block, example: &Example, name: &str) -> Plan {
    let folder = tempfile::tempdir().unwrap();
    for (file, text) in &example.files {
        let path = folder.path().join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let path = folder.path().join("example.yaml");
    std::fs::write(&path, &block.text).unwrap();
    let given = example.variables.iter().chain(&example.secrets);
    let selection = Selection {
        variables: given.map(|(k, v)| (k.clone(), v.clone())).collect(),
        secrets: example.secrets.keys().cloned().collect(),
        hosts: example.hosts(),
        ..Selection::default()
    };
    let environment = |key: &str| match example.environment.get(key) {
        None if key == "SHOP_PASSWORD" => Some("correct-horse".to_owned()),
        value => value.cloned(),
    };
    check_file::discover::read(&[path.to_string_lossy()])
        .and_then(|sources| plan(&sources, &selection, &environment))
        .unwrap_or_else(|problems| panic!("{name}: {problems}"))
}

fn outcome(check: &CheckReport) -> &'static str {
    match check.outcome {
        Outcome::Passed => "passed",
        Outcome::Warned => "warned",
        Outcome::Failed => "failed",
        Outcome::NotRun(_) => "not run",
    }
}

#[tokio::test]
async fn every_example_of_the_documents_comes_out_as_it_says() {
    let stage = support::stage().await;
    let connection = support::connection(&stage);
    let mut ran = 0;
    for (path, text) in documents(&["", "docs"]) {
        for block in yaml_blocks(&text).iter().filter(|b| b.is_check_file()) {
            let name = format!("{}:{}", path.display(), block.line);
            let mut example = example(block, &stage, &name);
            let plan = planned(block, &example, &name);
            if let Some(why) = &example.only_read {
                assert!(!why.is_empty(), "{name}");
                continue;
            }
            let client = Client::new(&Connection {
                target: connection
                    .target
                    .clone()
                    .with_allowed_hosts(example.hosts()),
                ..connection.clone()
            });
            let client = client.unwrap();
            // No example sees what another one changed.
            stage.green_app().reinstall(None);
            let report = run(&plan, &client, Limits::default(), &|_| {}).await;
            for check in &report.checks {
                let expected = example.outcomes.remove(&check.name);
                assert_eq!(
                    outcome(check),
                    expected.as_deref().unwrap_or("passed"),
                    "{name}: {}\n{}",
                    check.name,
                    failures(check, Colour::Never)
                );
            }
            assert!(example.outcomes.is_empty(), "{name}: no such check");
            ran += 1;
        }
    }
    assert!(ran >= 7, "{ran}");
}
