//! What the tests of a run share: a stage on loopback and a way to run check
//! files against it.

pub mod blocks;
pub mod browser;
pub mod scripted;
pub mod server;

use std::time::Duration;

use rehearsal::{Stage, StageOptions};
use smoke_tests::diagnostic::Source;
use smoke_tests::http::Client;
use smoke_tests::plan::plan;
use smoke_tests::render::failures;
use smoke_tests::report::{Class, Outcome, Report};
use smoke_tests::run::run;
use smoke_tests::settings::{Connection, Limits, Selection};
use smoke_tests::snippet::Colour;

/// A stage whose test listener serves a healthy green.
pub async fn stage() -> Stage {
    Stage::start(StageOptions::default()).await.unwrap()
}

pub fn connection(stage: &Stage) -> Connection {
    Connection {
        target: stage.test_url().parse().unwrap(),
        connect_to: None,
        cacert: Some(stage.ca_file().to_owned()),
    }
}

/// A connection to a server in plain text.
pub fn plain(target: &str) -> Connection {
    Connection {
        target: target.parse().unwrap(),
        connect_to: None,
        cacert: None,
    }
}

/// Runs a check file against the stage's test listener.
pub async fn report(stage: &Stage, text: &str) -> Report {
    report_within(stage, text, Limits::default()).await
}

pub async fn report_within(stage: &Stage, text: &str, limits: Limits) -> Report {
    report_of(&connection(stage), text, limits).await
}

pub async fn report_of(connection: &Connection, text: &str, limits: Limits) -> Report {
    let environment = |name: &str| (name == "SHOP_PASSWORD").then(|| "correct-horse".to_owned());
    report_with(connection, text, limits, &environment).await
}

pub async fn report_with(
    connection: &Connection,
    text: &str,
    limits: Limits,
    environment: &dyn Fn(&str) -> Option<String>,
) -> Report {
    let sources = [Source::new("shop.yaml", text)];
    let plan = plan(&sources, &Selection::default(), environment)
        .unwrap_or_else(|problems| panic!("{problems}"));
    let client = Client::new(connection).unwrap();
    // A bound for the test itself: no run may hang.
    tokio::time::timeout(Duration::from_mins(1), run(&plan, &client, limits, &|_| {}))
        .await
        .expect("the run ends")
}

/// Runs check files that were read from a folder.
pub async fn report_of_sources(
    connection: &Connection,
    sources: &[std::sync::Arc<Source>],
) -> Report {
    let plan = plan(sources, &Selection::default(), &|_| None)
        .unwrap_or_else(|problems| panic!("{problems}"));
    let client = Client::new(connection).unwrap();
    run(&plan, &client, Limits::default(), &|_| {}).await
}

/// A file with one check of this text.
pub fn check(text: &str) -> String {
    let indented = text.trim().replace('\n', "\n    ");
    format!("checks:\n  - name: a\n    {indented}\n    writes: true\n")
}

/// The outcome of the only check, and the classes of its failures.
pub fn outcome(report: &Report) -> (Outcome, Vec<Class>) {
    let only = &report.checks[0];
    (
        only.outcome,
        only.failures().map(|failure| failure.class).collect(),
    )
}

/// Runs one check and expects it to pass.
pub async fn passes(stage: &Stage, text: &str) {
    let report = report(stage, &check(text)).await;
    let only = &report.checks[0];
    assert_eq!(
        only.outcome,
        Outcome::Passed,
        "{text}\n{}",
        failures(only, Colour::Never)
    );
}

/// Runs one check, expects it to fail, and returns what is said about it, with
/// all that differs from run to run replaced.
pub async fn fails(stage: &Stage, text: &str) -> String {
    let report = report(stage, &check(text)).await;
    said(stage, &report)
}

pub fn said(stage: &Stage, report: &Report) -> String {
    let only = &report.checks[0];
    assert_eq!(only.outcome, Outcome::Failed);
    scrub(stage, &failures(only, Colour::Never))
}

/// Replaces ports, times and the place of the certificate authority.
pub fn scrub(stage: &Stage, text: &str) -> String {
    let text = text
        .replace(&stage.test_port().to_string(), "PORT")
        .replace(&stage.production_port().to_string(), "PORT")
        .replace(stage.ca_file().to_str().unwrap(), "CA_FILE");
    let words: Vec<String> = text.split_inclusive(' ').map(str::to_owned).collect();
    let mut scrubbed = String::new();
    let mut words = words.iter().peekable();
    while let Some(word) = words.next() {
        let unit = words.peek().map(|next| {
            next.trim_end_matches([' ', ')', ',', '\n'])
                .lines()
                .next()
                .unwrap_or_default()
                .trim_end_matches([')', ','])
        });
        let number = word.trim_start_matches('(').trim_end();
        if matches!(unit, Some("ms" | "µs" | "s")) && number.parse::<f64>().is_ok() {
            scrubbed.push_str(&word.replace(number, "N"));
            if let Some(next) = words.next() {
                let unit = unit.unwrap_or_default();
                scrubbed.push_str(&next.replacen(unit, "time", 1));
            }
        } else {
            scrubbed.push_str(word);
        }
    }
    scrubbed
}
