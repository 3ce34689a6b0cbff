//! What an answer's bytes stand for: text in any encoding, and JSON with any
//! number.

use diagnostic::snippet::Colour;
use report::render::failures;
use report::{Outcome, Report};
use runner::settings::Limits;

use crate::support::server::{Reply, serve};
use crate::support::{plain, report_of};

/// Holds the answer of each path against what is expected of it.
async fn check(answers: &'static [(&str, &[u8])], expectations: &[&str]) -> Vec<Outcome> {
    let target = serve(move |path| async move {
        let index: usize = path[1..].parse().unwrap();
        let (head, body) = answers[index];
        Reply::Bytes(200, head, body.to_vec())
    })
    .await;
    let mut file = "name: shop\nchecks:\n".to_owned();
    for (number, expect) in expectations.iter().enumerate() {
        let index = number.min(answers.len() - 1);
        file += &format!("  - {{ name: '{number}', get: /{index}, expect: {expect} }}\n");
    }
    let report = report_of(&plain(&target), &file, Limits::default()).await;
    report.checks.iter().map(|check| check.outcome).collect()
}

/// What is said of all checks, without ports and times.
fn said(report: &Report) -> String {
    let said = report
        .checks
        .iter()
        .map(|check| failures(check, Colour::Never));
    let said = said.collect::<String>();
    let lines = said.lines().filter(|line| !line.contains("note: GET"));
    lines.collect::<Vec<_>>().join("\n")
}

const JSON: &str = "content-type: application/json\n";

#[tokio::test]
async fn json_behind_a_byte_order_mark_is_json() {
    let outcomes = check(
        &[
            (JSON, b"\xef\xbb\xbf{\"a\": \"\xc3\xa9\"}"),
            (JSON, b"\xff\xfe{\0\"\0a\0\"\0:\0\"\0\xe9\0\"\0}\0"),
            (JSON, b"\xfe\xff\0{\0\"\0a\0\"\0:\0\"\0\xe9\0\"\0}"),
            ("", b"\xef\xbb\xbf{\"a\": \"\xc3\xa9\"}"),
        ],
        &["{ json: { $.a: é }, body: { starts_with: '{' } }"; 4],
    )
    .await;
    assert_eq!(outcomes, [Outcome::Passed; 4]);
}

#[tokio::test]
async fn json_that_is_no_utf_8_is_none() {
    let bodies: &[(&str, &[u8])] = &[
        (JSON, b"{\"a\": \"caf\xe9\"}"),
        (JSON, b"\xef\xbb\xbf{\"a\": \"caf\xe9\"}"),
    ];
    let outcomes = check(bodies, &["{ json: { $.a: { type: string } } }"; 2]).await;
    assert_eq!(outcomes, [Outcome::Failed; 2]);
}

#[tokio::test]
async fn a_number_that_no_double_holds_makes_nothing_else_unreadable() {
    const BODY: &[u8] = b"{\"a\": 1e400, \"b\": -1e400, \"c\": [1, 2e400], \"d\": \"x\", \"e\": 1.7976931348623157e308}";
    let passed = [
        "{ json: { $.d: x } }",
        "{ json: { $.a: { type: number } } }",
        "{ json: { $.a: { above: 1.7976931348623157e308 } } }",
        "{ json: { $.b: { below: -1.7976931348623157e308 } } }",
        "{ json: { $.a: { not: 1.7976931348623157e308 } } }",
        "{ json: { $.e: 1.7976931348623157e308 } }",
        "{ json: { '$.c[0]': 1, '$.c': { count: 2 } } }",
        "{ json: { $.a: { schema: { type: number, minimum: 5 } } } }",
    ];
    let failed = [
        "{ json: { $.a: 1.7976931348623157e308 } }",
        "{ json: { $.a: 1.7976931348623155e308 } }",
        "{ json: { $.a: { at_most: 1.7976931348623157e308 } } }",
        "{ json: { $.b: { at_least: -1.7976931348623157e308 } } }",
        "{ json: { $.a: { matches: '1' } } }",
        "{ json: { $.c: { contains: 1.7976931348623155e308 } } }",
        "{ json: { $.a: { schema: { type: number, maximum: 5 } } } }",
    ];
    let outcomes = check(&[(JSON, BODY)], &passed).await;
    assert_eq!(outcomes, [Outcome::Passed; 8]);
    let outcomes = check(&[(JSON, BODY)], &failed).await;
    assert_eq!(outcomes, [Outcome::Failed; 7]);
}

#[tokio::test]
async fn such_a_number_is_not_kept_for_other_requests() {
    let target =
        serve(|_| async { Reply::Answer(200, "{\"a\": 1e400, \"b\": [2e400]}".to_owned()) }).await;
    let file = "
name: shop
checks:
  - { name: a, get: /, capture: { a: { json: $.a } } }
  - { name: b, get: /, capture: { b: { json: $.b } } }
  - { name: c, get: /, capture: { c: { from: body, transform: \"{{ value | jsonpath('$.a') }}\" } } }
  - { name: d, get: /, expect: { json: { $.a: 5 } } }
";
    let report = report_of(&plain(&target), file, Limits::default()).await;
    insta::assert_snapshot!(said(&report));
}

#[tokio::test]
async fn a_document_is_read_in_the_encoding_that_it_declares() {
    let outcomes = check(
        &[
            (
                "content-type: text/html\n",
                b"<meta charset=iso-8859-1><h1>caf\xe9</h1>",
            ),
            (
                "content-type: text/xml\n",
                b"<?xml version='1.0' encoding='windows-1251'?><h1>\xe4\xe0</h1>",
            ),
            (
                "content-type: text/html; charset=utf-8\n",
                b"<meta charset=iso-8859-1><h1>caf\xc3\xa9</h1>",
            ),
            (
                "content-type: text/html\n",
                b"\xef\xbb\xbf<meta charset=iso-8859-1><h1>caf\xc3\xa9</h1>",
            ),
        ],
        &[
            "{ css: { h1: café } }",
            "{ xpath: { 'string(//h1)': да } }",
            "{ css: { h1: café } }",
            "{ css: { h1: café }, body: { starts_with: '<meta' } }",
        ],
    )
    .await;
    assert_eq!(outcomes, [Outcome::Passed; 4]);
}

#[tokio::test]
async fn a_tab_stands_between_a_key_and_its_value_as_a_blank_does() {
    let target = serve(|path| async move { Reply::Answer(200, path) }).await;
    let file = "name:\tshop\nchecks:\n  - name:\t\ta\n    get:\t/1\n    expect:\n      body: |-\n        /1\n  \
                - { name:\tb, get: /2, expect: { body:\t\"/2\", status:\t200 } }\n  \
                - name: c\n    writes:\ttrue\n    post: /3\n    text: |\n      tab:\tstays\n    expect: { status:\t201 }\n";
    let report = report_of(&plain(&target), file, Limits::default()).await;
    let [a, b, c] = report.checks.as_slice() else {
        panic!("{report:?}");
    };
    assert_eq!([&*a.suite, &a.name, &b.name], ["shop", "a", "b"]);
    assert_eq!([a.outcome, b.outcome], [Outcome::Passed; 2]);
    let sent = c.steps[0].exchange.as_ref().unwrap().request.body.as_ref();
    assert_eq!(sent.unwrap().text, "tab:\tstays\n");
}

#[test]
fn a_tab_in_the_indentation_is_refused_as_before() {
    for (file, found) in [
        (
            "checks:\n  - name:\ta\n\tget: /\n",
            "a tab in the indentation",
        ),
        ("checks:\n  - name:\ta: b\n    get: /\n", "this is not YAML"),
    ] {
        let sources = [diagnostic::Source::new("shop.yaml", file)];
        let planned =
            runner::plan::plan(&sources, &runner::settings::Selection::default(), &|_| None);
        let problems = planned.err().unwrap();
        assert_eq!(problems.diagnostics()[0].title, found, "{problems}");
    }
}

/// Characters that change how others are shown, and are not seen themselves.
const UNSEEN: &str = "\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}\u{200e}\u{200f}\u{61c}\u{1b}\u{7}\u{7f}\u{85}\u{9b}\u{feff}\u{200b}";

#[tokio::test]
async fn what_is_not_seen_is_shown_by_its_number_in_every_report() {
    let target = serve(|_| async {
        Reply::Bytes(
            200,
            "x-odd: a\u{202e}b\n",
            format!("{{\"a\": \"{UNSEEN}\"}}").into_bytes(),
        )
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let file = "
name: \"shop\\u202e\"
checks:
  - name: \"check\\u202e {{ row }}\"
    each: [{ row: \"\\u2067one\" }]
    get: /
    expect: { body: \"other\\u202e\", headers: { x-odd: other } }
";
    std::fs::write(folder.path().join("shop.yaml"), file).unwrap();
    for format in ["text", "json", "junit", "tap", "html"] {
        let output = tokio::process::Command::new(env!("CARGO_BIN_EXE_smoke"))
            .args(["run", "shop.yaml", "--target", &target, "--format", format])
            .current_dir(folder.path())
            .env_clear()
            .output()
            .await
            .unwrap();
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let [shown, said] =
            [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
        for text in [&shown, &said] {
            let odd = UNSEEN.chars().find(|c| text.contains(*c));
            assert_eq!(odd, None, "{format}: {text}");
        }
        let text = shown.to_lowercase();
        for number in ["202e", "2067", "200f", "61c", "9b", "feff"] {
            assert!(text.contains(number), "{format}: {number}: {text}");
        }
    }
}
