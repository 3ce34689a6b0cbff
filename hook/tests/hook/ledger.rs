//! Check files that tell who gave the answers that were judged.
//!
//! Nothing that a check of these expects is true of one version only, so none
//! of them fails for having been answered by blue. Each step captures which
//! version gave its answer, and the next step says so to green itself, past the
//! load balancer. What stands in that ledger was judged, whatever else was asked
//! and thrown away.

use std::fmt::Write as _;

use rehearsal::{Colour, Stage};

use crate::support::Trial;

/// A step as it is written, and where its answer tells the version.
pub(crate) type Step = (&'static str, &'static str);

const HEADER: &str = "header: x-app-version";
/// Requests that may be repeated.
pub(crate) const READS: &[Step] = &[
    ("get: /slow?ms=300&check", HEADER),
    ("get: /version?check", "json: $.version"),
    ("get: /old-shop?check", HEADER),
    ("head: /catalogue?check", HEADER),
];
/// Requests of each kind.
pub(crate) const ALL_KINDS: &[Step] = &[
    ("get: /slow?ms=300&check", HEADER),
    ("websocket: /ws?check", HEADER),
    ("grpc: grpc.health.v1.Health/Check", HEADER),
    ("post: /echo?check", HEADER),
    ("get: /old-shop?check", HEADER),
];
/// How many checks of such steps there are.
const CHECKS: usize = 3;
/// The path under which the ledger is written.
const LEDGER: &str = "/status/200?judged=";

/// How many answers are judged in all.
pub(crate) fn answers(steps: &[Step]) -> usize {
    CHECKS * steps.len()
}

/// A trial with checks of these steps.
pub(crate) fn with(trial: Trial, steps: &[Step]) -> Trial {
    let ledger = trial.stage.app_url(Colour::Green);
    let mut file = String::from("name: mixed\ndefaults: { timeout: 5s }\nchecks:\n");
    for check in 0..CHECKS {
        let _ = writeln!(
            file,
            "  - name: check {check}\n    writes: true\n    steps:"
        );
        for (number, (step, version)) in steps.iter().enumerate() {
            let _ = writeln!(
                file,
                "      - {step}\n        \
                 expect: {{ status: {{ one_of: [101, 200, 302] }} }}\n        \
                 capture: {{ by{number}: {{ {version} }} }}\n      \
                 - get: \"{ledger}{LEDGER}{{{{ by{number} }}}}\""
            );
        }
    }
    with_file(trial, &file).set("SMOKE_ALLOW_HOSTS", &ledger)
}

/// A trial whose first request to the target is one that may not be repeated.
pub(crate) fn with_a_post(trial: Trial) -> Trial {
    let file = "\
name: mixed
checks:
  - name: a text comes back
    writes: true
    post: /echo
    text: hello
";
    with_file(trial, file)
}

fn with_file(trial: Trial, text: &str) -> Trial {
    let path = trial.stage.folder().join("mixed.yaml");
    std::fs::write(&path, text).unwrap();
    trial.set("SMOKE_CHECKS", &path.display().to_string())
}

/// The versions whose answers were judged, in their order.
pub(crate) fn judged(stage: &Stage) -> Vec<String> {
    let requests = stage.green_app().requests().into_iter();
    let judged = requests.filter_map(|it| Some(it.split_once(LEDGER)?.1.to_owned()));
    judged.collect()
}

/// How many of the checks' requests were answered by this version.
pub(crate) fn answered(stage: &Stage, colour: Colour) -> usize {
    let requests = stage.app(colour).requests().into_iter();
    let of_checks = |it: &String| it.ends_with("check") || it.ends_with("Health/Check");
    requests.filter(of_checks).count()
}
