//! What is nested deeply, and what takes work without end, in an answer and in
//! a check file: the command ends with an outcome for every check. It runs as a
//! process of its own, so that a stack that overflows is a test that fails.

use std::fmt::Write as _;
use std::process::Output;
use std::sync::LazyLock;

use serde_json::{Value, json};

use crate::support::server::{Reply, serve};

/// A body of so many levels.
fn nested(kind: &str, levels: usize) -> String {
    let (open, inner, close) = match kind {
        "list" => ("[", "", "]"),
        "object" => ("{\"a\":", "1", "}"),
        "html" => ("<div>", "text", "</div>"),
        "xml" => ("<a>", "text", "</a>"),
        _ => panic!("{kind}"),
    };
    let begin = if kind == "xml" {
        "<?xml version='1.0'?>"
    } else {
        ""
    };
    let (open, close) = (open.repeat(levels), close.repeat(levels));
    format!("{begin}{open}{inner}{close}")
}

/// A list of 20,000 objects.
static WIDE: LazyLock<String> = LazyLock::new(|| {
    let objects = (0..20_000).map(|id| json!({ "id": id, "name": format!("item {id}") }));
    Value::Array(objects.collect()).to_string()
});

/// A list of two objects, one with a long name.
static LONG: LazyLock<String> = LazyLock::new(|| {
    let long = "a".repeat(800_000);
    json!([{ "id": 7, "name": "item 7" }, { "id": 8, "name": long }]).to_string()
});

/// Answers `/list/60` with sixty nested lists, and so on; `/wide` with a list
/// of 20,000 objects, `/long` with two, and all else with `{}`.
async fn server() -> String {
    serve(|path| async move {
        if path == "/wide" {
            return Reply::Answer(200, WIDE.clone());
        }
        if path == "/long" {
            return Reply::Answer(200, LONG.clone());
        }
        let (kind, number) = path[1..].split_once('/').unwrap_or(("", ""));
        let number = number.parse().unwrap_or(0);
        let body = match kind {
            "list" | "object" | "html" | "xml" => nested(kind, number),
            _ => "{}".to_owned(),
        };
        Reply::Answer(200, body)
    })
    .await
}

/// Checks that each are a step in flow style.
fn checks(steps: &[String]) -> String {
    let mut file = "checks:\n".to_owned();
    for (number, step) in steps.iter().enumerate() {
        writeln!(file, "  - {{ name: check {number}, {step} }}").unwrap();
    }
    file
}

async fn smoke(target: &str, file: &str, flags: &[&str]) -> Output {
    smoke_beside(&[], target, file, flags).await
}

/// The same with files beside the check file.
async fn smoke_beside(
    files: &[(String, String)],
    target: &str,
    file: &str,
    flags: &[&str],
) -> Output {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    std::fs::write(folder.path().join("deep.yaml"), file).unwrap();
    // The stack that the Lambda's checks have: that of a thread of the runtime.
    tokio::process::Command::new("/bin/sh")
        .args(["-c", "ulimit -s 2048 && exec \"$0\" \"$@\""])
        .arg(env!("CARGO_BIN_EXE_smoke"))
        .args(["run", "deep.yaml", "--target", target, "--quiet"])
        .args(flags)
        .current_dir(folder.path())
        .env_clear()
        .output()
        .await
        .unwrap()
}

/// The outcome of each check.
async fn outcomes(file: &str, flags: &[&str]) -> Vec<String> {
    outcomes_beside(&[], file, flags).await
}

async fn outcomes_beside(files: &[(String, String)], file: &str, flags: &[&str]) -> Vec<String> {
    let target = server().await;
    let flags = [&["--format", "json"], flags].concat();
    let output = smoke_beside(files, &target, file, &flags).await;
    let report: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}: {}", output.status, stderr(&output)));
    let checks = report["checks"].as_array().unwrap();
    let outcome = |check: &Value| check["outcome"].as_str().unwrap().to_owned();
    checks.iter().map(outcome).collect()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// What a report says of a failure, without where it stands.
fn said(report: &str) -> String {
    let lines = report
        .lines()
        .filter(|line| line.contains("error[") || line.contains("expected"));
    let lines = lines.map(|line| line.rsplit("^ ").next().unwrap().trim());
    lines.collect::<Vec<_>>().join("\n")
}

/// What is said of the only check, without what differs from run to run.
async fn failure(step: &str, flags: &[&str]) -> String {
    let target = server().await;
    let output = smoke(&target, &checks(&[step.to_owned()]), flags).await;
    said(&String::from_utf8_lossy(&output.stdout))
}

/// A schema that leads back to itself at every level, through so many
/// combinators of each kind.
fn recursive(combinators: usize) -> Value {
    (0..combinators).fold(
        json!({ "type": "array", "items": { "$ref": "#" } }),
        |schema, _| {
            let schema = json!({ "allOf": [{ "anyOf": [schema, { "type": "null" }] }] });
            json!({ "not": { "not": { "oneOf": [schema] } } })
        },
    )
}

#[tokio::test]
async fn a_schema_that_leads_back_to_itself_fits_an_answer_of_any_depth() {
    let mut steps = Vec::new();
    let mut files = Vec::new();
    for combinators in [0, 1, 4, 12] {
        let file = format!("{combinators}.json");
        files.push((file.clone(), recursive(combinators).to_string()));
        for levels in [1, 30, 60, 127] {
            let schema = format!("{{ schema: {{ file: {file} }} }}");
            steps.push(format!(
                "get: /list/{levels}, expect: {{ json: {{ $: {schema} }} }}"
            ));
        }
    }
    let mut outcomes = outcomes_beside(&files, &checks(&steps), &[]).await;
    // The frames of the debug build are some times larger than those of the
    // others: the last answers are too deep for it, and fail.
    let deepest = outcomes.split_off(12);
    assert!(outcomes.iter().all(|outcome| outcome == "passed"));
    assert!(deepest.iter().all(|it| it == "passed" || it == "failed"));
}

#[tokio::test]
async fn an_answer_of_any_depth_ends_every_kind_of_expectation() {
    let expectations = [
        "json: { $: { equals: [[[]]] } }",
        "json: { $: { contains: [] } }",
        "json: { $: { type: object } }",
        r#"json: { "$..*": { each: { not: { one_of: [[[]], { a: 1 }] } } } }"#,
        r#"json: { "$..[?@..[?@..[?@..a]]]": { count: 1 } }"#,
        r#"json: { "$..[?count(@..*) > 3 && value(@..a) == 1]": { count: { above: 0 } } }"#,
        "json: { $: { schema: { type: object, additionalProperties: { $ref: '#' } } } }",
        "json: { $: { schema: { $dynamicRef: '#x', $dynamicAnchor: x, type: array, unevaluatedItems: { $ref: '#' } } } }",
        "json: { $: { schema: { propertyNames: { minLength: 2 }, patternProperties: { a: { $ref: '#' } } } } }",
        "xpath: { //div/text(): text }",
        "css: { 'div div:not(.x) > div': { count: 3 } }",
        "body: { matches: '^(((a|b)*)*)*$' }",
    ];
    let mut steps = Vec::new();
    for levels in [60, 127, 128, 1_000, 100_000] {
        for kind in ["list", "object", "html", "xml"] {
            for expectation in expectations {
                steps.push(format!(
                    "get: /{kind}/{levels}, expect: {{ {expectation} }}"
                ));
            }
            let captured = "capture: { a: { json: $ }, b: { json: $, transform: '{{ [[[value]]] | tojson }}', secret: true } }";
            steps.push(format!("get: /{kind}/{levels}, {captured}"));
        }
    }
    let outcomes = outcomes(&checks(&steps), &["--jobs", "4"]).await;
    assert_eq!(outcomes.len(), steps.len());
    assert!(outcomes.iter().all(|it| it == "passed" || it == "failed"));
    let said = failure(
        "get: /list/128, expect: { json: { $: { type: array } } }",
        &[],
    )
    .await;
    insta::assert_snapshot!(said, @"
    error[wrong-answer]: unexpected JSON at `$`
    expected JSON nested at most 127 levels, found more of them
    ");
}

#[tokio::test]
async fn a_check_file_of_any_depth_is_read_or_refused() {
    let target = server().await;
    let operators = |open: &str, inner: &str, close: &str, levels: usize| {
        let (open, close) = (open.repeat(levels), close.repeat(levels));
        format!("{open}{inner}{close}")
    };
    let step = |expect: String| checks(&[format!("get: /list/60, expect: {{ {expect} }}")]);
    let template = |text: String| {
        format!("variables: {{ a: '{text}' }}\nchecks:\n  - {{ name: a, get: '/{{{{ a }}}}' }}\n")
    };
    let mut files = Vec::new();
    for levels in [50, 4_000, 100_000] {
        files.extend([
            operators("[", "", "]", levels),
            operators("{a: ", "1", "}", levels),
            operators("? ", "a", "", levels),
            operators("- ", "a", "", levels),
            step(format!("json: {{ $: {} }}", operators("{ not: ", "1", " }", levels))),
            step(format!("json: {{ $: {} }}", operators("{ each: ", "1", " }", levels))),
            step(format!("json: {{ $: {{ schema: {} }} }}", operators("{ items: ", "true", " }", levels))),
            step(format!("json: {{ '${}': 1 }}", operators("[?@", "", "]", levels))),
            step(format!("json: {{ '$[?{}]': 1 }}", operators("!(", "@.a", ")", levels))),
            step(format!("json: {{ '$[?{}==1]': 1 }}", operators("length(value(", "@.*", "))", levels))),
            step(format!("json: {{ '${}': 1 }}", operators("..*", "", "", levels))),
            step(format!("xpath: {{ '{}': 1 }}", operators("(", "1", ")", levels))),
            step(format!("xpath: {{ '{}': 1 }}", operators("-", "1", "", levels))),
            step(format!("xpath: {{ '{}': 1 }}", operators("1+", "1", "", levels))),
            step(format!("xpath: {{ '//{}': 1 }}", operators("a[b", "", "]", levels))),
            step(format!("css: {{ '{}': 1 }}", operators(":not(", "a", ")", levels))),
            step(format!("css: {{ '{}': 1 }}", operators("a > ", "a", "", levels))),
            step(format!("body: {{ matches: '{}' }}", operators("(", "a", ")*", levels))),
            step(format!("body: {{ matches: '{}' }}", operators("[a", "a", "]", levels))),
            template(operators("{{ ", "1", " }}", levels)),
            template(format!("{{{{ {} }}}}", operators("1 + ", "1", "", levels))),
            template(format!("{{{{ {} }}}}", operators("-", "1", "", levels))),
            template(format!("{{{{ {} }}}}", operators("[", "1", "]", levels))),
            template(format!("{{{{ {} }}}}", operators("(", "1", ")", levels))),
            template(format!("{{{{ {} }}}}", operators("not ", "1", "", levels))),
            template(format!("{{{{ 1{} }}}}", operators(" if 1 else 2", "", "", levels))),
            template(format!("{{{{ a{} }}}}", operators(" | upper", "", "", levels))),
            template(format!("{{{{ a{} }}}}", operators(".a", "", "", levels))),
            template(format!("{{% if 1 %}}{}{{% endif %}}", operators("{% elif 1 %}", "", "", levels))),
            template(operators("{% if 1 %}", "a", "{% endif %}", levels)),
            template(operators("{% for a in [1] %}", "a", "{% endfor %}", levels)),
            template(format!("{{% set n = namespace(x=1) %}}{{% for a in range({levels}) %}}{{% set n.x = [n.x] %}}{{% endfor %}}{{{{ n.x }}}}")),
            template(format!("{{% set n = namespace(x=1) %}}{{% for a in range({levels}) %}}{{% set n.x = n.x ~ n.x %}}{{% endfor %}}{{{{ n.x }}}}")),
        ]);
        // Values that are made of the one before, and aliases of the one before.
        let links = (1..levels.min(500)).map(|at| format!("v{at}: '{{{{ [[v{}]] }}}}'", at - 1));
        let links: Vec<_> = links.collect();
        files.push(format!(
            "variables: {{ v0: '1', {} }}\nchecks: [{{ name: a, get: / }}]",
            links.join(", ")
        ));
        let links = (1..levels.min(500)).map(|at| format!("v{at}: &v{at} [[*v{}]]", at - 1));
        let links: Vec<_> = links.collect();
        files.push(format!(
            "x: {{ v0: &v0 1, {} }}\nchecks: [{{ name: a, get: / }}]",
            links.join(", ")
        ));
        let links = (0..levels.min(50_000))
            .map(|at| format!("d{at}: {{ $ref: '#/definitions/d{}' }}", at + 1));
        let links: Vec<_> = links.collect();
        let schema = format!(
            "$schema: 'http://json-schema.org/draft-07/schema#', $ref: '#/definitions/d0', definitions: {{ {} }}",
            links.join(", ")
        );
        files.push(step(format!("json: {{ $: {{ schema: {{ {schema} }} }} }}")));
    }
    for file in files {
        let output = smoke(&target, &file, &["--deadline", "60s"]).await;
        let begin: String = file.chars().take(200).collect();
        assert!(
            matches!(output.status.code(), Some(0..=2)),
            "{}: {}\n{begin}",
            output.status,
            stderr(&output)
        );
    }
}

/// What nobody can wait for: counted, it ends.
const COUNTED: [&str; 4] = [
    r##"get: /list/60, expect: { json: { $: { schema: { anyOf: [{ type: array, minItems: 1, items: { $ref: "#" } }, { type: array, minItems: 1, items: { $ref: "#" } }] } } } }"##,
    r#"get: /list/120, expect: { json: { "$..*..*..*..*..*..*": { count: 1 } } }"#,
    r#"get: /wide, expect: { json: { "$..[?count($..id) == 3]": { count: 1 } } }"#,
    r#"get: /wide, expect: { json: { "$[*].id": { each: { one_of: NUMBERS } } } }"#,
];

/// The same, where it cannot be counted.
const UNCOUNTED: &str = r#"get: /long, expect: { json: { "$[?search(@.name, '((a{0,20}){0,20}){0,20}[xy]')].id": { count: 0 } } }"#;

#[tokio::test]
async fn work_without_end_is_counted_and_fails_the_expectation() {
    let numbers: Vec<_> = (0..20_000).rev().collect();
    let steps = COUNTED.map(|step| {
        let step = step.replace("NUMBERS", &format!("{numbers:?}"));
        format!("timeout: 10m, {step}")
    });
    for step in steps {
        let said = failure(&step, &[]).await;
        let (title, rest) = said.split_once('\n').unwrap();
        assert_eq!(
            title,
            "error[wrong-answer]: a judgement that takes too much work"
        );
        assert!(
            rest.starts_with("expected at most 20000000 steps, found more for the JSON at"),
            "{rest}"
        );
    }
    let said = failure(&format!("timeout: 10m, {}", COUNTED[1]), &[]).await;
    insta::assert_snapshot!(said, @"
    error[wrong-answer]: a judgement that takes too much work
    expected at most 20000000 steps, found more for the JSON at `$..*..*..*..*..*..*`
    ");
}

#[tokio::test]
async fn the_deadline_ends_work_without_end_and_the_other_checks_keep_their_outcomes() {
    let fine = "get: /, expect: { json: { '$..*': { empty: true } } }".to_owned();
    let three = checks(&[fine.clone(), UNCOUNTED.to_owned(), fine]);
    assert_eq!(
        outcomes(&three, &["--deadline", "5s"]).await,
        ["passed", "failed", "passed"]
    );
    let said = failure(UNCOUNTED, &["--deadline", "3s"]).await;
    insta::assert_snapshot!(said, @r"
    error[cut-short]: cut short by the end of the run
    expected a judgement before the run's time was over, found none for the JSON at `$[?search(@.name, '((a{0,20}){0,20}){0,20}[xy]')].id`
    ");
}

#[tokio::test]
async fn the_timeout_of_a_step_ends_work_without_end() {
    let said = failure(&format!("timeout: 3s, {UNCOUNTED}"), &[]).await;
    insta::assert_snapshot!(said, @r"
    error[wrong-answer]: a judgement that does not end
    expected one within the step's `timeout` of 3.0 s, found none for the JSON at `$[?search(@.name, '((a{0,20}){0,20}){0,20}[xy]')].id`
    ");
}

#[tokio::test]
async fn threads_that_are_lost_do_not_pile_up() {
    let lost = format!("timeout: 3s, {UNCOUNTED}");
    let mut steps = vec![lost; 6];
    steps.push("get: /, expect: { json: { '$..*': { empty: true } } }".to_owned());
    let target = server().await;
    let output = smoke(&target, &checks(&steps), &["--jobs", "1"]).await;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let count = |title: &str| text.matches(title).count();
    assert_eq!(
        count("error[wrong-answer]: a judgement that does not end"),
        4
    );
    assert_eq!(
        count("error[wrong-answer]: an answer that is not judged"),
        2
    );
    assert_eq!(count("pass  check 6"), 1, "{text}");
    insta::assert_snapshot!(said(&format!("error[{}", text.rsplit("error[").next().unwrap())), @r"
    error[wrong-answer]: an answer that is not judged
    expected one of 4 threads for the JSON at `$[?search(@.name, '((a{0,20}){0,20}){0,20}[xy]')].id`, found all of them busy with judgements that were given up
    ");
}

#[tokio::test]
async fn an_answer_is_not_shown_if_a_secret_in_it_was_not_found_in_time() {
    let path = r#""$[?search(@.name, '((a{0,20}){0,20}){0,20}[xy]') || @.id == 7].name""#;
    let step =
        format!("timeout: 3s, get: /long, capture: {{ pin: {{ json: {path}, secret: true }} }}");
    let target = server().await;
    for format in ["text", "json", "html", "junit"] {
        let output = smoke(
            &target,
            &checks(std::slice::from_ref(&step)),
            &["--format", format],
        )
        .await;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(!text.contains("item 7"), "{format}");
        assert!(text.contains("not shown"), "{format}: {text}");
    }
}
