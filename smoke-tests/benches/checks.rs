//! How fast the command `smoke` is, as a whole process: 1,000 checks of one
//! request each over TLS on loopback. `make bench` runs it.
//!
//! The load balancer of the rehearsal answers, in this process. Beside the
//! wall time stands the CPU time that `smoke` itself used: where that is well
//! below the wall time, the server is the limit.
#![allow(
    missing_docs,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::format_push_string,
    reason = "a benchmark prints its table, and has nobody to hand an error to"
)]

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rehearsal::{Stage, StageOptions};
use wait4::Wait4;

const CHECKS: u32 = 1_000;
const RUNS: usize = 7;

struct Run {
    wall: Duration,
    cpu: Duration,
    peak: u64,
}

#[tokio::main(flavor = "multi_thread")]
async fn main() {
    let stage = Stage::start(StageOptions::default()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut text = String::from("checks:\n");
    for n in 0..CHECKS {
        text.push_str(&format!(
            "  - {{ name: c{n}, get: /healthz, expect: {{ status: 200, json: {{ $.status: ok }} }} }}\n"
        ));
    }
    let file = folder.path().join("checks.yaml");
    std::fs::write(&file, text).unwrap();
    println!("{CHECKS} checks of one request, a process each time, medians of {RUNS} runs");
    println!("  jobs  checks/s   wall ms  own CPU ms  peak MiB");
    for jobs in ["1", "8", "16", "64"] {
        let mut runs = Vec::new();
        for _ in 0..=RUNS {
            let mut command = Command::new(env!("CARGO_BIN_EXE_smoke"));
            command
                .arg("run")
                .arg(&file)
                .args(["--quiet", "--jobs", jobs, "--target", &stage.test_url()])
                .arg("--cacert")
                .arg(stage.ca_file())
                .stdout(Stdio::null());
            runs.push(
                tokio::task::spawn_blocking(move || run(command))
                    .await
                    .unwrap(),
            );
        }
        // The first run warms up.
        let runs = &runs[1..];
        let wall = median(runs, |run| run.wall.as_secs_f64());
        let cpu = median(runs, |run| run.cpu.as_secs_f64());
        let peak = median(runs, |run| mebibytes(run.peak));
        println!(
            "  {jobs:>4}  {:>8.0}  {:>8.1}  {:>10.1}  {peak:>8.1}",
            f64::from(CHECKS) / wall,
            wall * 1e3,
            cpu * 1e3,
        );
    }
}

fn run(mut command: Command) -> Run {
    let begun = Instant::now();
    let ended = command.spawn().unwrap().wait4().unwrap();
    assert!(ended.status.success(), "every check passes");
    Run {
        wall: begun.elapsed(),
        cpu: ended.rusage.utime + ended.rusage.stime,
        peak: ended.rusage.maxrss,
    }
}

fn median(runs: &[Run], figure: impl Fn(&Run) -> f64) -> f64 {
    let mut figures: Vec<_> = runs.iter().map(figure).collect();
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

fn mebibytes(bytes: u64) -> f64 {
    f64::from(u32::try_from(bytes / 1024).unwrap_or(u32::MAX)) / 1024.0
}
