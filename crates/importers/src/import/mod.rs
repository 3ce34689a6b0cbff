//! Check files out of what other tools have: Postman collections (format
//! v2.1) and Hurl files.
//!
//! ```text
//! text → its own tree → draft → text of a check file, and what was lost
//! ```
//!
//! Nothing is dropped without a word: what a check file cannot say is a
//! [`Diagnostic`] that points at the original, and a comment at that place of
//! what is written.

mod base;
mod declarations;
mod dynamic;
mod files;
mod hurl;
mod importer;
mod json_body;
mod losses;
mod postman;
mod variables;

use std::path::Path;
use std::sync::Arc;

use diagnostic::{Diagnostic, Problems, Source};
pub use variables::PostmanEnvironment;

/// A check file, made from another tool's.
#[derive(Debug)]
pub struct Imported {
    /// The text of the check file.
    pub text: String,
    /// What could not be carried over.
    pub losses: Vec<Diagnostic>,
    /// The URL that the original asks, if it names one.
    pub target: Option<String>,
    /// Other hosts that it asks, as `--allow-host` takes them.
    pub hosts: Vec<String>,
    /// Files that have to stand beside the check file, by their paths from the
    /// original's folder.
    pub files: Vec<String>,
}

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// A Postman collection.
    Postman,
    /// The values of a Postman environment, or of Postman's globals.
    PostmanEnvironment,
    /// A Hurl file.
    Hurl,
}

/// How bodies of JSON are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Bodies {
    /// As they are written, but for those with variables in their texts, whose
    /// values have to be written as JSON does: these become YAML.
    #[default]
    Readable,
    /// All of them as they are written.
    Verbatim,
}

/// Tells by name and content what a file is.
///
/// # Errors
/// A file that is neither.
pub fn detect_kind(source: &Arc<Source>) -> Result<FileKind, Problems> {
    let is_hurl = source.path().extension().is_some_and(|kind| kind == "hurl");
    if is_hurl {
        return Ok(FileKind::Hurl);
    }
    postman::detect_kind(source)
}

/// Makes a check file from a Postman collection, with the values of
/// environments; the last one wins.
///
/// # Errors
/// A text that is no collection.
pub fn import_postman(
    source: &Arc<Source>,
    environments: &[PostmanEnvironment],
    bodies: Bodies,
) -> Result<Imported, Problems> {
    postman::import(source, environments, bodies)
}

/// Makes a check file from a Hurl file.
///
/// # Errors
/// A text that cannot be read as Hurl.
pub fn import_hurl(source: &Arc<Source>, bodies: Bodies) -> Result<Imported, Problems> {
    hurl::import(source, bodies)
}

/// The name of a check file: what the original is called, without its ending.
fn file_stem(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let name = name.split('.').next().unwrap_or_default();
    if name.is_empty() {
        "imported".to_owned()
    } else {
        name.to_owned()
    }
}
