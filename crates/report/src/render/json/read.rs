//! Reads a JSON report that was written before.

use thiserror::Error;

use super::{JsonReport, VERSION};

/// Why a text is no report that can be read.
#[derive(Debug, Error)]
pub enum ReadError {
    /// It is something else.
    #[error("expected a JSON report of Greenlight: {0}")]
    Malformed(#[from] serde_json::Error),
    /// It is a report in another version of the format.
    #[error(
        "expected version {VERSION} of the report, found {found}: use the `smoke` of the release that wrote it"
    )]
    OtherVersion {
        /// The version that it names.
        found: u32,
    },
}

/// Reads a report.
///
/// # Errors
/// The text is no report, or one in another version of the format.
pub fn read(json: &[u8]) -> Result<JsonReport<'static>, ReadError> {
    let report: JsonReport<'_> = serde_json::from_slice(json)?;
    if report.version != VERSION {
        return Err(ReadError::OtherVersion {
            found: report.version,
        });
    }
    Ok(report)
}
