//! The load balancer from outside: proxying, weights, and each fault.

use std::time::{Duration, Instant};

use rehearsal::{Colour, Fault, Listener, Stage, Weights, WrongCertificate};

use crate::common::{
    self, get, get_colour, http1_client, http2_client, parse_json, start_stage, unpooled_client,
};

#[tokio::test]
async fn a_new_stage_has_green_on_test_and_blue_on_production() {
    let stage = start_stage().await;
    let client = http1_client(&stage);
    assert_eq!(get_colour(&client, &stage.test_url()).await, "green");
    assert_eq!(get_colour(&client, &stage.production_url()).await, "blue");
}

#[tokio::test]
async fn http_1_and_http_2_are_spoken_on_the_same_listener() {
    let stage = start_stage().await;
    for (client, version) in [
        (http1_client(&stage), http::Version::HTTP_11),
        (http2_client(&stage), http::Version::HTTP_2),
    ] {
        let response = client
            .post(format!("{}/echo?a=1&b=%20x", stage.test_url()))
            .header("x-own", "kept")
            .header("connection", "x-hop")
            .body("the body")
            .send()
            .await
            .unwrap();
        assert_eq!(response.version(), version);
        assert_eq!(response.headers()["x-app-version"], "green-1.1.0");
        let echo = parse_json(&response.text().await.unwrap());
        assert_eq!(echo["method"], "POST");
        assert_eq!(echo["query"], serde_json::json!({"a": "1", "b": " x"}));
        assert_eq!(echo["body"], "the body");
        let headers = &echo["headers"];
        let authority = format!("localhost:{}", stage.test_port());
        assert_eq!(headers["host"], authority.as_str());
        assert_eq!(headers["x-own"], "kept");
        assert_eq!(headers["x-forwarded-for"], "127.0.0.1");
        assert_eq!(headers["x-forwarded-proto"], "https");
        assert_eq!(
            headers["x-forwarded-port"],
            stage.test_port().to_string().as_str()
        );
        let trace = headers["x-amzn-trace-id"].as_str().unwrap();
        assert!(trace.starts_with("Root=1-"), "{trace}");
        assert_eq!(trace.len(), "Root=1-".len() + 8 + 1 + 24, "{trace}");
    }
}

#[tokio::test]
async fn requests_and_connections_are_counted() {
    let stage = start_stage().await;
    let client = http1_client(&stage);
    for _ in 0..5 {
        get(&client, &stage.test_url()).await;
    }
    let balancer = stage.load_balancer();
    assert_eq!(balancer.requests(Listener::Test), 5);
    assert_eq!(balancer.connections(Listener::Test), 1);
    assert_eq!(balancer.requests(Listener::Production), 0);
    assert_eq!(balancer.target_requests(Colour::Green), 5);
    assert_eq!(balancer.target_requests(Colour::Blue), 0);
    assert_eq!(stage.green_app().connections(), 1);
}

#[tokio::test]
async fn weights_divide_the_requests() {
    let stage = start_stage().await;
    let weights = Weights { blue: 3, green: 1 };
    stage.load_balancer().forward(Listener::Test, weights);
    let client = http1_client(&stage);
    for _ in 0..20 {
        get(&client, &stage.test_url()).await;
    }
    assert_eq!(stage.load_balancer().target_requests(Colour::Blue), 15);
    assert_eq!(stage.load_balancer().target_requests(Colour::Green), 5);
}

#[tokio::test]
async fn a_listener_without_targets_answers_as_an_alb_does() {
    let stage = start_stage().await;
    stage.load_balancer().forward(Listener::Test, None);
    let response = http1_client(&stage)
        .get(stage.test_url())
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 503);
    assert_eq!(response.headers()["server"], "awselb/2.0");
    assert_eq!(response.headers()["content-type"], "text/html");
    let text = response.text().await.unwrap();
    assert!(
        text.contains("503 Service Temporarily Unavailable"),
        "{text}"
    );
}

#[tokio::test]
async fn head_and_trace_are_answered_as_http_demands() {
    let stage = start_stage().await;
    let client = http1_client(&stage);
    let response = client.head(stage.test_url()).send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert!(response.content_length() > Some(0) || response.text().await.unwrap().is_empty());
    let trace = client
        .request(http::Method::TRACE, stage.test_url())
        .send()
        .await
        .unwrap();
    assert_eq!(trace.status(), 405);
}

fn set_test_fault(stage: &Stage, fault: Fault) {
    stage.load_balancer().set_fault(Listener::Test, Some(fault));
}

/// Sends a GET with this fault, and one more after the fault is removed.
async fn get_with_fault(fault: Fault) -> Result<reqwest::Response, reqwest::Error> {
    let stage = start_stage().await;
    set_test_fault(&stage, fault);
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(common::client_tls(stage.ca_file(), &[b"http/1.1"]))
        .no_proxy()
        .timeout(Duration::from_millis(500))
        .build()
        .unwrap();
    let answer = client.get(stage.test_url()).send().await;
    stage.load_balancer().set_fault(Listener::Test, None);
    assert_eq!(
        get_colour(&unpooled_client(&stage), &stage.test_url()).await,
        "green"
    );
    answer
}

async fn error_with(fault: Fault) -> String {
    let error = get_with_fault(fault).await.unwrap_err();
    format!("{error:?}")
}

#[track_caller]
fn assert_contains(error: &str, part: &str) {
    assert!(error.contains(part), "expected `{part}`, found {error}");
}

#[tokio::test]
async fn a_refusing_listener_refuses_connections_and_opens_again() {
    assert_contains(&error_with(Fault::Refuse).await, "ConnectionRefused");
}

#[tokio::test]
async fn a_refusing_listener_cuts_the_connections_that_it_has() {
    let stage = start_stage().await;
    let client = http1_client(&stage);
    get(&client, &stage.test_url()).await;
    set_test_fault(&stage, Fault::Refuse);
    assert!(client.get(stage.test_url()).send().await.is_err());
}

#[tokio::test]
async fn a_connection_can_be_reset_when_it_is_accepted() {
    assert_contains(&error_with(Fault::ResetOnAccept).await, "ConnectionReset");
}

#[tokio::test]
async fn a_connection_can_be_reset_when_a_request_arrives() {
    assert_contains(&error_with(Fault::ResetOnRequest).await, "ConnectionReset");
}

#[tokio::test]
async fn a_black_hole_says_nothing() {
    let error = get_with_fault(Fault::BlackHole).await.unwrap_err();
    assert!(error.is_timeout());
}

#[tokio::test]
async fn a_listener_may_never_answer_a_request() {
    let error = get_with_fault(Fault::NoAnswer).await.unwrap_err();
    assert!(error.is_timeout());
}

#[tokio::test]
async fn a_dripping_body_comes_byte_by_byte_and_never_ends() {
    let stage = start_stage().await;
    let every = Duration::from_millis(20);
    set_test_fault(&stage, Fault::Drip { every });
    let mut response = http1_client(&stage)
        .get(stage.test_url())
        .timeout(Duration::from_millis(500))
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 200);
    for _ in 0..3 {
        assert_eq!(response.chunk().await.unwrap().unwrap().as_ref(), b"x");
    }
    let error = response.bytes().await.unwrap_err();
    assert!(error.is_timeout());
}

#[tokio::test]
async fn an_endless_body_goes_past_every_bound() {
    let stage = start_stage().await;
    set_test_fault(&stage, Fault::EndlessBody);
    let mut response = http2_client(&stage)
        .get(stage.test_url())
        .send()
        .await
        .unwrap();
    assert_eq!(response.content_length(), None);
    let mut size = 0;
    while size < 32 * 1024 * 1024 {
        size += response.chunk().await.unwrap().unwrap().len();
    }
}

#[tokio::test]
async fn a_huge_body_has_an_honest_length() {
    let stage = start_stage().await;
    set_test_fault(&stage, Fault::HugeBody { mebibytes: 3 });
    let response = http1_client(&stage)
        .get(stage.test_url())
        .send()
        .await
        .unwrap();
    assert_eq!(response.content_length(), Some(3 * 1024 * 1024));
    assert_eq!(response.bytes().await.unwrap().len(), 3 * 1024 * 1024);
}

#[tokio::test]
async fn a_short_body_breaks_its_promise_over_both_protocols() {
    let stage = start_stage().await;
    set_test_fault(&stage, Fault::ShortBody);
    for client in [http1_client(&stage), http2_client(&stage)] {
        let response = client.get(stage.test_url()).send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.content_length(), Some(4096));
        assert!(response.bytes().await.is_err());
    }
}

#[tokio::test]
async fn headers_are_as_large_and_as_many_as_is_asked_for() {
    let stage = start_stage().await;
    for client in [http1_client(&stage), http2_client(&stage)] {
        set_test_fault(&stage, Fault::HugeHeader { kibibytes: 12 });
        let response = client.get(stage.test_url()).send().await.unwrap();
        assert_eq!(response.headers()["x-header-0"].len(), 12 * 1024);
        set_test_fault(&stage, Fault::ManyHeaders { count: 80 });
        let response = client.get(stage.test_url()).send().await.unwrap();
        assert_eq!(response.headers()["x-header-79"], "x");
    }
}

#[tokio::test]
async fn endless_headers_never_become_an_answer_over_either_protocol() {
    let stage = start_stage().await;
    set_test_fault(&stage, Fault::EndlessHeaders);
    for client in [http1_client(&stage), http2_client(&stage)] {
        let error = client.get(stage.test_url()).send().await.unwrap_err();
        assert!(!error.is_connect() && !error.is_timeout(), "{error:?}");
    }
}

#[tokio::test]
async fn a_status_comes_from_the_load_balancer_itself() {
    let response = get_with_fault(Fault::Status(502)).await.unwrap();
    assert_eq!(response.status(), 502);
    assert_eq!(response.headers()["server"], "awselb/2.0");
}

#[tokio::test]
async fn a_slow_listener_answers_later() {
    let stage = start_stage().await;
    let by = Duration::from_millis(120);
    set_test_fault(&stage, Fault::Slow { by });
    let began = Instant::now();
    assert_eq!(
        get_colour(&http1_client(&stage), &stage.test_url()).await,
        "green"
    );
    assert!(began.elapsed() >= by);
}

#[tokio::test]
async fn broken_tls_is_plain_text_in_place_of_a_handshake() {
    assert_contains(&error_with(Fault::BrokenTls).await, "InvalidMessage");
}

#[tokio::test]
async fn wrong_certificates_are_wrong_in_their_own_way() {
    for (wrong, part) in [
        (WrongCertificate::Expired, "Expired"),
        (WrongCertificate::OtherName, "NotValidForName"),
        (WrongCertificate::UnknownIssuer, "UnknownIssuer"),
    ] {
        assert_contains(&error_with(Fault::Certificate(wrong)).await, part);
    }
}

#[tokio::test]
async fn a_late_flip_still_serves_the_old_weights_for_a_while() {
    let stage = start_stage().await;
    let by = Duration::from_millis(300);
    set_test_fault(&stage, Fault::LateFlip { by });
    let client = unpooled_client(&stage);
    let began = Instant::now();
    stage
        .load_balancer()
        .forward(Listener::Test, Some(Colour::Blue));
    let mut seen = Vec::new();
    while began.elapsed() < by + Duration::from_millis(200) {
        seen.push(get_colour(&client, &stage.test_url()).await);
    }
    assert_eq!(seen.first().unwrap(), "green");
    assert_eq!(seen.last().unwrap(), "blue");
    seen.dedup();
    assert_eq!(seen, ["green", "blue"]);
}

#[tokio::test]
async fn a_stale_node_still_serves_the_weights_before() {
    let stage = start_stage().await;
    set_test_fault(&stage, Fault::StaleNode { one_in: 3 });
    stage
        .load_balancer()
        .forward(Listener::Test, Some(Colour::Blue));
    let client = unpooled_client(&stage);
    let mut seen = Vec::new();
    for _ in 0..6 {
        seen.push(get_colour(&client, &stage.test_url()).await);
    }
    assert_eq!(seen, ["green", "blue", "blue", "green", "blue", "blue"]);
}

#[tokio::test]
async fn a_fault_reaches_connections_that_are_open_already() {
    let stage = start_stage().await;
    let client = http2_client(&stage);
    assert_eq!(get(&client, &stage.test_url()).await.0, 200);
    set_test_fault(&stage, Fault::Status(500));
    assert_eq!(get(&client, &stage.test_url()).await.0, 500);
    stage.load_balancer().set_fault(Listener::Test, None);
    assert_eq!(get(&client, &stage.test_url()).await.0, 200);
    assert_eq!(stage.load_balancer().connections(Listener::Test), 1);
}

#[tokio::test]
async fn a_fault_of_one_listener_is_none_of_the_others() {
    let stage = start_stage().await;
    set_test_fault(&stage, Fault::Refuse);
    assert_eq!(
        get_colour(&http1_client(&stage), &stage.production_url()).await,
        "blue"
    );
}

#[tokio::test]
async fn everything_stops_with_the_stage() {
    let stage = start_stage().await;
    let client = http1_client(&stage);
    let (url, folder) = (stage.test_url(), stage.folder().to_owned());
    get(&client, &url).await;
    drop(stage);
    tokio::task::yield_now().await;
    assert!(client.get(&url).send().await.is_err());
    assert!(!folder.exists());
}
