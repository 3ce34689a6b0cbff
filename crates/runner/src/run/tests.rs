//! A run in which everything goes wrong that can, a panic of ours included, and
//! what each output says of it.
use std::sync::Arc;
use std::time::Duration;

use rehearsal::Stage;

use super::*;
use crate::plan::plan;
use crate::settings::Selection;
use client::connection::Connection;
use diagnostic::Source;
use diagnostic::snippet::Colour;
use report::explain;
use report::render::{html, json, junit, tap, text};
use report::verdict::{Verdict, judge, reason};

/// A check for each class, by the name of the class, and one that passes.
const FILE: &str = "
name: shop
checks:
  - { name: wrong-answer, get: /status/500 }
  - { name: could-not-ask, get: 'https://localhost:1/' }
  - { name: cut-short, get: /slow?ms=600000, timeout: 10m }
  - { name: our-fault, get: /healthz }
  - { name: fine, get: /healthz }
";

/// Runs the file. No clock can tell the end of the fourth check's timeout,
/// which no check file can ask for: that makes the run of the check panic.
async fn broken_run() -> Report {
    let stage = Stage::start(rehearsal::StageOptions::default()).await;
    let stage = stage.unwrap();
    let hosts: client::hosts::Hosts = ["localhost:1".parse().unwrap()].into_iter().collect();
    let selection = Selection {
        hosts: hosts.clone(),
        ..Selection::default()
    };
    let source = Source::new("shop.yaml", FILE);
    let mut plan = plan(&[source], &selection, &|_| None).unwrap();
    Arc::make_mut(&mut plan.checks[3].check).steps[0].timeout = Duration::MAX;
    let target: client::target::Target = stage.test_url().parse().unwrap();
    let client = Client::new(&Connection {
        target: target.with_allowed_hosts(hosts),
        connect_to: None,
        cacert: Some(stage.ca_file().to_owned()),
    });
    let limits = Limits {
        deadline: Some(Duration::from_secs(3)),
        ..Limits::default()
    };
    run(&plan, &client.unwrap(), limits, &|_| {}).await
}

/// The part of a text that speaks of one check, from where its name stands
/// behind `before` to where the next one does.
fn part<'t>(text: &'t str, before: &str, name: &str) -> &'t str {
    let begin = text.find(&format!("{before}{name}")).unwrap() + before.len();
    let rest = &text[begin..];
    let end = rest[1..].find(before).map_or(rest.len(), |end| end + 1);
    &rest[..end]
}

#[tokio::test]
async fn a_panic_in_a_check_is_our_own_fault_and_leaves_the_others_alone() {
    let report = broken_run().await;
    let [.., broken, fine] = report.checks.as_slice() else {
        panic!("{report:#?}");
    };
    assert_eq!(fine.outcome, Outcome::Passed);
    assert_eq!(broken.outcome, Outcome::Failed);
    assert_eq!(judge(&report), Verdict::Failed);
    insta::assert_snapshot!(report::render::failures(broken, Colour::Never), @"
    error[our-fault]: Greenlight panicked while it ran this check
     --> shop.yaml:7:13
      |
    7 |   - { name: our-fault, get: /healthz }
      |             ^^^^^^^^^ expected a check that runs to its end, found overflow when adding duration to instant
      |
      = help: report this as a bug of Greenlight
    ");
}

#[tokio::test]
async fn every_output_tells_all_classes_of_failures_apart() {
    let report = broken_run().await;
    let text = text::render(&report, Colour::Never);
    let json = serde_json::to_value(json::JsonReport::new(&report)).unwrap();
    let junit = junit::render(&report).unwrap();
    let (tap, html) = (tap::render(&report), html::render(&report));
    let read = json::read(json.to_string().as_bytes()).unwrap();
    let explained = explain::render_text(&read, 10, Colour::Never);
    for (index, class) in Class::ALL.into_iter().enumerate() {
        let (key, words) = (class.key(), class.words());
        let check = &report.checks[index];
        assert_eq!(check.name, key);
        let classes: Vec<_> = check.failures().map(|failure| failure.class).collect();
        assert_eq!(classes, [class]);
        let of_text = part(&text, "FAIL  ", key);
        assert!(of_text.contains(&format!("error[{key}]: ")), "{text}");
        let failure = &json["checks"][index]["steps"][0]["failures"][0];
        assert_eq!(failure["class"], key);
        let element = match class {
            Class::WrongAnswer => "failure",
            _ => "error",
        };
        let of_junit = part(&junit, "<testcase name=\"", key);
        assert!(of_junit.contains(&format!("<{element} ")), "{of_junit}");
        assert!(of_junit.contains(&format!("type=\"{key}\"")), "{of_junit}");
        let of_tap = part(&tap, " - shop: ", key);
        assert!(of_tap.contains(&format!("\n  class: {key}\n")), "{of_tap}");
        let heading = format!("<span class=\"class\">{words}</span>");
        assert_eq!(html.matches(&heading).count(), 1, "{html}");
        let of_explained = part(&explained, "\n\n", key);
        assert!(
            of_explained.contains(&format!("\n  class       {words}\n")),
            "{of_explained}"
        );
        // The one line is about the first check that failed.
        let alone = Report {
            checks: vec![check.clone()],
            ..report.clone()
        };
        let line = reason(&alone);
        assert!(line.contains(&format!("; `{key}`, {words}: ")), "{line}");
        let json = serde_json::to_value(json::JsonReport::new(&alone)).unwrap();
        assert_eq!(json["reason"], line);
        for output in [tap::render(&alone), html::render(&alone)] {
            assert!(output.contains(&format!(", {words}: ")), "{output}");
        }
    }
}
