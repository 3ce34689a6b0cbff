//! Calls of gRPC, against a real TLS load balancer on loopback.

use client::connection::Connection;
use report::{Class, Outcome, Report};
use runner::settings::Limits;

use crate::support::{self, check, connection, outcome, plain, report, report_of, stage};

const SHOP: &str = include_str!("../../../../rehearsal/src/app/shop.proto");

/// A folder with a declaration of the shop, and a check file of this text.
fn folder_with(proto: &str, text: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("shop.proto"), proto).unwrap();
    let path = folder.path().join("shop.yaml");
    std::fs::write(&path, text).unwrap();
    let path = path.to_str().unwrap().to_owned();
    (folder, path)
}

async fn calls(connection: &Connection, text: &str) -> Report {
    calls_of(SHOP, connection, text).await
}

async fn calls_of(proto: &str, connection: &Connection, text: &str) -> Report {
    let (_folder, path) = folder_with(proto, text);
    let sources = check_file::discover::read(&[path]).unwrap();
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
async fn a_declaration_that_is_made_for_other_tools_too_is_used_as_it_is() {
    let proto = SHOP
        .replace(
            "package shop.v1;",
            "package shop.v1; import \"google/api/annotations.proto\";",
        )
        .replace(
            "returns (Item);",
            "returns (Item) { option (google.api.http) = { get: \"/v1/items/{id}\" }; }",
        )
        .replace("price_cents = 3", "price_cents = 3 [json_name = \"cents\"]")
        .replace(
            "string item_id = 1",
            "string item_id = 1 [json_name = \"item\"]",
        );
    let text = r#"
checks:
  - name: a
    writes: true
    steps:
      - grpc: shop.v1.Shop/GetItem
        proto: shop.proto
        message: { id: espresso-cup }
        expect: { json: { $.cents: "1250", $.priceCents: { exists: false } } }
      - grpc: shop.v1.Shop/PlaceOrder
        proto: shop.proto
        message: { item: espresso-cup }
        expect: { json: { $.id: { empty: false } } }
"#;
    let report = calls_of(&proto, &connection(&stage().await), text).await;
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
    stage.load_balancer().set_fault(
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
