//! The fault matrix: every fault of the network, of the load balancer, of AWS
//! and of Lambda, at the moments of a run that it can meet. Whatever happens,
//! the deployment has exactly one end, the right one, before the deadline, and
//! nothing that the function lets out holds a secret.
//!
//! The table is printed with each run, whatever becomes of it. `MATRIX=GOAWAY`
//! runs the rows whose name holds that.

mod cases;
mod line;
mod stage;
mod table;

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{Either, ready, select};
use futures_util::{StreamExt, stream};
use rehearsal::{
    Answer, ApiFault, Colour, DeploymentStatus, Fault, Function, Invocation, InvocationOutcome,
    Listener, RegisteredDeployment, VERDICT_OPERATION, Verdict,
};
use serde_json::Value;
use tokio::sync::Notify;

use self::cases::Moment::{AmidChecks, Teardown};
use self::cases::{Again, Case, End, Lasts, SINKS, Wrong, cases};
use self::stage::{DEEP, REPORTS, prepared, strike};
use crate::leaks::{ENVIRONMENT, explained, leak, outputs, read};
use crate::ledger;
use crate::reasons::row;
use crate::support::Trial;

/// How many cases run at the same time.
const AT_ONCE: usize = 10;
/// How long a second delivery is waited for after the end of the first.
const LONGEST: Duration = Duration::from_secs(30);
/// The requests of the check file up to the first one of its teardown, which
/// takes its time.
const BEFORE_TEARDOWN_ENDS: u64 = 4;

#[tokio::test(flavor = "multi_thread")]
async fn whatever_goes_wrong_there_is_exactly_one_end_the_right_one_in_time() {
    let mut cases = cases();
    // Some of the rows, for whoever works on them.
    if let Ok(part) = std::env::var("MATRIX") {
        cases.retain(|case| format!("{} {}", case.of, case.fault).contains(&part));
    }
    let mut told: Vec<(usize, Case, Result<(), String>)> =
        stream::iter(cases.into_iter().enumerate())
            .map(|(number, case)| async move {
                let trial = prepared(&case).await?;
                let told = tell(&case, &trial).await;
                Some((number, case, told))
            })
            .buffer_unordered(AT_ONCE)
            .filter_map(ready)
            .collect()
            .await;
    told.sort_by_key(|(number, ..)| *number);
    let wrong: Vec<String> = told
        .iter()
        .filter_map(|(_, case, told)| Some(format!("{case:?}: {}", told.as_ref().err()?)))
        .collect();
    let rows: Vec<_> = told
        .iter()
        .map(|(_, case, told)| (case, told.is_ok()))
        .collect();
    table::print(&rows);
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Runs a case; an error says what is wrong with how it ended.
async fn tell(case: &Case, trial: &Trial) -> Result<(), String> {
    let registered = registered(case, trial);
    let invocations = invoked(case, trial, &registered.event()).await;
    ended(case, trial, &registered).map_err(|wrong| {
        let lines = invocations.first().map(|it| &it.lines);
        format!("{wrong}; {:?} {lines:?}", ends(&invocations))
    })?;
    // Only a signal, or the kernel, makes Lambda end the function; else it
    // ends by itself.
    let by_force = matches!(case.wrong, Wrong::Signal(..) | Wrong::OutOfMemory);
    let by_itself = |it: &Invocation| {
        matches!(
            it.outcome,
            InvocationOutcome::Returned(_) | InvocationOutcome::Errored { .. }
        )
    };
    if !by_force && !invocations.iter().all(by_itself) {
        return Err(format!(
            "Lambda ended the function: {:?}",
            ends(&invocations)
        ));
    }
    let first = invocations.first().map(|it| &it.outcome);
    if case.wrong.is_out_of_memory() && first != Some(&InvocationOutcome::OutOfMemory) {
        return Err(format!("there was memory enough: {:?}", ends(&invocations)));
    }
    if matches!(case.wrong, Wrong::Twice(_)) && invocations.len() != 2 {
        return Err("the moment of the second delivery never came".to_owned());
    }
    others_were_told(case, trial, &invocations)?;
    teardown_met_it(case, &invocations)?;
    green_was_judged(case, trial, &registered)?;
    others_have_their_outcomes(case, &invocations)?;
    let tokens = trial.stage.green_app().tokens();
    let tokens = tokens.iter().map(|token| ("a session", token.as_str()));
    let execution = [("the execution id", registered.execution_id.as_str())];
    let secrets: Vec<_> = ENVIRONMENT
        .into_iter()
        .chain(tokens)
        .chain(execution)
        .collect();
    let api = trial.stage.codedeploy();
    let reports = api.objects(REPORTS).into_iter();
    let reports: Vec<_> = reports.map(|(_, report)| report).collect();
    let explained: Vec<_> = reports.iter().filter_map(|it| explained(it)).collect();
    for said in reports.into_iter().chain(explained).chain(api.messages()) {
        if let Some(found) = leak(&secrets, &read(&said)) {
            return Err(format!("a secret was told to others: {found}: {said}"));
        }
    }
    for invocation in &invocations {
        let said = outputs(invocation);
        let reasons = reasons(invocation);
        if let Some(unknown) = reasons.iter().find(|reason| row(reason).is_none()) {
            return Err(format!("the document has no row for: {unknown}"));
        }
        if let Some(found) = leak(&secrets, &said) {
            return Err(format!("a secret is in the output: {found}: {said}"));
        }
    }
    Ok(())
}

/// Whether others were told of each invocation that ended by itself, or the
/// function says that they were not.
fn others_were_told(case: &Case, trial: &Trial, invocations: &[Invocation]) -> Result<(), String> {
    let api = trial.stage.codedeploy();
    let reports = api.objects(REPORTS);
    let mut messages = 0;
    for invocation in invocations {
        let InvocationOutcome::Returned(answer) = &invocation.outcome else {
            continue;
        };
        for (_, sink) in SINKS {
            let said = answer["sinks"][sink].as_str().unwrap_or_default();
            if said.starts_with("failed: ") == case.reaches(sink) {
                return Err(format!("{sink}: {said}"));
            }
        }
        let mine = |(key, _): &&(String, String)| key.contains(&invocation.request_id);
        let stored = reports.iter().filter(mine).count();
        if case.reaches("reports") && stored != 3 {
            return Err(format!("{stored} reports are stored: {answer}"));
        }
        // Whoever came too late has nothing to tell.
        messages += usize::from(answer["reported"] != "already-completed");
    }
    if case.reaches("notification") && api.messages().len() < messages {
        return Err(format!("{} messages of {messages}", api.messages().len()));
    }
    Ok(())
}

/// Whether no check of a deployment that succeeded was judged by blue, where
/// some of the requests of its checks reached it.
fn green_was_judged(
    case: &Case,
    trial: &Trial,
    registered: &RegisteredDeployment,
) -> Result<(), String> {
    let times = match case.wrong {
        Wrong::Mixed(_, times) => times,
        Wrong::PostToBlue => {
            let of_blue = trial.stage.app(Colour::Blue).requests();
            let met = of_blue == ["POST /echo"];
            return met
                .then_some(())
                .ok_or(format!("blue answered {of_blue:?}"));
        }
        _ => return Ok(()),
    };
    let verdict = trial.verdict(registered);
    let judged = ledger::judged(&trial.stage);
    let by_blue = judged.iter().any(|version| version == "blue-1.0.0");
    if verdict == Some(Verdict::Succeeded)
        && (by_blue || judged.len() < ledger::answers(ledger::READS))
    {
        return Err(format!("judged were answers of {judged:?}"));
    }
    // Where it is certain that a check reaches blue, it has to.
    if times.is_some() && ledger::answered(&trial.stage, Colour::Blue) == 0 {
        return Err("no check reached blue".to_owned());
    }
    Ok(())
}

/// Whether an answer that is too much for its check failed that one alone.
fn others_have_their_outcomes(case: &Case, invocations: &[Invocation]) -> Result<(), String> {
    if !matches!(case.wrong, Wrong::Deep(..)) {
        return Ok(());
    }
    for invocation in invocations {
        let InvocationOutcome::Returned(answer) = &invocation.outcome else {
            continue;
        };
        let checks = answer["report"]["checks"].as_array();
        let failed = checks.into_iter().flatten();
        let failed = failed.filter(|it| it["outcome"] != "passed");
        let failed: Vec<_> = failed.filter_map(|it| it["name"].as_str()).collect();
        if failed != [DEEP] {
            return Err(format!("failed are {failed:?}: {answer}"));
        }
    }
    Ok(())
}

/// Whether the teardown met what was meant for it.
fn teardown_met_it(case: &Case, invocations: &[Invocation]) -> Result<(), String> {
    let harmless = match case.wrong {
        Wrong::OverHttp1(fault) => !matches!(fault, Fault::HalfHead { .. }),
        Wrong::Network(Fault::Slow { .. }) | Wrong::Twice(_) | Wrong::Forwards(_) => true,
        _ => case.of == "connection",
    };
    if case.moment != Teardown || harmless {
        return Ok(());
    }
    for invocation in invocations {
        if let InvocationOutcome::Returned(answer) = &invocation.outcome {
            let checks = answer["report"]["checks"].as_array();
            let mut checks = checks.into_iter().flatten();
            if checks.any(|it| it["role"] == "teardown" && it["outcome"] == "passed") {
                return Err(format!("the teardown went well: {answer}"));
            }
        }
    }
    Ok(())
}

/// The reasons for `Failed` that an invocation gave.
fn reasons(invocation: &Invocation) -> Vec<String> {
    let lines = invocation.lines.iter();
    let lines = lines.filter_map(|line| serde_json::from_str::<Value>(&line.text).ok());
    let failed = lines.filter(|line| line["verdict"] == "Failed");
    failed
        .filter_map(|line| Some(line["reason"].as_str()?.to_owned()))
        .collect()
}

fn ends(invocations: &[Invocation]) -> Vec<String> {
    let end = |it: &Invocation| format!("{} after {:?}", it.outcome, it.duration);
    invocations.iter().map(end).collect()
}

/// Whether the deployment has exactly one end, and the right one.
fn ended(case: &Case, trial: &Trial, registered: &RegisteredDeployment) -> Result<(), String> {
    let api = trial.stage.codedeploy();
    let verdict = api.verdict(&registered.deployment_id);
    // An answer that was lost was a verdict that was taken.
    let lost = matches!(
        case.wrong,
        Wrong::Aws(VERDICT_OPERATION, _, ApiFault::AnswerLost)
    );
    let calls = api.calls_of(VERDICT_OPERATION);
    let accepted = calls.iter().filter(|call| call.answer == Answer::Accepted);
    let accepted = accepted.count() + usize::from(lost);
    match case.expected {
        End::Told(expected) if verdict == Some(expected) && accepted == 1 => Ok(()),
        End::NotByBlue if verdict.is_some() && accepted == 1 => Ok(()),
        End::Hour if verdict.is_none() && accepted == 0 => {
            api.set_time_left(registered, Duration::ZERO);
            match api.status(&registered.deployment_id) {
                Some(DeploymentStatus::Failed) => Ok(()),
                other => Err(format!("after the hour the deployment is {other:?}")),
            }
        }
        _ => Err(format!(
            "{verdict:?}, and {accepted} were accepted: {calls:?}"
        )),
    }
}

fn registered(case: &Case, trial: &Trial) -> RegisteredDeployment {
    let api = trial.stage.codedeploy();
    let registered = api.register();
    if let Wrong::Late(left) = case.wrong {
        api.set_time_left(&registered, left);
    }
    registered
}

/// Delivers the event, and the record of an invocation that failed to the
/// watchdog.
async fn invoked(case: &Case, trial: &Trial, event: &Value) -> Vec<Invocation> {
    let seen = Arc::new(Notify::new());
    let (notify, line) = (Arc::clone(&seen), case.wrong.line());
    let function = trial.stage.function_with_log(trial.options(), move |said| {
        if line.is_some_and(|line| said.text.contains(line)) {
            notify.notify_one();
        }
    });
    let function = function.await.unwrap();
    let balancer = trial.stage.load_balancer();
    let invoking = function.invoke(event.clone());
    let requests = match case.moment {
        Teardown => BEFORE_TEARDOWN_ENDS,
        _ => 1,
    };
    let first = match (&case.wrong, case.moment) {
        (Wrong::Signal(signal, _), _) => {
            let pid = function.pid().unwrap().to_string();
            let killing = async {
                seen.notified().await;
                kill(signal, &pid).await;
            };
            let killed = meanwhile(invoking, killing).await;
            // The watchdog runs after the trouble.
            balancer.set_fault(Listener::Test, None);
            trial.stage.codedeploy().heal();
            killed
        }
        (Wrong::Twice(again), _) => {
            return twice(trial, &function, event, *again, &seen).await;
        }
        (Wrong::StaleNodeAtFirst, _) => {
            let healing = async {
                until(|| balancer.target_requests(Colour::Blue) >= 2).await;
                balancer.set_fault(Listener::Test, None);
            };
            meanwhile(invoking, healing).await
        }
        (_, AmidChecks | Teardown) => {
            let breaking = async {
                until(|| trial.requests() >= requests).await;
                strike(case, trial);
            };
            meanwhile(invoking, breaking).await
        }
        _ => invoking.await,
    };
    let record = first.failure_record(event);
    let mut invocations = vec![first];
    if let Some(record) = record {
        if matches!(case.wrong, Wrong::Aws(_, Lasts::Gate, _)) {
            trial.stage.codedeploy().heal();
        }
        let watchdog = match case.wrong {
            // It is a function of its own.
            Wrong::Line(_, _, Lasts::Gate) => &on_another_way(trial).await,
            _ => &function,
        };
        invocations.push(watchdog.invoke(record).await);
    }
    invocations
}

/// The function, with nothing wrong between it and AWS.
async fn on_another_way(trial: &Trial) -> Function {
    let mut options = trial.options();
    let settings = &mut options.settings;
    settings.retain(|(name, _)| !name.starts_with("AWS_ENDPOINT_URL_"));
    trial.stage.function(options).await.unwrap()
}

async fn until(is_so: impl Fn() -> bool) {
    while !is_so() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn kill(signal: &str, pid: &str) {
    let mut kill = tokio::process::Command::new("kill");
    let killed = kill.args([signal, pid]).status().await.unwrap();
    assert!(killed.success());
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

async fn twice(
    trial: &Trial,
    function: &Function,
    event: &Value,
    again: Again,
    seen: &Notify,
) -> Vec<Invocation> {
    let invoking = function.invoke(event.clone());
    let Again::Meanwhile(line) = again else {
        let first = invoking.await;
        if again == Again::Late {
            let id = event["DeploymentId"].as_str().unwrap();
            trial.stage.codedeploy().act_on_verdict(id);
        }
        return vec![first, function.invoke(event.clone()).await];
    };
    let other = trial.function().await;
    let invoking_again = async {
        match line {
            Some(_) => seen.notified().await,
            None => until(|| trial.requests() >= 1).await,
        }
        trial.stage.load_balancer().set_fault(Listener::Test, None);
        other.invoke(event.clone()).await
    };
    match select(pin!(invoking), pin!(invoking_again)).await {
        Either::Left((first, again)) => {
            // In case that the moment never came.
            let again = tokio::time::timeout(LONGEST, again).await;
            [first].into_iter().chain(again.ok()).collect()
        }
        Either::Right((again, invoking)) => vec![invoking.await, again],
    }
}
