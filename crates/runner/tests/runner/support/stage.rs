//! A stage on loopback, and a way to run check files against it.

use std::time::Duration;

use client::connection::Connection;
use client::http::Client;
use diagnostic::Source;
use rehearsal::{Stage, StageOptions};
use report::Report;
use runner::plan::plan;
use runner::run::run;
use runner::settings::{Limits, Selection};

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
