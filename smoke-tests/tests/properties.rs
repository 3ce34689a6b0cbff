//! What holds for every text, however odd.
#![allow(missing_docs)]

use proptest::prelude::*;
use smoke_tests::diagnostic::Source;
use smoke_tests::plan::plan;
use smoke_tests::settings::Selection;
use smoke_tests::snippet::{Colour, render};

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
            let (line, column) = place.position();
            assert!(line >= 1 && column >= 1);
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
        ])
        .prop_map(str::to_owned),
        "\\PC{0,3}",
    ]
}

proptest! {
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
        let text = include_str!("../checks/storefront.yaml");
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
