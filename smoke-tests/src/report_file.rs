//! A report that is written into a file: its form, and where.

use std::path::PathBuf;
use std::str::FromStr;

use clap::ValueEnum;
use thiserror::Error;

use crate::args::ReportFormat;

/// A report to write into a file: `FORMAT=FILE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReportFile {
    pub(crate) format: ReportFormat,
    pub(crate) path: PathBuf,
}

/// Why a text names no report to write.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("expected `FORMAT=FILE`, such as `html=report.html`, with one of {formats}, found {found}")]
pub(crate) struct ReportFileError {
    /// The formats that there are.
    formats: String,
    /// What stands in the place of a format and a file.
    found: String,
}

impl FromStr for ReportFile {
    type Err = ReportFileError;

    fn from_str(text: &str) -> Result<Self, ReportFileError> {
        let refuse = |found: &str| ReportFileError {
            formats: list_formats(),
            found: found.to_owned(),
        };
        let (format, path) = text.split_once('=').ok_or_else(|| refuse("no `=`"))?;
        if path.is_empty() {
            return Err(refuse("no file"));
        }
        Ok(Self {
            format: ReportFormat::from_str(format, false)
                .map_err(|_| refuse(&format!("`{format}`")))?,
            path: path.into(),
        })
    }
}

/// The names of all formats, each in backticks.
fn list_formats() -> String {
    let names = ReportFormat::value_variants().iter();
    let names = names.filter_map(ValueEnum::to_possible_value);
    let names: Vec<_> = names.map(|name| format!("`{}`", name.get_name())).collect();
    names.join(", ")
}
