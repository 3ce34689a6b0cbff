//! Who is told beside CodeDeploy: S3 and SNS, as moto has them.

use std::path::Path;
use std::time::{Duration, Instant};

use rehearsal::{ApiFault, Defect, Moto, RegisteredDeployment, Verdict};
use serde_json::{Value, json};

use crate::stand_in::{Wrong, WrongServer, shared};
use crate::support::{Invoked, Trial, checks};

const SLOW_DOWN: &str =
    "<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>";
const DENIED: &str = "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>";
const SNS_DENIED: &str = "<ErrorResponse><Error><Type>Sender</Type><Code>AuthorizationError</Code><Message>not authorized to perform: SNS:Publish</Message></Error></ErrorResponse>";

/// A trial whose sinks are moto's: a bucket and a topic of this name. `None`
/// if moto is not installed.
async fn told(name: &str, defect: Option<Defect>) -> Option<Trial> {
    let (url, topic) = shared(|aws| {
        aws.ask(&json!(["bucket", name])).unwrap();
        let topic = aws.ask(&json!(["topic", name])).unwrap();
        (aws.url().to_owned(), topic.as_str().unwrap().to_owned())
    })?;
    let trial = match defect {
        Some(defect) => Trial::with_defect(defect).await,
        None => Trial::new().await,
    };
    Some(
        trial
            .set("AWS_ENDPOINT_URL_S3", &url)
            .set("AWS_ENDPOINT_URL_SNS", &url)
            .set("SMOKE_REPORTS", &format!("s3://{name}/gate"))
            .set("SMOKE_NOTIFY", &topic),
    )
}

fn objects(bucket: &str) -> Vec<(String, Value)> {
    shared(|aws| aws.objects(bucket).unwrap()).unwrap()
}

fn messages(topic: &str) -> Vec<Value> {
    let heard = shared(|aws| aws.ask(&json!(["messages", topic])).unwrap()).unwrap();
    heard.as_array().unwrap().clone()
}

/// The text of the object that stands directly under the deployment's id.
#[track_caller]
fn stored(bucket: &str, registered: &RegisteredDeployment, name: &str) -> String {
    let key = format!("gate/{}/{name}", registered.deployment_id);
    let objects = objects(bucket);
    let found = objects.iter().find(|(known, _)| *known == key);
    let Some((_, object)) = found else {
        panic!("{key}: {objects:#?}");
    };
    object["text"].as_str().unwrap().to_owned()
}

/// The stored JSON report, which keeps its schema with no member too many.
#[track_caller]
fn report(bucket: &str, registered: &RegisteredDeployment) -> Value {
    let report: Value = serde_json::from_str(&stored(bucket, registered, "report.json")).unwrap();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/report.schema.json");
    let schema = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let wrong: Vec<_> = validator
        .iter_errors(&report)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}\n{report:#}");
    report
}

#[tokio::test]
async fn the_reports_are_stored_under_the_deployments_id() {
    let Some(trial) = told("stored", Some(Defect::OrdersAreEmpty)).await else {
        return;
    };
    let outcome = trial.gate().await;
    trial.assert_failed(&outcome, "a customer sees orders");
    let (registered, invoked) = outcome;
    let objects = objects("stored");
    let types = |ends: &str| {
        let found = objects.iter().filter(|(key, _)| key.ends_with(ends));
        let types: Vec<_> = found.map(|(_, object)| object["type"].clone()).collect();
        types
    };
    // Once under the id, and once in the folder of the run.
    assert_eq!(objects.len(), 6, "{objects:#?}");
    assert_eq!(types("/report.json"), ["application/json"; 2]);
    assert_eq!(types("/junit.xml"), ["application/xml"; 2]);
    assert_eq!(types("/report.html"), ["text/html; charset=utf-8"; 2]);
    let run = objects
        .iter()
        .find(|(key, _)| key.contains("/runs/") && key.contains(&invoked.0.request_id));
    assert!(run.is_some(), "{objects:#?}");

    let report = report("stored", &registered);
    assert_eq!(report["verdict"], "Failed");
    assert_eq!(report["reason"], invoked.answer()["reason"]);
    assert_eq!(report["checks"], invoked.answer()["report"]["checks"]);
    assert_eq!(report["reported"], "accepted");
    assert_eq!(
        report["deployment"]["id"],
        registered.deployment_id.as_str()
    );
    for known in ["application", "group", "image", "lifecycle_event"] {
        assert!(report["deployment"][known].is_string(), "{report:#}");
    }
    let links = report["links"].as_array().unwrap();
    let links: Vec<_> = links
        .iter()
        .map(|it| it["title"].as_str().unwrap())
        .collect();
    assert_eq!(links, ["CodeDeploy", "log", "report", "files"]);

    let junit = stored("stored", &registered, "junit.xml");
    assert!(
        junit.contains("failures=\"1\"") && junit.contains("<failure "),
        "{junit}"
    );
    let html = stored("stored", &registered, "report.html");
    assert!(html.contains("a customer sees orders") && html.ends_with("</html>\n"));
    assert!(html.contains(&registered.deployment_id));

    let sinks = &invoked.answer()["sinks"];
    let said = sinks["reports"].as_str().unwrap();
    assert!(said.starts_with("stored: s3://stored/gate/"), "{said}");
    assert_eq!(invoked.line("sink", "reports")["level"], "INFO");
}

#[tokio::test]
async fn what_kept_the_checks_from_running_is_in_every_report() {
    let Some(trial) = told("refused", None).await else {
        return;
    };
    let trial = trial.set("SMOKE_CHECKS", &checks("malformed"));
    let outcome = trial.gate().await;
    trial.assert_failed(&outcome, "problems with the check files");
    let (registered, invoked) = outcome;
    let report = report("refused", &registered);
    let reason = invoked.answer()["reason"].as_str().unwrap();
    assert_eq!(report["reason"], reason);
    assert_eq!(report["counts"]["total"], 0);
    let problems = report["problems"].as_array().unwrap();
    assert!(
        problems.len() >= 2 && problems[0]["help"].is_string(),
        "{problems:#?}"
    );
    let junit = stored("refused", &registered, "junit.xml");
    assert!(
        junit.contains("errors=\"1\"") && junit.contains("type=\"not-run\""),
        "{junit}"
    );
    let html = stored("refused", &registered, "report.html");
    assert!(html.contains("No check was run"), "{html}");
    for text in [junit, html] {
        assert!(text.contains("malformed.yaml:"), "{text}");
    }
    // The message says it too.
    let [message] = &messages("refused")[..] else {
        panic!("one message");
    };
    let text = message["Message"].as_str().unwrap();
    assert!(
        text.contains("malformed.yaml:") && text.contains("help"),
        "{text}"
    );
}

#[tokio::test]
async fn settings_that_are_wrong_are_told_by_the_sinks_that_are_right() {
    let Some(trial) = told("settings", None).await else {
        return;
    };
    let trial = trial.set("SMOKE_JOBS", "many").unset("SMOKE_TARGET");
    let (registered, invoked) = trial.gate().await;
    assert_eq!(invoked.answer()["verdict"], "Failed");
    let report = report("settings", &registered);
    assert!(
        report["problems"][0]["text"]
            .as_str()
            .unwrap()
            .contains("`SMOKE_JOBS`")
    );
    assert_eq!(report["target"], "");
}

#[tokio::test]
async fn a_message_says_why_and_where_to_read_on() {
    let Some(trial) = told("message", Some(Defect::OrdersAreEmpty)).await else {
        return;
    };
    let (registered, invoked) = trial.gate().await;
    let [message] = &messages("message")[..] else {
        panic!("one message");
    };
    let subject = message["Subject"].as_str().unwrap();
    assert!(subject.len() <= 100 && subject.is_ascii(), "{subject}");
    assert!(subject.starts_with("Greenlight Failed: "), "{subject}");
    assert!(subject.ends_with(&registered.deployment_id), "{subject}");
    let text = message["Message"].as_str().unwrap();
    let line = invoked.line("check", "a customer sees orders");
    for field in ["place", "expected", "found"] {
        let said = line[field].as_str().unwrap();
        assert!(text.contains(said), "{field}: {text}");
    }
    for part in [
        "Failed: 1 of 2 checks failed",
        "repeat it with:\n    curl --include",
        &format!(
            "codesuite/codedeploy/deployments/{}?region=eu-central-1",
            registered.deployment_id
        ),
        "$252Faws$252Flambda$252FCodeDeployHook_greenlight",
        &invoked.0.request_id,
        "s3://message/gate/",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    // The token that the customer got is a variable of the command.
    assert!(
        text.contains("\"$AUTHORIZATION") || text.contains("Bearer '\"$"),
        "{text}"
    );
    let sinks = &invoked.answer()["sinks"];
    assert!(
        sinks["notification"]
            .as_str()
            .unwrap()
            .starts_with("sent to arn:aws:sns:")
    );
}

#[tokio::test]
async fn nobody_hears_of_a_success_who_does_not_want_to() {
    let Some(trial) = told("success", None).await else {
        return;
    };
    let (_, invoked) = trial.gate().await;
    assert_eq!(
        invoked.answer()["sinks"]["notification"],
        "not sent: the verdict is `Succeeded`"
    );
    assert_eq!(messages("success"), [] as [Value; 0]);
    let trial = trial.set("SMOKE_NOTIFY_ON", "always");
    trial.gate().await;
    let [message] = &messages("success")[..] else {
        panic!("one message");
    };
    assert!(
        message["Subject"]
            .as_str()
            .unwrap()
            .starts_with("Greenlight Succeeded: ")
    );
}

#[tokio::test]
async fn a_success_that_codedeploy_does_not_hear_of_is_told() {
    let Some(trial) = told("unheard", None).await else {
        return;
    };
    trial.fail_verdicts(1, ApiFault::AccessDenied);
    let (registered, invoked) = trial.gate().await;
    invoked.error();
    assert_eq!(report("unheard", &registered)["reported"], "not-accepted");
    let [message] = &messages("unheard")[..] else {
        panic!("one message");
    };
    assert!(
        message["Message"]
            .as_str()
            .unwrap()
            .contains("could not be told")
    );
}

#[tokio::test]
async fn a_duplicate_takes_nobodys_place() {
    let Some(trial) = told("twice", Some(Defect::OrdersAreEmpty)).await else {
        return;
    };
    let function = trial.function().await;
    let registered = trial.stage.codedeploy().register();
    let first = Invoked(function.invoke(registered.event()).await);
    trial.stage.green_app().heal();
    let second = Invoked(function.invoke(registered.event()).await);
    assert_eq!(first.answer()["reported"], "accepted");
    assert_eq!(second.answer()["reported"], "already-completed");
    // What counts is what CodeDeploy took; the other has its folder.
    let kept = report("twice", &registered);
    assert_eq!(
        (&kept["verdict"], &kept["reported"]),
        (&json!("Failed"), &json!("accepted"))
    );
    let runs = objects("twice");
    let runs = runs
        .iter()
        .filter(|(key, _)| key.contains("/runs/") && key.ends_with("/report.json"));
    let mut verdicts: Vec<_> = runs
        .map(|(_, object)| {
            let run: Value = serde_json::from_str(object["text"].as_str().unwrap()).unwrap();
            run["reported"].as_str().unwrap().to_owned()
        })
        .collect();
    verdicts.sort();
    assert_eq!(verdicts, ["accepted", "already-completed"]);
    assert_eq!(messages("twice").len(), 1);
}

#[tokio::test]
async fn the_watchdog_tells_of_a_gate_that_died() {
    let Some(trial) = told("watchdog", None).await else {
        return;
    };
    // Lambda gives it nothing but what it needs for that.
    let trial = trial.unset("SMOKE_TARGET").unset("SMOKE_CHECKS");
    let registered = trial.stage.codedeploy().register();
    let record = json!({
        "version": "1.0",
        "requestContext": {"condition": "RetriesExhausted", "approximateInvokeCount": 1},
        "requestPayload": registered.event(),
        "responsePayload": {"errorType": "Sandbox.Timedout", "errorMessage": "Task timed out"},
    });
    trial.invoke(record).await.answer();
    let report = report("watchdog", &registered);
    let reason = report["reason"].as_str().unwrap();
    assert!(reason.contains("died before it could report"), "{reason}");
    let [message] = &messages("watchdog")[..] else {
        panic!("one message");
    };
    assert!(
        message["Message"]
            .as_str()
            .unwrap()
            .contains("Task timed out")
    );
}

/// Both sinks meet this; the verdict is there before the first of them is
/// asked, and what is said names this.
async fn stands(s3: Wrong, sns: Wrong, within: Duration, said: [&str; 2]) {
    let trial = Trial::new().await.set("SMOKE_NOTIFY_ON", "always");
    let registered = trial.stage.codedeploy().register();
    let (s3, sns) = (WrongServer::start(s3).await, WrongServer::start(sns).await);
    let trial = trial
        .set("AWS_ENDPOINT_URL_S3", &s3.url)
        .set("AWS_ENDPOINT_URL_SNS", &sns.url)
        .set("SMOKE_REPORTS", "s3://reports/")
        .set("SMOKE_NOTIFY", "arn:aws:sns:eu-central-1:111122223333:gate");
    let begun = Instant::now();
    let told = async {
        let api = trial.stage.codedeploy();
        api.wait_for_verdict(&registered.deployment_id).await;
        Instant::now()
    };
    let (invoked, told) = tokio::join!(trial.invoke(registered.event()), told);
    assert!(begun.elapsed() < within, "{:?}", begun.elapsed());
    let answer = invoked.answer();
    assert_eq!(answer["reported"], "accepted");
    assert_eq!(trial.verdict(&registered), Some(Verdict::Succeeded));
    for requests in [s3.requests(), sns.requests()] {
        assert!(!requests.is_empty());
        assert!(requests.iter().all(|request| *request >= told));
    }
    for (sink, said) in ["reports", "notification"].into_iter().zip(said) {
        let outcome = answer["sinks"][sink].as_str().unwrap();
        assert!(
            outcome.starts_with("failed: ") && outcome.contains(said),
            "{outcome}"
        );
        let line = invoked.line("sink", sink);
        assert_eq!(line["level"], "WARN");
        assert!(
            line["message"]
                .as_str()
                .unwrap()
                .contains("the verdict stands")
        );
    }
}

#[tokio::test]
async fn a_sink_that_may_not_be_used_changes_nothing_and_names_the_action() {
    stands(
        Wrong::Answers(403, DENIED),
        Wrong::Answers(403, SNS_DENIED),
        Duration::from_secs(10),
        [
            "allow `s3:PutObject` on `arn:aws:s3:::reports/",
            "allow `sns:Publish` on `arn:aws:sns:eu-central-1:111122223333:gate`",
        ],
    )
    .await;
}

#[tokio::test]
async fn a_sink_that_is_throttled_or_silent_delays_nothing_but_itself() {
    stands(
        Wrong::Answers(503, SLOW_DOWN),
        Wrong::Silence,
        Duration::from_secs(30),
        ["SlowDown", "in time"],
    )
    .await;
}

#[tokio::test]
async fn a_black_hole_instead_of_s3_does_not_keep_the_message() {
    let Some(trial) = told("hole", Some(Defect::OrdersAreEmpty)).await else {
        return;
    };
    let hole = WrongServer::start(Wrong::Silence).await;
    let trial = trial.set("AWS_ENDPOINT_URL_S3", &hole.url);
    let (_, invoked) = trial.gate().await;
    let [message] = &messages("hole")[..] else {
        panic!("one message");
    };
    let text = message["Message"].as_str().unwrap();
    assert!(text.contains("no answer from S3 yet"), "{text}");
    let sinks = &invoked.answer()["sinks"];
    assert!(
        sinks["reports"].as_str().unwrap().starts_with("failed: "),
        "{sinks}"
    );
}

#[tokio::test]
async fn a_bucket_that_is_not_there_is_said_in_the_message() {
    let Some(trial) = told("nowhere", Some(Defect::OrdersAreEmpty)).await else {
        return;
    };
    let trial = trial.set("SMOKE_REPORTS", "s3://not-there/");
    let (registered, invoked) = trial.gate().await;
    assert_eq!(trial.verdict(&registered), Some(Verdict::Failed));
    let sinks = &invoked.answer()["sinks"];
    assert!(
        sinks["reports"].as_str().unwrap().contains("NoSuchBucket"),
        "{sinks}"
    );
    let text = messages("nowhere")[0]["Message"].to_string();
    assert!(
        text.contains("could not be stored") && !text.contains("s3://"),
        "{text}"
    );
}

#[tokio::test]
async fn who_has_no_sinks_makes_no_call_and_neither_does_a_run_by_hand() {
    let server = WrongServer::start(Wrong::Silence).await;
    let trial = Trial::new()
        .await
        .set("AWS_ENDPOINT_URL_S3", &server.url)
        .set("AWS_ENDPOINT_URL_SNS", &server.url);
    let (_, invoked) = trial.gate().await;
    assert!(invoked.answer().get("sinks").is_none());
    let trial = trial
        .set("SMOKE_REPORTS", "s3://reports/")
        .set("SMOKE_NOTIFY", "arn:aws:sns:eu-central-1:111122223333:gate")
        .set("SMOKE_NOTIFY_ON", "always");
    trial.invoke(json!({})).await.answer();
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn no_secret_is_in_a_report_or_a_message() {
    const SECRET: &str = "s3cr3t/with \"quotes\" & more";
    let Some(trial) = told("secret", None).await else {
        return;
    };
    let trial = trial
        .set("SMOKE_CHECKS", &checks("secret"))
        .set("SHOP_PASSWORD", SECRET);
    let outcome = trial.gate().await;
    trial.assert_failed(&outcome, "the password comes back");
    let objects = objects("secret");
    let messages = messages("secret");
    assert_eq!((objects.len(), messages.len()), (6, 1));
    let told = format!("{objects:?} {messages:?} {}", outcome.1.output());
    // The words are what URLs and JSON leave as they are; the others are the
    // first one in Base64, at each of the three places in a group.
    for part in [
        "s3cr3t",
        "quotes",
        "czNjcjN0",
        "MzY3IzdC",
        "zM2NyM3Q",
        &outcome.0.execution_id,
    ] {
        assert!(!told.contains(part), "{part}: {told}");
    }
    assert!(told.contains("***"), "{told}");
}

/// Moto checks the signatures and the policy here, as AWS does.
#[tokio::test]
async fn what_is_signed_is_what_the_role_allows() {
    let Some(mut aws) = Moto::start().unwrap() else {
        return;
    };
    aws.ask(&json!(["bucket", "signed"])).unwrap();
    let topic = aws.ask(&json!(["topic", "signed"])).unwrap();
    let allowed = json!([
        ["s3:PutObject", "arn:aws:s3:::signed/gate/*"],
        ["sns:Publish", "*"]
    ]);
    let keys = aws.ask(&json!(["user", allowed])).unwrap();
    aws.ask(&json!(["trust_everybody_for", 0])).unwrap();
    let trial = Trial::with_defect(Defect::OrdersAreEmpty)
        .await
        .set("AWS_ENDPOINT_URL_S3", aws.url())
        .set("AWS_ENDPOINT_URL_SNS", aws.url())
        .set("AWS_ACCESS_KEY_ID", keys[0].as_str().unwrap())
        .set("AWS_SECRET_ACCESS_KEY", keys[1].as_str().unwrap())
        .set("AWS_SESSION_TOKEN", "")
        .set("SMOKE_REPORTS", "s3://signed/gate/")
        .set("SMOKE_NOTIFY", topic.as_str().unwrap());
    let (_, invoked) = trial.gate().await;
    let sinks = &invoked.answer()["sinks"];
    assert!(
        sinks["reports"].as_str().unwrap().starts_with("stored: "),
        "{sinks}"
    );
    let sent = sinks["notification"].as_str().unwrap();
    assert!(sent.starts_with("sent to "), "{sent}");
    // Another key of the bucket is none of its business.
    let trial = trial.set("SMOKE_REPORTS", "s3://signed/other/");
    let (_, invoked) = trial.gate().await;
    let refused = invoked.answer()["sinks"]["reports"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(
        refused.contains("allow `s3:PutObject` on `arn:aws:s3:::signed/other/"),
        "{refused}"
    );
    aws.ask(&json!(["trust_everybody_for", 1_000_000])).unwrap();
    assert_eq!(aws.objects("signed").unwrap().len(), 6);
}
