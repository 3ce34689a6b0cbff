//! AWS says that the test listener leads to green alone, and some requests reach
//! blue all the same: a node of the load balancer has not heard of the change.
//! No answer of blue is ever judged by a check of a deployment that succeeds.
//!
//! The table is printed with each run. `MIXED_RUNS=18` makes so many runs of each
//! row, and adds the row that takes its time by the clock.

use std::fmt::Write as _;
use std::io::Write as _;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use rehearsal::{Colour, Fault, Listener, Verdict};

use crate::ledger::{self, answered, judged};
use crate::support::Trial;

/// How many deployments there are at the same time.
const AT_ONCE: usize = 6;
/// How long the node of the last row serves blue after the first check began.
const LATE: Duration = Duration::from_secs(5);

/// How the colours are mixed.
#[derive(Clone, Copy, Debug)]
enum Mix {
    /// About one request in so many reaches blue, from the beginning to the end.
    OneIn(u64),
    /// The same, and some of the requests may not be repeated.
    OfAllKinds(u64),
    /// One in three does from the first check on, until so many have; all may be
    /// repeated.
    Until(u64),
    /// One in three does from the first check on, and for [`LATE`].
    Late,
}

impl Mix {
    fn name(self) -> String {
        match self {
            Self::OneIn(n) => format!("one request in {n}"),
            Self::OfAllKinds(n) => format!("one request in {n}, all kinds of requests"),
            Self::Until(answers) => format!("one in 3, until the node gave {answers} answers"),
            Self::Late => format!("one in 3, for {LATE:?} after the first check"),
        }
    }

    /// Whether the node hears of the change within the patience.
    fn ends(self) -> bool {
        !matches!(self, Self::OneIn(_) | Self::OfAllKinds(_))
    }

    /// How many answers of the checks are judged.
    fn answers(self) -> usize {
        ledger::answers(self.steps())
    }

    fn steps(self) -> &'static [ledger::Step] {
        match self {
            Self::OfAllKinds(_) => ledger::ALL_KINDS,
            _ => ledger::READS,
        }
    }
}

/// What came of a deployment.
#[derive(Debug)]
struct Run {
    verdict: Option<Verdict>,
    /// How many requests reached blue in all.
    blue: u64,
    /// How many of them were requests of the checks.
    blue_of_checks: usize,
    judged: Vec<String>,
    output: String,
}

async fn run(mix: Mix, seed: u64) -> Run {
    let trial = ledger::with(Trial::new().await, mix.steps())
        .set("SMOKE_IDENTITY", "header:x-app-version")
        .set("SMOKE_PROOF_TIMEOUT", "20s");
    let balancer = trial.stage.load_balancer();
    balancer.forward(Listener::Test, Colour::Blue);
    balancer.forward(Listener::Test, Colour::Green);
    let lots = |one_in| Fault::StaleByLot { one_in, seed };
    let first_check = async || {
        while answered(&trial.stage, Colour::Green) == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let mixing = async {
        match mix {
            Mix::OneIn(n) | Mix::OfAllKinds(n) => balancer.set_fault(Listener::Test, Some(lots(n))),
            Mix::Until(answers) => {
                first_check().await;
                balancer.set_fault_times(Listener::Test, lots(3), answers);
            }
            Mix::Late => {
                first_check().await;
                balancer.set_fault(Listener::Test, Some(lots(3)));
                tokio::time::sleep(LATE).await;
                balancer.set_fault(Listener::Test, None);
            }
        }
    };
    let ((), (registered, invoked)) = tokio::join!(mixing, trial.gate());
    Run {
        verdict: trial.verdict(&registered),
        blue: balancer.target_requests(Colour::Blue),
        blue_of_checks: answered(&trial.stage, Colour::Blue),
        judged: judged(&trial.stage),
        output: invoked.output(),
    }
}

impl Run {
    fn judged_of(&self, colour: Colour) -> usize {
        let version = match colour {
            Colour::Blue => "blue-1.0.0",
            Colour::Green => "green-1.1.0",
        };
        self.judged.iter().filter(|it| *it == version).count()
    }

    fn succeeded(&self) -> bool {
        self.verdict == Some(Verdict::Succeeded)
    }

    /// What is wrong with it, if anything is.
    fn wrong(&self, mix: Mix) -> Option<&'static str> {
        if self.verdict.is_none() {
            Some("nobody was told")
        } else if self.succeeded() && self.judged_of(Colour::Blue) > 0 {
            Some("a check was judged by blue's answer")
        } else if self.succeeded() && self.judged_of(Colour::Green) < mix.answers() {
            Some("a check was judged by nobody's answer")
        } else if mix.ends() && !self.succeeded() {
            Some("the node had heard in time")
        } else {
            None
        }
    }
}

fn table(runs: &[(Mix, Vec<Run>)]) -> String {
    let mut table = String::from(
        "\ncolours are mixed by | runs | `Succeeded` | `Failed` | answers of blue \
         | of these to checks | judged where it `Succeeded`\n--- | --- | --- | --- | --- | --- | ---\n",
    );
    for (mix, runs) in runs {
        let succeeded = runs.iter().filter(|it| it.succeeded());
        let blue: u64 = runs.iter().map(|it| it.blue).sum();
        let of_checks: usize = runs.iter().map(|it| it.blue_of_checks).sum();
        let judged: usize = succeeded.clone().map(|it| it.judged_of(Colour::Blue)).sum();
        let succeeded = succeeded.count();
        let failed = runs.len() - succeeded;
        let _ = writeln!(
            table,
            "{} | {} | {succeeded} | {failed} | {blue} | {of_checks} | {judged}",
            mix.name(),
            runs.len(),
        );
    }
    table
}

#[tokio::test(flavor = "multi_thread")]
async fn no_deployment_succeeds_by_an_answer_of_blue() {
    let asked = std::env::var("MIXED_RUNS");
    let asked: Option<u64> = asked.ok().map(|runs| runs.parse().unwrap());
    let mut rows: Vec<Mix> = [3, 5, 10, 20, 50].map(Mix::OneIn).to_vec();
    rows.extend([Mix::OfAllKinds(5), Mix::Until(6)]);
    if asked.is_some() {
        rows.push(Mix::Late);
    }
    let count = asked.unwrap_or(2);
    let each = rows
        .iter()
        .flat_map(|mix| (1..=count).map(|seed| (*mix, seed)));
    let runs: Vec<Run> = stream::iter(each)
        .map(|(mix, seed)| run(mix, seed))
        .buffered(AT_ONCE)
        .collect()
        .await;
    let mut runs = runs.into_iter();
    let per_row = usize::try_from(count).unwrap();
    let runs: Vec<(Mix, Vec<Run>)> = rows
        .into_iter()
        .map(|mix| (mix, runs.by_ref().take(per_row).collect()))
        .collect();
    // Straight to the terminal: the test harness would keep it to itself.
    let _ = std::io::stderr().write_all(table(&runs).as_bytes());
    let mut wrong = Vec::new();
    for (mix, runs) in &runs {
        let of_row = runs.iter().filter_map(|run| Some((run.wrong(*mix)?, run)));
        let name = mix.name();
        wrong.extend(of_row.map(|(why, run)| format!("{name}: {why}: {}", run.output)));
        // Or else nothing was proven.
        let met = runs.iter().any(|run| run.blue_of_checks > 0);
        if mix.ends() && !met {
            wrong.push(format!("{name}: no check reached blue"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
