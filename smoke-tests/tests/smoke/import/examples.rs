//! Examples of others: files, and documents with such files in them, in the
//! folders that `IMPORT_EXAMPLES` names. Whatever they hold is imported, and
//! what comes out is a check file that can be read.

use std::path::{Path, PathBuf};
use std::process::Command;

use diagnostic::{Problems, Source};
use importers::import::{self, Bodies, FileKind, Imported, PostmanEnvironment};
use runner::plan::plan;
use runner::settings::Selection;

use super::{output, run, tool};

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
    Ok(match import::detect_kind(source)? {
        FileKind::Hurl => Some(import::import_hurl(source, Bodies::Readable)?),
        FileKind::Postman => Some(import::import_postman(source, &[], Bodies::Readable)?),
        FileKind::PostmanEnvironment => {
            PostmanEnvironment::read(source)?;
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

/// Files of Hurl whose server listens on this machine are run too, by Hurl and
/// as what is imported of them.
#[tokio::test]
async fn what_others_show_passes_and_fails_as_it_does_there() {
    let Some(folders) = std::env::var_os("IMPORT_EXAMPLES") else {
        return;
    };
    let Some(hurl) = tool("hurl") else { return };
    let mut found = Vec::new();
    for folder in std::env::split_paths(&folders) {
        files(&folder, &mut found);
    }
    let work = tempfile::tempdir().unwrap();
    let (mut same, mut excused, mut different) = (0, 0, Vec::new());
    for path in found {
        let Some(target) = served(&path) else {
            continue;
        };
        let there = run(Command::new(&hurl).arg("--test").arg(&path)).await;
        let folder = work
            .path()
            .join(format!("{}", same + excused + different.len()));
        std::fs::create_dir(&folder).unwrap();
        let mut import = Command::new(env!("CARGO_BIN_EXE_smoke"));
        import
            .arg("import")
            .arg(&path)
            .arg("--output")
            .arg(folder.join("file.yaml"));
        let imported = run(&mut import).await;
        let mut smoke = Command::new(env!("CARGO_BIN_EXE_smoke"));
        smoke
            .arg("run")
            .arg(folder.join("file.yaml"))
            .args(["--target", &target]);
        let here = run(&mut smoke).await;
        match (
            there.status.success() == here.status.success(),
            imported.status.code(),
        ) {
            (true, _) => same += 1,
            // What was lost may be what passes, or fails, there.
            (false, Some(1)) => excused += 1,
            (false, _) => different.push(format!("{}\n{}", path.display(), output(&here))),
        }
    }
    // For who runs it with `--nocapture`.
    println!(
        "{same} files passed and failed as they do there, {excused} did not for what was lost"
    );
    assert!(different.is_empty(), "{}", different.join("\n\n"));
}

/// The server of a Hurl file, if it is on this machine and listens.
fn served(path: &Path) -> Option<String> {
    let is_hurl = path.extension().is_some_and(|ending| ending == "hurl");
    let text = std::fs::read_to_string(path).ok().filter(|_| is_hurl)?;
    let target = import::import_hurl(&Source::new(path, text), Bodies::Readable)
        .ok()?
        .target?;
    let host = target.strip_prefix("http://")?;
    let here = host.starts_with("localhost:") || host.starts_with("127.0.0.1:");
    (here && std::net::TcpStream::connect(host).is_ok()).then_some(target)
}
