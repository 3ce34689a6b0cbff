//! Reads what is to be made a check file, and writes what was made.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use diagnostic::{Diagnostic, Problems, Source};

use crate::Exit;
use crate::args::WritingArgs;
use crate::output::Output;

/// The largest file that is read, in bytes.
const MOST_BYTES: u64 = 16 * 1024 * 1024;

/// Where a check file goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    StandardOutput,
    File(PathBuf),
}

impl Place {
    /// The place that the flags name: a file, a folder, `-`, or the default.
    pub(crate) fn of(args: &WritingArgs, default: &Path) -> Self {
        match &args.output {
            _ if args.dry_run => Self::StandardOutput,
            Some(path) if path == Path::new("-") => Self::StandardOutput,
            Some(path) if path.is_dir() => Self::File(path.join(default)),
            Some(path) => Self::File(path.clone()),
            None => Self::File(default.to_owned()),
        }
    }

    pub(crate) fn shown(&self) -> String {
        match self {
            Self::StandardOutput => "the check file".to_owned(),
            Self::File(path) => path.display().to_string(),
        }
    }
}

/// Writes a check file; one that is there is not replaced without `--force`.
pub(crate) fn write(place: &Place, text: &str, force: bool, output: &Output) -> Result<(), Exit> {
    let path = match place {
        Place::File(path) => path,
        Place::StandardOutput => {
            return output.report(text).map_err(|error| {
                output.error(&format!("standard output cannot be written: {error}"));
                Exit::CouldNotWork
            });
        }
    };
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    if !force {
        options.create_new(true);
    }
    let written = options
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()));
    match written {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            let problem = Diagnostic::general(format!("`{}` is there already", path.display()))
                .expected("a file that is not there yet")
                .found("one that is")
                .help("name another by `--output`, or replace it by `--force`");
            output.list(&problem.into());
            Err(Exit::BadInput)
        }
        Err(error) => {
            output.error(&format!("`{}` cannot be written: {error}", path.display()));
            Err(Exit::CouldNotWork)
        }
    }
}

/// A text file of any kind, up to a bound.
pub(crate) fn read(path: &Path) -> Result<Arc<Source>, Problems> {
    let wrong = |found: String| {
        Problems::from(
            Diagnostic::general(format!("`{}` cannot be read", path.display()))
                .expected("a text file of at most 16 MiB")
                .found(found)
                .help("check the path and who may read it"),
        )
    };
    let file = std::fs::File::open(path).map_err(|error| wrong(error.to_string()))?;
    let mut text = String::new();
    file.take(MOST_BYTES + 1)
        .read_to_string(&mut text)
        .map_err(|error| wrong(error.to_string()))?;
    if text.len() as u64 > MOST_BYTES {
        return Err(wrong("more".to_owned()));
    }
    Ok(Source::new(path, text))
}
