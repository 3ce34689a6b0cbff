//! The kinds of requests beside plain ones, against a real TLS load balancer
//! on loopback: GraphQL, forms with files, compression, versions of HTTP,
//! access tokens and signatures.

use rehearsal::Stage;
use smoke_tests::report::{Class, Outcome, Report};
use smoke_tests::settings::{Connection, Limits};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::support::{
    self, check, connection, fails, passes, report, report_of, report_with, stage,
};

fn outcome(report: &Report) -> (Outcome, Vec<Class>) {
    let only = &report.checks[0];
    (
        only.outcome,
        only.failures().map(|failure| failure.class).collect(),
    )
}

#[tokio::test]
async fn a_graphql_query_is_asked_without_leave_to_write() {
    let stage = stage().await;
    let text = r#"
checks:
  - name: items have names
    post: /graphql
    graphql: { query: "query All { items { id name } }" }
    expect: { json: { "$.data.items[*].name": { contains: Espresso cup } } }
  - name: an item is found by its id
    post: /graphql
    graphql:
      query: |
        query One($id: ID!) { item(id: $id) { id } }   # mutation { nothing }
        query All { items { id } }
      variables: { id: "{{ 'espresso' ~ '-cup' }}" }
      operation: One
    expect: { json: { $.data.item.id: espresso-cup } }
  - name: an error may be what is expected
    post: /graphql
    graphql: { query: "{ nothing }" }
    expect: { json: { "$.errors[0].message": { contains: nothing } } }
"#;
    let report = report(&stage, text).await;
    let outcomes: Vec<_> = report.checks.iter().map(|check| check.outcome).collect();
    assert_eq!(outcomes, [Outcome::Passed; 3], "{report:#?}");
}

#[tokio::test]
async fn a_mutation_is_sent_with_leave_to_write() {
    let step = "
post: /graphql
graphql:
  query: 'mutation Buy($id: ID!) { placeOrder(id: $id) { id } }'
  variables: { id: espresso-cup }
expect: { json: { $.data.placeOrder.status: placed } }
";
    passes(&stage().await, step).await;
}

#[tokio::test]
async fn an_answer_with_graphql_errors_fails_although_its_status_is_200() {
    let step = "post: /graphql\ngraphql: { query: '{ nothing }' }";
    insta::assert_snapshot!(fails(&stage().await, step).await, @r#"
    error[wrong-answer]: unexpected JSON at `$.errors[*]`
     --> shop.yaml:3:5
      |
    3 |     post: /graphql
      |     ^^^^^^^^^^^^^^ expected `[]`, found `[{"message":"Cannot query field \"nothing\"."}]`
      |
      = note: POST https://localhost:PORT/graphql answered 200 (N time)
      = note: the answer begins: {"data":null,"errors":[{"message":"Cannot query field \"nothing\"."}]}
    "#);
}

#[tokio::test]
async fn a_form_with_files_arrives_part_by_part() {
    let stage = stage().await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("cup.png"),
        [0x89, b'P', b'N', b'G', b'-'],
    )
    .unwrap();
    let text = r#"
variables: { who: demo }
checks:
  - name: a
    writes: true
    post: /echo
    multipart:
      customer: "{{ who }}@example.com"
      'odd "name"': [one, two]
      photo: { file: cup.png, type: image/png }
      note: { text: '{"a": 1}', type: application/json, filename: "{{ who }}.json" }
    expect:
      json:
        "$.headers['content-type']": { matches: '^multipart/form-data; boundary=greenlight-[0-9a-f]{32}$' }
        $.body: { ends_with: "--\r\n" }
"#;
    let path = folder.path().join("shop.yaml");
    std::fs::write(&path, text).unwrap();
    let sources = smoke_tests::discover::read(&[path.to_str().unwrap().to_owned()]).unwrap();
    let report = support::report_of_sources(&connection(&stage), &sources).await;
    assert_eq!(outcome(&report).0, Outcome::Passed, "{report:#?}");
    // What was sent shows in the report of a step that failed.
    let text = text.replace("expect:", "expect:\n      status: 500");
    std::fs::write(&path, text).unwrap();
    let sources = smoke_tests::discover::read(&[path.to_str().unwrap().to_owned()]).unwrap();
    let report = support::report_of_sources(&connection(&stage), &sources).await;
    let exchange = report.checks[0].steps[0].exchange.as_ref().unwrap();
    let sent = &exchange.request.body.as_ref().unwrap().text;
    let boundary = sent.lines().next().unwrap().to_owned();
    insta::assert_snapshot!(sent.replace(&boundary, "--BOUNDARY").replace('\r', ""), @r#"
    --BOUNDARY
    Content-Disposition: form-data; name="customer"

    demo@example.com
    --BOUNDARY
    Content-Disposition: form-data; name="odd %22name%22"

    one
    --BOUNDARY
    Content-Disposition: form-data; name="odd %22name%22"

    two
    --BOUNDARY
    Content-Disposition: form-data; name="photo"; filename="cup.png"
    Content-Type: image/png

    �PNG-
    --BOUNDARY
    Content-Disposition: form-data; name="note"; filename="demo.json"
    Content-Type: application/json

    {"a": 1}
    --BOUNDARY--
    "#);
}

#[tokio::test]
async fn answers_are_decoded_and_their_headers_stay() {
    let stage = stage().await;
    for (coding, named) in [
        ("gzip", "gzip"),
        ("deflate", "deflate"),
        ("raw-deflate", "deflate"),
    ] {
        let step = format!(
            "get: /encoded/{coding}\nexpect: {{ headers: {{ content-encoding: {named} }}, size: 56, body: {{ contains: espresso }}, json: {{ $.words: {{ starts_with: flat white }} }} }}"
        );
        passes(&stage, &step).await;
    }
    passes(
        &stage,
        "get: /echo\nexpect: { json: { \"$.headers['accept-encoding']\": 'gzip, deflate' } }",
    )
    .await;
    // A coding that nobody knows is left as it came.
    passes(
        &stage,
        "get: /encoded/unknown\nexpect: { json: { $.words: { exists: true } } }",
    )
    .await;
}

#[tokio::test]
async fn a_body_that_explodes_is_not_read() {
    let stage = stage().await;
    let report = report(&stage, &check("get: /bomb")).await;
    assert_eq!(
        outcome(&report),
        (Outcome::Failed, vec![Class::WrongAnswer])
    );
    let found = report.checks[0]
        .failures()
        .next()
        .unwrap()
        .diagnostic
        .found
        .clone();
    assert_eq!(
        found.as_deref(),
        Some("a body of more than 2.0 MiB when it is decoded")
    );
}

#[tokio::test]
async fn a_body_that_is_not_in_its_coding_is_a_broken_answer() {
    insta::assert_snapshot!(fails(&stage().await, "get: /encoded/lie").await, @"
    error[could-not-ask]: no whole answer
     --> shop.yaml:3:5
      |
    3 |     get: /encoded/lie
      |     ^^^^^^^^^^^^^^^^^ expected a whole answer, found a broken answer: a body that is not `gzip`: invalid gzip header
      |
      = note: GET https://localhost:PORT/encoded/lie answered 200 (N time)
    ");
}

#[tokio::test]
async fn a_body_is_sent_in_gzip_and_shown_as_it_was() {
    let stage = stage().await;
    let step = "post: /echo\ntext: words, words, words\ncompress: gzip";
    let expect =
        "{ json: { $.body: 'words, words, words', \"$.headers['content-encoding']\": gzip } }";
    passes(&stage, &format!("{step}\nexpect: {expect}")).await;
    let report = report(
        &stage,
        &check(&format!("{step}\nexpect: {{ status: 500 }}")),
    )
    .await;
    let exchange = report.checks[0].steps[0].exchange.as_ref().unwrap();
    assert_eq!(
        exchange.request.body.as_ref().unwrap().text,
        "words, words, words"
    );
    assert!(
        exchange
            .curl
            .starts_with("printf 'words, words, words' | gzip | curl"),
        "{}",
        exchange.curl
    );
}

#[tokio::test]
async fn the_version_of_http_can_be_chosen() {
    let stage = stage().await;
    for version in ["1.1", "2"] {
        let step =
            format!("get: /healthz\nhttp: \"{version}\"\nexpect: {{ version: \"{version}\" }}");
        passes(&stage, &step).await;
    }
    passes(&stage, "get: /healthz\nexpect: { version: '2' }").await;
    let text = "defaults: { http: 1.1 }\nchecks: [{ name: a, get: /, expect: { version: '1.1' } }]";
    assert_eq!(outcome(&report(&stage, text).await).0, Outcome::Passed);
}

/// A connection to the app behind the load balancer, in plain text.
fn plain(target: &str) -> Connection {
    Connection {
        target: target.parse().unwrap(),
        connect_to: None,
        cacert: None,
    }
}

#[tokio::test]
async fn a_server_without_the_chosen_version_could_not_be_asked() {
    let text = check("get: /healthz\nhttp: 2");
    // It answers the first words of HTTP/2 as one that knows HTTP/1.1 only.
    let (target, _received) = server_that_keeps_one_request("PRI * HTTP/2.0\r\n").await;
    let report = report_of(&plain(&target), &text, Limits::default()).await;
    assert_eq!(
        outcome(&report),
        (Outcome::Failed, vec![Class::CouldNotAsk])
    );
    let found = report.checks[0]
        .failures()
        .next()
        .unwrap()
        .diagnostic
        .found
        .clone()
        .unwrap();
    assert!(
        found.starts_with("no answer over HTTP/2, which may not be spoken there: "),
        "{found}"
    );
}

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
    let json = serde_json::to_string(&smoke_tests::render::json::report(&report)).unwrap();
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
    let json = serde_json::to_string(&smoke_tests::render::json::report(&report)).unwrap();
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
    let json = serde_json::to_string(&smoke_tests::render::json::report(&report)).unwrap();
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
    let Some(python) = rehearsal::tool("python").unwrap() else {
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
    let (target, received) = server_that_keeps_one_request(BODY).await;
    let connection = Connection {
        target: target.parse().unwrap(),
        connect_to: None,
        cacert: None,
    };
    let report = report_with(&connection, SIGNED, Limits::default(), &environment).await;
    let json = serde_json::to_string(&smoke_tests::render::json::report(&report)).unwrap();
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

/// Answers one request with 200, and gives its text.
async fn server_that_keeps_one_request(
    until: &'static str,
) -> (String, tokio::task::JoinHandle<String>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = format!("http://{}", listener.local_addr().unwrap());
    let received = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut text = Vec::new();
        while !String::from_utf8_lossy(&text).contains(until) {
            assert!(stream.read_buf(&mut text).await.unwrap() > 0);
        }
        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
        stream.write_all(answer).await.unwrap();
        String::from_utf8_lossy(&text).into_owned()
    });
    (target, received)
}

/// A folder with the shop's declaration, and a check file of this text.
fn folder_with(text: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let proto = include_str!("../../../rehearsal/src/app/shop.proto");
    std::fs::write(folder.path().join("shop.proto"), proto).unwrap();
    let path = folder.path().join("shop.yaml");
    std::fs::write(&path, text).unwrap();
    let path = path.to_str().unwrap().to_owned();
    (folder, path)
}

async fn calls(connection: &Connection, text: &str) -> Report {
    let (_folder, path) = folder_with(text);
    let sources = smoke_tests::discover::read(&[path]).unwrap();
    support::report_of_sources(connection, &sources).await
}

#[tokio::test]
async fn the_health_of_a_grpc_service_is_asked_without_any_file_and_without_leave() {
    let stage = stage().await;
    let text = "
checks:
  - name: the server serves
    grpc: grpc.health.v1.Health/Check
    expect: { version: '2', json: { $.status: SERVING } }
  - name: its shop too
    grpc: grpc.health.v1.Health/Check
    message: { service: shop.v1.Shop }
    expect: { json: { $.status: SERVING } }
  - name: nothing else
    grpc: grpc.health.v1.Health/Check
    message: { service: elsewhere }
    expect: { grpc: NOT_FOUND, headers: { grpc-message: unknown service } }
";
    for connection in [connection(&stage), plain(&stage.green_app().url())] {
        let report = report_of(&connection, text, Limits::default()).await;
        let outcomes: Vec<_> = report.checks.iter().map(|check| check.outcome).collect();
        assert_eq!(outcomes, [Outcome::Passed; 3], "{report:#?}");
    }
    stage.green_app().break_with(rehearsal::Defect::Unhealthy);
    let report = report(&stage, text).await;
    assert_eq!(
        outcome(&report),
        (Outcome::Failed, vec![Class::WrongAnswer])
    );
}

#[tokio::test]
async fn a_declared_call_is_made_and_its_answer_is_json() {
    let stage = stage().await;
    let text = r#"
checks:
  - name: a
    writes: true
    steps:
      - grpc: shop.v1.Shop/GetItem
        proto: shop.proto
        message: { id: espresso-cup }
        expect: { json: { $.priceCents: "1250", $.inStock: true, $.tags: { empty: true } } }
        capture: { item: { json: $.id }, kind: { header: content-type } }
      - grpc: shop.v1.Shop/PlaceOrder
        proto: shop.proto
        message: { item_id: "{{ item }}" }
        expect: { grpc: OK, latency: { first_byte: { below: 10s } }, json: { $.id: { empty: false } } }
      - grpc: shop.v1.Shop/GetItem
        proto: shop.proto
        message: { id: "{{ kind }}" }
        expect: { grpc: { one_of: [NOT_FOUND, UNAVAILABLE] } }
"#;
    let report = calls(&connection(&stage), text).await;
    assert_eq!(outcome(&report).0, Outcome::Passed, "{report:#?}");
}

#[tokio::test]
async fn a_call_that_fails_says_its_status_and_the_servers_words() {
    let stage = stage().await;
    let text = "checks:
  - name: a
    writes: true
    grpc: shop.v1.Shop/GetItem
    proto: shop.proto
    message: { id: nothing }
";
    let report = calls(&connection(&stage), text).await;
    let failure = report.checks[0].failures().next().unwrap();
    assert_eq!(failure.class, Class::WrongAnswer);
    let found = failure.diagnostic.found.as_deref();
    let words = "`\"NOT_FOUND\"`: `\"there is no item `nothing`\"`";
    assert_eq!(found, Some(words));
    let exchange = report.checks[0].steps[0].exchange.as_ref().unwrap();
    assert_eq!(
        exchange.request.body.as_ref().unwrap().text,
        "{\"id\":\"nothing\"}"
    );
    let command = support::scrub(&stage, &exchange.curl);
    insta::assert_snapshot!(command, @r#"grpcurl -cacert CA_FILE -d '{"id":"nothing"}' localhost:PORT shop.v1.Shop/GetItem"#);
}

#[tokio::test]
async fn a_message_that_a_template_makes_unfit_is_not_sent() {
    let stage = stage().await;
    let text = "
variables: { service: [1] }
checks:
  - name: a
    grpc: grpc.health.v1.Health/Check
    message: { service: '{{ service }}' }
";
    let report = report(&stage, text).await;
    assert_eq!(
        outcome(&report),
        (Outcome::Failed, vec![Class::CouldNotAsk])
    );
    let diagnostic = &report.checks[0].failures().next().unwrap().diagnostic;
    assert_eq!(diagnostic.title, "the message cannot be made");
    let found = diagnostic.found.as_deref();
    assert_eq!(found, Some("`service`: `[1]` is not text"));
}

#[tokio::test]
async fn a_server_without_grpc_gives_no_status() {
    let stage = stage().await;
    let text = check("grpc: grpc.health.v1.Health/Check");
    stage.load_balancer().fault(
        rehearsal::Listener::Test,
        Some(rehearsal::Fault::Status(503)),
    );
    let report = report(&stage, &text).await;
    let found: Vec<_> = report.checks[0]
        .failures()
        .map(|failure| failure.diagnostic.found.as_deref().unwrap())
        .collect();
    assert_eq!(found, ["503", "nothing"]);
}
