//! Many judgements that take too long beside a few that take little: those few
//! keep their outcomes, and each of the others is named. Counted are outcomes,
//! not milliseconds.

use std::fmt::Write as _;
use std::sync::LazyLock;

use serde_json::{Value, json};

use crate::support::server::{Reply, serve};

/// A list of so many objects, 40 bytes each.
fn list(objects: usize) -> String {
    let objects = (0..objects).map(|i| json!({ "i": i, "s": "abracadabra".repeat(2) }));
    Value::Array(objects.collect()).to_string()
}

/// What is too large to be judged at once.
static WIDE: LazyLock<String> = LazyLock::new(|| list(3_000));
/// A list of one text.
static LONG: LazyLock<String> = LazyLock::new(|| json!(["a".repeat(400_000)]).to_string());

/// What nobody can wait for: counted, and not.
const EXPENSIVE: [&str; 3] = [
    r#"get: /wide, expect: { json: { "$..[?count($..i) == 3]": { count: 1 } } }"#,
    r#"get: /long, expect: { json: { "$[?search(@, '((a{0,16}){0,16}){0,16}[xy]')]": { count: 1 } } }"#,
    r#"get: /long, expect: { body: { matches: "((a{0,16}){0,16}){0,16}[xy]" } }"#,
];
const CHEAP: &str = "get: /wide, expect: { json: { '$[0].i': 0 } }";

/// Runs so many expensive checks and five cheap ones behind them; the outcome of
/// each, and the titles of what is wrong.
async fn run(expensive: usize, deadline: &str) -> Vec<(String, Vec<String>)> {
    let target = serve(|path| async move {
        let body = match path.as_str() {
            "/wide" => &WIDE,
            _ => &LONG,
        };
        Reply::Answer(200, (*body).clone())
    })
    .await;
    let steps = EXPENSIVE.iter().cycle().take(expensive).chain([&CHEAP; 5]);
    let mut file = "checks:\n".to_owned();
    for (number, step) in steps.enumerate() {
        writeln!(file, "  - {{ name: check {number}, {step} }}").unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("lanes.yaml"), file).unwrap();
    let output = tokio::process::Command::new(env!("CARGO_BIN_EXE_smoke"))
        .args(["run", "lanes.yaml", "--target", &target, "--quiet"])
        .args(["--jobs", "64", "--deadline", deadline, "--format", "json"])
        .current_dir(folder.path())
        .env_clear()
        .output()
        .await
        .unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let check = |check: &Value| {
        let failures = check["steps"][0]["failures"].as_array();
        let titles = failures.into_iter().flatten().map(|it| text(&it["title"]));
        (text(&check["outcome"]), titles.collect())
    };
    report["checks"]
        .as_array()
        .unwrap()
        .iter()
        .map(check)
        .collect()
}

async fn check(expensive: usize, deadline: &str) {
    let outcomes = run(expensive, deadline).await;
    let (expensive, cheap) = outcomes.split_at(expensive);
    let passed = cheap.iter().filter(|(outcome, _)| outcome == "passed");
    assert_eq!(passed.count(), 5, "{outcomes:?}");
    for (outcome, titles) in expensive {
        assert_eq!(outcome, "failed");
        let [title] = &titles[..] else {
            panic!("{titles:?}");
        };
        assert!(
            [
                "cut short by the end of the run",
                "a judgement that takes too much work",
            ]
            .contains(&title.as_str()),
            "{title}"
        );
    }
}

#[tokio::test]
async fn a_few_expensive_judgements_do_not_hold_up_cheap_ones() {
    check(7, "6s").await;
}

#[tokio::test]
async fn many_expensive_judgements_do_not_hold_up_cheap_ones() {
    check(40, "10s").await;
}
