//! What is sent, against a real TLS load balancer on loopback: methods, headers,
//! bodies, GraphQL, forms with files, compression and versions of HTTP.

use report::verdict::{Verdict, judge};
use report::{Class, Outcome};
use runner::settings::Limits;

use crate::support::server::keeps_one_request;
use crate::support::{
    self, check, connection, fails, outcome, passes, plain, report, report_of, stage,
};

#[tokio::test]
async fn any_method_can_be_asked_with() {
    let stage = stage().await;
    for http in ["1.1", "2"] {
        for (method, body) in [("PURGE", ""), ("PROPFIND", "<propfind/>"), ("TEA_POT", "x")] {
            let step = format!(
                "request: {{ method: {method}, path: '/echo?a=b' }}\nhttp: '{http}'\ntext: '{body}'\nexpect: {{ json: {{ $.method: {method}, $.body: '{body}', $.query.a: b }} }}"
            );
            passes(&stage, &step).await;
        }
    }
    let safe = "checks: [{ name: a, request: { method: QUERY, path: /echo }, json: { q: 1 } }]";
    let report = report(&stage, safe).await;
    assert_eq!(outcome(&report).0, Outcome::Passed, "{report:#?}");
}

#[tokio::test]
async fn a_request_that_could_have_a_body_says_that_it_has_none() {
    for (step, says) in [
        ("post: /", true),
        (
            "put: /\nexpect: { latency: { connect: { below: 9s } } }",
            true,
        ),
        ("request: { method: PURGE, path: / }", true),
        ("get: /", false),
        ("delete: /", false),
    ] {
        let (target, received) = keeps_one_request("\r\n\r\n").await;
        let report = report_of(&plain(&target), &check(step), Limits::default()).await;
        assert_eq!(outcome(&report).0, Outcome::Passed, "{step}");
        let received = received.await.unwrap();
        assert_eq!(
            received.contains("content-length: 0\r\n"),
            says,
            "{received}"
        );
    }
}

#[tokio::test]
async fn a_method_is_kept_over_a_redirect_and_shown_in_the_command() {
    let stage = stage().await;
    let step = "request: { method: PURGE, path: '/redirect-to?url=/echo' }\nfollow_redirects: 1\nexpect: { json: { $.method: GET } }";
    let report = report(&stage, &check(step)).await;
    let step = &report.checks[0].steps[0];
    assert_eq!(step.name, "PURGE /redirect-to?url=/echo");
    let curl = &step.exchange.as_ref().unwrap().curl;
    assert!(curl.contains("--request PURGE"), "{curl}");
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
    let sources = check_file::discover::read(&[path.to_str().unwrap().to_owned()]).unwrap();
    let report = support::report_of_sources(&connection(&stage), &sources).await;
    assert_eq!(outcome(&report).0, Outcome::Passed, "{report:#?}");
    // What was sent shows in the report of a step that failed.
    let text = text.replace("expect:", "expect:\n      status: 500");
    std::fs::write(&path, text).unwrap();
    let sources = check_file::discover::read(&[path.to_str().unwrap().to_owned()]).unwrap();
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
    let report = report(&stage, &check("get: /bomb\ntimeout: 50s")).await;
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

#[tokio::test]
async fn a_server_without_the_chosen_version_could_not_be_asked() {
    let text = check("get: /healthz\nhttp: 2");
    // It answers the first words of HTTP/2 as one that knows HTTP/1.1 only.
    let (target, _received) = keeps_one_request("PRI * HTTP/2.0\r\n").await;
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

#[tokio::test]
async fn the_checks_that_ship_pass_on_a_healthy_shop() {
    let text = include_str!("../../../../smoke-tests/checks/storefront.yaml");
    let report = report(&stage().await, text).await;
    let failed: Vec<_> = report
        .checks
        .iter()
        .filter(|check| check.outcome != Outcome::Passed)
        .collect();
    assert!(failed.is_empty(), "{failed:#?}");
    assert_eq!(judge(&report), Verdict::Succeeded);
}

#[tokio::test]
async fn every_method_can_be_sent() {
    let stage = stage().await;
    for method in ["get", "post", "put", "patch", "delete", "options"] {
        let upper = method.to_uppercase();
        passes(
            &stage,
            &format!("{method}: /echo\nexpect: {{ json: {{ $.method: {upper} }} }}"),
        )
        .await;
    }
    passes(&stage, "head: /healthz\nexpect: { body: '' }").await;
}

#[tokio::test]
async fn a_path_may_hold_what_a_function_gives() {
    passes(
        &stage().await,
        "get: /status/{{ random(204, 204) }}\nexpect: { status: 204 }",
    )
    .await;
}

#[tokio::test]
async fn every_part_of_a_request_arrives() {
    let stage = stage().await;
    passes(
        &stage,
        r#"
post: /echo
query: { a: 1, b: [x, "y z"] }
headers: { x-one: "1", x-two: two }
json: { n: 1, list: [true, null, "t"] }
expect:
  json:
    $.path: /echo
    $.headers['x-one']: "1"
    $.headers['x-two']: two
    $.headers['content-type']: application/json
    $.headers['user-agent']: { starts_with: greenlight/ }
    $.body: '{"n":1,"list":[true,null,"t"]}'
"#,
    )
    .await;
    passes(
        &stage,
        "post: /echo\nform: { a: b c, d: 'ü&' }\nexpect: { json: { $.body: a=b+c&d=%C3%BC%26, \"$.headers['content-type']\": application/x-www-form-urlencoded } }",
    )
    .await;
    passes(
        &stage,
        "post: /echo\ntext: plain words\nexpect: { json: { $.body: plain words } }",
    )
    .await;
}

#[tokio::test]
async fn a_file_is_sent_from_beside_the_check_file() {
    let stage = stage().await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("order.json"), "{\"from\": \"a file\"}").unwrap();
    let path = folder.path().join("checks.yaml");
    let text = check(
        "post: /echo\nfile: order.json\nheaders: { content-type: application/json }\nexpect: { json: { $.body: { contains: a file }, \"$.headers['content-type']\": application/json } }",
    );
    std::fs::write(&path, text).unwrap();
    let sources = check_file::discover::read(&[path.to_string_lossy()]).unwrap();
    let plan =
        runner::plan::plan(&sources, &runner::settings::Selection::default(), &|_| None).unwrap();
    let client = client::http::Client::new(&support::connection(&stage)).unwrap();
    let report = runner::run::run(&plan, &client, Limits::default(), &|_| {}).await;
    assert_eq!(judge(&report), Verdict::Succeeded);
}

#[tokio::test]
async fn a_login_is_sent_as_basic_or_bearer() {
    let stage = stage().await;
    support::passes(
        &stage,
        "get: /echo\nauth: { basic: { user: Aladdin, password: 'open sesame' } }\nexpect: { json: { $.headers.authorization: 'Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==' } }",
    )
    .await;
    support::passes(
        &stage,
        "get: /echo\nauth: { bearer: abc }\nexpect: { json: { $.headers.authorization: Bearer abc } }",
    )
    .await;
}
