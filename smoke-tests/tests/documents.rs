//! The documents say what is so: their check files can be read, and their
//! links lead somewhere.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

use std::path::{Path, PathBuf};

use smoke_tests::diagnostic::Source;
use smoke_tests::plan::plan;
use smoke_tests::settings::Selection;

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every Markdown file that people read, with its text.
fn documents() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for folder in ["", "docs", "terraform"] {
        let Ok(entries) = std::fs::read_dir(workspace().join(folder)) else {
            continue;
        };
        for entry in entries {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|kind| kind == "md") {
                let text = std::fs::read_to_string(&path).unwrap();
                found.push((path, text));
            }
        }
    }
    assert!(found.len() >= 4, "README, ARCHITECTURE, CHANGELOG, docs/");
    found
}

/// The blocks of a document that are marked as YAML, and the lines they
/// begin in.
fn yaml_blocks(text: &str) -> Vec<(usize, String)> {
    let mut blocks = Vec::new();
    let mut open: Option<(usize, usize, String)> = None;
    for (number, line) in text.lines().enumerate() {
        let indent = line.len() - line.trim_start().len();
        match (&mut open, line.trim()) {
            (None, "```yaml") => open = Some((number + 2, indent, String::new())),
            (Some(_), "```") => {
                let (begun, _, block) = open.take().unwrap();
                blocks.push((begun, block));
            }
            (Some((_, indent, block)), _) => {
                block.push_str(line.get(*indent..).unwrap_or_default());
                block.push('\n');
            }
            _ => {}
        }
    }
    blocks
}

#[test]
fn every_yaml_block_can_be_read() {
    let mut check_files = 0;
    for (path, text) in documents() {
        for (line, block) in yaml_blocks(&text) {
            let name = format!("{}:{line}", path.display());
            let is_check_file = block.lines().any(|line| line.starts_with("checks:"));
            let source = Source::new(&name, block);
            let environment = |_: &str| Some("a value".to_owned());
            let problems = match plan(&[source], &Selection::default(), &environment) {
                Ok(_) => Vec::new(),
                Err(problems) => problems.diagnostics().to_vec(),
            };
            if is_check_file {
                check_files += 1;
                assert_eq!(problems, [], "{name}");
            } else {
                // YAML for AWS is no check file, and still YAML.
                let broken = problems.iter().any(|p| p.title == "this is not YAML");
                assert!(!broken, "{name}: {problems:?}");
            }
        }
    }
    assert!(check_files >= 7, "{check_files}");
}

#[test]
fn every_link_to_a_file_leads_to_one() {
    for (path, text) in documents() {
        for link in text.split("](").skip(1) {
            let target = link.split(')').next().unwrap();
            let target = target.split('#').next().unwrap();
            if target.is_empty() || target.contains("://") {
                continue;
            }
            let there = path.parent().unwrap().join(target);
            assert!(there.exists(), "{}: {target}", path.display());
        }
    }
}

#[test]
fn every_setting_of_the_command_is_in_the_table() {
    let readme = std::fs::read_to_string(workspace().join("README.md")).unwrap();
    let help = |command| {
        let help = std::process::Command::new(env!("CARGO_BIN_EXE_smoke"))
            .args([command, "--help"])
            .env_clear()
            .output()
            .unwrap();
        String::from_utf8(help.stdout).unwrap()
    };
    let help = help("run") + &help("explain");
    let settings: Vec<_> = help
        .split("[env: ")
        .skip(1)
        .map(|rest| rest.split('=').next().unwrap())
        .collect();
    assert!(settings.len() >= 8, "{settings:?}");
    for setting in settings {
        assert!(readme.contains(&format!("| `{setting}` |")), "{setting}");
    }
}
