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

/// What a step asks the target for, and where its answer tells the version.
const STEPS: [(&str, &str); 4] = [
    ("/slow?ms=300", "header: x-app-version"),
    ("/version", "json: $.version"),
    ("/old-shop", "header: x-app-version"),
    ("/healthz", "header: x-app-version"),
];
/// How many checks of these steps there are.
const CHECKS: usize = 3;
/// How many answers are judged in all.
pub(crate) const ANSWERS: usize = CHECKS * STEPS.len();
/// The path under which the ledger is written.
const LEDGER: &str = "/status/200?judged=";

/// A trial with checks that only read.
pub(crate) fn with_gets(trial: Trial) -> Trial {
    let ledger = trial.stage.app_url(Colour::Green);
    let mut file = String::from("name: mixed\ndefaults: { timeout: 5s }\nchecks:\n");
    for check in 0..CHECKS {
        let _ = writeln!(file, "  - name: check {check}\n    steps:");
        for (step, (path, version)) in STEPS.into_iter().enumerate() {
            let sign = if path.contains('?') { '&' } else { '?' };
            let _ = writeln!(
                file,
                "      - get: \"{path}{sign}check={check}\"\n        \
                 expect: {{ status: {{ one_of: [200, 302] }} }}\n        \
                 capture: {{ by{step}: {{ {version} }} }}\n      \
                 - get: \"{ledger}{LEDGER}{{{{ by{step} }}}}\""
            );
        }
    }
    with_file(trial, &file).set("SMOKE_ALLOW_HOSTS", &ledger)
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
    requests.filter(|it| it.contains("check=")).count()
}
