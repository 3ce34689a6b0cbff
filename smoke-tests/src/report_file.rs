//! A report that is written into a file: its form, and where.

use std::path::PathBuf;
use std::str::FromStr;

use clap::ValueEnum;

use crate::args::Format;

/// A report to write into a file: `FORMAT=FILE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReportFile {
    pub(crate) format: Format,
    pub(crate) path: PathBuf,
}

impl FromStr for ReportFile {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let formats = || {
            let names = Format::value_variants().iter();
            let names = names.filter_map(ValueEnum::to_possible_value);
            let names: Vec<_> = names.map(|name| format!("`{}`", name.get_name())).collect();
            names.join(", ")
        };
        let wrong = |found: &str| {
            format!(
                "expected `FORMAT=FILE`, such as `html=report.html`, with one of {}, found {found}",
                formats()
            )
        };
        let (format, path) = text.split_once('=').ok_or_else(|| wrong("no `=`"))?;
        if path.is_empty() {
            return Err(wrong("no file"));
        }
        Ok(Self {
            format: Format::from_str(format, false).map_err(|_| wrong(&format!("`{format}`")))?,
            path: path.into(),
        })
    }
}
