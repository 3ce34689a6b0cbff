//! `smoke import`: other tools' files in, check files out.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use diagnostic::snippet::{Frame, Severity, render_with_frame};
use diagnostic::units::pluralize;
use diagnostic::{Diagnostic, Problems, Source};
use importers::import::{self, Bodies, FileKind, Imported, PostmanEnvironment};

use crate::Exit;
use crate::args::ImportArgs;
use crate::error::CommandError;
use crate::files::{CheckFileDestination, read_source, write_check_file};
use crate::output::Output;

pub(crate) fn import(args: &ImportArgs, output: &Output) -> Result<Exit, CommandError> {
    let files = sort_files(&args.files)?;
    let bodies = if args.verbatim {
        Bodies::Verbatim
    } else {
        Bodies::Readable
    };
    let mut losses = 0;
    for (source, kind) in &files.sources {
        let imported = match kind {
            FileKind::Hurl => import::import_hurl(source, bodies)?,
            FileKind::Postman | FileKind::PostmanEnvironment => {
                import::import_postman(source, &files.environments, bodies)?
            }
        };
        losses += imported.losses.len();
        save_import(args, source, &imported, output)?;
    }
    Ok(if losses == 0 {
        Exit::Passed
    } else {
        Exit::Failed
    })
}

/// The files to import, and the environments whose values go into them.
struct ImportFiles {
    sources: Vec<(Arc<Source>, FileKind)>,
    environments: Vec<PostmanEnvironment>,
}

/// Reads the files, and tells environments from what uses them. A flag names
/// all in any order, as people drop them on a command.
fn sort_files(paths: &[PathBuf]) -> Result<ImportFiles, Problems> {
    let mut files = ImportFiles {
        sources: Vec::new(),
        environments: Vec::new(),
    };
    for path in paths {
        let source = read_source(path)?;
        match import::detect_kind(&source)? {
            FileKind::PostmanEnvironment => {
                files.environments.push(PostmanEnvironment::read(&source)?);
            }
            kind => files.sources.push((source, kind)),
        }
    }
    if files.sources.is_empty() {
        return Err(Diagnostic::general("nothing to import")
            .expected("a Postman collection or a Hurl file")
            .found("the values of an environment only")
            .help("name the collection as well")
            .into());
    }
    Ok(files)
}

/// Writes one check file, copies the files that it sends, and says what was lost
/// and how to try it.
fn save_import(
    args: &ImportArgs,
    source: &Arc<Source>,
    imported: &Imported,
    output: &Output,
) -> Result<(), CommandError> {
    let frame = Frame {
        severity: Severity::Warning,
        ..Frame::default()
    };
    for loss in &imported.losses {
        let text = render_with_frame(loss, &frame, output.error_colour());
        output.say(&format!("{text}\n"));
    }
    let destination = CheckFileDestination::choose(&args.writing, &default_name(source.path()));
    write_check_file(&destination, &imported.text, args.writing.force, output)?;
    let summary = match imported.losses.len() {
        0 => "everything is carried over".to_owned(),
        count => format!(
            "{} not carried over; comments in it say where",
            pluralize(count, "thing")
        ),
    };
    output.say(&format!("{}: {summary}", destination.name()));
    // Standard output has no folder that the files could be copied into.
    let CheckFileDestination::File(path) = &destination else {
        for name in &imported.files {
            output.say(&format!("`{name}` has to stand beside it"));
        }
        return Ok(());
    };
    for name in &imported.files {
        copy_file_beside(name, source.path(), path, args.writing.force, output)?;
    }
    if let Some(target) = &imported.target {
        let mut command = vec![format!("smoke run {} --target {target}", path.display())];
        let hosts = imported.hosts.iter();
        command.extend(hosts.map(|host| format!("--allow-host {host}")));
        output.say(&format!("try it: {}", command.join(" ")));
    }
    Ok(())
}

/// Copies a file that the imported file sends, so that the check file finds it
/// beside itself. Another file of that name is only replaced by `--force`.
fn copy_file_beside(
    name: &str,
    original: &Path,
    written: &Path,
    force: bool,
    output: &Output,
) -> Result<(), CommandError> {
    let beside = |path: &Path| path.parent().unwrap_or(Path::new("")).join(name);
    let (from, to) = (beside(original), beside(written));
    let is_there = match (std::fs::read(&from), std::fs::read(&to)) {
        (Ok(original), Ok(copy)) => original == copy,
        _ => false,
    };
    if is_there {
        return Ok(());
    }
    if to.exists() && !force {
        let problem = Diagnostic::general(format!("`{}` is there already", to.display()))
            .expected(format!("the file that `{}` sends", original.display()))
            .found("another one")
            .help("name another folder by `--output`, or replace it by `--force`");
        return Err(problem.into());
    }
    let folder = to.parent().unwrap_or(Path::new(""));
    let result = std::fs::create_dir_all(folder).and_then(|()| std::fs::copy(&from, &to));
    match result {
        Ok(_) => {
            output.say(&format!("copied: {}", to.display()));
            Ok(())
        }
        Err(error) => {
            let title = format!("`{}` cannot be written: {error}", to.display());
            Err(CommandError::could_not_work(title))
        }
    }
}

/// `shop.postman_collection.json` becomes `shop.yaml`.
fn default_name(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let stem = name.split('.').next().unwrap_or_default();
    PathBuf::from(format!(
        "{}.yaml",
        if stem.is_empty() { "imported" } else { stem }
    ))
}
