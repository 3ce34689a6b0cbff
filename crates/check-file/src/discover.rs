//! Finds and reads check files: files, folders and globs.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use diagnostic::units::human_bytes_beside;
use diagnostic::{Diagnostic, Mirror, Problems, Source};

/// The largest check file, in bytes.
const MOST_BYTES: u64 = 1024 * 1024;
/// The most check files of one run.
const MOST_FILES: usize = 1_000;
/// How deep folders are searched.
const MOST_DEPTH: usize = 16;

/// Reads the check files that `patterns` name: a file as it is, a folder with
/// all `.yaml` and `.yml` files below it, or a glob. Each file is read once,
/// in the order of the patterns and by name within a folder or glob.
///
/// # Errors
/// Every pattern that names nothing, and every file that cannot be read, is
/// not UTF-8 or is too large.
pub fn read<S: AsRef<str>>(patterns: &[S]) -> Result<Vec<Arc<Source>>, Problems> {
    let named: Vec<_> = patterns
        .iter()
        .map(|pattern| CheckFilePlace::Named(pattern.as_ref().to_owned()))
        .collect();
    read_from(&named)
}

/// Where check files are to be found.
#[derive(Debug, Clone)]
pub enum CheckFilePlace {
    /// What a user names: a file, a folder or a glob.
    Named(String),
    /// A file or a folder among what was fetched from elsewhere.
    Mirrored(PathBuf, Arc<Mirror>),
}

/// As [`read`], also from files that were fetched from elsewhere.
///
/// # Errors
/// As [`read`].
pub fn read_from(places: &[CheckFilePlace]) -> Result<Vec<Arc<Source>>, Problems> {
    let mut problems = Vec::new();
    let mut paths = Vec::new();
    for place in places {
        let (found, mirror) = match place {
            CheckFilePlace::Named(pattern) => (expand_pattern(pattern), None),
            CheckFilePlace::Mirrored(path, mirror) => {
                (list_folder(path, Some(mirror)), Some(mirror))
            }
        };
        match found {
            Ok(found) => paths.extend(found.into_iter().map(|path| (path, mirror))),
            Err(problem) => problems.push(problem),
        }
    }
    // A file that two patterns name runs once.
    let mut seen = BTreeSet::new();
    paths.retain(|(path, _)| seen.insert(path.canonicalize().unwrap_or_else(|_| path.clone())));
    if paths.len() > MOST_FILES {
        problems.push(
            Diagnostic::general("too many check files")
                .expected(format!("at most {MOST_FILES}"))
                .found(paths.len().to_string())
                .help("name a folder that holds check files only"),
        );
        return Problems::ok_unless(problems, Vec::new());
    }
    let mut sources = Vec::new();
    for (path, mirror) in paths {
        match read_file(&path, &Mirror::name(mirror.map(Arc::as_ref), &path)) {
            Ok(text) => sources.push(Source::from_mirror(mirror.cloned(), path, text)),
            Err(problem) => problems.push(problem),
        }
    }
    if sources.is_empty() && problems.is_empty() {
        problems.push(
            Diagnostic::general("no check files")
                .expected("at least one file, folder or glob")
                .found("none")
                .help("name the folder that holds them"),
        );
    }
    Problems::ok_unless(problems, sources)
}

fn expand_pattern(pattern: &str) -> Result<Vec<PathBuf>, Diagnostic> {
    let path = Path::new(pattern);
    if path.is_dir() {
        return list_folder(path, None);
    }
    // A name that exists is a file, even where it holds `[` or `*`.
    if path.exists() || !pattern.contains(['*', '?', '[']) {
        return Ok(vec![path.to_owned()]);
    }
    // As in a shell, `*` does not mean hidden files.
    let options = glob::MatchOptions {
        require_literal_leading_dot: true,
        ..glob::MatchOptions::new()
    };
    let matches = glob::glob_with(pattern, options).map_err(|error| {
        Diagnostic::general(format!("`{pattern}` is not a glob"))
            .expected("a pattern such as `checks/**/*.yaml`")
            .found(error.msg)
            .help("close each `[`; `*` stands for part of a name, `**` for folders")
    })?;
    let found: Vec<_> = matches
        .filter_map(Result::ok)
        .filter(|path| path.is_file())
        .take(MOST_FILES + 1)
        .collect();
    if found.is_empty() {
        return Err(
            Diagnostic::general(format!("no check files match `{pattern}`"))
                .expected("a pattern such as `checks/**/*.yaml`")
                .found("nothing")
                .help("check the folder that the pattern begins in"),
        );
    }
    Ok(found)
}

/// The check files below a folder, or the file itself.
fn list_folder(path: &Path, mirror: Option<&Arc<Mirror>>) -> Result<Vec<PathBuf>, Diagnostic> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut found = Vec::new();
    walk_folder(path, 0, &mut found)?;
    found.sort();
    if found.is_empty() {
        let name = Mirror::name(mirror.map(Arc::as_ref), path);
        return Err(Diagnostic::general(format!("no check files in `{name}`"))
            .expected("a folder with `.yaml` or `.yml` files")
            .found("none")
            .help("put a check file into it, or name another folder"));
    }
    Ok(found)
}

fn walk_folder(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) -> Result<(), Diagnostic> {
    // A link may lead back up, so that the depth is bounded. One file too many is
    // found on purpose: the caller reports it.
    if depth > MOST_DEPTH || found.len() > MOST_FILES {
        return Ok(());
    }
    let entries = std::fs::read_dir(folder).map_err(|error| report_unreadable(folder, &error))?;
    for entry in entries {
        let path = entry
            .map_err(|error| report_unreadable(folder, &error))?
            .path();
        let hidden = path
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if hidden {
            continue;
        }
        if path.is_dir() {
            walk_folder(&path, depth + 1, found)?;
        } else if is_check_file(&path) {
            found.push(path);
        }
    }
    Ok(())
}

/// Whether the name of a file is that of a check file.
pub fn is_check_file(path: &Path) -> bool {
    path.extension()
        .is_some_and(|kind| kind == "yaml" || kind == "yml")
}

/// Reads a file that another one names.
pub(crate) fn read_beside(source: &Source, path: &Path) -> Result<Arc<Source>, Diagnostic> {
    let text = read_file(path, &path.display().to_string())?;
    Ok(source.beside(path, text))
}

fn read_file(path: &Path, name: &str) -> Result<String, Diagnostic> {
    let file = std::fs::File::open(path).map_err(|error| report_unreadable(path, &error))?;
    let mut bytes = Vec::new();
    // One byte more than allowed tells a file that is too large, however its
    // size is reported.
    file.take(MOST_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| report_unreadable(path, &error))?;
    if bytes.len() as u64 > MOST_BYTES {
        let size = std::fs::metadata(path).map_or(MOST_BYTES + 1, |about| about.len());
        let (most, found) = human_bytes_beside(MOST_BYTES, size.max(MOST_BYTES + 1));
        return Err(Diagnostic::general(format!("`{name}` is too large"))
            .expected(format!("at most {most}"))
            .found(found)
            .help("split the file"));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let line = 1 + error.as_bytes()[..at]
            .split(|byte| *byte == b'\n')
            .skip(1)
            .count();
        Diagnostic::general(format!("`{name}` is not UTF-8"))
            .expected("UTF-8 text")
            .found(format!("a byte that is not, at line {line} (offset {at})"))
            .help("save the file as UTF-8")
    })
}

/// What the system says about an error, without its number.
pub(crate) fn describe_os_error(error: &std::io::Error) -> String {
    let text = error.to_string();
    match text.split_once(" (os error") {
        Some((reason, _)) => reason.to_lowercase(),
        None => text,
    }
}

fn report_unreadable(path: &Path, error: &std::io::Error) -> Diagnostic {
    Diagnostic::general(format!("`{}` cannot be read", path.display()))
        .expected("a check file, a folder or a glob")
        .found(describe_os_error(error))
        .help("check the path and who may read it")
}
