//! What no browser is needed for; `tests/html.rs` looks at it in one.

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
    let hostile = "</pre><script>'\"&\0\u{1b}[31m\u{202e}\u{9f}\r\n";
    let shown = Text(hostile).to_string();
    assert_eq!(
        shown,
        "&lt;/pre&gt;&lt;script&gt;&#39;&quot;&amp;␀␛[31m\u{fffd}\u{fffd}\n"
    );
}
