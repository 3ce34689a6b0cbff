//! `smoke explain`, with reports that moto stores as S3 does.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output};

use rehearsal::Moto;
use report::render::json as format;
use report::{Link, ReportContext};
use serde_json::{Value, json};

use crate::support::{report, stage};

/// The environment of somebody who is signed in.
const SIGNED_IN: [(&str, &str); 3] = [
    ("AWS_REGION", "eu-central-1"),
    ("AWS_ACCESS_KEY_ID", "A"),
    ("AWS_SECRET_ACCESS_KEY", "B"),
];

fn smoke(folder: &Path, args: &[&str], environment: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_smoke"))
        .arg("explain")
        .args(args)
        .current_dir(folder)
        .env_clear()
        .env("HOME", folder)
        // The machine of the tests has no role, and nobody who would say so.
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .envs(environment.iter().copied())
        .output()
        .unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// What was said, and the exit code.
fn refused(output: &Output) -> (String, i32) {
    assert_eq!(stdout(output), "");
    let said = String::from_utf8(output.stderr.clone()).unwrap();
    (said, output.status.code().unwrap())
}

/// A report as the Lambda writes it, of a check that fails.
async fn written() -> String {
    let text = "
name: shop
checks:
  - { name: it answers, get: /healthz }
  - name: it is blue
    get: /version
    expect: { json: { $.colour: blue } }
";
    let stage = stage().await;
    let mut report = report(&stage, text).await;
    report.context = ReportContext {
        reported: Some("accepted".to_owned()),
        links: vec![Link {
            title: "log".to_owned(),
            url: "https://console.example/log".to_owned(),
        }],
        ..ReportContext::default()
    };
    report
        .context
        .deployment
        .insert("id".to_owned(), "d-ABCDEF123".to_owned());
    serde_json::to_string_pretty(&format::JsonReport::new(&report)).unwrap()
}

/// The folder of a person, and the address of a moto that has the report of
/// `d-ABCDEF123` in this bucket. `None` if moto is not installed.
fn stored(bucket: &str, report: &str) -> Option<(tempfile::TempDir, String)> {
    let url = Moto::with_shared(|aws| {
        let mut ask = |command: Value| aws.ask(&command).unwrap();
        ask(json!(["bucket", bucket]));
        let object =
            json!({"Bucket": bucket, "Key": "gate/d-ABCDEF123/report.json", "Body": report});
        ask(json!(["call", "s3", "put_object", object]));
        aws.url().to_owned()
    });
    Some((tempfile::tempdir().unwrap(), url.unwrap()?))
}

#[track_caller]
fn assert_explained(text: &str) {
    for part in [
        "Failed: 1 of 2 checks failed",
        "deployment  d-ABCDEF123",
        "told        CodeDeploy took the verdict",
        "it is blue (shop): unexpected JSON at `$.colour`",
        "place       shop.yaml:7:33",
        "expected    `\"blue\"`",
        "found       `\"green\"`",
        "repeat it with:\n    curl --include",
        "log         https://console.example/log",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[tokio::test]
async fn a_stored_report_is_explained() {
    let report = written().await;
    let Some((folder, url)) = stored("explained", &report) else {
        return;
    };
    let endpoint = ("AWS_ENDPOINT_URL_S3", url.as_str());
    let mut environment = SIGNED_IN.to_vec();
    environment.push(endpoint);
    let by_flag = ["d-ABCDEF123", "--reports", "s3://explained/gate/"];
    let output = smoke(folder.path(), &by_flag, &environment);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_explained(&stdout(&output));
    assert!(!stdout(&output).contains('\u{1b}'));
    // The same by the variable that the Lambda has, and by address.
    environment.push(("SMOKE_REPORTS", "s3://explained/gate"));
    for what in ["d-ABCDEF123", "s3://explained/gate/d-ABCDEF123"] {
        let other = smoke(folder.path(), &[what], &environment);
        assert_eq!(stdout(&other), stdout(&output), "{other:?}");
    }
    let raw = smoke(
        folder.path(),
        &["d-ABCDEF123", "--format", "json"],
        &environment,
    );
    assert_eq!(stdout(&raw), report);
    let coloured = smoke(
        folder.path(),
        &["d-ABCDEF123", "--color", "always"],
        &environment,
    );
    assert!(stdout(&coloured).contains("\u{1b}[31m"), "{coloured:?}");
}

#[tokio::test]
async fn credentials_are_found_in_a_profile() {
    let report = written().await;
    let Some((folder, url)) = stored("profile", &report) else {
        return;
    };
    let files = folder.path().join(".aws");
    std::fs::create_dir(&files).unwrap();
    let keys = "[deployer]\naws_access_key_id = A\naws_secret_access_key = B\n";
    std::fs::write(files.join("credentials"), keys).unwrap();
    let region = "[profile deployer]\nregion = eu-central-1\n";
    std::fs::write(files.join("config"), region).unwrap();
    let environment = [
        ("AWS_PROFILE", "deployer"),
        ("AWS_ENDPOINT_URL", url.as_str()),
        ("SMOKE_REPORTS", "s3://profile/gate/"),
    ];
    let output = smoke(folder.path(), &["d-ABCDEF123"], &environment);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_explained(&stdout(&output));
}

#[tokio::test]
async fn a_report_on_this_machine_is_explained_without_aws() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("report.json"), written().await).unwrap();
    let output = smoke(folder.path(), &["report.json"], &[]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_explained(&stdout(&output));
    std::fs::write(folder.path().join("other.json"), "[]").unwrap();
    let (said, code) = refused(&smoke(folder.path(), &["other.json"], &[]));
    assert_eq!(code, 2);
    insta::assert_snapshot!(said);
    let (said, code) = refused(&smoke(folder.path(), &["gone.json"], &[]));
    assert_eq!(code, 2);
    insta::assert_snapshot!(said);
}

#[tokio::test]
async fn what_is_not_there_is_said() {
    let Some((folder, url)) = stored("missing", "{}") else {
        return;
    };
    let mut environment = SIGNED_IN.to_vec();
    environment.push(("AWS_ENDPOINT_URL_S3", &url));
    let explain = |reports: &str| {
        let args = ["d-123456789", "--reports", reports];
        refused(&smoke(folder.path(), &args, &environment))
    };
    let (said, code) = explain("s3://missing/gate/");
    assert_eq!(code, 2);
    insta::assert_snapshot!(said);
    let (said, code) = explain("s3://no-such-bucket/gate/");
    assert_eq!(code, 2);
    insta::assert_snapshot!(said);
}

#[test]
fn a_place_for_the_reports_must_be_known() {
    let folder = tempfile::tempdir().unwrap();
    let (said, code) = refused(&smoke(folder.path(), &["d-ABCDEF123"], &[]));
    assert_eq!(code, 2);
    insta::assert_snapshot!(said);
    let args = ["d-ABCDEF123", "--reports", "gate/"];
    let (said, code) = refused(&smoke(folder.path(), &args, &[]));
    assert_eq!(code, 2);
    assert!(said.contains("expected an address such as `s3://bucket/prefix/`"));
}

#[test]
fn who_is_not_signed_in_is_told_how() {
    let folder = tempfile::tempdir().unwrap();
    let args = ["d-ABCDEF123", "--reports", "s3://shop/gate/"];
    let (said, code) = refused(&smoke(folder.path(), &args, &[]));
    assert_eq!(code, 3);
    insta::assert_snapshot!(said);
    let region = [("AWS_REGION", "eu-central-1")];
    let (said, code) = refused(&smoke(folder.path(), &args, &region));
    assert_eq!(code, 3);
    assert!(said.contains("no access to AWS"), "{said}");
    assert!(said.contains("aws sso login"), "{said}");
}

/// A server that answers one request like this.
fn server(status: u16, body: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 16 * 1024]);
        let length = body.len();
        let answer = format!(
            "HTTP/1.1 {status} Wrong\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
        );
        let _ = stream.write_all(answer.as_bytes());
    });
    url
}

/// What is said of a report that S3 refuses.
fn refused_by_s3(status: u16, answer: &'static str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let url = server(status, answer);
    let mut environment = SIGNED_IN.to_vec();
    environment.push(("AWS_ENDPOINT_URL_S3", &url));
    let args = ["d-ABCDEF123", "--reports", "s3://shop/gate/"];
    let (said, code) = refused(&smoke(folder.path(), &args, &environment));
    assert_eq!(code, 3);
    said
}

#[test]
fn who_may_not_read_the_report_is_told_which_permission_it_takes() {
    insta::assert_snapshot!(refused_by_s3(
        403,
        "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>",
    ));
}

#[test]
fn what_s3_says_otherwise_is_told_in_its_words() {
    insta::assert_snapshot!(refused_by_s3(
        400,
        "<Error><Code>AuthorizationHeaderMalformed</Code><Message>the region 'eu-central-1' is wrong; expecting 'eu-west-1'</Message></Error>",
    ));
}
