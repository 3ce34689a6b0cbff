//! The tests build what `cargo run` and cargo-lambda's watch build: a feature that
//! only a test needs is named by the rehearsal too. Otherwise they compile the
//! same libraries twice, the AWS SDK among them.

use std::collections::BTreeSet;
use std::process::Command;

/// The libraries of the workspace with their features, along these edges.
fn libraries(edges: &str) -> BTreeSet<String> {
    let tree = Command::new(env!("CARGO"))
        .args(["tree", "--workspace", "--edges", edges])
        .args(["--prefix", "none", "--format", "{p} with {f}"])
        .args(["--locked", "--offline"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&tree.stderr);
    assert!(tree.status.success(), "{said}");
    let tree = String::from_utf8(tree.stdout).unwrap();
    // What was listed before is marked.
    let lines = tree.lines().map(|line| line.trim_end_matches(" (*)"));
    lines.map(str::to_owned).collect()
}

#[test]
fn no_library_has_other_features_in_the_tests() {
    let built = libraries("normal,build");
    let tested = libraries("normal,build,dev");
    let twice: Vec<_> = built.difference(&tested).collect();
    assert!(
        twice.is_empty(),
        "expected the features of the tests, which rehearsal/Cargo.toml can name; found {twice:#?}"
    );
}
