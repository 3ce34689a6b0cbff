//! `docs/verdict.md` has a row for each reason for `Failed`, and a run gives
//! the reason of each row.

use std::pin::Pin;

use futures_util::{StreamExt, stream};
use rehearsal::{
    Action, ApiFault, Colour, Defect, LifecycleEvent, Listener, Rule, TargetHealth, Weights,
};
use serde_json::{Value, json};

use crate::proof::{asking, impatient};
use crate::proof_moves::{amid, asking_once, to_blue};
use crate::proof_versions::alike;
use crate::stand_in::{Wrong, WrongServer};
use crate::support::{Invoked, Trial, checks};

const DOCUMENT: &str = include_str!("../../../docs/verdict.md");
const OF_THE_PROOF: &str = "green is not proven: ";

/// The rows that no run from outside can be brought to: the tests of the
/// modules give the first ones.
const NOT_FROM_OUTSIDE: [&str; 7] = [
    "… began … min ago, and CodeDeploy waits for an hour",
    "the run did not end within …",
    "Greenlight panicked: …<br>the run died: …",
    "no check ran",
    "no runtime for the checks: …",
    "the identity cannot be asked for: …",
    "the task set … has no target group",
];

/// The first cells of the document's tables of reasons: those of the proof,
/// and the others.
fn rows() -> [Vec<&'static str>; 2] {
    let section = DOCUMENT
        .split("## Each reason for `Failed`")
        .nth(1)
        .unwrap();
    let section = section.split("\n## ").next().unwrap();
    let (proof, others) = section.split_once("The others:").unwrap();
    [proof, others].map(|table| {
        let lines = table.lines().filter(|line| line.starts_with("| "));
        let cells = lines.map(|line| line.split(" | ").next().unwrap()[2..].trim());
        cells.filter(|cell| *cell != "reason").collect()
    })
}

/// The first row that a reason fits.
pub(crate) fn row(reason: &str) -> Option<&'static str> {
    let [proof, others] = rows();
    let (rows, reason) = match reason.strip_prefix(OF_THE_PROOF) {
        Some(reason) => (proof, reason),
        None => (others, reason),
    };
    let fit = |row: &&str| row.split("<br>").any(|pattern| fits(pattern, reason));
    rows.into_iter().find(fit)
}

/// Whether a text is what a pattern says, in which `…` stands for anything.
fn fits(pattern: &str, text: &str) -> bool {
    let pattern = pattern.replace("*n*", "…").replace("*m*", "…");
    let mut pieces = pattern.split('…');
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let mut last = "";
    let open = pattern.contains('…');
    for piece in pieces {
        let Some(at) = rest.find(piece) else {
            return false;
        };
        rest = &rest[at + piece.len()..];
        last = piece;
    }
    rest.is_empty() || (open && last.is_empty())
}

type Reason = Pin<Box<dyn Future<Output = String>>>;

/// The reason of the gate on a trial that is made so.
fn of(trial: impl Future<Output = Trial> + 'static) -> Reason {
    Box::pin(async move { reason(&trial.await.gate().await.1) })
}

fn reason(invoked: &Invoked) -> String {
    let lines = invoked.log().into_iter();
    let mut failed = lines.filter(|line| line["verdict"] == "Failed");
    failed.next().unwrap()["reason"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// The reason where something happens while the checks run, after this many
/// requests.
fn meanwhile(
    trial: impl Future<Output = Trial> + 'static,
    requests: u64,
    act: impl FnOnce(&Trial) + 'static,
) -> Reason {
    Box::pin(async move { reason(&amid(trial.await, requests, act).await.1.1) })
}

/// The reason with these rules of the test listener, and a default action that
/// answers by itself.
fn routed(rule: Rule) -> Reason {
    of(with(move |trial| {
        let balancer = trial.stage.load_balancer();
        balancer.set_rules(Listener::Test, vec![rule]);
        balancer.set_default(Listener::Test, Some(Action::Fixed(404)));
    }))
}

/// The reason for an event.
fn on(trial: impl Future<Output = Trial> + 'static, event: Value) -> Reason {
    Box::pin(async move { reason(&trial.await.invoke(event).await) })
}

async fn with(change: impl FnOnce(&Trial)) -> Trial {
    let trial = impatient().await;
    change(&trial);
    trial
}

async fn faulty(operation: &str, fault: ApiFault) -> Trial {
    let trial = impatient().await.set("SMOKE_PROOF_TIMEOUT", "4s");
    trial.stage.codedeploy().fail(operation, 1000, fault);
    trial
}

/// The reason where a deployment is not as it was registered.
fn of_deployment(
    change: impl FnOnce(&Trial, &rehearsal::RegisteredDeployment) + 'static,
) -> Reason {
    Box::pin(async move {
        let trial = impatient().await;
        let registered = trial.stage.codedeploy().register();
        change(&trial, &registered);
        reason(&trial.invoke(registered.event()).await)
    })
}

fn forwards(weights: Weights) -> Reason {
    of(with(move |trial| {
        trial.stage.load_balancer().forward(Listener::Test, weights);
    }))
}

fn of_proof() -> Vec<Reason> {
    let weights = |blue, green| Weights { blue, green };
    let targets = |targets: &'static [TargetHealth]| {
        of(with(move |trial| {
            trial.stage.codedeploy().set_targets(Colour::Green, targets);
        }))
    };
    vec![
        forwards(weights(1, 0)),
        forwards(weights(9, 1)),
        forwards(weights(0, 0)),
        of(with(|trial| {
            trial.stage.codedeploy().set_test_rule(Colour::Blue);
        })),
        routed(Rule::of_hosts(&["*"], Action::Fixed(200))),
        routed(Rule::of_paths(&["/api/*"], Colour::Green)),
        targets(&[]),
        targets(&[TargetHealth::Unhealthy]),
        of(async { asking().await.set("SMOKE_IDENTITY_IS", "digest") }),
        of(async { asking().await.set("SMOKE_IDENTITY_IS", "env:NOWHERE") }),
        of(async {
            let trial = impatient().await;
            let port = trial.stage.production_port();
            trial.set("SMOKE_CONNECT_TO", &format!("127.0.0.1:{port}"))
        }),
        of(with(|trial| {
            trial.stage.codedeploy().set_load_balancer_name("127.0.0.9");
        })),
        of(faulty("DescribeLoadBalancers", ApiFault::Empty)),
        of(alike("identity")),
        of(with(|trial| trial.stage.codedeploy().drain_green())),
        of_deployment(|trial, registered| {
            let api = trial.stage.codedeploy();
            api.hide_green();
            api.mark_as_rollback(registered, "d-FAILED123");
        }),
        meanwhile(Trial::new(), 1, to_blue),
        meanwhile(asking_once(), 2, to_blue),
        meanwhile(Trial::new(), 1, |trial| {
            let rule = Rule::of_paths(&["/elsewhere"], Action::Fixed(404));
            trial
                .stage
                .load_balancer()
                .set_rules(Listener::Test, vec![rule]);
        }),
        meanwhile(impatient(), 1, |trial| {
            let api = trial.stage.codedeploy();
            api.fail("DescribeRules", 1, ApiFault::AccessDenied);
        }),
        of_deployment(|trial, registered| {
            let api = trial.stage.codedeploy();
            api.advance_to(registered, LifecycleEvent::AfterInstall);
        }),
        of(faulty("GetDeployment", ApiFault::Empty)),
        of(faulty("DescribeListeners", ApiFault::Empty)),
        of(faulty("ListDeploymentTargets", ApiFault::Empty)),
        of(with(|trial| trial.stage.codedeploy().hide_green())),
        of(faulty("DescribeServices", ApiFault::Empty)),
        of_deployment(|trial, registered| {
            trial.stage.codedeploy().stop(&registered.deployment_id);
        }),
        of_deployment(|trial, registered| {
            let api = trial.stage.codedeploy();
            api.advance_to(registered, LifecycleEvent::AllowTraffic);
        }),
        of(async { impatient().await.set("AWS_REGION", "") }),
        of(faulty("DescribeRules", ApiFault::Throttled)),
        of(faulty("DescribeRules", ApiFault::AccessDenied)),
        of(faulty("DescribeServices", ApiFault::ExpiredToken)),
        of(faulty("DescribeServices", ApiFault::WrongSignature)),
    ]
}

/// S3 answers like this.
async fn in_s3(status: u16, body: &'static str) -> Trial {
    let server = WrongServer::start(Wrong::Answers(status, body)).await;
    let trial = Trial::new().await.set("SMOKE_CHECKS", "s3://shop/a.yaml");
    trial.set("AWS_ENDPOINT_URL_S3", &server.url)
}

fn of_others() -> Vec<Reason> {
    vec![
        of(Trial::with_defect(Defect::OrdersAreEmpty)),
        of(async {
            let trial = Trial::new().await;
            let file = trial.stage.folder().join("skipped.yaml");
            let checks =
                "checks:\n  - name: up\n    get: /healthz\n    skip: not of this release\n";
            std::fs::write(&file, checks).unwrap();
            trial.set("SMOKE_CHECKS", &file.display().to_string())
        }),
        of(async {
            let trial = Trial::new().await;
            let (elsewhere, file) = (
                trial.stage.production_url(),
                trial.stage.folder().join("elsewhere.yaml"),
            );
            let checks = format!("checks:\n  - name: up\n    get: {elsewhere}/healthz\n");
            std::fs::write(&file, checks).unwrap();
            let trial = trial.set("SMOKE_CHECKS", &file.display().to_string());
            trial.set("SMOKE_ALLOW_HOSTS", &elsewhere)
        }),
        of(async { Trial::new().await.set("SMOKE_JOBS", "many") }),
        of(async { Trial::new().await.set("SMOKE_TAG", "absent") }),
        of(async { Trial::new().await.set("SMOKE_CHECKS", &checks("malformed")) }),
        of(in_s3(404, "<Error><Code>NoSuchKey</Code></Error>")),
        of(in_s3(403, "<Error><Code>AccessDenied</Code></Error>")),
        on(Trial::new(), json!({"target": "https://elsewhere.example"})),
        on(Trial::new(), json!([])),
        on(Trial::new(), json!({"DeploymentId": "d-ABCDEF123"})),
        on(Trial::new(), json!({"executionDetails": {}})),
        on(
            Trial::new(),
            json!({
                "requestContext": {"condition": "RetriesExhausted"},
                "requestPayload": {"deploymentId": "d-1"},
            }),
        ),
        on(
            Trial::new(),
            json!({
                "requestContext": {"condition": "RetriesExhausted"},
                "requestPayload": {"DeploymentId": "d-1", "LifecycleEventHookExecutionId": "e"},
            }),
        ),
    ]
}

#[tokio::test]
async fn each_row_of_the_document_is_the_reason_of_a_run() {
    let runs: Vec<Reason> = of_proof().into_iter().chain(of_others()).collect();
    let given: Vec<String> = stream::iter(runs).buffer_unordered(6).collect().await;
    let mut found = Vec::new();
    for reason in &given {
        found.push(row(reason).unwrap_or_else(|| panic!("no row for: {reason}")));
    }
    for row in rows().into_iter().flatten() {
        let by_run = found.contains(&row);
        assert_ne!(by_run, NOT_FROM_OUTSIDE.contains(&row), "{row}: {given:#?}");
    }
}

#[test]
fn a_pattern_fits_what_it_says() {
    assert!(fits("no check ran", "no check ran"));
    assert!(!fits("no check ran", "no check ran today"));
    assert!(fits(
        "*n* of *m* checks failed…",
        "1 of 2 checks failed in 3 s; x"
    ));
    assert!(fits(
        "the … listener has port …",
        "the test listener has port 1"
    ));
    assert!(!fits("the … listener has port …", "the test listener"));
    assert_eq!(row("green is not proven: something else"), None);
    assert_eq!(row("something else"), None);
}
