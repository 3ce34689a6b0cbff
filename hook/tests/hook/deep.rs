//! Answers and checks that would once have ended the function, or kept it busy
//! until nobody could be told: it has a verdict, and all outcomes with it.

use serde_json::{Value, json};

use crate::support::Trial;

/// A trial with this check file and a document beside it.
async fn trial(checks: &str, document: &Value) -> Trial {
    let trial = Trial::new().await;
    let folder = trial.stage.folder().join("deep");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("deep.yaml"), checks).unwrap();
    std::fs::write(folder.join("document.json"), document.to_string()).unwrap();
    let folder = folder.display().to_string();
    trial.set("SMOKE_CHECKS", &folder)
}

#[tokio::test]
async fn a_recursive_schema_and_a_nested_answer_have_a_verdict() {
    let checks = r##"
defaults: { writes: true, headers: { content-type: application/json } }
checks:
  - name: it is up
    get: /healthz
  - name: it fits
    post: /json-echo
    file: document.json
    expect: { json: { $: { schema: { anyOf: [{ allOf: [{ oneOf: [{ not: { type: "null" }, type: array, items: { $ref: "#" } }] }] }, { type: string }] } } } }
  - name: it takes too much work
    post: /json-echo
    file: document.json
    expect: { json: { $: { schema: { anyOf: [{ minItems: 1, items: { $ref: "#" } }, { minItems: 1, items: { $ref: "#" } }] } } } }
"##;
    let nested = (0..100).fold(json!([]), |inner, _| json!([inner]));
    let trial = trial(checks, &nested).await;
    let outcome = trial.gate().await;
    trial.assert_failed(&outcome, "a judgement that takes too much work");
    let counts = &outcome.1.answer()["report"]["counts"];
    assert_eq!(
        (&counts["passed"], &counts["failed"]),
        (&json!(2), &json!(1))
    );
}

#[tokio::test]
async fn work_without_end_is_cut_at_the_deadline_and_the_others_keep_their_outcomes() {
    // At each byte the expression is in thousands of states.
    let checks = r#"
checks:
  - name: it is up
    get: /healthz
  - name: it does not end
    post: /json-echo
    headers: { content-type: application/json }
    file: document.json
    writes: true
    timeout: 10m
    expect: { json: { "$[?search(@, '((a{0,20}){0,20}){0,20}[xy]')]": { count: 0 } } }
"#;
    let trial = trial(checks, &json!(["a".repeat(900_000)])).await;
    let outcome = trial.set("SMOKE_DEADLINE", "5s").gate().await;
    let (_, invoked) = &outcome;
    let line = invoked.line("check", "it does not end");
    assert_eq!(line["class"], "cut-short");
    let answer = invoked.answer();
    assert_eq!(answer["verdict"], "Failed");
    assert_eq!(answer["reported"], "accepted");
    let counts = &answer["report"]["counts"];
    assert_eq!(
        (&counts["passed"], &counts["failed"]),
        (&json!(1), &json!(1))
    );
}
