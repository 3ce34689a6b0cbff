//! The shop from outside: what works, what is refused, and each defect.

use std::time::Instant;

use rehearsal::{CUSTOMER, Colour, Defect, PASSWORD, Stage};
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};

use crate::common::{get, http1_client, parse_json, start_stage};

async fn send(client: &Client, method: Method, url: &str, token: &str, body: &Value) -> Response {
    client
        .request(method, url)
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json")
        .body(body.to_string())
        .send()
        .await
        .unwrap()
}

async fn log_in(client: &Client, url: &str) -> Response {
    let body = json!({"email": CUSTOMER, "password": PASSWORD});
    send(client, Method::POST, &format!("{url}/login"), "", &body).await
}

async fn log_in_for_token(client: &Client, url: &str) -> String {
    let text = log_in(client, url).await.text().await.unwrap();
    parse_json(&text)["token"].as_str().unwrap().to_owned()
}

async fn get_orders(client: &Client, url: &str, token: &str) -> Value {
    let orders = format!("{url}/orders");
    let response = send(client, Method::GET, &orders, token, &Value::Null).await;
    parse_json(&response.text().await.unwrap())
}

fn client_and_url(stage: &Stage) -> (Client, String) {
    (http1_client(stage), stage.app_url(Colour::Green))
}

#[tokio::test]
async fn health_and_version_are_told() {
    let stage = start_stage().await;
    let (client, url) = client_and_url(&stage);
    let health = get(&client, &format!("{url}/healthz")).await;
    assert_eq!(health, (200, r#"{"status":"ok"}"#.to_owned()));
    let (_, version) = get(&client, &format!("{url}/version")).await;
    assert_eq!(version, r#"{"version":"green-1.1.0","colour":"green"}"#);
    let (status, page) = get(&client, &url).await;
    assert!(status == 200 && page.starts_with("<!doctype html>"));
    let nothing = client.get(format!("{url}/nothing")).send().await.unwrap();
    assert_eq!(nothing.status(), 404);
    assert_eq!(nothing.headers()["x-app-version"], "green-1.1.0");
}

#[tokio::test]
async fn a_customer_logs_in_with_json_or_a_form_and_gets_token_and_cookie() {
    let stage = start_stage().await;
    let (client, url) = client_and_url(&stage);
    let form = client
        .post(format!("{url}/login"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body("email=demo%40example.com&password=correct-horse")
        .send()
        .await
        .unwrap();
    for response in [log_in(&client, &url).await, form] {
        assert_eq!(response.status(), 200);
        let cookie = response.headers()["set-cookie"]
            .to_str()
            .unwrap()
            .to_owned();
        let answer = parse_json(&response.text().await.unwrap());
        let token = answer["token"].as_str().unwrap();
        assert_eq!(cookie, format!("session={token}; HttpOnly; Path=/"));
        assert_eq!(answer["customer"]["email"], CUSTOMER);
        let account = client
            .get(format!("{url}/account"))
            .header("cookie", format!("other=1; session={token}"))
            .send()
            .await
            .unwrap();
        assert_eq!(account.status(), 200);
    }
}

#[tokio::test]
async fn a_wrong_password_is_401_and_a_malformed_login_400() {
    let stage = start_stage().await;
    let (client, url) = client_and_url(&stage);
    let login = format!("{url}/login");
    let wrong = json!({"email": CUSTOMER, "password": "x"});
    let wrong = send(&client, Method::POST, &login, "", &wrong).await;
    assert_eq!(wrong.status(), 401);
    assert!(parse_json(&wrong.text().await.unwrap())["error"]["message"].is_string());
    let malformed = send(&client, Method::POST, &login, "", &json!({})).await;
    assert_eq!(malformed.status(), 400);
}

#[tokio::test]
async fn the_catalogue_can_be_filtered() {
    let stage = start_stage().await;
    let (client, url) = client_and_url(&stage);
    let (_, all) = get(&client, &format!("{url}/catalogue")).await;
    assert_eq!(parse_json(&all)["count"], 8);
    let (_, some) = get(&client, &format!("{url}/catalogue?category=cups&limit=2")).await;
    let items = parse_json(&some)["items"].as_array().unwrap().clone();
    assert_eq!(items.len(), 2);
    for member in ["id", "name", "price_cents", "currency", "in_stock", "tags"] {
        assert!(!items[0][member].is_null(), "{member}");
    }
    let (status, item) = get(&client, &format!("{url}/catalogue/moka-pot")).await;
    assert_eq!(
        (status, &parse_json(&item)["price_cents"]),
        (200, &json!(3490))
    );
    assert_eq!(get(&client, &format!("{url}/catalogue/x")).await.0, 404);
}

#[tokio::test]
async fn an_order_lives_from_post_to_delete() {
    let stage = start_stage().await;
    let (client, url) = client_and_url(&stage);
    let all = format!("{url}/orders");
    assert_eq!(get(&client, &all).await.0, 401);
    let token = log_in_for_token(&client, &url).await;
    let basket = json!({"items": [{"id": "moka-pot", "quantity": 2}]});
    let placed = send(&client, Method::POST, &all, &token, &basket).await;
    assert_eq!(placed.status(), 201);
    let location = placed.headers()["location"].to_str().unwrap().to_owned();
    let order = parse_json(&placed.text().await.unwrap());
    assert_eq!(order["total_cents"], 2 * 3490);
    assert_eq!(
        location,
        format!("/orders/{}", order["id"].as_str().unwrap())
    );
    let one = format!("{url}{location}");
    let basket = json!({"items": [{"id": "house-blend", "quantity": 1}]});
    let replaced = send(&client, Method::PUT, &one, &token, &basket).await;
    assert_eq!(
        parse_json(&replaced.text().await.unwrap())["total_cents"],
        1150
    );
    let changed = send(
        &client,
        Method::PATCH,
        &one,
        &token,
        &json!({"note": "now"}),
    )
    .await;
    assert_eq!(parse_json(&changed.text().await.unwrap())["note"], "now");
    assert_eq!(get_orders(&client, &url, &token).await["count"], 3);
    let gone = send(&client, Method::DELETE, &one, &token, &Value::Null).await;
    assert_eq!(gone.status(), 204);
    let gone = send(&client, Method::GET, &one, &token, &Value::Null).await;
    assert_eq!(gone.status(), 404);
    for bad in [
        json!({}),
        json!({"items": []}),
        json!({"items": [{"id": "x", "quantity": 1}]}),
    ] {
        let refused = send(&client, Method::POST, &all, &token, &bad).await;
        assert!(refused.status().is_client_error(), "{bad}");
    }
}

#[tokio::test]
async fn redirects_point_where_they_say() {
    let stage = start_stage().await;
    let (client, url) = client_and_url(&stage);
    for (path, to) in [
        ("/old-shop", "/catalogue"),
        ("/redirect-loop", "/redirect-loop"),
        ("/redirect/2", "/redirect/1"),
        ("/elsewhere", "https://example.com/"),
    ] {
        let response = client.get(format!("{url}{path}")).send().await.unwrap();
        assert_eq!(response.status(), 302);
        assert_eq!(response.headers()["location"], to);
    }
    assert_eq!(get(&client, &format!("{url}/redirect/0")).await.0, 200);
}

#[tokio::test]
async fn flaky_slow_and_status_do_what_they_say() {
    let stage = start_stage().await;
    let (client, url) = client_and_url(&stage);
    let flaky = format!("{url}/flaky?key=a&fail=2");
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.push(get(&client, &flaky).await.0);
    }
    assert_eq!(seen, [503, 503, 200, 200]);
    let began = Instant::now();
    get(&client, &format!("{url}/slow?ms=60")).await;
    assert!(began.elapsed().as_millis() >= 60);
    for code in [200, 204, 304, 418, 500] {
        assert_eq!(get(&client, &format!("{url}/status/{code}")).await.0, code);
    }
    assert_eq!(get(&client, &format!("{url}/status/100")).await.0, 400);
}

#[tokio::test]
async fn head_and_options_are_answered() {
    let stage = start_stage().await;
    let (client, url) = client_and_url(&stage);
    let head = client.head(format!("{url}/healthz")).send().await.unwrap();
    assert_eq!(head.status(), 200);
    assert_eq!(head.headers()["content-length"], "15");
    let options = client
        .request(Method::OPTIONS, format!("{url}/orders"))
        .send()
        .await
        .unwrap();
    assert_eq!(options.status(), 204);
    let allow = options.headers()["allow"].to_str().unwrap();
    assert!(allow.contains("GET") && allow.contains("POST"), "{allow}");
}

#[tokio::test]
async fn two_defects_are_invisible_to_the_health_check() {
    let stage = start_stage().await;
    let (client, url) = client_and_url(&stage);
    for defect in [Defect::OrdersAreEmpty, Defect::WrongTotals] {
        stage.green_app().break_with(defect);
        assert_eq!(get(&client, &format!("{url}/healthz")).await.0, 200);
        assert_eq!(log_in(&client, &url).await.status(), 200);
    }
    let token = log_in_for_token(&client, &url).await;
    let basket = json!({"items": [{"id": "moka-pot", "quantity": 1}]});
    let all = format!("{url}/orders");
    let placed = send(&client, Method::POST, &all, &token, &basket).await;
    assert_eq!(
        parse_json(&placed.text().await.unwrap())["total_cents"],
        3491
    );
    assert_ne!(get_orders(&client, &url, &token).await["count"], 0);
    stage.green_app().break_with(Defect::OrdersAreEmpty);
    assert_eq!(get_orders(&client, &url, &token).await["count"], 0);
    stage.green_app().heal();
    assert_ne!(get_orders(&client, &url, &token).await["count"], 0);
}

#[tokio::test]
async fn the_other_defects_are_plain() {
    let stage = start_stage().await;
    let (client, url) = client_and_url(&stage);
    stage.green_app().break_with(Defect::LoginFails);
    assert_eq!(log_in(&client, &url).await.status(), 500);
    stage.green_app().break_with(Defect::Unhealthy);
    assert_eq!(get(&client, &format!("{url}/healthz")).await.0, 503);
    stage.green_app().break_with(Defect::Slow);
    let began = Instant::now();
    get(&client, &format!("{url}/healthz")).await;
    assert!(began.elapsed() >= Defect::DELAY);
}

#[test]
fn every_defect_can_be_named() {
    for defect in Defect::ALL {
        assert_eq!(defect.name().parse::<Defect>().unwrap(), defect);
    }
    let error = "x".parse::<Defect>().unwrap_err().to_string();
    assert_eq!(
        error,
        "expected one of orders-are-empty, wrong-totals, login-fails, unhealthy, slow, found `x`"
    );
}

#[tokio::test]
async fn answers_are_nested_as_deeply_as_is_asked_for_and_stay_small() {
    let stage = start_stage().await;
    let client = http1_client(&stage);
    let url = format!("{}/deep", stage.app_url(Colour::Green));
    for (form, body) in [
        ("objects", r#"{"child":{"child":"leaf"}}"#),
        ("lists", r#"[["leaf"]]"#),
        ("html", "<!doctype html><div><div>leaf</div></div>"),
        ("xml", "<node><node>leaf</node></node>"),
    ] {
        let shallow = get(&client, &format!("{url}/{form}/2")).await;
        assert_eq!(shallow, (200, body.to_owned()));
        let (status, deepest) = get(&client, &format!("{url}/{form}/100000")).await;
        assert_eq!(status, 200);
        assert!(deepest.len() < 2 * 1024 * 1024, "{form}: {}", deepest.len());
        let deeper = get(&client, &format!("{url}/{form}/100001")).await;
        assert_eq!(deeper.0, 404);
    }
    assert_eq!(get(&client, &format!("{url}/yaml/1")).await.0, 404);
}
