//! The documents that people read, and the YAML blocks in them.
#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    clippy::unwrap_used,
    clippy::panic
)]

use std::path::{Path, PathBuf};

/// A block that is marked as YAML.
pub struct Block {
    /// The line it begins in, counted from one.
    pub line: usize,
    pub text: String,
    /// The comment right above it, if there is one.
    pub comment: Option<String>,
}

impl Block {
    pub fn is_check_file(&self) -> bool {
        self.text.lines().any(|line| line.starts_with("checks:"))
    }
}

pub fn workspace() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = here
        .ancestors()
        .find(|folder| folder.join("Cargo.lock").exists());
    root.unwrap().to_owned()
}

/// Every Markdown file of these folders, with its text.
pub fn documents(folders: &[&str]) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for folder in folders {
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
    found.sort();
    found
}

pub fn yaml_blocks(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<(usize, Block)> = None;
    let mut before = 0;
    let mut at = 0;
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let begun = at;
        at += line.len();
        let line = line.trim_end();
        let indent = line.len() - line.trim_start().len();
        match (&mut open, line.trim()) {
            (None, "```yaml") => {
                let block = Block {
                    line: number + 2,
                    text: String::new(),
                    comment: comment(&text[before..begun]),
                };
                open = Some((indent, block));
            }
            (Some(_), "```") => {
                blocks.extend(open.take().map(|(_, block)| block));
                before = at;
            }
            (Some((indent, block)), _) => {
                block.text.push_str(line.get(*indent..).unwrap_or_default());
                block.text.push('\n');
            }
            _ => {}
        }
    }
    blocks
}

/// The comment at the end of the text.
fn comment(before: &str) -> Option<String> {
    let inner = before.trim_end().strip_suffix("-->")?;
    Some(inner[inner.rfind("<!--")? + 4..].trim().to_owned())
}
