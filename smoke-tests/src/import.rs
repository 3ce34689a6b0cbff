//! `smoke import`: other tools' files in, check files out.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use diagnostic::snippet::{Frame, Severity, render_in};
use diagnostic::units::counted;
use diagnostic::{Diagnostic, Problems, Source};
use importers::import::{self, Bodies, FileKind, Imported, PostmanEnvironment};

use crate::Exit;
use crate::args::ImportArgs;
use crate::output::Output;
use crate::write::{Place, read, write};

pub(crate) fn import(args: &ImportArgs, output: &Output) -> Exit {
    let files = match sorted(&args.files) {
        Ok(files) => files,
        Err(problems) => {
            output.list(&problems);
            return Exit::BadInput;
        }
    };
    let bodies = if args.verbatim {
        Bodies::Verbatim
    } else {
        Bodies::Readable
    };
    let mut lost = 0;
    for (source, kind) in &files.sources {
        let imported = match kind {
            FileKind::Hurl => import::import_hurl(source, bodies),
            FileKind::Postman | FileKind::PostmanEnvironment => {
                import::import_postman(source, &files.environments, bodies)
            }
        };
        let imported = match imported {
            Ok(imported) => imported,
            Err(problems) => {
                output.list(&problems);
                return Exit::BadInput;
            }
        };
        lost += imported.losses.len();
        if let Err(exit) = save(args, source, &imported, output) {
            return exit;
        }
    }
    if lost == 0 {
        Exit::Passed
    } else {
        Exit::Failed
    }
}

struct Files {
    sources: Vec<(Arc<Source>, FileKind)>,
    environments: Vec<PostmanEnvironment>,
}

/// The files, with the environments apart.
fn sorted(paths: &[PathBuf]) -> Result<Files, Problems> {
    let mut files = Files {
        sources: Vec::new(),
        environments: Vec::new(),
    };
    for path in paths {
        let source = read(path)?;
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

fn save(
    args: &ImportArgs,
    source: &Arc<Source>,
    imported: &Imported,
    output: &Output,
) -> Result<(), Exit> {
    let frame = Frame {
        severity: Severity::Warning,
        ..Frame::default()
    };
    for loss in &imported.losses {
        let text = render_in(loss, &frame, output.error_colour());
        output.say(&format!("{text}\n"));
    }
    let place = Place::of(&args.writing, &default_name(source.path()));
    write(&place, &imported.text, args.writing.force, output)?;
    let lost = match imported.losses.len() {
        0 => "everything is carried over".to_owned(),
        count => format!(
            "{} not carried over; comments in it say where",
            counted(count, "thing")
        ),
    };
    output.say(&format!("{}: {lost}", place.shown()));
    let Place::File(path) = &place else {
        for name in &imported.files {
            output.say(&format!("`{name}` has to stand beside it"));
        }
        return Ok(());
    };
    for name in &imported.files {
        copy(name, source.path(), path, args.writing.force, output)?;
    }
    if let Some(target) = &imported.target {
        let mut command = vec![format!("smoke run {} --target {target}", path.display())];
        let hosts = imported.hosts.iter();
        command.extend(hosts.map(|host| format!("--allow-host {host}")));
        output.say(&format!("try it: {}", command.join(" ")));
    }
    Ok(())
}

/// Puts a file that the original sends beside the check file, if it is not
/// there.
fn copy(
    name: &str,
    original: &Path,
    written: &Path,
    force: bool,
    output: &Output,
) -> Result<(), Exit> {
    let beside = |path: &Path| path.parent().unwrap_or(Path::new("")).join(name);
    let (from, to) = (beside(original), beside(written));
    let same = match (std::fs::read(&from), std::fs::read(&to)) {
        (Ok(wanted), Ok(there)) => wanted == there,
        _ => false,
    };
    if same {
        return Ok(());
    }
    if to.exists() && !force {
        let problem = Diagnostic::general(format!("`{}` is there already", to.display()))
            .expected(format!("the file that `{}` sends", original.display()))
            .found("another one")
            .help("name another folder by `--output`, or replace it by `--force`");
        output.list(&problem.into());
        return Err(Exit::BadInput);
    }
    let folder = to.parent().unwrap_or(Path::new(""));
    let copied = std::fs::create_dir_all(folder).and_then(|()| std::fs::copy(&from, &to));
    match copied {
        Ok(_) => {
            output.say(&format!("copied: {}", to.display()));
            Ok(())
        }
        Err(error) => {
            output.error(&format!("`{}` cannot be written: {error}", to.display()));
            Err(Exit::CouldNotWork)
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
