//! The documents say what is so: their check files can be read, and their
//! links lead somewhere.

use diagnostic::Source;
use runner::plan::plan;
use runner::settings::Selection;

use crate::support::blocks::{documents, workspace, yaml_blocks};

/// The folders of what people read.
const FOLDERS: [&str; 3] = ["", "docs", "terraform"];

#[test]
fn every_yaml_block_can_be_read() {
    let documents = documents(&FOLDERS);
    assert!(
        documents.len() >= 4,
        "README, ARCHITECTURE, CHANGELOG, docs/"
    );
    for (path, text) in documents {
        for block in yaml_blocks(&text) {
            // The examples that are check files run in `examples.rs`.
            if block.is_check_file() {
                continue;
            }
            let name = format!("{}:{}", path.display(), block.line);
            let source = Source::new(&name, block.text);
            let problems = match plan(&[source], &Selection::default(), &|_| None) {
                Ok(_) => Vec::new(),
                Err(problems) => problems.diagnostics().to_vec(),
            };
            // YAML for AWS is no check file, and still YAML.
            let broken = problems.iter().any(|p| p.title == "this is not YAML");
            assert!(!broken, "{name}: {problems:?}");
        }
    }
}

#[test]
fn every_link_to_a_file_leads_to_one() {
    for (path, text) in documents(&FOLDERS) {
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
fn editors_find_the_schema_of_the_check_files_that_ship() {
    let schema = |file: &str| {
        let text = std::fs::read_to_string(workspace().join(file)).unwrap();
        let first = text.lines().next().unwrap_or_default().to_owned();
        let path = first.strip_prefix("# yaml-language-server: $schema=");
        path.unwrap_or_else(|| panic!("{file}: {first}")).to_owned()
    };
    for file in [
        "smoke-tests/checks/storefront.yaml",
        "terraform/checks/any-service.yaml",
    ] {
        let there = workspace().join(file).parent().unwrap().join(schema(file));
        let schema = workspace().join("docs/check-file.schema.json");
        let same = there.canonicalize().unwrap() == schema.canonicalize().unwrap();
        assert!(same, "{file}");
    }
    // This one goes into another repository, and says how to get the schema.
    let sample = "terraform/examples/sample-app/smoke-tests/shop.yaml";
    assert_eq!(schema(sample), "../check-file.schema.json");
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
