//! The fault matrix: every fault of the network, of the load balancer, of AWS
//! and of Lambda, at the moments of a run that it can meet. Whatever happens,
//! CodeDeploy has exactly one verdict, the right one, before the deadline.
//!
//! The table is printed: `cargo test -p hook --test hook matrix -- --nocapture`.

mod cases;
mod table;

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{Either, select};
use futures_util::{StreamExt, stream};
use rehearsal::{
    Answer, ApiFault, Colour, Defect, Fault, Function, Invocation, InvocationOutcome, Listener,
    VERDICT, Verdict,
};
use tokio::sync::Notify;

use self::cases::Moment::{AmidChecks, AskingAws, AskingTheApp, FirstCheck, Reporting};
use self::cases::{Case, FOREVER, Wrong, cases};
use crate::support::Trial;

/// How many cases run at the same time.
const AT_ONCE: usize = 8;
/// What the function knows and must not say: as it is, in base64, and as in a
/// URL.
const SECRETS: [(&str, [&str; 3]); 2] = [
    (
        "AWS_SECRET_ACCESS_KEY",
        [
            "wJalr+UtnFEMI/K7MDENG=bPxRfiCY",
            "d0phbHIrVXRuRkVNSS9LN01ERU5HPWJQeFJmaUNZ",
            "wJalr%2BUtnFEMI%2FK7MDENG%3DbPxRfiCY",
        ],
    ),
    (
        "AWS_SESSION_TOKEN",
        [
            "FwoGZXIvYXdzE/+SessionToken==",
            "RndvR1pYSXZZWGR6RS8rU2Vzc2lvblRva2VuPT0",
            "FwoGZXIvYXdzE%2F%2BSessionToken%3D%3D",
        ],
    ),
];
/// The function's time limit, where a case needs no other.
const LIMIT: Duration = Duration::from_secs(12);

#[tokio::test(flavor = "multi_thread")]
async fn whatever_goes_wrong_there_is_exactly_one_verdict_the_right_one_in_time() {
    let cases = cases();
    let told: Vec<(Case, Result<(), String>)> = stream::iter(cases)
        .map(|case| async move {
            let told = tell(&case).await;
            (case, told)
        })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    let wrong: Vec<String> = told
        .iter()
        .filter_map(|(case, told)| Some(format!("{case:?}: {}", told.as_ref().err()?)))
        .collect();
    table::print(&told);
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Runs a case; an error says what is wrong with what CodeDeploy was told.
async fn tell(case: &Case) -> Result<(), String> {
    let trial = prepared(case).await;
    let api = trial.stage.codedeploy();
    let registered = api.register();
    let invocations = invoked(case, &trial, &registered.event()).await;
    let verdict = api.verdict(&registered.deployment_id);
    let ends: Vec<_> = invocations
        .iter()
        .map(|it| format!("{} after {:?}", it.outcome, it.duration))
        .collect();
    let ends = format!("{ends:?} {:?}", invocations.first().map(|it| &it.lines));
    if verdict != Some(case.expected) {
        return Err(format!("{verdict:?}; {ends}"));
    }
    let said = format!("{invocations:?}");
    let secrets = SECRETS.iter().flat_map(|(_, forms)| forms);
    for secret in secrets.chain([&registered.execution_id.as_str()]) {
        if said.contains(secret) {
            return Err(format!("`{secret}` is in the output: {said}"));
        }
    }
    // An answer that was lost was a verdict that was taken.
    let lost = matches!(case.wrong, Wrong::Aws(VERDICT, _, ApiFault::AnswerLost));
    let calls = api.calls_of(VERDICT);
    let accepted = calls.iter().filter(|call| call.answer == Answer::Accepted);
    let accepted = accepted.count() + usize::from(lost);
    if accepted != 1 {
        return Err(format!("{accepted} verdicts were accepted: {calls:?}"));
    }
    // Only a signal makes Lambda end the function; else it ends by itself.
    let signalled = matches!(case.wrong, Wrong::Signal(..));
    let ended = |it: &Invocation| {
        matches!(
            it.outcome,
            InvocationOutcome::Returned(_) | InvocationOutcome::Errored { .. }
        )
    };
    if !signalled && !invocations.iter().all(ended) {
        return Err(format!("Lambda ended the function: {ends}"));
    }
    Ok(())
}

/// A stage on which the fault waits for its moment.
async fn prepared(case: &Case) -> Trial {
    let limit = match case.wrong {
        Wrong::OutOfTime(limit) => limit,
        _ => LIMIT,
    };
    let mut trial = Trial::new().await.timeout(limit);
    // Only what fails has to give up soon.
    if case.expected == Verdict::Failed && !matches!(case.wrong, Wrong::OutOfTime(_)) {
        trial = trial.set("SMOKE_PROOF_TIMEOUT", "1500ms");
    }
    for (name, [secret, ..]) in SECRETS {
        trial = trial.set(name, secret);
    }
    if case.moment == AskingTheApp {
        trial = trial.set("SMOKE_IDENTITY", "header:x-app-version");
    }
    if matches!(case.wrong, Wrong::NoName) {
        let port = trial.stage.test_port();
        trial = trial.set("SMOKE_CONNECT_TO", &format!("gone.invalid:{port}"));
    }
    let (api, balancer) = (trial.stage.codedeploy(), trial.stage.load_balancer());
    let fault = |fault| balancer.fault(Listener::Test, Some(fault));
    match (&case.wrong, case.moment) {
        (Wrong::Network(_), AmidChecks) => trial.stage.green_app().break_with(Defect::Slow),
        (Wrong::Network(wrong), _) => fault(*wrong),
        (Wrong::Forwards(weights), _) => balancer.forward(Listener::Test, *weights),
        (Wrong::FlipsLate(by), _) => {
            balancer.forward(Listener::Test, Colour::Blue);
            fault(Fault::LateFlip { by: *by });
            balancer.forward(Listener::Test, Colour::Green);
        }
        (Wrong::StaleNode, _) => {
            balancer.forward(Listener::Test, Colour::Blue);
            balancer.forward(Listener::Test, Colour::Green);
            fault(Fault::StaleNode { one_in: 2 });
        }
        (Wrong::RuleToBlue, _) => api.set_test_rule(Colour::Blue),
        (Wrong::Targets(targets), _) => api.set_targets(Colour::Green, targets),
        (Wrong::Aws(operation, times, fault), _) => api.fail(operation, *times, *fault),
        // Something that hangs, so that the signal comes in time.
        (Wrong::Signal(..) | Wrong::OutOfTime(_), AskingAws) => {
            api.fail("GetDeployment", 1000, ApiFault::Slow { by: FOREVER });
        }
        (Wrong::Signal(..), AskingTheApp) => fault(Fault::Status(503)),
        (Wrong::Signal(..) | Wrong::OutOfTime(_), FirstCheck | AskingTheApp) => {
            fault(Fault::NoAnswer);
        }
        (Wrong::Signal(..), Reporting) => api.fail(VERDICT, 1, ApiFault::Slow { by: FOREVER }),
        _ => {}
    }
    trial
}

/// Delivers the event, and the record of an invocation that failed to the
/// watchdog.
async fn invoked(case: &Case, trial: &Trial, event: &serde_json::Value) -> Vec<Invocation> {
    let seen = Arc::new(Notify::new());
    let (notify, line) = (Arc::clone(&seen), line(&case.wrong));
    let function = trial.stage.function_with_log(trial.options(), move |said| {
        if line.is_some_and(|line| said.text.contains(line)) {
            notify.notify_one();
        }
    });
    let function = function.await.unwrap();
    let first = match (&case.wrong, case.moment) {
        (Wrong::Signal(signal, _), _) => {
            let pid = function.pid().unwrap().to_string();
            let killing = async {
                seen.notified().await;
                let mut kill = tokio::process::Command::new("kill");
                assert!(
                    kill.args([signal, pid.as_str()])
                        .status()
                        .await
                        .unwrap()
                        .success()
                );
                // The watchdog runs after the trouble.
                trial.stage.load_balancer().fault(Listener::Test, None);
            };
            meanwhile(function.invoke(event.clone()), killing).await
        }
        (Wrong::Network(fault), AmidChecks) => {
            let breaking = async {
                while trial.requests() == 0 {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                let balancer = trial.stage.load_balancer();
                balancer.fault(Listener::Test, Some(*fault));
            };
            meanwhile(function.invoke(event.clone()), breaking).await
        }
        (Wrong::Twice { at_once }, _) => return twice(trial, &function, event, *at_once).await,
        _ => function.invoke(event.clone()).await,
    };
    let record = first.failure_record(event);
    let mut invocations = vec![first];
    if let Some(record) = record {
        invocations.push(function.invoke(record).await);
    }
    invocations
}

/// Waits for the invocation, and for nothing that the other one waits for.
async fn meanwhile(
    invoking: impl Future<Output = Invocation>,
    other: impl Future<Output = ()>,
) -> Invocation {
    let (invoking, other) = (pin!(invoking), pin!(other));
    match select(invoking, other).await {
        Either::Left((invocation, _)) => invocation,
        Either::Right(((), invoking)) => invoking.await,
    }
}

fn line(wrong: &Wrong) -> Option<&'static str> {
    match wrong {
        Wrong::Signal(_, line) => Some(line),
        _ => None,
    }
}

async fn twice(
    trial: &Trial,
    function: &Function,
    event: &serde_json::Value,
    at_once: bool,
) -> Vec<Invocation> {
    if at_once {
        let other = trial.function().await;
        let both = (function.invoke(event.clone()), other.invoke(event.clone()));
        let (one, two) = tokio::join!(both.0, both.1);
        return vec![one, two];
    }
    let one = function.invoke(event.clone()).await;
    vec![one, function.invoke(event.clone()).await]
}
