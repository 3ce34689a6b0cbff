//! Files that the original sends: they have to stand beside the check file.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use diagnostic::Source;

/// The largest file that a check file can send, in bytes.
const MOST_BYTES: u64 = 1024 * 1024;

/// What to do about a file that is not there.
pub(super) const FILE_HELP: &str = "import it from where the file is, named by a path below the original; or put it beside the check file, and write `file: its-name`";

/// The files beside an original.
#[derive(Debug)]
pub(super) struct SourceFiles {
    folder: PathBuf,
    /// Those that are needed, by their paths from there.
    needed: BTreeSet<String>,
}

impl SourceFiles {
    pub(super) fn from_source(source: &Source) -> Self {
        Self {
            folder: source.path().parent().unwrap_or(Path::new("")).to_owned(),
            needed: BTreeSet::new(),
        }
    }

    /// The path of a file as a check file names it; nothing for one that is
    /// not there, too large, or elsewhere.
    pub(super) fn require(&mut self, name: &str) -> Option<String> {
        self.sendable_path(name)?;
        self.needed.insert(name.to_owned());
        Some(name.to_owned())
    }

    /// What a file holds that is only compared with.
    pub(super) fn bytes(&self, name: &str) -> Option<Vec<u8>> {
        std::fs::read(self.sendable_path(name)?).ok()
    }

    /// How large a file is that can be sent.
    pub(super) fn size(&self, name: &str) -> Option<u64> {
        let path = self.sendable_path(name)?;
        Some(std::fs::metadata(path).ok()?.len())
    }

    fn sendable_path(&self, name: &str) -> Option<PathBuf> {
        let below = |part| matches!(part, Component::Normal(_) | Component::CurDir);
        let fixed =
            !name.is_empty() && !name.contains(['{', '\\']) && !name.contains(char::is_control);
        let path = self.folder.join(name);
        let about = (fixed && Path::new(name).components().all(below))
            .then(|| std::fs::metadata(&path).ok())??;
        let can_be_sent = about.is_file() && about.len() <= MOST_BYTES;
        (can_be_sent && std::fs::File::open(&path).is_ok()).then_some(path)
    }

    pub(super) fn into_required(self) -> Vec<String> {
        self.needed.into_iter().collect()
    }
}
