//! The stage of a case: what the function is told, and the fault that waits for
//! its moment.

use std::time::Duration;

use rehearsal::{ApiFault, Colour, Defect, Fault, Listener, LoadBalancer, VERDICT_OPERATION};

use super::cases::Moment::{
    AmidChecks, AskingAws, AskingTheApp, FetchingChecks, FetchingValues, FirstCheck, Reporting,
    Teardown, TellingOthers,
};
use super::cases::lines::CODEDEPLOY;
use super::cases::{Again, Case, End, FETCHES, FOREVER, Form, Lasts, SINKS, Wrong};
use crate::addresses;
use crate::leaks::ENVIRONMENT;
use crate::ledger;
use crate::proof_calls::READS;
use crate::support::{Trial, checks};

/// The function's time limit, where a case needs no other.
const LIMIT: Duration = Duration::from_secs(12);
/// The same where nothing can be done before its end.
const SHORT_LIMIT: Duration = Duration::from_secs(5);
/// The same where each attempt opens a connection.
const LINE_LIMIT: Duration = Duration::from_secs(6);
/// The same where AWS takes its time, or the network does.
const LONG_LIMIT: Duration = Duration::from_mins(1);
/// The same where a sink is tried until the end.
const SINK_LIMIT: Duration = Duration::from_secs(9);
/// Lambda's least.
const LEAST_MEMORY: u32 = 128;
/// The bucket with the check files of the release.
const CHECKS: &str = "shop-checks";
/// The bucket with the reports.
pub(super) const REPORTS: &str = "shop-reports";

/// The check of an answer that is nested deeply.
pub(super) const DEEP: &str = "a leaf is a number";
/// What such an answer is held against: each level refers to all of it in four
/// ways, and the leaf is of no kind that it allows.
const SCHEMA: &str = r##"json:
        $:
          schema:
            $defs: { node: { anyOf: [{ type: number }, { $ref: "#/$defs/level" }] }, level: { type: object, required: [child], properties: { child: { $ref: "#" } } } }
            allOf: [{ $ref: "#/$defs/node" }]
            oneOf: [{ $ref: "#/$defs/node" }]
            if: { type: object }
            then: { $ref: "#/$defs/level" }"##;

/// A stage on which the fault waits for its moment. `None` if the system does
/// not let a case have what it needs, which was said then.
pub(super) async fn prepared(case: &Case) -> Option<Trial> {
    let trial = match case.wrong {
        Wrong::StaleAddress(_) => addresses::several().await?,
        _ => Trial::new().await,
    };
    let mut trial = settings(case, trial.timeout(limit(case)));
    if let Wrong::Line(line, services, _) = case.wrong {
        let endpoint = line.endpoint(&trial).await;
        for service in services {
            trial = trial.set(&format!("AWS_ENDPOINT_URL_{service}"), &endpoint);
        }
    }
    set(case, &trial);
    Some(trial)
}

fn limit(case: &Case) -> Duration {
    match case.wrong {
        Wrong::OutOfTime(limit) => limit,
        Wrong::Aws(_, Lasts::Forever, fault) | Wrong::AllOfAws(Lasts::Forever, fault)
            if is_slow(fault) =>
        {
            LONG_LIMIT
        }
        // What has to succeed has time for it, on a busy machine, too.
        _ if case.of == "connection" && case.succeeds() => LONG_LIMIT,
        Wrong::Mixed(..) => LONG_LIMIT,
        // Only the hour may end it.
        Wrong::Late(_) => Duration::from_mins(1),
        Wrong::Line(_, CODEDEPLOY, _) => LINE_LIMIT,
        _ if case.expected == End::Hour => SHORT_LIMIT,
        Wrong::Signal(..) if is_fetch(case) => SHORT_LIMIT,
        Wrong::Aws(VERDICT_OPERATION, Lasts::Gate, _) => SHORT_LIMIT,
        _ if SINKS.iter().any(|(_, sink)| !case.reaches(sink)) => SINK_LIMIT,
        _ => LIMIT,
    }
}

/// Whether each call takes long, and ends.
fn is_slow(fault: ApiFault) -> bool {
    match fault {
        ApiFault::Slow { by } => by < FOREVER,
        fault => matches!(fault, ApiFault::SlowAnswer { .. }),
    }
}

fn settings(case: &Case, mut trial: Trial) -> Trial {
    trial = if is_fetch(case) {
        keep(&trial);
        let place = format!("s3://{CHECKS}/checks/{{{{ deployment.tag }}}}/");
        trial.set("SMOKE_CHECKS", &place)
    } else {
        let files: Vec<_> = files(case).iter().map(|name| checks(name)).collect();
        let mut files = files.join(",");
        if case.moment == Teardown {
            files = slower(&trial);
        }
        if let Wrong::Deep(form, depth) = case.wrong {
            files = format!("{files},{}", deep(&trial, form, depth));
        }
        trial.set("SMOKE_CHECKS", &files)
    };
    let api = trial.stage.codedeploy();
    api.make_bucket(REPORTS, &[]);
    let topic = api.make_topic("shop");
    trial = trial
        .set("SMOKE_REPORTS", &format!("s3://{REPORTS}/gate/"))
        .set("SMOKE_NOTIFY", &topic)
        .set("SMOKE_NOTIFY_ON", "always");
    // Only what fails has to give up soon, and not before its moment.
    let waits = matches!(
        case.wrong,
        Wrong::OutOfTime(_) | Wrong::Late(_) | Wrong::Deep(..) | Wrong::PostToBlue
    );
    if !case.succeeds() && !waits {
        trial = trial.set("SMOKE_PROOF_TIMEOUT", "1500ms");
    }
    let fetch = is_fetch(case) && matches!(case.wrong, Wrong::Aws(..) | Wrong::Line(..));
    if fetch && !case.succeeds() {
        trial = trial.set("SMOKE_DEADLINE", "2s");
    }
    for (name, secret) in ENVIRONMENT {
        trial = trial.set(name, secret);
    }
    let mixed = matches!(case.wrong, Wrong::Mixed(..) | Wrong::PostToBlue);
    if case.moment == AskingTheApp || mixed {
        trial = trial.set("SMOKE_IDENTITY", "header:x-app-version");
    }
    if let Some(proof) = proof(case) {
        trial = trial.set("SMOKE_PROOF", proof);
    }
    match case.wrong {
        Wrong::Mixed(..) => {
            let patience = "6s";
            trial = ledger::with(trial, ledger::READS).set("SMOKE_PROOF_TIMEOUT", patience);
        }
        Wrong::PostToBlue => trial = ledger::with_a_post(trial),
        // Over HTTP/2 two at once might disagree with the server about whether
        // their connection is idle.
        Wrong::Network(Fault::CloseOnReuse { .. } | Fault::ResetOnReuse { .. }) => {
            trial = trial.set("SMOKE_JOBS", "1");
        }
        Wrong::AmongMany(_) => trial = trial.many_checks(200).set("SMOKE_JOBS", "50"),
        _ => {}
    }
    if case.wrong.is_out_of_memory() {
        trial = trial
            .memory(LEAST_MEMORY)
            .many_checks(200)
            .set("SMOKE_JOBS", "200");
    }
    if matches!(case.wrong, Wrong::NoName) {
        let port = trial.stage.test_port();
        trial = trial.set("SMOKE_CONNECT_TO", &format!("gone.invalid:{port}"));
    }
    trial
}

/// How much is proven, if it is less than all: the moment has to be reached.
fn proof(case: &Case) -> Option<&'static str> {
    let by_checks = matches!(
        case.wrong,
        Wrong::Forwards(_) | Wrong::FlipsLate(_) | Wrong::Line(_, CODEDEPLOY, _)
    );
    match case.moment {
        AskingTheApp if by_checks => Some("identity"),
        FirstCheck | Reporting if by_checks => Some("off"),
        _ => None,
    }
}

/// The check files of a case.
fn files(case: &Case) -> &'static [&'static str] {
    match (&case.wrong, case.moment) {
        (Wrong::Echo, _) => &["whole", "echo"],
        (
            Wrong::Network(
                Fault::ResetOnAccept | Fault::BlackHole | Fault::BrokenTls | Fault::Certificate(_),
            ),
            AmidChecks,
        ) => &["whole", "fresh"],
        (
            Wrong::Forwards(_) | Wrong::FlipsLate(_) | Wrong::StaleNode(_),
            FirstCheck | AmidChecks,
        ) => &["whole", "version"],
        _ => &["whole"],
    }
}

/// The same check file, whose teardown takes so long that it is met even where
/// this machine is busy.
fn slower(trial: &Trial) -> String {
    let whole = std::fs::read_to_string(checks("whole/whole.yaml")).unwrap();
    let slower = whole.replace("/slow?ms=400", "/slow?ms=1500");
    assert_ne!(slower, whole);
    let path = trial.stage.folder().join("whole.yaml");
    std::fs::write(&path, slower).unwrap();
    path.display().to_string()
}

/// A check file whose one check fails, whether its answer can be judged or not.
fn deep(trial: &Trial, form: Form, depth: usize) -> String {
    let (path, expect) = match form {
        Form::Schema => ("objects", SCHEMA),
        Form::Path => ("lists", r#"json: { "$..[?@ == 1]": { count: 1 } }"#),
        Form::Html => ("html", "css: { 'div p': { count: 1 } }"),
        Form::Xml => ("xml", "xpath: { 'count(//node[. = 1])': 1 }"),
    };
    let file = format!(
        "checks:\n  - name: {DEEP}\n    get: /deep/{path}/{depth}\n    expect:\n      {expect}\n"
    );
    let place = trial.stage.folder().join("deep.yaml");
    std::fs::write(&place, file).unwrap();
    place.display().to_string()
}

fn is_fetch(case: &Case) -> bool {
    matches!(case.moment, FetchingChecks | FetchingValues)
}

/// The same check file in S3, and its password and key in the account.
fn keep(trial: &Trial) {
    let file = std::fs::read_to_string(checks("whole/whole.yaml")).unwrap();
    let api = trial.stage.codedeploy();
    let mut kept = file.clone();
    for (name, value) in ENVIRONMENT {
        let by_name = format!("{{ env: {name} }}");
        let there = match name {
            "SHOP_PASSWORD" => {
                api.keep_parameter("/shop/password", value);
                "{ parameter: /shop/password }"
            }
            "SHOP_API_KEY" => {
                api.keep_secret("shop/key", value);
                "{ secret: shop/key }"
            }
            _ => continue,
        };
        kept = kept.replace(&by_name, there);
    }
    assert!(!kept.contains("env:") && kept != file);
    api.make_bucket(CHECKS, &[("checks/green-1.1.0/whole.yaml", &kept)]);
}

/// Sets the fault, unless it has to come later.
fn set(case: &Case, trial: &Trial) {
    let (api, balancer) = (trial.stage.codedeploy(), trial.stage.load_balancer());
    let fault = |fault| balancer.set_fault(Listener::Test, Some(fault));
    match (&case.wrong, case.moment) {
        (wrong, AmidChecks) => {
            trial.stage.green_app().break_with(Defect::Slow);
            if matches!(wrong, Wrong::OverHttp1(_)) {
                balancer.set_http2(Listener::Test, false);
            }
            if matches!(wrong, Wrong::StaleNode(_)) {
                turned(balancer);
            }
        }
        (Wrong::Network(wrong), moment) if moment != Teardown => fault(*wrong),
        (Wrong::OverHttp1(wrong), moment) => {
            balancer.set_http2(Listener::Test, false);
            if moment != Teardown {
                fault(*wrong);
            }
        }
        (Wrong::AmongMany(wrong), _) => fault(*wrong),
        (Wrong::Times(wrong, times), moment) if moment != Teardown => {
            balancer.set_fault_times(Listener::Test, *wrong, *times);
        }
        (Wrong::Mixed(wrong, times), _) => {
            turned(balancer);
            match times {
                Some(times) => balancer.set_fault_times(Listener::Test, *wrong, *times),
                None => fault(*wrong),
            }
        }
        (Wrong::PostToBlue, _) => {
            turned(balancer);
            // The first three ask for the identity.
            let fourth = Fault::StaleRequest { one_in: 4 };
            balancer.set_fault_times(Listener::Test, fourth, 1);
        }
        (Wrong::Forwards(weights), _) => balancer.forward(Listener::Test, *weights),
        (Wrong::FlipsLate(by), _) => {
            balancer.forward(Listener::Test, Colour::Blue);
            fault(Fault::LateFlip { by: *by });
            balancer.forward(Listener::Test, Colour::Green);
        }
        (Wrong::StaleNode(one_in), _) => {
            turned(balancer);
            fault(Fault::StaleNode { one_in: *one_in });
        }
        (Wrong::StaleNodeAtFirst, _) => {
            turned(balancer);
            fault(Fault::StaleNode { one_in: 1 });
        }
        (Wrong::StaleAddress(last), _) => {
            turned(balancer);
            fault(Fault::StaleAddress { last: *last });
        }
        (Wrong::RuleToBlue, _) => api.set_test_rule(Colour::Blue),
        (Wrong::Targets(targets), _) => api.set_targets(Colour::Green, targets),
        (Wrong::Aws(operation, lasts, fault), _) => {
            api.fail(operation, lasts.times(), *fault);
        }
        (Wrong::AllOfAws(lasts, fault), _) => {
            let operations = READS.map(|(operation, _)| operation);
            for operation in operations.into_iter().chain([VERDICT_OPERATION]) {
                api.fail(operation, lasts.times(), *fault);
            }
        }
        // One call that is asked again, so that the log tells of it.
        (Wrong::Twice(Again::Meanwhile(_)), FetchingChecks | FetchingValues) => {
            let fetch = FETCHES.iter().find(|(_, moment)| *moment == case.moment);
            let (operation, _) = fetch.unwrap();
            api.fail(operation, 1, ApiFault::Throttled);
        }
        (Wrong::Twice(Again::Meanwhile(_)), TellingOthers) => {
            api.fail("PutObject", 1, ApiFault::Throttled);
        }
        // The same, and then one that hangs.
        (
            Wrong::Signal(..) | Wrong::OutOfTime(_) | Wrong::Late(_),
            FetchingChecks | FetchingValues,
        ) => {
            let fetch = FETCHES.iter().find(|(_, moment)| *moment == case.moment);
            let (operation, _) = fetch.unwrap();
            api.fail(operation, 1, ApiFault::Throttled);
            api.fail(operation, 10_000, ApiFault::Slow { by: FOREVER });
        }
        // Something that hangs, so that the signal comes in time.
        (Wrong::Signal(..) | Wrong::OutOfTime(_) | Wrong::Late(_), AskingAws) => {
            api.fail(
                "GetDeployment",
                1,
                ApiFault::Slow {
                    by: Duration::from_millis(300),
                },
            );
            balancer.forward(Listener::Test, Colour::Blue);
        }
        (Wrong::Signal(..) | Wrong::Twice(Again::Meanwhile(_)), AskingTheApp) => {
            fault(Fault::Status(503));
        }
        (Wrong::Signal(..) | Wrong::OutOfTime(_) | Wrong::Late(_), FirstCheck | AskingTheApp) => {
            fault(Fault::NoAnswer);
        }
        (Wrong::OutOfMemory, FirstCheck) => fault(Fault::EndlessBody),
        (Wrong::Signal(..), TellingOthers) => {
            api.fail("PutObject", 1, ApiFault::Throttled);
            api.fail("PutObject", 10_000, ApiFault::Slow { by: FOREVER });
        }
        (Wrong::Signal(..), Reporting) => {
            api.fail(VERDICT_OPERATION, 1, ApiFault::Slow { by: FOREVER });
        }
        _ => {}
    }
}

/// The listener has led to blue, and leads to green now.
fn turned(balancer: &LoadBalancer) {
    balancer.forward(Listener::Test, Colour::Blue);
    balancer.forward(Listener::Test, Colour::Green);
}

/// Lets happen what has to come later.
pub(super) fn strike(case: &Case, trial: &Trial) {
    let balancer = trial.stage.load_balancer();
    let fault = match &case.wrong {
        Wrong::Network(fault) | Wrong::OverHttp1(fault) => *fault,
        Wrong::Times(fault, times) => {
            return balancer.set_fault_times(Listener::Test, *fault, *times);
        }
        Wrong::OutOfMemory => Fault::EndlessBody,
        Wrong::StaleNode(one_in) => Fault::StaleNode { one_in: *one_in },
        Wrong::Forwards(weights) => return balancer.forward(Listener::Test, *weights),
        Wrong::Targets(targets) => {
            trial.stage.codedeploy().set_targets(Colour::Green, targets);
            // Which a load balancer without targets answers.
            Fault::Status(503)
        }
        _ => Fault::NoAnswer,
    };
    balancer.set_fault(Listener::Test, Some(fault));
}
