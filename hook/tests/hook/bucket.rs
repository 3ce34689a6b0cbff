//! Check files from S3, as moto has it, and as it is when something is wrong.

use std::path::Path;

use rehearsal::{Moto, Verdict};
use serde_json::{Value, json};

use crate::stand_in::{Wrong, WrongServer, shared};
use crate::support::{Invoked, Trial};

const HEALTHY: &str = "checks: [{ name: it is up, get: /healthz }]\n";
const DENIED: &str = "<Error><Code>AccessDenied</Code><Message>no</Message></Error>";

/// A trial with these objects in a bucket of its own, from which `checks`
/// names what runs. `None` if moto is not installed.
async fn stored(bucket: &str, checks: &str, objects: &[(&str, &str)]) -> Option<Trial> {
    let url = shared(|aws| {
        aws.ask(&json!(["bucket", bucket])).unwrap();
        let objects = objects
            .iter()
            .map(|(key, text)| ((*key).to_owned(), json!(text)));
        let objects: serde_json::Map<_, _> = objects.collect();
        aws.ask(&json!(["put", bucket, objects])).unwrap();
        aws.url().to_owned()
    })?;
    Some(at(checks, &url).await)
}

/// A trial with a check file in its package.
async fn at(checks: &str, url: &str) -> Trial {
    let trial = Trial::new().await;
    let folder = trial.stage.folder().join("checks");
    std::fs::create_dir(&folder).unwrap();
    let bundled = "checks: [{ name: the packaged one, get: /healthz }]\n";
    std::fs::write(folder.join("bundled.yaml"), bundled).unwrap();
    let root = trial.stage.folder().display().to_string();
    trial
        .set("LAMBDA_TASK_ROOT", &root)
        .set("SMOKE_CHECKS", checks)
        .set("AWS_ENDPOINT_URL_S3", url)
}

/// The names of the checks that passed, after a success.
#[track_caller]
fn passed(
    trial: &Trial,
    (registered, invoked): &(rehearsal::RegisteredDeployment, Invoked),
) -> Vec<String> {
    let answer = invoked.answer();
    assert_eq!(
        trial.verdict(registered),
        Some(Verdict::Succeeded),
        "{answer}"
    );
    let checks = answer["report"]["checks"].as_array().unwrap().iter();
    checks
        .map(|check| check["name"].as_str().unwrap().to_owned())
        .collect()
}

/// `Failed`, without a request, with all this among the problems.
#[track_caller]
fn assert_refused(
    trial: &Trial,
    outcome: &(rehearsal::RegisteredDeployment, Invoked),
    said: &[&str],
) {
    trial.assert_failed(outcome, "the check files");
    let problems = outcome.1.answer()["problems"].to_string();
    for said in said {
        assert!(problems.contains(said), "{said}: {problems}");
    }
    assert_eq!(trial.requests(), 0);
}

#[tokio::test]
async fn the_checks_of_the_deployed_image_run_with_the_files_beside_them() {
    let shop = "
include: [../common/login.yaml]
checks:
  - name: '{{ sku }} is there'
    each: { file: rows.csv }
    get: '/catalogue/{{ sku }}'
  - name: a body comes back
    writes: true
    post: /echo
    headers: { content-type: application/json }
    file: bodies/order.json
    expect: { json: { $.body: { contains: espresso-cup } } }
  - name: somebody logs in
    writes: true
    steps: [{ use: log in }]
";
    let login = "
fragments:
  log in:
    steps: [{ post: /login, json: { email: demo@example.com, password: correct-horse } }]
";
    let objects = [
        ("checks/green-1.1.0/shop/shop.yaml", shop),
        ("checks/green-1.1.0/shop/rows.csv", "sku\nespresso-cup\n"),
        (
            "checks/green-1.1.0/shop/bodies/order.json",
            r#"{"sku":"espresso-cup"}"#,
        ),
        ("checks/green-1.1.0/common/login.yaml", login),
        ("checks/green-1.1.0/.hidden/no.yaml", "no check file"),
        ("checks/green-1.1.0-rc/other.yaml", "no check file"),
        ("checks/blue-1.0.0/other.yaml", "no check file"),
    ];
    // The slash at the end may be left out.
    let checks = "s3://deployed/checks/{{ deployment.tag }}";
    let Some(trial) = stored("deployed", checks, &objects).await else {
        return;
    };
    let outcome = trial.gate().await;
    let names = [
        "espresso-cup is there",
        "a body comes back",
        "somebody logs in",
    ];
    assert_eq!(passed(&trial, &outcome), names);
    assert!(outcome.1.answer()["report"]["notes"].is_null());
    // Nothing is left on the disk.
    let left = std::fs::read_dir(std::env::temp_dir()).unwrap();
    let mut left = left.map(|entry| entry.unwrap().path());
    let mine = |path: &Path| path.join("deployed").exists();
    assert!(!left.any(|path| mine(&path)));
}

#[tokio::test]
async fn several_places_are_mixed_and_an_object_may_be_named_alone() {
    let objects = [("one.yaml", HEALTHY), ("two.yaml", "no check file")];
    let Some(trial) = stored("mixed", "", &objects).await else {
        return;
    };
    let here = trial.stage.folder().join("checks").display().to_string();
    let trial = trial.set("SMOKE_CHECKS", &format!("{here}, s3://mixed/one.yaml"));
    let outcome = trial.gate().await;
    assert_eq!(passed(&trial, &outcome), ["the packaged one", "it is up"]);
}

#[tokio::test]
async fn a_failed_expectation_points_into_the_bucket() {
    let file = "checks:\n  - name: it is up\n    get: /healthz\n    expect: { status: 418 }\n";
    let Some(trial) = stored("pointed", "s3://pointed", &[("a/up.yaml", file)]).await else {
        return;
    };
    let outcome = trial.gate().await;
    trial.assert_failed(&outcome, "s3://pointed/a/up.yaml:4:23: ");
}

#[tokio::test]
async fn a_malformed_file_is_said_with_its_place_and_nothing_stands_in_for_it() {
    let one = "
include: [common.yaml, gone.yaml]
checks: [{ name: a, writes: true, post: /, file: gone.json }]
";
    let objects = [
        ("v1/a.yaml", one),
        ("v1/common.yaml", "fragments: { a: 1 }"),
        ("v1/b.yaml", "checks: 1"),
    ];
    let Some(trial) = stored("malformed", "s3://malformed/v1/", &objects).await else {
        return;
    };
    let trial = trial.set("SMOKE_CHECKS_FALLBACK", "bundled");
    let outcome = trial.gate().await;
    let said = [
        "s3://malformed/v1/a.yaml:2:24: `gone.yaml` cannot be included",
        "s3://malformed/v1/a.yaml:3:50: the file `gone.json` cannot be sent",
        "s3://malformed/v1/b.yaml:1:9",
        "s3://malformed/v1/common.yaml:1:17",
    ];
    assert_refused(&trial, &outcome, &said);
}

#[tokio::test]
async fn nothing_there_fails_unless_the_package_may_stand_in() {
    let checks = "s3://nothing/{{ deployment.tag }}/, s3://nothing/one.yaml";
    let objects = [("green-1.1.0/rows.csv", "a\n1\n"), ("green-1.1.0/", "")];
    let Some(trial) = stored("nothing", checks, &objects).await else {
        return;
    };
    let why = "there are no check files at `s3://nothing/green-1.1.0/`, `s3://nothing/one.yaml`";
    let outcome = trial.gate().await;
    assert_refused(&trial, &outcome, &[why, "SMOKE_CHECKS_FALLBACK=bundled"]);

    let trial = at(checks, &shared(|aws| aws.url().to_owned()).unwrap()).await;
    let trial = trial
        .set("SMOKE_CHECKS_FALLBACK", "bundled")
        .set("SMOKE_REPORTS", "s3://nothing/reports/");
    let outcome = trial.gate().await;
    assert_eq!(passed(&trial, &outcome), ["the packaged one"]);
    let note = format!("{why}: those in the package ran instead");
    let answer = outcome.1.answer();
    assert!(
        answer["reason"].as_str().unwrap().ends_with(&note),
        "{answer}"
    );
    assert_eq!(answer["report"]["reason"], answer["reason"]);
    assert_eq!(answer["report"]["notes"], json!([note]));
    assert_eq!(outcome.1.line("checks", "bundled")["level"], "WARN");
    let reports = shared(|aws| aws.objects("nothing").unwrap()).unwrap();
    for name in ["report.json", "junit.xml", "report.html"] {
        let key = format!("reports/{}/{name}", outcome.0.deployment_id);
        let (_, report) = reports.iter().find(|(found, _)| *found == key).unwrap();
        let text = report["text"].as_str().unwrap();
        assert!(
            text.contains("those in the package ran instead"),
            "{name}: {text}"
        );
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_not_taken_for_what_is_not_there() {
    for (checks, action, resource) in [
        ("s3://denied/v1/", "s3:ListBucket", "the bucket `denied`"),
        (
            "s3://denied/a.yaml",
            "s3:GetObject",
            "`arn:aws:s3:::denied/a.yaml`",
        ),
    ] {
        let server = WrongServer::start(Wrong::Answers(403, DENIED)).await;
        let trial = at(checks, &server.url)
            .await
            .set("SMOKE_CHECKS_FALLBACK", "bundled");
        let outcome = trial.gate().await;
        let met = format!("`{checks}` cannot be read: `{action}`: AccessDenied: no");
        let help = format!("allow `{action}` on {resource} to the function's role");
        assert_refused(&trial, &outcome, &[&met, &help]);
        assert_eq!(server.requests().len(), 1);
    }
    let gone = "<Error><Code>NoSuchBucket</Code><Message>gone</Message></Error>";
    let server = WrongServer::start(Wrong::Answers(404, gone)).await;
    let trial = at("s3://gone/v1/", &server.url)
        .await
        .set("SMOKE_CHECKS_FALLBACK", "bundled");
    assert_refused(&trial, &trial.gate().await, &["NoSuchBucket: gone"]);
}

#[tokio::test]
async fn an_s3_that_stays_away_is_asked_again_until_the_time_is_over() {
    for wrong in [
        Wrong::Answers(503, "<Error><Code>SlowDown</Code></Error>"),
        Wrong::Answers(200, "{}"),
    ] {
        let server = WrongServer::start(wrong).await;
        let trial = at("s3://away/v1/", &server.url).await;
        let trial = trial
            .set("SMOKE_CHECKS_FALLBACK", "bundled")
            .set("SMOKE_DEADLINE", "2s");
        let outcome = trial.gate().await;
        assert_refused(
            &trial,
            &outcome,
            &["`s3://away/v1/` cannot be read: `s3:ListBucket`: "],
        );
        assert!(server.requests().len() > 2);
    }
}

#[tokio::test]
async fn objects_are_bounded_in_size_and_in_number() {
    let large = "#".repeat(2 * 1024 * 1024);
    let many: Vec<String> = (0..1001).map(|at| format!("many/{at}.txt")).collect();
    let mut objects = vec![
        ("large/a.yaml", large.as_str()),
        ("odd//a.yaml", HEALTHY),
        ("many/a.yaml", HEALTHY),
    ];
    objects.extend(many.iter().map(|key| (key.as_str(), "")));
    if stored("bounds", "", &objects).await.is_none() {
        return;
    }
    let url = shared(|aws| aws.url().to_owned()).unwrap();
    for (checks, said) in [
        (
            "s3://bounds/large/",
            "`s3://bounds/large/a.yaml` is too large: expected at most 1.0 MiB, found 2.0 MiB",
        ),
        (
            "s3://bounds/large/a.yaml",
            "`s3://bounds/large/a.yaml` is too large: expected at most 1.0 MiB, found more",
        ),
        (
            "s3://bounds/many/",
            "`s3://bounds/many/`: expected at most 1000 objects in all, found more",
        ),
        (
            "s3://bounds/odd/",
            "`s3://bounds/odd//a.yaml`: expected a key that is a path",
        ),
    ] {
        let trial = at(checks, &url)
            .await
            .set("SMOKE_CHECKS_FALLBACK", "bundled");
        assert_refused(&trial, &trial.gate().await, &[said]);
    }
}

#[tokio::test]
async fn what_is_not_known_of_the_deployment_cannot_be_in_a_key() {
    let server = WrongServer::start(Wrong::Answers(403, DENIED)).await;
    let trial = at("s3://shop/{{ deployment.tag }}/", &server.url).await;
    let trial = trial.set("SMOKE_PROOF", "off");
    let outcome = trial.gate().await;
    trial.assert_failed(
        &outcome,
        "a problem with the settings: `SMOKE_CHECKS`: expected a deployment whose `tag` is known",
    );
    let by_hand = trial.invoke(json!({})).await;
    assert_eq!(by_hand.answer()["verdict"], Value::from("Failed"));
    assert!(server.requests().is_empty());
}

/// Moto checks the signatures and the policy here, as AWS does.
#[tokio::test]
async fn what_is_fetched_is_what_the_role_allows() {
    let Some(mut aws) = Moto::start().unwrap() else {
        return;
    };
    aws.ask(&json!(["bucket", "allowed"])).unwrap();
    let object = json!({ "Bucket": "allowed", "Key": "checks/up.yaml", "Body": HEALTHY });
    aws.ask(&json!(["call", "s3", "put_object", object]))
        .unwrap();
    let allowed = json!([
        ["s3:ListBucket", "arn:aws:s3:::allowed"],
        ["s3:GetObject", "arn:aws:s3:::allowed/checks/*"]
    ]);
    let keys = aws.ask(&json!(["user", allowed])).unwrap();
    aws.ask(&json!(["trust_everybody_for", 0])).unwrap();
    let trial = at("s3://allowed", aws.url())
        .await
        .set("AWS_ACCESS_KEY_ID", keys[0].as_str().unwrap())
        .set("AWS_SECRET_ACCESS_KEY", keys[1].as_str().unwrap())
        .set("AWS_SESSION_TOKEN", "");
    let outcome = trial.gate().await;
    assert_eq!(passed(&trial, &outcome), ["it is up"]);
    let trial = trial.set("SMOKE_CHECKS", "s3://allowed/others/a.yaml");
    let (_, invoked) = trial.gate().await;
    let reason = invoked.answer()["reason"].to_string();
    assert!(reason.contains("`s3:GetObject`: AccessDenied"), "{reason}");
}

#[tokio::test]
async fn a_list_without_an_end_is_an_error() {
    let page =
        "<ListBucketResult><NextContinuationToken>x</NextContinuationToken></ListBucketResult>";
    let server = WrongServer::start(Wrong::Answers(200, page)).await;
    let trial = at("s3://shop/checks/", &server.url).await;
    let outcome = trial.gate().await;
    let endless = "`s3:ListBucket`: expected a list that ends, found pages without an end";
    trial.assert_failed(&outcome, endless);
    assert_eq!(server.met().len(), 2);
}
