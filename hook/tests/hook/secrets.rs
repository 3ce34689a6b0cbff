//! What the settings call a secret, and the function's own credentials, leave
//! through no sink, whoever says them and whether a check ran or not: the log,
//! the function's answer and its error, the reports in S3 and the message.

use rehearsal::{Colour, Defect, InvocationOutcome, VERDICT_OPERATION, Verdict};
use serde_json::json;

use crate::between::Between;
use crate::leaks::{Secret, explained, leak, outputs, read};
use crate::support::{Invoked, Trial};

const PIN: Secret<'static> = ("SMOKE_SECRET_pin", "s3cr3t/of+\"any\"&kind='7'");
/// As it may stand in a tag.
const TAG: Secret<'static> = ("SMOKE_SECRET_tag", "s3cr3t-tag_7.1.4");
const CREDENTIAL: Secret<'static> = ("AWS_SESSION_TOKEN", "FwoGZXIvYXdzE/+SessionToken==");
const ALL: [Secret<'static>; 3] = [PIN, TAG, CREDENTIAL];
const REPORTS: &str = "reports";

/// A trial that tells everybody, of every verdict, and has secrets.
async fn telling() -> Trial {
    let trial = Trial::new().await;
    let api = trial.stage.codedeploy();
    api.make_bucket(REPORTS, &[]);
    let topic = api.make_topic("shop");
    let file = trial.stage.folder().join("pins.yaml");
    let text = "variables: {pin: none, tag: none}\nchecks:\n  - name: up\n    get: /healthz\n";
    std::fs::write(&file, text).unwrap();
    let mut trial = trial
        .set("SMOKE_CHECKS", &file.display().to_string())
        .set("SMOKE_REPORTS", &format!("s3://{REPORTS}/gate/"))
        .set("SMOKE_NOTIFY", &topic)
        .set("SMOKE_NOTIFY_ON", "always");
    for (name, value) in ALL {
        trial = trial.set(name, value);
    }
    trial
}

/// Searches each sink. What was planted has to have been there: its place is
/// marked where a sink repeats this.
#[track_caller]
fn search(trial: &Trial, invoked: &Invoked, repeated: &str) {
    let api = trial.stage.codedeploy();
    let mut sinks = vec![("log and answer".to_owned(), outputs(&invoked.0))];
    for (key, report) in api.objects(REPORTS) {
        let text = explained(&report);
        sinks.extend(text.map(|text| (format!("explained {key}"), text)));
        sinks.push((key, read(&report)));
    }
    sinks.extend(
        api.messages()
            .into_iter()
            .map(|text| ("message".to_owned(), text)),
    );
    let named = sinks.iter().any(|(_, said)| said.contains(repeated));
    assert!(named, "{repeated}: {sinks:#?}");
    for (sink, said) in sinks {
        let found = leak(&ALL, &said);
        assert!(found.is_none(), "{sink}: {found:?}: {said}");
    }
}

/// All four sinks were there to be searched.
#[track_caller]
fn all_told(trial: &Trial) {
    let api = trial.stage.codedeploy();
    assert_eq!(api.objects(REPORTS).len(), 6);
    assert_eq!(api.messages().len(), 1);
}

#[tokio::test]
async fn an_error_of_the_settings_repeats_no_secret() {
    for setting in [
        "SMOKE_JOBS",
        "SMOKE_TARGET",
        "SMOKE_PROOF",
        "SMOKE_CHECKS_FALLBACK",
        "SMOKE_ALLOW_HOSTS",
        "SMOKE_RATE",
        "SMOKE_METRICS",
        "SMOKE_NOTIFY_ON",
        "SMOKE_CACERT",
    ] {
        let trial = telling().await.set(setting, &format!(" {} ", PIN.1));
        let (registered, invoked) = trial.gate().await;
        assert_eq!(
            trial.verdict(&registered),
            Some(Verdict::Failed),
            "{setting}"
        );
        search(&trial, &invoked, "***");
        all_told(&trial);
    }
}

#[tokio::test]
async fn a_message_of_aws_repeats_no_secret() {
    let message = || format!("no {} for {} of {}", PIN.1, CREDENTIAL.1, TAG.1);
    let denied = move |operation: &'static str| {
        let in_json = json!({"__type": "AccessDeniedException", "message": message()});
        let text = message().replace('&', "&amp;").replace('<', "&lt;");
        move |met: &crate::between::Met| {
            let kept = met.operation.starts_with(operation);
            kept.then(|| match operation {
                "PUT " => (
                    403,
                    "application/xml",
                    format!("<Error><Code>AccessDenied</Code><Message>{text}</Message></Error>"),
                ),
                "Publish" | "DescribeRules" => (
                    403,
                    "text/xml",
                    format!("<ErrorResponse><Error><Code>AccessDenied</Code><Message>{text}</Message></Error></ErrorResponse>"),
                ),
                _ => (400, "application/x-amz-json-1.1", in_json.to_string()),
            })
        }
    };
    for operation in [
        "GetDeployment",
        "DescribeRules",
        "PUT ",
        "Publish",
        VERDICT_OPERATION,
    ] {
        let (trial, _between) = Between::start(telling().await, denied(operation)).await;
        let (registered, invoked) = trial.gate().await;
        search(&trial, &invoked, "no *** for *** of ***");
        let verdict = match operation {
            VERDICT_OPERATION => None,
            "PUT " | "Publish" => Some(Verdict::Succeeded),
            _ => Some(Verdict::Failed),
        };
        assert_eq!(trial.verdict(&registered), verdict, "{operation}");
        let is_error = matches!(invoked.0.outcome, InvocationOutcome::Errored { .. });
        assert_eq!(is_error, operation == VERDICT_OPERATION);
    }
}

#[tokio::test]
async fn the_tag_of_the_image_repeats_no_secret() {
    for defect in [None, Some(Defect::Unhealthy)] {
        let trial = telling().await;
        if let Some(defect) = defect {
            trial.stage.green_app().break_with(defect);
        }
        let image = format!("registry.example/shop:{}", TAG.1);
        trial.stage.codedeploy().set_image(Colour::Green, &image);
        let (registered, invoked) = trial.gate().await;
        let expected = defect.map_or(Verdict::Succeeded, |_| Verdict::Failed);
        assert_eq!(trial.verdict(&registered), Some(expected));
        search(&trial, &invoked, "registry.example/shop:***");
        all_told(&trial);
    }
}

/// Check files of the release stand in the place that its tag names.
#[tokio::test]
async fn a_place_in_s3_that_the_tag_names_repeats_no_secret() {
    let passes = "checks:\n  - name: up\n    get: /healthz\n";
    let fails = format!("{passes}    expect: {{status: 418}}\n");
    let malformed = format!("{passes}    expects: 1\n");
    let unused = "variables: {pin: none, tag: none}\n";
    let named = "{{ deployment.tag }}";
    for (text, verdict, key, place) in [
        (passes, Verdict::Succeeded, "/up.yaml", "/"),
        (&*fails, Verdict::Failed, "/up.yaml", "/"),
        (&*malformed, Verdict::Failed, "/up.yaml", "/"),
        // The name of the suite is that of the file.
        (&*fails, Verdict::Failed, ".yaml", ".yaml"),
    ] {
        let trial = telling().await;
        let api = trial.stage.codedeploy();
        let image = format!("registry.example/shop:{}", TAG.1);
        api.set_image(Colour::Green, &image);
        let key = format!("{}{key}", TAG.1);
        api.make_bucket("releases", &[(&key, &format!("{unused}{text}"))]);
        let trial = trial.set("SMOKE_CHECKS", &format!("s3://releases/{named}{place}"));
        let (registered, invoked) = trial.gate().await;
        assert_eq!(trial.verdict(&registered), Some(verdict));
        search(&trial, &invoked, "s3://releases/***");
        all_told(&trial);
    }
}

#[tokio::test]
async fn a_proof_that_fails_on_the_image_repeats_no_secret() {
    let trial = telling().await;
    let image = format!("registry.example/shop:{}", TAG.1);
    trial.stage.codedeploy().set_image(Colour::Green, &image);
    let trial = trial
        .set("SMOKE_IDENTITY", "header:x-app-version")
        .set("SMOKE_PROOF_TIMEOUT", "2s");
    let (registered, invoked) = trial.gate().await;
    assert_eq!(trial.verdict(&registered), Some(Verdict::Failed));
    search(&trial, &invoked, "***");
    all_told(&trial);
}

/// Also what only the check files call a secret, once they are read.
#[tokio::test]
async fn a_note_repeats_no_secret_of_the_check_files() {
    let trial = telling().await;
    let file = trial.stage.folder().join("pins.yaml");
    let text = "variables: {pin: none, tag: none, key: {env: SHOP_KEY}}\nchecks:\n  - name: up\n    get: /healthz\n";
    std::fs::write(&file, text).unwrap();
    let key = ("SHOP_KEY", "a-key-of-the-shop");
    let image = format!("registry.example/shop:{}", key.1);
    trial.stage.codedeploy().set_image(Colour::Green, &image);
    let trial = trial.set(key.0, key.1);
    let (registered, _) = trial.gate().await;
    assert_eq!(trial.verdict(&registered), Some(Verdict::Succeeded));
    for (place, report) in trial.stage.codedeploy().objects(REPORTS) {
        assert_eq!(leak(&[key], &read(&report)), None, "{place}");
    }
}

#[tokio::test]
async fn an_event_repeats_no_secret() {
    let trial = telling().await;
    let invoked = trial.invoke(json!({ PIN.1: 1, "target": "t" })).await;
    search(&trial, &invoked, "`***`");
    let trial = telling().await;
    let registered = trial.stage.codedeploy().register();
    let mut event = registered.event();
    event["greenlight"] = json!(1);
    event[TAG.1] = json!(1);
    let invoked = trial.invoke(event).await;
    search(&trial, &invoked, "`***`");
    all_told(&trial);
    let said = outputs(&invoked.0);
    assert!(!said.contains(&registered.execution_id), "{said}");
}
