//! How fast the Lambda starts and answers: the real `bootstrap` on the
//! rehearsal's Runtime API. `make bench` runs it.
#![allow(
    missing_docs,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints its table, and has nobody to hand an error to"
)]

use std::path::Path;
use std::time::Duration;

use lambda_runtime::{LambdaEvent, service_fn};
use rehearsal::{FunctionOptions, InvocationOutcome, Stage, StageOptions};
use serde_json::Value;
use tokio::runtime::Builder;

const RUNS: usize = 41;

/// With this setting the benchmark is the function: `lambda_runtime` and
/// nothing else, to compare with.
const BARE: &str = "BARE_RUNTIME";

fn main() {
    if std::env::var_os(BARE).is_some() {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let answer = service_fn(async |event: LambdaEvent<Value>| {
            Ok::<_, lambda_runtime::Error>(event.payload)
        });
        let served = runtime.block_on(lambda_runtime::Runtime::new(answer).run());
        return served.unwrap();
    }
    let runtime = Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(measure());
}

async fn measure() {
    let stage = Stage::start(StageOptions::default()).await.unwrap();
    let checks = concat!(env!("CARGO_MANIFEST_DIR"), "/../smoke-tests/checks");
    let mut settings = stage.hook_settings();
    settings.push(("SMOKE_CHECKS".to_owned(), checks.to_owned()));
    let this = std::env::current_exe().unwrap();
    let (mut bare, mut init) = (Vec::new(), Vec::new());
    let (mut first, mut warm) = (Vec::new(), Vec::new());
    for _ in 0..=RUNS {
        bare.push(bare_init(&stage, &this).await);
        let function = stage
            .function(FunctionOptions {
                settings: settings.clone(),
                ..FunctionOptions::new(env!("CARGO_BIN_EXE_bootstrap"))
            })
            .await
            .unwrap();
        init.push(function.wait_for_init().await.unwrap());
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
    let (bare, init) = (median(bare), median(init));
    println!("  bare runtime: start to /next    {bare:>6.1} ms");
    println!(
        "  the hook: start to first /next  {init:>6.1} ms, {:.2} times the bare runtime's",
        init / bare
    );
    println!(
        "  first invocation, 8 checks      {:>6.1} ms",
        median(first)
    );
    println!("  second invocation, 8 checks     {:>6.1} ms", median(warm));
}

/// How long the bare runtime takes to ask for its first event.
async fn bare_init(stage: &Stage, this: &Path) -> Duration {
    let options = FunctionOptions {
        settings: vec![(BARE.to_owned(), "1".to_owned())],
        ..FunctionOptions::new(this)
    };
    let function = stage.function(options).await.unwrap();
    function.wait_for_init().await.unwrap()
}

fn median(mut times: Vec<Duration>) -> f64 {
    // The first run warms up.
    times.remove(0);
    times.sort();
    times[times.len() / 2].as_secs_f64() * 1e3
}
