//! What no browser is needed for; `crates/runner/tests/runner/html.rs` looks at it in one.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::*;

#[test]
fn the_policy_names_the_style_and_the_script_as_they_are() {
    for (text, written) in [(STYLE, STYLE_HASH), (SCRIPT, SCRIPT_HASH)] {
        let hash = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
        assert_eq!(STANDARD.encode(hash), written, "write the left one");
        // Either would end the element that it stands in.
        assert!(!text.contains("</"), "{text}");
    }
}

#[test]
fn text_is_only_ever_text() {
    let hostile = "</pre><script>'\"&\0\u{1b}[31m\u{202e}\u{9f}\r\n\r.";
    let shown = EscapedText(hostile).to_string();
    assert_eq!(
        shown,
        "&lt;/pre&gt;&lt;script&gt;&#39;&quot;&amp;␀␛[31m\\u{202e}\\u{9f}\n␍."
    );
}

#[test]
fn json_in_one_line_is_shown_with_a_line_for_each_value() {
    let check = |body: &str, expect: &str| {
        let shown = indent::indent_json(body);
        assert_eq!(shown.as_deref(), Some(expect), "{body}");
        let bare = |text: &str| text.replace([' ', '\n'], "");
        assert_eq!(bare(expect), bare(body));
    };
    check("{}", "{}");
    check(
        r#"{"a":[1,-2.50e3],"b":{},"c":[]}"#,
        "{\n  \"a\": [\n    1,\n    -2.50e3\n  ],\n  \"b\": {},\n  \"c\": []\n}",
    );
    check(
        r#"[{"a, b": "{\"x\\"}, null]"#,
        "[\n  {\n    \"a, b\": \"{\\\"x\\\\\"\n  },\n  null\n]",
    );
    // The beginning of one that was cut.
    check(
        r#"{"a":"***","b":"long…"#,
        "{\n  \"a\": \"***\",\n  \"b\": \"long…",
    );
    check("[1,[2,…", "[\n  1,\n  [\n    2,\n    …");
    let deep = format!("{}…", "[".repeat(17));
    for other in [
        "",
        "text",
        "\"{}\"",
        "[2026-01-31] GET /orders, 200",
        "[error, again",
        "{}}",
        "{\n}",
        &deep,
    ] {
        assert_eq!(indent::indent_json(other), None, "{other}");
    }
}
