//! Whatever a Hurl file holds, what is imported of it can be read.

use diagnostic::Source;
use importers::import::{self, Bodies};
use proptest::prelude::*;
use runner::plan::plan;
use runner::settings::Selection;

/// Words of Hurl, to get past the first line.
fn hurl_word() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "GET ",
        "POST ",
        "https://a.example",
        "/path",
        "?a=b",
        "\n",
        "\n\n",
        "HTTP 200",
        "HTTP *",
        "Host: b",
        "content-length: 3",
        "TE: x",
        "x-a: {{b}}",
        "[Query]",
        "[Form]",
        "[Asserts]",
        "[Captures]",
        "[Options]",
        "[Cookies]",
        "[BasicAuth]",
        "status == 200",
        "jsonpath \"$.a\"",
        " exists",
        " == 1",
        " contains \"a\"",
        "header \"b\"",
        "body",
        "duration < 5",
        "retry: 3",
        "location: true",
        "{ \"a\": 1 }",
        "```",
        "`a`",
        "a: b",
        "token: jsonpath \"$.t\"",
        "variable \"token\"",
        "redirects nth 0 location",
        " split \",\" nth 1",
        " == {{token}}",
        "cookie \"a\"",
        "delay: 1s",
        "compressed: true",
        "host: {{b}}",
        "# @cookie_storage_set: a.example FALSE / FALSE 0 a b",
        "{ \"a{{b}}\": \"x{{token}}\\\"\" }",
        "#",
        "é",
    ])
    .prop_map(str::to_owned)
}

/// An assert or a capture, after its name: a query, filters, and a predicate.
fn hurl_query() -> impl Strategy<Value = String> {
    let queries = prop::sample::select(vec![
        "status",
        "body",
        "bytes",
        "url",
        "sha256",
        "duration",
        "regex /a(b)/",
        "header \"Vary\"",
        "cookie \"a\"",
        "cookie \"a[Path]\"",
        "jsonpath \"$.a\"",
        "jsonpath \"$.a[*]\"",
        "xpath \"string(//a)\"",
        "variable \"t\"",
        "redirects nth 0 location",
        "redirects count",
        "certificate \"Subject\"",
    ]);
    let filters = prop::sample::select(vec![
        "",
        " count",
        " first",
        " nth 1",
        " split \",\"",
        " regex \"(.)\"",
        " replace \"a\" \"{{b}}\"",
        " toInt",
        " toDate \"%+\"",
        " daysAfterNow",
        " base64Decode",
        " utf8Decode",
        " urlDecode",
        " jsonpath \"$.b\"",
    ]);
    (queries, prop::collection::vec(filters, 0..3))
        .prop_map(|(query, filters)| format!("{query}{}", filters.concat()))
}

/// A request and what its answer must be like.
fn hurl_entry() -> impl Strategy<Value = String> {
    let requests = prop::sample::select(vec![
        "Host: b.example",
        "X-A: {{t}}",
        "[Cookies]\na: {{b}}",
        "[Options]\ndelay: 1s\ncompressed: true",
        "[Options]\nlocation: true\nmax-redirs: 3",
        "[BasicAuth]\na: {{b}}",
        "[Query]\n{{b}}: 1",
        "{ \"a{{b}}\": \"x{{t}}\\\"\", \"c\": {{t}} }",
    ]);
    let predicates = prop::sample::select(vec![
        "== 1",
        "== \"a{{t}}\"",
        "!= {{t}}",
        "== hex,61;",
        "> 5",
        "not contains \"a\"",
        "contains 1",
        "exists",
        "not exists",
        "isEmpty",
        "isList",
        "matches /a/",
        "not startsWith \"{{\"",
    ]);
    (
        prop::sample::select(vec!["GET", "POST"]),
        prop::sample::select(vec!["https://a.example/x", "https://b.example", "{{t}}/y"]),
        prop::collection::vec(requests, 0..3),
        prop::collection::vec(hurl_query(), 0..2),
        prop::collection::vec((hurl_query(), predicates), 0..5),
    )
        .prop_map(|(method, url, request, captures, asserts)| {
            let mut text = format!("{method} {url}\n{}\nHTTP 200\n", request.join("\n"));
            text.push_str("[Captures]\n");
            for (name, query) in ["t", "b"].into_iter().zip(captures) {
                text.push_str(&format!("{name}: {query}\n"));
            }
            text.push_str("[Asserts]\n");
            for (query, predicate) in asserts {
                text.push_str(&format!("{query} {predicate}\n"));
            }
            text + "\n"
        })
}

proptest! {
    #[test]
    fn what_is_imported_is_a_check_file_that_can_be_read(
        text in prop_oneof![
            prop::collection::vec(hurl_word(), 0..40).prop_map(|words| words.concat()),
            prop::collection::vec(hurl_entry(), 1..4).prop_map(|entries| entries.concat()),
        ]
    ) {
        let source = Source::new("any.hurl", text.as_str());
        for bodies in [Bodies::Readable, Bodies::Verbatim] {
            let Ok(imported) = import::import_hurl(&source, bodies) else { continue };
            let file = Source::new("any.yaml", imported.text.as_str());
            let environment = |_: &str| Some("a value".to_owned());
            let read = plan(&[file], &Selection::default(), &environment);
            prop_assert!(read.is_ok(), "{}\n{}\n{}", read.unwrap_err(), text, imported.text);
        }
    }
}
