//! Secrets as the programs of others write them, one way inside another: in no
//! output.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use crate::support::server::{Reply, serve};

const SECRET: &str = "S3cr3t=Key/wITH+a \"qU0Te\"&<m4RKt>'~ß";
/// What differs from it in its letters and digits, and is as long in each way of
/// writing.
const OTHER: &str = "T4bs4u=Lfz/xJUI+b \"rV1Uf\"&<n5SLu>'~ß";

/// One text, and what it would be with the other secret.
type Written = (String, String, String);

fn written(program: &Path, script: &str) -> Vec<Written> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/smoke/secrets");
    let output = Command::new(program)
        .arg(folder.join(script))
        .args([SECRET, OTHER])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The parts of a text that tell something of the secret.
fn parts<'t>(text: &'t str, other: &str, most: usize) -> BTreeSet<&'t str> {
    let ends: Vec<_> = text.char_indices().map(|(at, _)| at).collect();
    let ends = [ends, vec![text.len()]].concat();
    let length = most.min(ends.len() - 1);
    ends.windows(length + 1)
        .map(|ends| &text[ends[0]..ends[length]])
        .filter(|part| !other.contains(part))
        .collect()
}

/// Those that no output writes in another way.
fn leaks<'t>(text: &'t str, other: &str) -> BTreeSet<&'t str> {
    const LEAST: usize = 4;
    let pieces = text.split(|c: char| !(c.is_ascii_alphanumeric() || "%+/=-_".contains(c)));
    pieces
        .filter(|piece| piece.len() >= LEAST)
        .flat_map(|piece| {
            let parts = parts(piece, other, 2 * LEAST);
            [parts.first().copied(), parts.last().copied()]
        })
        .flatten()
        .collect()
}

async fn show_nothing_of(texts: Vec<Written>) {
    let bodies: Arc<Vec<String>> =
        Arc::new(texts.iter().map(|(_, text, _)| text.clone()).collect());
    let target = serve(move |path| {
        let body = bodies[path[1..].parse::<usize>().unwrap()].clone();
        async move { Reply::Answer(200, body) }
    })
    .await;
    let mut file =
        "name: shop\nvariables: { pin: { value: none, secret: true } }\nchecks:\n".to_owned();
    for index in 0..texts.len() {
        file +=
            &format!("  - {{ name: number {index}, get: /{index}, expect: {{ body: other }} }}\n");
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("shop.yaml"), file).unwrap();
    let formats = ["text", "json", "junit", "tap", "html"];
    let reports = formats.map(|format| format!("{format}={format}.out"));
    let reports = reports.iter().flat_map(|report| ["--report", report]);
    let output = tokio::process::Command::new(env!("CARGO_BIN_EXE_smoke"))
        .args(["run", "shop.yaml", "--target", &target])
        .args(reports)
        .current_dir(folder.path())
        .env_clear()
        .env("SMOKE_SECRET_pin", SECRET)
        .output()
        .await
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let read = |format: &str| std::fs::read_to_string(folder.path().join(format!("{format}.out")));
    let report: serde_json::Value = serde_json::from_str(&read("json").unwrap()).unwrap();
    for (index, (name, text, other)) in texts.iter().enumerate() {
        let steps = &report["checks"][index]["steps"][0];
        let body = steps["answer"]["body"]["text"].as_str().unwrap();
        assert!(body.contains("***"), "{name}: {text}\nis shown as {body}");
        let told = parts(text, other, 36);
        assert!(!told.is_empty(), "{name}: {text}");
        for part in told {
            assert!(!body.contains(part), "{name}: {part} in {body}");
        }
    }
    let mut outputs: Vec<String> = formats.map(|format| read(format).unwrap()).into();
    outputs.push(String::from_utf8([output.stdout, output.stderr].concat()).unwrap());
    // One shows by chance what tells something in another.
    let shown = report["checks"].as_array().unwrap().iter();
    let shown = shown.map(|check| {
        check["steps"][0]["answer"]["body"]["text"]
            .as_str()
            .unwrap()
    });
    let shown = shown.collect::<Vec<_>>().join("\n");
    let leaks = texts.iter().flat_map(|(_, text, other)| leaks(text, other));
    let leaks: BTreeSet<_> = leaks.filter(|leak| !shown.contains(leak)).collect();
    assert!(leaks.len() > 20, "{leaks:?}");
    for leak in leaks {
        for output in &outputs {
            assert!(!output.contains(leak), "{leak}");
        }
    }
}

#[tokio::test]
async fn a_secret_is_in_no_output_as_python_writes_it() {
    let Some(python) = rehearsal::find_tool("python3").unwrap() else {
        return;
    };
    show_nothing_of(written(&python, "foreign.py")).await;
}

#[tokio::test]
async fn a_secret_is_in_no_output_as_node_writes_it() {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let places = std::env::split_paths(&path).map(|folder| folder.join("node"));
    let Some(node) = places.into_iter().find(|path: &PathBuf| path.is_file()) else {
        let line = b"SKIPPED: `node` is not installed, which is optional\n";
        // Past the test harness, which would keep it to itself.
        let _ = std::io::Write::write_all(&mut std::io::stderr(), line);
        return;
    };
    show_nothing_of(written(&node, "foreign.js")).await;
}
