//! `smoke init` and `smoke import` as people meet them: what they write can be
//! validated and passes, and nothing is overwritten.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::Output;

use rehearsal::Defect;

use crate::support::{scrub, stage};

async fn smoke(folder: &Path, args: &[&str]) -> Output {
    tokio::process::Command::new(env!("CARGO_BIN_EXE_smoke"))
        .args(args)
        .current_dir(folder)
        .env_clear()
        .output()
        .await
        .unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

const OPENAPI: &str = r##"
openapi: 3.1.0
info: { title: Coffee shop, version: 1.0.0 }
security: [ { bearer: [] } ]
paths:
  /catalogue:
    get:
      summary: The catalogue lists what is for sale.
      security: []
      parameters:
        - { name: limit, in: query, required: false, schema: { type: integer } }
        - { name: category, in: query, required: true, schema: { type: string, enum: [cups, brewers] } }
      responses:
        "200":
          description: a list
          content:
            application/json:
              schema:
                type: object
                required: [count, items]
                properties: { count: { type: integer }, items: { type: array } }
  /catalogue/{id}:
    get:
      operationId: showItem
      security: []
      parameters: [ { $ref: "#/components/parameters/id" } ]
      responses:
        2XX:
          description: an item
          content: { application/json: { schema: { $ref: "#/components/schemas/Item" } } }
  /orders:
    get: { summary: The orders of a customer, responses: { "200": { description: a list } } }
    post: { summary: An order is placed, responses: { "201": { description: it } } }
  /orders/{id}:
    get:
      parameters: [ { name: id, in: path, required: true, schema: { type: string } } ]
      responses: { "200": { description: it } }
components:
  parameters:
    id: { name: id, in: path, required: true, example: travel-mug, schema: { type: string } }
  schemas:
    Item:
      allOf:
        - { type: object, required: [id], properties: { id: { type: string } } }
        - type: object
          required: [price_cents, tags]
          properties: { price_cents: { type: integer }, tags: { type: [array, "null"] } }
"##;

#[tokio::test]
async fn a_starter_from_a_service_is_valid_and_passes_and_fails_when_the_service_does() {
    let stage = stage().await;
    let folder = tempfile::tempdir().unwrap();
    let (target, authority) = (stage.test_url(), stage.ca_file().to_str().unwrap());
    let made = smoke(folder.path(), &["init", &target, "--cacert", authority]).await;
    assert_eq!(made.status.code(), Some(0), "{}", stderr(&made));
    let text = std::fs::read_to_string(folder.path().join("smoke.yaml")).unwrap();
    insta::assert_snapshot!("starter", scrub(&stage, &text));
    let valid = smoke(folder.path(), &["validate", "smoke.yaml"]).await;
    assert_eq!(valid.status.code(), Some(0), "{}", stderr(&valid));
    let run = [
        "run",
        "smoke.yaml",
        "--target",
        &target,
        "--cacert",
        authority,
    ];
    let passed = smoke(folder.path(), &run).await;
    assert_eq!(passed.status.code(), Some(0), "{}", stdout(&passed));
    stage.green_app().break_with(Defect::Slow);
    let failed = smoke(folder.path(), &[&run[..], &["--deadline", "1s"]].concat()).await;
    assert_eq!(failed.status.code(), Some(1), "{}", stdout(&failed));
}

#[tokio::test]
async fn a_starter_from_an_openapi_document_asks_what_the_document_gives_examples_of() {
    let stage = stage().await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("openapi.yaml"), OPENAPI).unwrap();
    let made = smoke(
        folder.path(),
        &["init", "--openapi", "openapi.yaml", "-o", "api.yaml"],
    )
    .await;
    assert_eq!(made.status.code(), Some(0), "{}", stderr(&made));
    let text = std::fs::read_to_string(folder.path().join("api.yaml")).unwrap();
    insta::assert_snapshot!("starter_openapi", text);
    let (target, authority) = (stage.test_url(), stage.ca_file().to_str().unwrap());
    let run = [
        "run", "api.yaml", "--target", &target, "--cacert", authority,
    ];
    let passed = smoke(folder.path(), &run).await;
    assert_eq!(passed.status.code(), Some(0), "{}", stdout(&passed));
}

#[tokio::test]
async fn a_document_that_a_service_serves_is_found_and_read() {
    let stage = stage().await;
    let folder = tempfile::tempdir().unwrap();
    let (target, authority) = (stage.test_url(), stage.ca_file().to_str().unwrap());
    let url = format!("{target}/openapi.json");
    let made = ["init", "--openapi", &url, "--cacert", authority];
    let made = smoke(folder.path(), &made).await;
    assert_eq!(made.status.code(), Some(0), "{}", stderr(&made));
    let text = std::fs::read_to_string(folder.path().join("smoke.yaml")).unwrap();
    insta::assert_snapshot!("starter_served", scrub(&stage, &text));
    let run = [
        "run",
        "smoke.yaml",
        "--target",
        &target,
        "--cacert",
        authority,
    ];
    let passed = smoke(folder.path(), &run).await;
    assert_eq!(passed.status.code(), Some(0), "{}", stdout(&passed));
}

/// A service that answers its front page like this, and knows no other.
fn service(front: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = [0; 4096];
            let length = stream.read(&mut request).unwrap_or(0);
            let known = request[..length].starts_with(b"GET / ");
            let head = if known { front } else { "404 Not Found" };
            let answer =
                format!("HTTP/1.1 {head}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    url
}

#[tokio::test]
async fn a_front_page_that_leads_on_or_wants_a_login_is_worth_a_check() {
    let folder = tempfile::tempdir().unwrap();
    let mut checks = String::new();
    for front in [
        "302 Found\r\nlocation: /login",
        "401 Unauthorized\r\nwww-authenticate: Basic",
        "403 Forbidden",
    ] {
        let url = service(front);
        let made = smoke(folder.path(), &["init", &url, "--force"]).await;
        assert_eq!(made.status.code(), Some(0), "{}", stderr(&made));
        let text = std::fs::read_to_string(folder.path().join("smoke.yaml")).unwrap();
        let text = text.split("checks:\n").nth(1).unwrap();
        checks.push_str(text.split("  # What customers do").next().unwrap());
        let passed = smoke(folder.path(), &["run", "smoke.yaml", "--target", &url]).await;
        assert_eq!(passed.status.code(), Some(0), "{}", stdout(&passed));
    }
    insta::assert_snapshot!("front_pages", checks.trim_end());
}

#[tokio::test]
async fn nothing_is_overwritten_unless_that_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("openapi.yaml"), OPENAPI).unwrap();
    std::fs::write(folder.path().join("api.yaml"), "mine").unwrap();
    let made = ["init", "--openapi", "openapi.yaml", "-o", "api.yaml"];
    let refused = smoke(folder.path(), &made).await;
    assert_eq!(refused.status.code(), Some(2));
    insta::assert_snapshot!(stderr(&refused), @"
    error: `api.yaml` is there already
     |
     = note: expected a file that is not there yet, found one that is
     = help: name another by `--output`, or replace it by `--force`
    ");
    assert_eq!(
        std::fs::read_to_string(folder.path().join("api.yaml")).unwrap(),
        "mine"
    );
    let printed = smoke(folder.path(), &[&made[..], &["--dry-run"]].concat()).await;
    assert!(stdout(&printed).starts_with("# yaml-language-server"));
    assert_eq!(
        std::fs::read_to_string(folder.path().join("api.yaml")).unwrap(),
        "mine"
    );
    let forced = smoke(folder.path(), &[&made[..], &["--force"]].concat()).await;
    assert_eq!(forced.status.code(), Some(0), "{}", stderr(&forced));
    let written = std::fs::read_to_string(folder.path().join("api.yaml")).unwrap();
    assert_eq!(written, stdout(&printed));
}

#[tokio::test]
async fn what_gives_nothing_to_begin_with_is_said() {
    let stage = stage().await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("old.json"), r#"{"swagger": "2.0"}"#).unwrap();
    std::fs::write(
        folder.path().join("none.yaml"),
        "openapi: 3.0.0\npaths: {}\n",
    )
    .unwrap();
    let authority = stage.ca_file().to_str().unwrap();
    let nowhere = format!("{}/nowhere", stage.test_url());
    // A port that nobody listens at any more.
    let closed = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = closed.local_addr().unwrap().port();
    drop(closed);
    let unreachable = format!("http://127.0.0.1:{port}");
    let document = format!("{unreachable}/openapi.json");
    let mut said = String::new();
    for args in [
        &["init", "--openapi", "old.json"][..],
        &["init", "--openapi", "none.yaml"],
        &["init", "--openapi", "missing.yaml"],
        &["init", "--openapi", "ftp://localhost/openapi.json"],
        &["init", &nowhere, "--cacert", authority],
        &["init", "--openapi", &nowhere, "--cacert", authority],
        &["init", "--openapi", &document],
        &["init", &unreachable],
    ] {
        let output = smoke(folder.path(), args).await;
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        let text = scrub(&stage, &stderr(&output));
        said.push_str(&text.replace(&port.to_string(), "PORT"));
        said.push('\n');
    }
    insta::assert_snapshot!("init_refused", said);
}

#[tokio::test]
async fn an_import_tells_by_its_exit_code_whether_all_is_carried_over() {
    let folder = tempfile::tempdir().unwrap();
    for name in [
        "shop.hurl",
        "odd.hurl",
        "shop.postman_collection.json",
        "shop.postman_environment.json",
    ] {
        let from = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/smoke/import")
            .join(name);
        std::fs::copy(from, folder.path().join(name)).unwrap();
    }
    std::fs::create_dir(folder.path().join("checks")).unwrap();
    let all = [
        "import",
        "shop.postman_collection.json",
        "shop.postman_environment.json",
        "--output",
        "checks",
    ];
    let output = smoke(folder.path(), &all).await;
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    insta::assert_snapshot!(stderr(&output), @"
    checks/shop.yaml: everything is carried over
    try it: smoke run checks/shop.yaml --target https://localhost:8443
    ");
    let output = smoke(
        folder.path(),
        &["import", "odd.hurl", "-o", "checks/odd.yaml"],
    )
    .await;
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let valid = smoke(folder.path(), &["validate", "checks/shop.yaml"]).await;
    assert_eq!(valid.status.code(), Some(0), "{}", stderr(&valid));
    std::fs::write(
        folder.path().join("broken.hurl"),
        "GET http://a\nnot a header\n",
    )
    .unwrap();
    std::fs::write(folder.path().join("other.json"), "{}").unwrap();
    std::fs::write(folder.path().join("text.txt"), "GET http://a\n").unwrap();
    let mut said = String::new();
    for file in [
        "broken.hurl",
        "other.json",
        "text.txt",
        "missing.hurl",
        "shop.postman_environment.json",
    ] {
        let output = smoke(folder.path(), &["import", file]).await;
        assert_eq!(output.status.code(), Some(2), "{file}");
        said.push_str(&stderr(&output));
        said.push('\n');
    }
    insta::assert_snapshot!("import_refused", said);
}
