//! Logging in by access tokens and by signatures, against a real TLS load
//! balancer on loopback.

use rehearsal::Stage;
use report::{Class, Outcome, Report};
use runner::settings::Limits;

use crate::support::server::keeps_one_request;
use crate::support::{connection, outcome, plain, report_with, stage};

const CLIENT: &str = "
variables: { secret: { env: CLIENT_SECRET } }
defaults:
  auth:
    oauth2:
      token_url: /oauth/token
      client_id: smoke
      client_secret: '{{ secret }}'
      scope: SCOPE
      audience: shop
";

async fn with_client(stage: &Stage, scope: &str, checks: &str, secret: &str) -> Report {
    let text = format!("{}{checks}", CLIENT.replace("SCOPE", scope));
    let environment = |name: &str| (name == "CLIENT_SECRET").then(|| secret.to_owned());
    report_with(&connection(stage), &text, Limits::default(), &environment).await
}

#[tokio::test]
async fn one_token_serves_all_checks_of_a_run() {
    let stage = stage().await;
    let mut checks = String::from("checks:\n");
    for n in 0..12 {
        checks.push_str(&format!(
            "  - {{ name: c{n}, get: /oauth/whoami, expect: {{ json: {{ $.granted: 1, $.audience: shop }} }} }}\n"
        ));
    }
    checks
        .push_str("  - { name: none, auth: none, get: /oauth/whoami, expect: { status: 401 } }\n");
    let report = with_client(&stage, "orders", &checks, "let me in").await;
    for check in &report.checks {
        assert_eq!(check.outcome, Outcome::Passed, "{check:#?}");
    }
}

#[tokio::test]
async fn a_token_that_has_expired_is_fetched_anew() {
    let stage = stage().await;
    let checks = "
checks:
  - name: a
    steps:
      - { get: /oauth/whoami, expect: { json: { $.token: 1 } } }
      - { get: /oauth/whoami, retry: { for: 10s, every: 100ms }, expect: { json: { $.token: 2 } } }
";
    let report = with_client(&stage, "expires-in:0.5", checks, "let me in").await;
    assert_eq!(outcome(&report).0, Outcome::Passed, "{report:#?}");
}

#[tokio::test]
async fn a_refused_token_says_why_once_for_all_and_shows_no_secret() {
    let stage = stage().await;
    let checks = "checks: [{ name: a, get: /oauth/whoami }, { name: b, get: /oauth/whoami }]";
    let report = with_client(&stage, "orders", checks, "a-wrong-secret").await;
    assert_eq!(
        outcome(&report),
        (Outcome::Failed, vec![Class::CouldNotAsk])
    );
    let json = serde_json::to_string(&report::render::json::JsonReport::new(&report)).unwrap();
    assert!(json.contains("invalid_client"), "{json}");
    let in_base64 = "c21va2U6YS13cm9uZy1zZWNyZXQ";
    assert!(
        !json.contains("a-wrong-secret") && !json.contains(in_base64),
        "{json}"
    );
    let found: Vec<_> = report
        .checks
        .iter()
        .map(|check| {
            check
                .failures()
                .next()
                .unwrap()
                .diagnostic
                .found
                .clone()
                .unwrap()
        })
        .collect();
    assert_eq!(
        found,
        vec!["`invalid_client` with status 401: `\"unknown client, or a wrong secret\"`"; 2]
    );
    // The second check waited for the first, and did not ask once more.
    let counted = "checks: [{ name: a, get: /oauth/whoami, expect: { json: { $.refused: 1 } } }]";
    let report = with_client(&stage, "orders", counted, "let me in").await;
    assert_eq!(outcome(&report).0, Outcome::Passed, "{report:#?}");
}

#[tokio::test]
async fn a_token_of_an_unknown_type_is_no_token_and_not_shown() {
    let stage = stage().await;
    let checks = "checks: [{ name: a, get: /oauth/whoami }]";
    let report = with_client(&stage, "mac", checks, "let me in").await;
    assert_eq!(
        outcome(&report),
        (Outcome::Failed, vec![Class::CouldNotAsk])
    );
    let json = serde_json::to_string(&report::render::json::JsonReport::new(&report)).unwrap();
    assert!(json.contains("which is not `Bearer`"), "{json}");
    assert!(!json.contains("machine-token-"), "{json}");
}

#[tokio::test]
async fn a_token_is_in_no_part_of_the_report() {
    let stage = stage().await;
    let checks = "checks: [{ name: a, writes: true, post: /echo, expect: { json: { $.headers.authorization: x } } }]";
    let report = with_client(&stage, "orders", checks, "let me in").await;
    assert_eq!(
        outcome(&report),
        (Outcome::Failed, vec![Class::WrongAnswer])
    );
    let json = serde_json::to_string(&report::render::json::JsonReport::new(&report)).unwrap();
    assert!(!json.contains("machine-token-"), "{json}");
    let curl = &report.checks[0].steps[0].exchange.as_ref().unwrap().curl;
    assert!(
        curl.contains("'authorization: Bearer '\"$ACCESS_TOKEN\""),
        "{curl}"
    );
}

const BODY: &str = "words: ü";

const SIGNED: &str = "
variables: { key: { env: SECRET_KEY }, session: { env: SESSION_TOKEN } }
checks:
  - name: a
    writes: true
    post: '/echo?b=2&a=x%20y'
    text: 'words: ü'
    auth:
      sigv4:
        region: eu-central-1
        service: execute-api
        access_key: AKIDREHEARSAL
        secret_key: '{{ key }}'
        session_token: '{{ session }}'
    expect: { status: 500 }
";

/// Recomputes the signature of the request that arrived, with AWS's own code.
const JUDGE: &str = r#"
import sys
from unittest import mock
import botocore.auth, datetime
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

url, secret, session, received = sys.argv[1:]
head, body = received.split("\r\n\r\n", 1)
line, *fields = head.split("\r\n")
headers = dict(field.split(": ", 1) for field in fields)
sent = {name: headers[name] for name in ("content-type", "host")}
request = AWSRequest(method=line.split()[0], url=url, data=body.encode(), headers=sent)
at = datetime.datetime.strptime(headers["x-amz-date"], "%Y%m%dT%H%M%SZ")
signer = botocore.auth.SigV4Auth(Credentials("AKIDREHEARSAL", secret, session), "execute-api", "eu-central-1")
with mock.patch.object(botocore.auth, "get_current_datetime", return_value=at, create=True):
    signer.add_auth(request)
found, expected = headers["authorization"], request.headers["Authorization"]
assert found == expected, f"found {found}, expected {expected}"
"#;

#[tokio::test]
async fn signatures_are_those_of_boto3() {
    let Some(python) = rehearsal::find_tool("python").unwrap() else {
        return;
    };
    let (secret, session) = ("a-secret-access-key", "a-session-token");
    let environment = |name: &str| match name {
        "SECRET_KEY" => Some(secret.to_owned()),
        "SESSION_TOKEN" => Some(session.to_owned()),
        _ => None,
    };
    // In the report the signature is redacted: the request is taken from the
    // socket itself.
    let (target, received) = keeps_one_request(BODY).await;
    let report = report_with(&plain(&target), SIGNED, Limits::default(), &environment).await;
    let json = serde_json::to_string(&report::render::json::JsonReport::new(&report)).unwrap();
    for hidden in [secret, session, "Signature="] {
        assert!(!json.contains(hidden), "{hidden} in {json}");
    }
    let curl = &report.checks[0].steps[0].exchange.as_ref().unwrap().curl;
    assert!(
        curl.contains("--aws-sigv4 aws:amz:eu-central-1:execute-api"),
        "{curl}"
    );
    assert!(
        curl.contains("--user AKIDREHEARSAL:\"$SECRET_KEY\""),
        "{curl}"
    );
    let url = format!("{target}/echo?b=2&a=x%20y");
    let received = received.await.unwrap();
    let judged = tokio::process::Command::new(python)
        .args(["-c", JUDGE, &url, secret, session, &received])
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&judged.stderr).into_owned();
    assert!(judged.status.success(), "{said}");
}
