//! The house rules of ARCHITECTURE.md that no compiler knows.
#![allow(missing_docs, clippy::unwrap_used)]

use std::path::{Path, PathBuf};

/// Outside libraries that could be swapped, and the only files that name them.
const SWAPPABLE: &[(&str, &[&str])] = &[
    ("saphyr_parser", &["smoke-tests/src/yaml/mod.rs"]),
    ("annotate_snippets", &["smoke-tests/src/snippet.rs"]),
    (
        "minijinja",
        &[
            "smoke-tests/src/template/mod.rs",
            "smoke-tests/src/template/functions.rs",
            "smoke-tests/src/template/filters.rs",
        ],
    ),
    ("boon", &["smoke-tests/src/json_schema.rs"]),
    ("serde_json_path", &["smoke-tests/src/jsonpath.rs"]),
    ("regex::", &["smoke-tests/src/pattern.rs"]),
    ("reqwest", &["smoke-tests/src/http.rs", "aws/src/http.rs"]),
    (
        "rustls",
        &["smoke-tests/src/dial/tls.rs", "aws/src/http.rs"],
    ),
    (
        "tokio_rustls",
        &[
            "smoke-tests/src/dial/tls.rs",
            "smoke-tests/src/dial/stream.rs",
        ],
    ),
    ("tokio_tungstenite", &["smoke-tests/src/http/websocket.rs"]),
    ("x509_cert", &["smoke-tests/src/dial/certificate.rs"]),
    ("flate2", &["smoke-tests/src/encoding.rs"]),
    ("cookie_store", &["smoke-tests/src/run/cookies.rs"]),
    ("quick_junit", &["smoke-tests/src/render/junit.rs"]),
    ("indicatif", &["smoke-tests/src/bin/smoke/progress.rs"]),
    ("glob::", &["smoke-tests/src/discover.rs"]),
    ("csv::", &["smoke-tests/src/check_file/rows.rs"]),
    (
        "ring::",
        &[
            "smoke-tests/src/digest.rs",
            "smoke-tests/src/dial/tls.rs",
            "aws/src/http.rs",
            "aws/src/s3/mod.rs",
        ],
    ),
    ("aws_config", &["aws/src/user.rs"]),
    (
        "aws_sigv4",
        &["aws/src/signed.rs", "smoke-tests/src/sigv4.rs"],
    ),
    ("aws_smithy_xml", &["aws/src/s3/answer.rs"]),
];

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The source files below these folders, by their path in the workspace.
fn sources(folders: &[&str]) -> Vec<(String, String)> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|kind| kind == "rs") {
                found.push(path);
            }
        }
    }
    let mut paths = Vec::new();
    for folder in folders {
        walk(&workspace().join(folder), &mut paths);
    }
    paths.sort();
    paths
        .into_iter()
        .map(|path| {
            let text = std::fs::read_to_string(&path).unwrap();
            let name = path.strip_prefix(workspace()).unwrap();
            (name.to_string_lossy().into_owned(), text)
        })
        .collect()
}

/// The lines that the compiler reads.
fn code(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
}

/// Whether a line names a library, and not a longer word that ends like it.
fn names(line: &str, library: &str) -> bool {
    line.match_indices(library).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_')
    })
}

#[test]
fn each_library_that_could_be_swapped_is_named_in_one_place() {
    for (name, text) in sources(&["smoke-tests/src", "aws/src", "hook/src"]) {
        if name.ends_with("/tests.rs") {
            continue;
        }
        for (library, places) in SWAPPABLE {
            let named = code(&text).any(|line| names(line, library));
            assert!(
                !named || places.contains(&name.as_str()),
                "{name} names {library}, which only {places:?} may"
            );
        }
    }
}

#[test]
fn each_file_says_what_it_is_for_and_is_short_enough_to_read() {
    const MOST_LINES: usize = 400;
    for (name, text) in sources(&["smoke-tests/src", "aws/src", "hook/src", "rehearsal/src"]) {
        assert!(text.starts_with("//! "), "{name} begins without a word");
        let lines = text.lines().count();
        assert!(lines <= MOST_LINES, "{name} has {lines} lines");
    }
}

#[test]
fn the_engine_knows_nothing_of_aws() {
    for (name, text) in sources(&["smoke-tests/src"]) {
        let of_aws = |line: &str| {
            // The signature is a way to log in, and nothing is asked of AWS for it.
            let signing = ["use aws_sigv4::", "use aws_credential_types::"];
            let signing = signing.iter().any(|begin| line.starts_with(begin));
            let signing = signing && name == "smoke-tests/src/sigv4.rs";
            // The command fetches reports, and in one place.
            let fetching = names(line, "aws::") && name != "smoke-tests/src/bin/smoke/explain.rs";
            line.contains("lambda_runtime") || line.contains("aws_") && !signing || fetching
        };
        assert!(!code(&text).any(of_aws), "{name}");
    }
    let manifest = std::fs::read_to_string(workspace().join("smoke-tests/Cargo.toml")).unwrap();
    assert!(!manifest.contains("hook"));
    let aws = manifest.lines().find(|line| line.starts_with("aws ="));
    assert!(aws.unwrap().contains("optional = true"), "{manifest}");
}
