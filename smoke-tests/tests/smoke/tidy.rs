//! The house rules of ARCHITECTURE.md that no compiler knows.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Outside libraries that could be swapped, and the only files that name them.
const SWAPPABLE: &[(&str, &[&str])] = &[
    (
        "saphyr_parser",
        &[
            "crates/diagnostic/src/yaml/mod.rs",
            "crates/diagnostic/src/yaml/tabs.rs",
        ],
    ),
    ("aho_corasick", &["crates/redact/src/finder.rs"]),
    ("annotate_snippets", &["crates/diagnostic/src/snippet.rs"]),
    (
        "minijinja",
        &[
            "crates/check-file/src/template/mod.rs",
            "crates/check-file/src/template/scope.rs",
            "crates/check-file/src/template/functions.rs",
            "crates/check-file/src/template/filters.rs",
            "crates/report/src/render/html/mod.rs",
            "crates/report/src/render/html/check.rs",
            "crates/report/src/render/html/summary.rs",
            "crates/report/src/render/html/timing.rs",
        ],
    ),
    ("apollo_parser", &["crates/check-file/src/graphql.rs"]),
    (
        "boon",
        &[
            "crates/query/src/json_schema/mod.rs",
            "crates/query/src/json_schema/email.rs",
        ],
    ),
    (
        "html5ever",
        &[
            "crates/query/src/markup/html/mod.rs",
            "crates/query/src/markup/html/names.rs",
            "crates/query/src/markup/html/sink.rs",
        ],
    ),
    ("roxmltree", &["crates/query/src/markup/xml.rs"]),
    ("css_to_xpath", &["crates/query/src/markup/css.rs"]),
    (
        "xpath_eval",
        &[
            "crates/query/src/markup/xpath/mod.rs",
            "crates/query/src/markup/xpath/check.rs",
            "crates/query/src/markup/xpath/view.rs",
        ],
    ),
    (
        "serde_json_path",
        &[
            "crates/query/src/jsonpath/functions.rs",
            "crates/query/src/jsonpath/mod.rs",
            "crates/query/src/jsonpath/meter.rs",
        ],
    ),
    ("protox_parse", &["crates/check-file/src/grpc/proto.rs"]),
    ("miette", &["crates/check-file/src/grpc/proto.rs"]),
    (
        "prost_reflect",
        &[
            "crates/check-file/src/grpc/mod.rs",
            "crates/check-file/src/grpc/message.rs",
            "crates/check-file/src/grpc/options.rs",
            "crates/check-file/src/grpc/proto.rs",
        ],
    ),
    (
        "regex::",
        &[
            "crates/query/src/pattern.rs",
            "hook/src/proof/conditions.rs",
        ],
    ),
    ("regex_syntax", &["crates/query/src/pattern.rs"]),
    ("reqwest", &["crates/aws/src/http.rs"]),
    ("h2::", &["crates/client/src/http/http2.rs"]),
    (
        "rustls",
        &["crates/client/src/dial/tls.rs", "crates/aws/src/http.rs"],
    ),
    (
        "tokio_rustls",
        &[
            "crates/client/src/dial/tls.rs",
            "crates/client/src/dial/stream.rs",
        ],
    ),
    (
        "tokio_tungstenite",
        &["crates/client/src/http/websocket.rs"],
    ),
    ("x509_cert", &["crates/client/src/dial/certificate.rs"]),
    ("flate2", &["crates/client/src/encoding.rs"]),
    ("brotli_decompressor", &["crates/client/src/encoding.rs"]),
    (
        "encoding_rs",
        &[
            "crates/query/src/charset.rs",
            "crates/query/src/charset/declaration.rs",
        ],
    ),
    (
        "oxc_",
        &["crates/importers/src/import/postman/script/javascript.rs"],
    ),
    (
        "cookie_store",
        &[
            "crates/runner/src/run/cookies.rs",
            "crates/runner/src/set_cookie.rs",
        ],
    ),
    ("quick_junit", &["crates/report/src/render/junit.rs"]),
    ("indicatif", &["smoke-tests/src/progress.rs"]),
    ("glob::", &["crates/check-file/src/discover.rs"]),
    ("csv::", &["crates/check-file/src/language/rows.rs"]),
    (
        "ring::",
        &[
            "crates/query/src/digest.rs",
            "crates/client/src/dial/tls.rs",
            "crates/aws/src/http.rs",
        ],
    ),
    ("aws_config", &["crates/aws/src/user.rs"]),
    (
        "aws_sigv4",
        &["crates/aws/src/parameters.rs", "crates/client/src/sigv4.rs"],
    ),
    ("aws_sdk_s3", &["crates/aws/src/s3/mod.rs"]),
    ("aws_sdk_secretsmanager", &["crates/aws/src/secrets.rs"]),
    ("aws_sdk_sns", &["crates/aws/src/sns.rs"]),
];

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The source files below these folders, by their path in the workspace.
pub fn sources(folders: &[&str]) -> Vec<(String, String)> {
    files(folders, "rs")
}

/// The files of a kind below these folders.
fn files(folders: &[&str], kind: &str) -> Vec<(String, String)> {
    fn walk(folder: &Path, kind: &str, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, kind, found);
            } else if path.extension().is_some_and(|own| own == kind) {
                found.push(path);
            }
        }
    }
    let mut paths = Vec::new();
    for folder in folders {
        walk(&workspace().join(folder), kind, &mut paths);
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
pub fn code(text: &str) -> impl Iterator<Item = &str> {
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
    for (name, text) in sources(&["crates", "smoke-tests/src", "hook/src"]) {
        if name.ends_with("/tests.rs") || !name.contains("src/") {
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
    for (name, text) in sources(&["crates", "smoke-tests/src", "hook/src", "rehearsal/src"]) {
        if !name.contains("src/") {
            continue;
        }
        assert!(text.starts_with("//! "), "{name} begins without a word");
        let lines = text.lines().count();
        assert!(lines <= MOST_LINES, "{name} has {lines} lines");
    }
}

/// Messages that no test can provoke.
const UNPROVOKED: [&str; 4] = [
    "the runtime cannot be started: {error}",
    "the schema cannot be written: {error}",
    "the manual page cannot be made: {error}",
    "`{at}` is too large: expected at most {MOST_BYTES} bytes",
];

/// What makes a message, and where in its arguments the title stands.
const TITLED: [(&str, Title); 9] = [
    ("Diagnostic::at(", Title::FirstText),
    ("Diagnostic::general(", Title::FirstText),
    (".at(", Title::FirstText),
    (" at(", Title::FirstText),
    (".failure(", Title::FirstText),
    ("bad_input(", Title::FirstText),
    ("could_not_work(", Title::FirstText),
    ("let title = ", Title::FirstText),
    (".report_wrong_type(", Title::SecondArgument),
];

#[derive(Clone, Copy, PartialEq)]
enum Title {
    FirstText,
    /// A thing, of which `… of the wrong type` is said.
    SecondArgument,
}

/// The titles of messages in a source file, as they are written there. What is
/// made elsewhere and only passed on is found where it is made.
fn titles(text: &str) -> Vec<String> {
    let mut titles = Vec::new();
    let text = text.split("#[cfg(test)]").next().unwrap();
    let code = code(text).collect::<Vec<_>>().join("\n");
    for (call, title) in TITLED {
        for (at, _) in code.match_indices(call) {
            let inside = statement(&code[at + call.len()..]);
            let inside = match title {
                Title::FirstText => inside,
                Title::SecondArgument => {
                    let second = inside.split_once(',').map_or("", |(_, rest)| rest);
                    let second = second.trim_start();
                    if second.starts_with('"') { second } else { "" }
                }
            };
            let Some(found) = first_text(inside).filter(|found| !found.is_empty()) else {
                continue;
            };
            titles.push(match title {
                Title::FirstText => found.replace("\\\"", "\""),
                Title::SecondArgument => format!("{found} of the wrong type"),
            });
        }
    }
    titles
}

/// The text up to the end of the arguments, or of the statement.
fn statement(code: &str) -> &str {
    let (mut depth, mut quoted, mut escaped) = (0, false, false);
    for (at, c) in code.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if quoted => {}
            '(' => depth += 1,
            ')' | ';' if depth == 0 => return &code[..at],
            ')' => depth -= 1,
            _ => {}
        }
    }
    code
}

fn first_text(code: &str) -> Option<&str> {
    let text = &code[code.find('"')? + 1..];
    let mut ends = text.match_indices('"').map(|(at, _)| at);
    let end = ends.find(|at| !text[..*at].ends_with('\\'))?;
    Some(&text[..end])
}

/// Whether a line says a title, with something in the place of each `{…}`.
fn says(line: &str, title: &str) -> bool {
    let mut parts = title.split('{');
    let Some(mut rest) = line.strip_prefix(parts.next().unwrap_or_default()) else {
        return false;
    };
    for part in parts {
        let fixed = part.split_once('}').map_or(part, |(_, fixed)| fixed);
        match rest.find(fixed) {
            _ if fixed.is_empty() => return true,
            None => return false,
            Some(at) => rest = &rest[at + fixed.len()..],
        }
    }
    rest.is_empty()
}

/// The lines of snapshots, in files and in tests, that begin a message.
fn said_in_snapshots() -> BTreeSet<String> {
    let tests = sources(&["smoke-tests", "crates"]);
    let tests = tests.into_iter().map(|(_, text)| text);
    let snapshots = files(&["smoke-tests", "crates"], "snap");
    let snapshots = snapshots.into_iter().map(|(_, text)| text);
    let lines = tests.chain(snapshots).flat_map(|text| {
        let lines = text.lines().map(str::trim_start);
        let titles = lines.filter_map(|line| {
            let kind = line
                .strip_prefix("error")
                .or(line.strip_prefix("warning"))?;
            let (class, title) = kind.split_once(": ")?;
            (class.is_empty() || class.starts_with('[')).then(|| title.trim_end().to_owned())
        });
        titles.collect::<Vec<_>>()
    });
    lines.collect()
}

#[test]
fn every_message_is_in_a_snapshot() {
    let said = said_in_snapshots();
    let mut found = 0;
    let mut unsaid = Vec::new();
    for (name, text) in sources(&["crates", "smoke-tests/src"]) {
        if name.contains("/tests") {
            continue;
        }
        for title in titles(&text) {
            found += 1;
            let known = UNPROVOKED.contains(&title.as_str());
            if !known && !said.iter().any(|line| says(line, &title)) {
                unsaid.push(format!("{name}: {title}"));
            }
        }
    }
    assert!(
        found > 150,
        "{found}: are messages made in another way now?"
    );
    assert!(unsaid.is_empty(), "in no snapshot: {unsaid:#?}");
}

/// Each package, and those of the workspace that it may be made of. What a
/// package reaches through another one is listed there.
const ARROWS: [(&str, &[&str]); 11] = [
    ("crates/diagnostic", &[]),
    ("crates/query", &["diagnostic"]),
    ("crates/redact", &["diagnostic", "query"]),
    ("crates/client", &["diagnostic", "query"]),
    ("crates/check-file", &["diagnostic", "query", "redact"]),
    ("crates/report", &["diagnostic", "query", "redact"]),
    (
        "crates/runner",
        &[
            "diagnostic",
            "query",
            "redact",
            "client",
            "check-file",
            "report",
        ],
    ),
    (
        "crates/importers",
        &["diagnostic", "query", "client", "check-file"],
    ),
    ("crates/aws", &[]),
    (
        "smoke-tests",
        &[
            "diagnostic",
            "query",
            "redact",
            "client",
            "check-file",
            "report",
            "runner",
            "importers",
            "aws",
        ],
    ),
    (
        "hook",
        &[
            "diagnostic",
            "query",
            "redact",
            "client",
            "check-file",
            "report",
            "runner",
            "aws",
        ],
    ),
];

#[test]
fn the_arrows_between_packages_point_one_way() {
    let ours: Vec<&str> = ARROWS
        .iter()
        .filter_map(|(package, _)| package.rsplit('/').next())
        .collect();
    for (package, allowed) in ARROWS {
        let path = workspace().join(package).join("Cargo.toml");
        let manifest = std::fs::read_to_string(&path).unwrap();
        let (_, dependencies) = manifest.split_once("[dependencies]").unwrap();
        let dependencies = dependencies.split("\n[").next().unwrap();
        for line in dependencies.lines() {
            let Some((name, _)) = line.split_once(['.', ' ']) else {
                continue;
            };
            assert!(
                !ours.contains(&name) || allowed.contains(&name),
                "{package} must not know {name}"
            );
        }
    }
    let folders = std::fs::read_dir(workspace().join("crates")).unwrap();
    let found = folders.count();
    let listed = ARROWS.iter().filter(|(name, _)| name.starts_with("crates"));
    assert_eq!(found, listed.count(), "a crate without arrows");
}

#[test]
fn what_asks_and_reports_knows_nothing_of_aws() {
    for (name, text) in sources(&["crates"]) {
        if name.starts_with("crates/aws/") {
            continue;
        }
        let of_aws = |line: &str| {
            // The signature is a way to log in, and nothing is asked of AWS for it.
            let signing = ["use aws_sigv4::", "use aws_credential_types::"];
            let signing = signing.iter().any(|begin| line.starts_with(begin));
            let signing = signing && name == "crates/client/src/sigv4.rs";
            line.contains("lambda_runtime") || line.contains("aws_") && !signing
        };
        assert!(!code(&text).any(of_aws), "{name}");
    }
}
