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
    (
        "crates/diagnostic/src/lib.rs",
        &["expected", "found", "related"],
    ),
    ("hook/src/log.rs", &["enabled"]),
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
    let rows = ALLOWED.iter();
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
    for (file, names) in ALLOWED {
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
