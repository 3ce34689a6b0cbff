//! How fast the Lambda starts and answers: the real `bootstrap` on the
//! rehearsal's Runtime API. `make bench` runs it.
#![allow(
    missing_docs,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints its table, and has nobody to hand an error to"
)]

use std::time::Duration;

use rehearsal::{FunctionOptions, InvocationOutcome, Stage, StageOptions};

const RUNS: usize = 21;

#[tokio::main(flavor = "multi_thread")]
async fn main() {
    let stage = Stage::start(StageOptions::default()).await.unwrap();
    let checks = concat!(env!("CARGO_MANIFEST_DIR"), "/../smoke-tests/checks");
    let mut settings = stage.hook_settings();
    settings.push(("SMOKE_CHECKS".to_owned(), checks.to_owned()));
    let (mut init, mut first, mut warm) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..=RUNS {
        let function = stage
            .function(FunctionOptions {
                settings: settings.clone(),
                ..FunctionOptions::new(env!("CARGO_BIN_EXE_bootstrap"))
            })
            .await
            .unwrap();
        init.push(function.init().await.unwrap());
        for times in [&mut first, &mut warm] {
            let event = stage.codedeploy().register().event();
            let invocation = function.invoke(event).await;
            let fine = matches!(&invocation.outcome, InvocationOutcome::Returned(answer)
                if answer["verdict"] == "Succeeded");
            assert!(fine, "{:?}", invocation.outcome);
            times.push(invocation.duration);
        }
    }
    println!("the Lambda, a process each time, medians of {RUNS} runs");
    println!("  start to first /next            {:>6.1} ms", median(init));
    println!(
        "  first invocation, 8 checks      {:>6.1} ms",
        median(first)
    );
    println!("  second invocation, 8 checks     {:>6.1} ms", median(warm));
}

fn median(mut times: Vec<Duration>) -> f64 {
    // The first run warms up.
    times.remove(0);
    times.sort();
    times[times.len() / 2].as_secs_f64() * 1e3
}
