//! Examples of others: files, and documents with such files in them, in the
//! folders that `IMPORT_EXAMPLES` names. Whatever they hold is imported, and
//! what comes out is a check file that can be read.

use std::path::{Path, PathBuf};

use smoke_tests::diagnostic::{Problems, Source};
use smoke_tests::import::{self, Environment, Imported, Kind};
use smoke_tests::plan::plan;
use smoke_tests::settings::Selection;

fn files(path: &Path, found: &mut Vec<PathBuf>) {
    if path.is_file() {
        found.push(path.to_owned());
        return;
    }
    let inside =
        std::fs::read_dir(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut inside: Vec<PathBuf> = inside.map(|entry| entry.unwrap().path()).collect();
    inside.sort();
    for path in &inside {
        files(path, found);
    }
}

/// The Hurl files in a document of Markdown.
fn blocks(text: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut inside: Option<String> = None;
    for line in text.lines() {
        match (&mut inside, line.trim_start()) {
            (None, "```hurl") => inside = Some(String::new()),
            (Some(_), "```") => blocks.extend(inside.take()),
            (Some(block), _) => {
                block.push_str(line);
                block.push('\n');
            }
            (None, _) => {}
        }
    }
    blocks
}

#[test]
fn what_others_show_as_examples_can_be_imported() {
    let Some(folders) = std::env::var_os("IMPORT_EXAMPLES") else {
        let line = b"SKIPPED: `IMPORT_EXAMPLES` names no folders with examples, which is optional; see docs/moving-in.md\n";
        let _ = std::io::Write::write_all(&mut std::io::stderr(), line);
        return;
    };
    let mut found = Vec::new();
    for folder in std::env::split_paths(&folders) {
        files(&folder, &mut found);
    }
    let (mut count, mut lost, mut refused) = (0, 0, Vec::new());
    for path in found {
        let Ok(text) = std::fs::read_to_string(&path) else {
            continue;
        };
        let ending = path.extension().and_then(|ending| ending.to_str());
        let texts = match ending {
            Some("hurl" | "json") => vec![text],
            Some("md") => blocks(&text),
            _ => continue,
        };
        for text in texts {
            let source = match ending {
                Some("md") => Source::new(path.with_extension("hurl"), text),
                _ => Source::new(&path, text),
            };
            match imported(&source) {
                Ok(Some(imported)) => {
                    read(&path, &imported);
                    lost += imported.losses.len();
                    count += 1;
                }
                Ok(None) => {}
                Err(problems) => refused.push(problems.to_string()),
            }
        }
    }
    assert!(count > 0, "no examples in {}", folders.to_string_lossy());
    // For who runs it with `--nocapture`.
    println!("{count} examples were imported, with {lost} losses; not read were:");
    println!("{}", refused.join("\n\n"));
}

fn imported(source: &std::sync::Arc<Source>) -> Result<Option<Imported>, Problems> {
    Ok(match import::kind(source)? {
        Kind::Hurl => Some(import::hurl(source)?),
        Kind::Postman => Some(import::postman(source, &[])?),
        Kind::PostmanEnvironment => {
            Environment::read(source)?;
            None
        }
    })
}

/// What was made is a check file that can be read.
fn read(path: &Path, imported: &Imported) {
    let file = Source::new(path.with_extension("yaml"), imported.text.as_str());
    let environment = |_: &str| Some("a value".to_owned());
    if let Err(problems) = plan(&[file], &Selection::default(), &environment) {
        panic!("{}: {problems}\n{}", path.display(), imported.text);
    }
}
