//! Names that say nothing without their neighbours, and the files that still
//! have some. The dictionary in ARCHITECTURE.md has the words to use.

use std::collections::{BTreeMap, BTreeSet};

use super::tidy::{code, sources};

/// Words that are no name of a function. Beside them, no function has a name of
/// one word that ends with `ed`.
const FUNCTIONS: &[&str] = &[
    "asked", "begun", "built", "chosen", "done", "drawn", "found", "given", "gone", "heard",
    "held", "kept", "known", "left", "lost", "made", "meant", "met", "of", "said", "seen", "sent",
    "shown", "spent", "taken", "told",
];

/// Verbs and nouns that only look like participles.
const NOT_PARTICIPLES: &[&str] = &[
    "embed", "exceed", "feed", "need", "proceed", "seed", "speed", "succeed",
];

/// Words that are no name of a type.
const TYPES: &[&str] = &[
    "Account",
    "Asked",
    "Closing",
    "Desk",
    "Found",
    "Given",
    "Kept",
    "Known",
    "Made",
    "Manner",
    "Met",
    "Need",
    "Own",
    "Part",
    "Said",
    "Senseless",
    "Told",
    "Trouble",
    "Unfit",
    "Wrong",
];

/// Names that stay: the builder of a diagnostic, whose methods read as the
/// lines that they add, and a method that a trait of another crate demands.
const ALLOWED: &[(&str, &[&str])] = &[
    ("crates/diagnostic/src/lib.rs", &["expected", "found"]),
    ("hook/src/log.rs", &["enabled"]),
];

/// Names that are still to be replaced. This list only shrinks.
const REMAINING: &[(&str, &[&str])] = &[
    ("crates/aws/src/access.rs", &["given"]),
    ("crates/aws/src/calls.rs", &["Met", "said", "unanswered"]),
    ("crates/aws/src/secrets.rs", &["refused"]),
    ("crates/check-file/src/language/connection.rs", &["of"]),
    ("crates/check-file/src/language/grpc.rs", &["fixed"]),
    ("crates/check-file/src/language/keys/kind.rs", &["expected"]),
    ("crates/check-file/src/language/method.rs", &["Asked"]),
    ("crates/check-file/src/language/rows.rs", &["fixed"]),
    ("crates/check-file/src/language/sent.rs", &["Own", "Part"]),
    ("crates/check-file/src/language/variables.rs", &["Kept"]),
    (
        "crates/check-file/src/language/websocket.rs",
        &["awaited", "sent"],
    ),
    ("crates/check-file/src/template/bounds.rs", &["Need"]),
    ("crates/check-file/src/value.rs", &["filled"]),
    ("crates/client/src/dial/mod.rs", &["allowed", "of"]),
    ("crates/client/src/dial/race.rs", &["interleaved"]),
    ("crates/client/src/http.rs", &["Manner", "encoded"]),
    ("crates/client/src/http/exchange.rs", &["opened"]),
    ("crates/client/src/http/link.rs", &["heard"]),
    ("crates/client/src/http/pool.rs", &["Need"]),
    ("crates/diagnostic/src/lib.rs", &["masked", "of", "related"]),
    ("crates/diagnostic/src/snippet.rs", &["Part", "drawn", "of"]),
    ("crates/diagnostic/src/units.rs", &["counted"]),
    ("crates/diagnostic/src/yaml/node.rs", &["shortened"]),
    ("crates/diagnostic/src/yaml/tabs.rs", &["refused"]),
    ("crates/importers/src/draft/demand.rs", &["escaped"]),
    ("crates/importers/src/draft/mod.rs", &["expected"]),
    ("crates/importers/src/draft/yaml.rs", &["quoted"]),
    ("crates/importers/src/import/base.rs", &["allowed"]),
    ("crates/importers/src/import/hurl/options.rs", &["given"]),
    ("crates/importers/src/import/hurl/query.rs", &["made"]),
    ("crates/importers/src/import/losses.rs", &["shortened"]),
    (
        "crates/importers/src/import/postman/collection.rs",
        &["Found"],
    ),
    ("crates/importers/src/import/postman/mod.rs", &["given"]),
    (
        "crates/importers/src/import/postman/request.rs",
        &["decoded", "listed", "used"],
    ),
    (
        "crates/importers/src/import/postman/script/capture.rs",
        &["kept"],
    ),
    (
        "crates/importers/src/import/postman/script/demand.rs",
        &["nested"],
    ),
    (
        "crates/importers/src/import/postman/script/javascript.rs",
        &["joined"],
    ),
    (
        "crates/importers/src/import/postman/script/mod.rs",
        &["dotted", "guarded", "shown"],
    ),
    (
        "crates/importers/src/import/postman/script/subject.rs",
        &["escaped", "wanted"],
    ),
    ("crates/importers/src/import/variables.rs", &["Given"]),
    ("crates/importers/src/init/live.rs", &["told"]),
    (
        "crates/importers/src/init/openapi.rs",
        &["filled", "required", "resolved", "typed"],
    ),
    ("crates/importers/src/init/shape.rs", &["typed"]),
    ("crates/query/src/charset.rs", &["named", "of"]),
    (
        "crates/query/src/charset/declaration.rs",
        &["labelled", "quoted"],
    ),
    ("crates/query/src/json_schema/email.rs", &["Own"]),
    ("crates/query/src/json_schema/meter.rs", &["decoded"]),
    ("crates/query/src/json_schema/mod.rs", &["quoted", "said"]),
    ("crates/query/src/jsonpath/meter.rs", &["metered", "quoted"]),
    ("crates/query/src/jsonpath/mod.rs", &["bounded"]),
    ("crates/query/src/markup/css.rs", &["translated"]),
    ("crates/query/src/markup/html/sink.rs", &["Part"]),
    (
        "crates/query/src/markup/mod.rs",
        &["Unfit", "Wrong", "declared"],
    ),
    ("crates/query/src/markup/tree.rs", &["found"]),
    (
        "crates/query/src/markup/xml.rs",
        &["bounded", "malformed", "unquoted"],
    ),
    ("crates/query/src/markup/xpath/check.rs", &["of"]),
    ("crates/query/src/markup/xpath/mod.rs", &["bounded", "made"]),
    (
        "crates/query/src/markup/xpath/view.rs",
        &["Trouble", "declared"],
    ),
    ("crates/query/src/value.rs", &["shortened", "shown"]),
    ("crates/query/src/work/budget.rs", &["left"]),
    ("crates/query/src/work/threads.rs", &["held"]),
    ("crates/redact/src/escapes.rs", &["Found"]),
    ("crates/redact/src/finder.rs", &["begun", "found"]),
    ("crates/redact/src/layers.rs", &["of"]),
    ("crates/redact/src/needles.rs", &["stored"]),
    ("crates/runner/src/answer.rs", &["Senseless"]),
    ("crates/runner/src/credential.rs", &["of"]),
    ("crates/runner/src/curl.rs", &["printed", "quoted"]),
    ("crates/runner/src/multipart.rs", &["Part", "escaped"]),
    ("crates/runner/src/plan/expand.rs", &["planned"]),
    ("crates/runner/src/plan/hosts.rs", &["of"]),
    ("crates/runner/src/plan/list.rs", &["of"]),
    (
        "crates/runner/src/plan/names.rs",
        &["Known", "Part", "used"],
    ),
    ("crates/runner/src/plan/selection.rs", &["unused"]),
    ("crates/runner/src/plan/wanted.rs", &["needed"]),
    ("crates/runner/src/run/blank.rs", &["failed"]),
    ("crates/runner/src/run/mod.rs", &["guarded"]),
    ("crates/runner/src/run/pace.rs", &["of"]),
    ("crates/runner/src/run/question.rs", &["Known", "Part"]),
    (
        "crates/runner/src/run/record.rs",
        &["answered", "asked", "heard", "said", "shortened"],
    ),
    ("crates/runner/src/run/redirects.rs", &["redirected"]),
    ("crates/runner/src/run/request.rs", &["Unfit"]),
    ("crates/runner/src/run/series.rs", &["Kept"]),
    ("crates/runner/src/run/shared.rs", &["left"]),
    ("crates/runner/src/run/step.rs", &["unanswered"]),
    (
        "crates/runner/src/run/tokens.rs",
        &["Known", "granted", "of"],
    ),
    ("crates/runner/src/run/watch.rs", &["passed", "undecided"]),
    ("crates/runner/src/set_cookie.rs", &["of"]),
];

/// A source up to the module of tests that stands in it. One in a file of its
/// own is only named, and what stands behind its name belongs to the source.
fn without_tests(text: &str) -> &str {
    let mut modules = text.match_indices("#[cfg(test)]\nmod ");
    let inline = modules.find(|(at, begin)| {
        let line = text[at + begin.len()..].lines().next();
        line.is_some_and(|line| line.contains('{'))
    });
    inline.map_or(text, |(at, _)| &text[..at])
}

/// The names of functions, and those of types, that a source file defines.
fn defined_names(text: &str) -> (BTreeSet<&str>, BTreeSet<&str>) {
    let mut functions = BTreeSet::new();
    let mut types = BTreeSet::new();
    for line in code(without_tests(text)) {
        let is_punctuation = |c: char| !c.is_alphanumeric() && c != '_';
        let words: Vec<_> = line.split(is_punctuation).collect();
        for pair in words.windows(2) {
            match pair[0] {
                "fn" => functions.insert(pair[1]),
                "struct" | "enum" | "union" | "trait" | "type" => types.insert(pair[1]),
                _ => continue,
            };
        }
    }
    (functions, types)
}

/// Whether a function's name is a participle, or the word `of`.
fn is_banned_function(name: &str) -> bool {
    let is_regular = name.ends_with("ed") && !name.contains('_');
    FUNCTIONS.contains(&name) || (is_regular && !NOT_PARTICIPLES.contains(&name))
}

/// The banned names in the sources of what ships, by file.
fn banned_names(sources: &[(String, String)]) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut banned = BTreeMap::new();
    for (file, text) in sources {
        if !file.contains("src/") || file.ends_with("/tests.rs") {
            continue;
        }
        let (functions, types) = defined_names(text);
        let functions = functions
            .into_iter()
            .filter(|name| is_banned_function(name));
        let types = types.into_iter().filter(|name| TYPES.contains(name));
        let names: BTreeSet<_> = functions.chain(types).collect();
        if !names.is_empty() {
            banned.insert(file.as_str(), names);
        }
    }
    banned
}

/// The banned names that a file may have.
fn exceptions(file: &str) -> BTreeSet<&'static str> {
    let rows = ALLOWED.iter().chain(REMAINING);
    let rows = rows.filter(|(name, _)| *name == file);
    rows.flat_map(|(_, names)| names.iter().copied()).collect()
}

#[test]
fn each_name_is_a_verb_or_a_noun_of_the_dictionary() {
    let sources = sources(&["crates", "smoke-tests/src", "hook/src", "rehearsal/src"]);
    let banned = banned_names(&sources);
    let mut problems = Vec::new();
    for (file, names) in &banned {
        for name in names {
            if !exceptions(file).contains(name) {
                problems.push(format!("{file}: `{name}` is no name; see ARCHITECTURE.md"));
            }
        }
    }
    for (file, names) in ALLOWED.iter().chain(REMAINING) {
        for name in *names {
            if !banned.get(file).is_some_and(|found| found.contains(name)) {
                problems.push(format!("{file}: remove the exception for `{name}`"));
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn a_banned_name_is_found_wherever_it_is_defined() {
    let text = "
        pub(crate) async fn asked() {}
        fn is_asked() {}
        fn seed() {}
        struct Part<'a>(&'a str);
        // fn told() {}
        #[cfg(test)]
mod tests { fn made() {} }";
    let sources = [("crates/x/src/lib.rs".to_owned(), text.to_owned())];
    let banned = banned_names(&sources);
    let names: Vec<_> = banned["crates/x/src/lib.rs"].iter().copied().collect();
    assert_eq!(names, ["Part", "asked"]);
}
