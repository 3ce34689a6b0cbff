//! Reads the file that becomes a check file, and writes the check file.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use diagnostic::{Diagnostic, Problems, Source};

use crate::args::WritingArgs;
use crate::error::CommandError;
use crate::output::Output;

/// The largest file that is read, in bytes.
const MOST_BYTES: u64 = 16 * 1024 * 1024;

/// Where a check file goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CheckFileDestination {
    StandardOutput,
    File(PathBuf),
}

impl CheckFileDestination {
    /// The destination that the flags name: a file, a folder, `-`, or the default.
    pub(crate) fn choose(args: &WritingArgs, default: &Path) -> Self {
        match &args.output {
            _ if args.dry_run => Self::StandardOutput,
            Some(path) if path == Path::new("-") => Self::StandardOutput,
            Some(path) if path.is_dir() => Self::File(path.join(default)),
            Some(path) => Self::File(path.clone()),
            None => Self::File(default.to_owned()),
        }
    }

    /// The destination, as a message names it.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::StandardOutput => "the check file".to_owned(),
            Self::File(path) => path.display().to_string(),
        }
    }
}

/// Writes a check file; one that is there is not replaced without `--force`.
pub(crate) fn write_check_file(
    destination: &CheckFileDestination,
    text: &str,
    force: bool,
    output: &Output,
) -> Result<(), CommandError> {
    let path = match destination {
        CheckFileDestination::File(path) => path,
        CheckFileDestination::StandardOutput => {
            return output.print(text);
        }
    };
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    if !force {
        // The system refuses in the same step that creates the file, so a file
        // that comes into being meanwhile is not replaced either.
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
            Err(problem.into())
        }
        Err(error) => {
            let title = format!("`{}` cannot be written: {error}", path.display());
            Err(CommandError::could_not_work(title))
        }
    }
}

/// Reads a text file of at most `MOST_BYTES`.
pub(crate) fn read_source(path: &Path) -> Result<Arc<Source>, Problems> {
    let refuse = |found: String| {
        Problems::from(
            Diagnostic::general(format!("`{}` cannot be read", path.display()))
                .expected("a text file of at most 16 MiB")
                .found(found)
                .help("check the path and who may read it"),
        )
    };
    let file = std::fs::File::open(path).map_err(|error| refuse(error.to_string()))?;
    let mut text = String::new();
    // One byte more than the bound tells a file that is too large from one that
    // just fits, whatever length the system gives for it.
    file.take(MOST_BYTES + 1)
        .read_to_string(&mut text)
        .map_err(|error| refuse(error.to_string()))?;
    if text.len() as u64 > MOST_BYTES {
        return Err(refuse("more".to_owned()));
    }
    Ok(Source::new(path, text))
}
