//! Finds the tools of other projects that some tests need, in the folder where the
//! Makefile installs them.
//!
//! Without a tool a test is skipped, and says so on standard error. In CI a missing
//! tool is an error, because a test that is skipped proves nothing.

use std::path::{Path, PathBuf};

/// A tool that a test needs is not there.
#[derive(Debug, thiserror::Error)]
#[error(
    "expected the tool `{name}` in `{}`, found none; install it with `make tools`",
    folder.display()
)]
pub struct MissingTool {
    /// The tool.
    pub name: String,
    /// Where it was looked for.
    pub folder: PathBuf,
}

/// The path of an installed tool. `None` means that the test is skipped; a line on
/// standard error says so.
///
/// # Errors
/// It is missing, and the environment says `CI`.
pub fn find_tool(name: &str) -> Result<Option<PathBuf>, MissingTool> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let folder = workspace.join(".tools").join("venv").join("bin");
    let path = folder.join(name);
    if path.is_file() {
        return Ok(Some(path));
    }
    let missing = MissingTool {
        name: name.to_owned(),
        folder,
    };
    if std::env::var_os("CI").is_some_and(|value| !value.is_empty()) {
        return Err(missing);
    }
    // The test harness captures `eprintln!` of tests that pass, but not this.
    let _ = std::io::Write::write_all(
        &mut std::io::stderr(),
        format!("SKIPPED: {missing}\n").as_bytes(),
    );
    Ok(None)
}
