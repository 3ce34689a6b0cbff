//! The commands that repeat failed steps, run by a real shell with a real curl
//! against the rehearsal's load balancer.

use rehearsal::Stage;
use report::Report;
use runner::settings::Limits;
use serde_json::Value;

use crate::support::{self, connection, report_of, stage};

/// What the command prints: the status and the body of the answer.
async fn repeated(command: &str, environment: &[(&str, &str)]) -> (u16, String) {
    let script = command.replacen(
        "curl --include",
        "curl --silent --show-error --write-out '\\n%{http_code}'",
        1,
    );
    let output = tokio::process::Command::new("sh")
        .args(["-euc", &script])
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .envs(environment.iter().copied())
        .output()
        .await
        .unwrap();
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{script}\n{error}");
    let output = String::from_utf8(output.stdout).unwrap();
    let (body, status) = output.rsplit_once('\n').unwrap();
    (status.parse().unwrap(), body.to_owned())
}

/// Whether curl is there; in CI it must be.
fn curl() -> bool {
    let found = std::process::Command::new("curl")
        .arg("--version")
        .output()
        .is_ok_and(|output| output.status.success());
    assert!(
        found || std::env::var_os("CI").is_none_or(|value| value.is_empty()),
        "expected `curl`, found none"
    );
    if !found {
        // Past the test harness, which would keep it to itself.
        let line = b"SKIPPED: expected `curl`, found none; install it\n";
        let _ = std::io::Write::write_all(&mut std::io::stderr(), line);
    }
    found
}

fn the_command(report: &Report) -> (&str, u16, &str) {
    let step = report
        .checks
        .iter()
        .flat_map(|check| &check.steps)
        .find(|step| step.exchange.is_some())
        .expect("a failed step");
    let exchange = step.exchange.as_ref().unwrap();
    let answer = exchange.answer.as_ref().unwrap();
    let body = answer.body.as_ref().map_or("", |body| body.text.as_str());
    (exchange.curl.as_str(), answer.status, body)
}

const HOSTILE: &str = "it's \"50%\" & $HOME `id` \\n/ü+=?";

/// Runs a check that fails, repeats it by its command, and returns the bodies
/// of both answers.
async fn twice(stage: &Stage, step: &str, secret: &str) -> (String, String) {
    let connection = connection(stage);
    let text = format!(
        "variables: {{ password: {{ env: SHOP_PASSWORD }} }}\nchecks:\n  - name: a\n    {}\n    writes: true\n",
        step.trim().replace('\n', "\n    ")
    );
    let environment = |name: &str| (name == "SHOP_PASSWORD").then(|| secret.to_owned());
    let report = support::report_with(&connection, &text, Limits::default(), &environment).await;
    let (command, status, first) = the_command(&report);
    assert!(!command.contains(secret), "{command}");
    let in_json = serde_json::to_string(secret).unwrap();
    let in_url: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let environment = [
        ("SHOP_PASSWORD", secret),
        ("SHOP_PASSWORD_IN_JSON", &in_json[1..in_json.len() - 1]),
        ("SHOP_PASSWORD_IN_URL", &in_url),
    ];
    let (again, second) = repeated(command, &environment).await;
    assert_eq!(again, status, "{command}\n{second}");
    (first.to_owned(), second)
}

#[tokio::test]
async fn a_failed_login_is_repeated_with_the_password_of_the_environment() {
    if !curl() {
        return;
    }
    let stage = stage().await;
    let step = "
post: /login
json: { email: demo@example.com, password: '{{ password }}' }
expect: { status: 201 }
";
    twice(&stage, step, "correct-horse").await;
    // 401: the answer that a wrong password gets.
    twice(&stage, step, "a wrong \"one\"").await;
}

#[tokio::test]
async fn requests_arrive_as_they_were_sent() {
    if !curl() {
        return;
    }
    let stage = stage().await;
    for body in [
        "json: { a: '{{ password }}', b: \"it's\" }",
        "form: { a: '{{ password }}', b: c d }",
        "text: '{{ password }} 100%'",
        "text: \"-two\\nlines {{ password }} \\\\ \"",
    ] {
        let step = format!(
            "post: /echo\nquery: {{ q: '{{{{ password }}}}', 'f[]': '{{x}}' }}\nheaders: {{ x-odd: \"it's $HOME\" }}\n{body}\nexpect: {{ status: 500 }}"
        );
        for secret in [HOSTILE, "two\nlines", "plain-secret"] {
            let (first, second) = twice(&stage, &step, secret).await;
            assert!(first.contains("***"), "{first}");
            let second: Value = serde_json::from_str(&second).unwrap();
            assert_eq!(second["method"], "POST");
            assert_eq!(second["headers"]["x-odd"], "it's $HOME");
            let agent = second["headers"]["user-agent"].as_str().unwrap();
            assert!(agent.starts_with("greenlight/"), "{agent}");
            assert_eq!(second["query"]["q"], secret, "{step}");
            assert_eq!(second["query"]["f[]"], "{x}", "{step}");
            let arrived = second["body"].as_str().unwrap();
            match body.split(':').next().unwrap() {
                "json" => {
                    let json: Value = serde_json::from_str(arrived).unwrap();
                    assert_eq!(json, serde_json::json!({"a": secret, "b": "it's"}));
                }
                "form" => assert_eq!(field(&second["body"], "a"), secret),
                _ if body.contains("100%") => assert_eq!(arrived, format!("{secret} 100%")),
                _ => assert_eq!(arrived, format!("-two\nlines {secret} \\ ")),
            }
        }
    }
}

#[tokio::test]
async fn bodies_in_gzip_and_forms_with_files_are_sent_again() {
    if !curl() {
        return;
    }
    let stage = stage().await;
    for body in [
        "text: \"{{ password }} 100%\\n\"\ncompress: gzip",
        "multipart: { a: \"{{ password }}\", b: { text: ü, type: text/plain, filename: b } }",
    ] {
        let step = format!("post: /echo\nhttp: 2\n{body}\nexpect: {{ status: 500 }}");
        for secret in [HOSTILE, "plain-secret"] {
            let (first, second) = twice(&stage, &step, secret).await;
            let first: Value = serde_json::from_str(&first).unwrap();
            let second: Value = serde_json::from_str(&second).unwrap();
            let arrived = second["body"].as_str().unwrap();
            assert!(arrived.contains(secret), "{arrived}");
            assert_eq!(first["body"], arrived.replace(secret, "***"), "{step}");
        }
    }
}

/// A field of a form or a query.
fn field(form: &Value, name: &str) -> String {
    url::form_urlencoded::parse(form.as_str().unwrap().as_bytes())
        .find(|(key, _)| key == name)
        .map_or_else(
            || panic!("{name} in {form}"),
            |(_, value)| value.into_owned(),
        )
}

#[tokio::test]
async fn a_credential_by_nature_is_a_variable_to_be_set() {
    if !curl() {
        return;
    }
    let stage = stage().await;
    let text = "
checks:
  - name: a
    steps:
      - post: /login
        json: { email: demo@example.com, password: correct-horse }
        capture: { token: { json: $.token } }
      - get: /orders
        headers: { authorization: 'Bearer {{ token }}' }
        expect: { status: 500 }
    writes: true
";
    let connection = connection(&stage);
    let report = report_of(&connection, text, Limits::default()).await;
    let (command, status, _) = the_command(&report);
    assert_eq!(status, 200);
    assert!(
        command.contains("'authorization: Bearer '\"$AUTHORIZATION\""),
        "{command}"
    );
    // Without the token there is no way in, and that is what is told.
    let (again, _) = repeated(command, &[("AUTHORIZATION", "wrong")]).await;
    assert_eq!(again, 401);
}

#[tokio::test]
async fn a_websocket_is_opened_by_the_command_too() {
    if !curl() {
        return;
    }
    let stage = stage().await;
    let text =
        "checks: [{ name: a, websocket: /ws/broken/flood, messages: [{ expect: { body: b } }] }]";
    let report = report_of(&connection(&stage), text, Limits::default()).await;
    let (command, status, _) = the_command(&report);
    assert_eq!(status, 101);
    // It shows the answer and what comes, until somebody has seen enough.
    let script = format!("({command}) 2>/dev/null | head --bytes 2000");
    let output = tokio::process::Command::new("sh")
        .args(["-c", &script])
        .output();
    let output = output.await.unwrap().stdout;
    let shown = String::from_utf8_lossy(&output);
    assert!(shown.starts_with("HTTP/1.1 101 "), "{command}\n{shown}");
    assert!(shown.contains("{}"), "{command}\n{shown}");
}

#[tokio::test]
async fn another_address_is_dialled_by_the_command_too() {
    if !curl() {
        return;
    }
    let stage = stage().await;
    let mut connection = connection(&stage);
    connection.target = format!("https://localhost:{}", stage.production_port() ^ 1)
        .parse()
        .unwrap();
    connection.connect_to = Some(format!("127.0.0.1:{}", stage.test_port()).parse().unwrap());
    let text = "checks: [{ name: a, get: /status/503 }]";
    let report = report_of(&connection, text, Limits::default()).await;
    let (command, status, _) = the_command(&report);
    assert_eq!(status, 503);
    assert_eq!(repeated(command, &[]).await.0, 503, "{command}");
}
