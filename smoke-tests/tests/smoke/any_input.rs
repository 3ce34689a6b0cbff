//! What `fuzz/` searches for, held for the seeds and for everything that the
//! search has found.

#[path = "../../../fuzz/src/lib.rs"]
mod properties;

use std::path::Path;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

fn seeds(target: &str, holds: fn(&str)) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../fuzz/seeds")
        .join(target);
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        holds(&String::from_utf8_lossy(&bytes));
        count += 1;
    }
    assert!(count > 0, "{target} has no seeds");
}

#[test]
fn what_must_hold_for_any_input_holds_for_the_seeds() {
    seeds("parser", properties::parser);
    seeds("planner", properties::planner);
    seeds("template", properties::template);
    seeds("predicate", properties::predicate);
    seeds("markup", properties::markup);
    seeds("import", properties::import);
}

/// What expressions and selectors are made of.
const WORDS: [&str; 43] = [
    "css:",
    "//",
    "/",
    "a",
    "b",
    "*",
    "@x",
    "p:",
    ".",
    "..",
    "::",
    "ancestor",
    "preceding",
    "following-sibling",
    "self",
    "node()",
    "text()",
    "[",
    "]",
    "(",
    ")",
    "1",
    "-1.5",
    "'a'",
    "=",
    "!=",
    "<",
    " and ",
    " or ",
    " div ",
    "|",
    "+",
    "position()",
    "last()",
    "count(",
    "id(",
    "lang('e')",
    "substring(., ",
    "translate(., 'a', ",
    "name()",
    ",",
    ":not(",
    " > ",
];

/// What documents are made of.
const PIECES: [&str; 40] = [
    "<?xml version='1.0'?>",
    "<!doctype html>",
    "<a>",
    "</a>",
    "<b x='1'>",
    "</b>",
    "<p>",
    "</p>",
    "<a xmlns='u' xmlns:p='v' p:x='2'/>",
    "<p:b>",
    "</p:b>",
    "a",
    " ",
    "1",
    "\u{e9}",
    "&lt;",
    "&x;",
    "<!-- ",
    " -->",
    "<![CDATA[",
    "]]>",
    "<?a b?>",
    "<table>",
    "<tr>",
    "<td>",
    "</table>",
    "<caption>",
    "<template>",
    "</template>",
    "<select>",
    "<option>",
    "<svg>",
    "<math>",
    "<annotation-xml encoding='text/html'>",
    "<frameset>",
    "<script>",
    "</script>",
    "<body y>",
    "<form>",
    "<nobr>",
];

proptest! {
    #[test]
    fn any_expression_over_any_document_comes_out_the_same_twice(
        words in vec(select(&WORDS[..]), 1..12),
        pieces in vec(select(&PIECES[..]), 0..40),
    ) {
        properties::markup(&format!("{}\n{}", words.concat(), pieces.concat()));
    }
}
