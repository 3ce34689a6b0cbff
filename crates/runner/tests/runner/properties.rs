//! What holds for every text, however odd.

use diagnostic::Source;
use diagnostic::snippet::{Colour, render};
use proptest::prelude::*;
use runner::plan::plan;
use runner::settings::Selection;
use serde_json::{Value, json};

/// Reads a text as a check file: it must not panic, and every place that is
/// spoken of must be inside the text and drawable.
fn holds(text: &str) {
    let source = Source::new("any.yaml", text);
    let Err(problems) = plan(&[source], &Selection::default(), &|_| None) else {
        return;
    };
    for problem in problems.diagnostics() {
        if let Some(place) = &problem.place {
            assert!(place.span.start <= place.span.end);
            assert!(place.span.end <= place.source.text().len());
            assert!(place.source.text().is_char_boundary(place.span.start));
            assert!(place.source.text().is_char_boundary(place.span.end));
            let before = &place.source.text()[..place.span.start];
            let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
            let line = before.matches('\n').count() + 1;
            assert_eq!(place.position(), (line, column));
        }
        assert!(!render(problem, Colour::Never).is_empty());
    }
}

/// Words of the check language and of YAML, to get past the first lines.
fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "checks:",
            "setup:",
            "teardown:",
            "needs:",
            "each:",
            "when:",
            "skip:",
            "quarantine:",
            "auth:",
            "writes:",
            "while:",
            "name:",
            "get:",
            "post:",
            "steps:",
            "expect:",
            "status:",
            "json:",
            "headers:",
            "capture:",
            "retry:",
            "for:",
            "every:",
            "variables:",
            "defaults:",
            "timeout:",
            "tags:",
            "severity:",
            "query:",
            "form:",
            "body:",
            "latency:",
            "below:",
            "count:",
            "not:",
            "one_of:",
            "matches:",
            "type:",
            "env:",
            "grpc:",
            "proto:",
            "message:",
            "websocket:",
            "messages:",
            "send:",
            "close:",
            "skip_others:",
            "graphql:",
            "multipart:",
            "repeat:",
            "times:",
            "jobs:",
            "error_rate:",
            "fragments:",
            "include:",
            "parameters:",
            "use:",
            "with:",
            "tls:",
            "expires_in:",
            "schema:",
            "at:",
            "file:",
            "oauth2:",
            "token_url:",
            "sigv4:",
            "request:",
            "method:",
            "from:",
            "transform:",
            "secret:",
        ])
        .prop_map(str::to_owned),
        prop::sample::select(vec![
            "\n", "\n  ", "\n    ", "\n  - ", "\n    - ", " ", "- ", "{ ", " }", "[", "]", ", ",
            "&a ", "*a", "\"", "'", "|", ">", "#", "---\n", "\t", "? ", ": ", "!!str ", "\u{feff}",
        ])
        .prop_map(str::to_owned),
        prop::sample::select(vec![
            "a",
            "/healthz",
            "200",
            "2xx",
            "$.a",
            "$[*].b",
            "5s",
            "300ms",
            "{{ a }}",
            "{{",
            "}}",
            "{% if a %}",
            "ok",
            "true",
            "null",
            "-1",
            "1e9",
            ".inf",
            "0x1f",
            "ü",
            "🛒",
            "warn",
            "14d",
            "https://a.example/t",
            "grpc.health.v1.Health/Check",
            "{ query: '{ a }' }",
            "{ type: object, $ref: '#' }",
            "{ value | jsonpath('$.a') }",
            "latency",
        ])
        .prop_map(str::to_owned),
        "\\PC{0,3}",
    ]
}

/// Any JSON, not too deep.
fn document() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        "\\PC{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z' \"\\\\é-]{0,4}", inner, 1..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// The normalized path (RFC 9535, section 2.7) of one of the values in a
/// document, and the value.
fn some_place(document: &Value, turns: &[usize]) -> (String, Value) {
    let mut path = "$".to_owned();
    let mut at = document;
    for turn in turns {
        match at {
            Value::Array(items) => {
                let index = turn % items.len();
                path.push_str(&format!("[{index}]"));
                at = &items[index];
            }
            Value::Object(members) => {
                let (name, value) = members.iter().nth(turn % members.len()).unwrap();
                let name = name.replace('\\', "\\\\").replace('\'', "\\'");
                path.push_str(&format!("['{name}']"));
                at = value;
            }
            _ => break,
        }
    }
    (path, at.clone())
}

/// Whether a check with this condition would run.
fn is_true(condition: &str, variables: &[(&str, &str)]) -> bool {
    let text = format!("checks: [{{ name: a, get: /, when: \"{condition}\" }}]");
    let given = variables.iter();
    let selection = Selection {
        variables: given
            .map(|(name, value)| ((*name).into(), (*value).into()))
            .collect(),
        ..Selection::default()
    };
    let plan = plan(&[Source::new("any.yaml", text)], &selection, &|_| None).unwrap();
    let only = plan.entries().next().unwrap();
    only.skip_reason.is_none()
}

proptest! {
    #[test]
    fn a_path_to_a_value_selects_that_value(
        document in document(), turns in prop::collection::vec(0_usize..8, 0..5)
    ) {
        let (path, value) = some_place(&document, &turns);
        let (document, value) = (json!({ "doc": document }).to_string(), json!({ "want": value }).to_string());
        let path = path.replacen('$', "$.doc", 1);
        let given = [("doc", document.as_str()), ("path", path.as_str()), ("want", value.as_str())];
        let same = "{{ (doc | jsonpath(path)) == (want | jsonpath('$.want')) }}";
        prop_assert!(is_true(same, &given), "{path} in {document}");
    }

    #[test]
    fn any_path_is_read_without_a_panic(
        path in prop::collection::vec(
            prop::sample::select(vec![
                "$", ".", "..", "[", "]", "*", "a", "'a'", "0", "-1", ":", "?", "@", "(", ")", "==", "<",
                "&&", "!", ",", "length", "match", "'a.*'", "é", " ",
            ]),
            0..16,
        )
    ) {
        let path = path.concat().replace('\'', "''");
        holds(&format!(
            "checks: [{{ name: a, get: /, expect: {{ json: {{ '{path}': 1 }} }}, capture: {{ b: {{ json: '{path}' }} }} }}]"
        ));
    }

    #[test]
    fn any_text_is_read_without_a_panic(text in "\\PC*") {
        holds(&text);
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        holds(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_words_of_the_language_are_read_without_a_panic(
        words in prop::collection::vec(word(), 0..60)
    ) {
        holds(&words.concat());
    }

    #[test]
    fn a_well_formed_file_with_one_line_broken_is_read_without_a_panic(
        line in 0_usize..80, at in 0_usize..60, noise in "\\PC{1,4}"
    ) {
        let text = include_str!("../../../../smoke-tests/checks/storefront.yaml");
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let count = lines.len();
        let broken = &mut lines[line % count];
        let at = broken
            .char_indices()
            .map(|(at, _)| at)
            .chain([broken.len()])
            .nth(at)
            .unwrap_or(broken.len());
        broken.insert_str(at, &noise);
        holds(&lines.join("\n"));
    }
}
