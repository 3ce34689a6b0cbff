//! Objects in S3 → files in a folder of this machine, bounded in number and in
//! size.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws::calls::CallError;
use aws::s3::{Address, Listed, S3};
use check_file::discover::{CheckFilePlace, is_check_file};
use diagnostic::Mirror;
use diagnostic::units::{human_bytes, human_bytes_beside};
use futures_util::stream::{self, StreamExt};
use report::Problem;
use tokio::time::Instant;

use crate::secrets;

/// The largest object.
const MOST_BYTES: u64 = 1024 * 1024;
/// The most bytes of all objects.
const MOST_IN_ALL: u64 = 64 * 1024 * 1024;
/// The most objects.
const MOST_OBJECTS: usize = 1_000;
const NARROWER: &str = "name a prefix that holds check files, and what they refer to, only";
/// How many objects are fetched at the same time.
const AT_ONCE: usize = 8;

/// A folder that goes with its owner.
#[derive(Debug)]
pub(crate) struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        // Lambda's disk goes with the function, so that a rest is no harm.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// What all places share.
pub(super) struct Fetching {
    s3: S3,
    until: Instant,
    folder: Folder,
    mirror: Arc<Mirror>,
    objects: Cell<usize>,
    bytes: Cell<u64>,
}

impl Fetching {
    /// Makes the folder.
    pub(super) fn new(s3: S3, until: Instant) -> Result<Self, Problem> {
        let name = format!(
            "greenlight-{}-{:016x}",
            std::process::id(),
            fastrand::u64(..)
        );
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir(&folder).map_err(|error| unkept(&folder.display(), &error))?;
        Ok(Self {
            s3,
            until,
            mirror: Arc::new(Mirror {
                folder: folder.clone(),
                address: Address::SCHEME.to_owned(),
                // What is deployed may be part of a key.
                redact: secrets::redact_text,
            }),
            folder: Folder(folder),
            objects: Cell::new(0),
            bytes: Cell::new(0),
        })
    }

    pub(super) fn into_folder(self) -> Folder {
        self.folder
    }

    /// Fetches an object that is a check file, or all objects below a prefix,
    /// of which one must be. `None` if there is nothing of the kind.
    pub(super) async fn fetch(&self, at: &Address) -> Result<Option<CheckFilePlace>, Problem> {
        let found = if is_check_file(Path::new(&at.key)) {
            self.object(at).await?
        } else {
            self.below(at).await?
        };
        let place = |path| CheckFilePlace::Mirrored(path, Arc::clone(&self.mirror));
        Ok(found.map(place))
    }

    async fn object(&self, at: &Address) -> Result<Option<PathBuf>, Problem> {
        match self.s3.get(at, MOST_BYTES, self.until).await {
            Ok(Some(content)) => self.keep(at, &content).map(Some),
            Ok(None) => Err(too_large(at, None)),
            Err(error) if error.code() == "NoSuchKey" => Ok(None),
            Err(error) => Err(unreadable(at, &error)),
        }
    }

    async fn below(&self, at: &Address) -> Result<Option<PathBuf>, Problem> {
        // `checks/1` is not what begins `checks/10/`.
        let folder = match at.key.as_str() {
            "" => String::new(),
            key if key.ends_with('/') => key.to_owned(),
            key => format!("{key}/"),
        };
        let prefix = at.with_key(folder);
        let listed = self.s3.list(&prefix, MOST_OBJECTS, self.until).await;
        let mut listed = listed.map_err(|error| unreadable(&prefix, &error))?;
        // What is not listed any more is perhaps a check file.
        if listed.len() > MOST_OBJECTS {
            return Err(too_many(&prefix));
        }
        // What a console makes for a folder.
        listed.retain(|object| !object.key.ends_with('/'));
        if !listed.iter().any(|object| is_found(&prefix, &object.key)) {
            return Ok(None);
        }
        self.count(&prefix, &listed)?;
        let objects = stream::iter(&listed).map(|object| async {
            let at = prefix.with_key(&object.key);
            let content = self.s3.get(&at, MOST_BYTES, self.until).await;
            let content = content.map_err(|error| unreadable(&at, &error))?;
            let content = content.ok_or_else(|| too_large(&at, None))?;
            self.keep(&at, &content).map(|_| ())
        });
        let mut objects = objects.buffer_unordered(AT_ONCE);
        while let Some(fetched) = objects.next().await {
            fetched?;
        }
        Ok(Some(self.path(&prefix)))
    }

    /// Holds objects against the bounds before any is fetched.
    fn count(&self, below: &Address, listed: &[Listed]) -> Result<(), Problem> {
        if let Some(large) = listed.iter().find(|object| object.size > MOST_BYTES) {
            return Err(too_large(&below.with_key(&large.key), Some(large.size)));
        }
        self.objects
            .set(self.objects.get().saturating_add(listed.len()));
        if self.objects.get() > MOST_OBJECTS {
            return Err(too_many(below));
        }
        let bytes = listed.iter().map(|object| object.size).sum();
        self.bytes.set(self.bytes.get().saturating_add(bytes));
        if self.bytes.get() > MOST_IN_ALL {
            let (most, found) = human_bytes_beside(MOST_IN_ALL, self.bytes.get());
            return Err(Problem {
                text: format!("`{below}`: expected at most {most} in all, found {found}"),
                help: Some(NARROWER.to_owned()),
            });
        }
        Ok(())
    }

    fn path(&self, at: &Address) -> PathBuf {
        self.folder.0.join(&at.bucket).join(&at.key)
    }

    fn keep(&self, at: &Address, content: &[u8]) -> Result<PathBuf, Problem> {
        let parts = at.key.split('/');
        if parts.clone().any(|part| matches!(part, "" | "." | "..")) || at.key.contains('\0') {
            return Err(Problem {
                text: format!("`{at}`: expected a key that is a path, found empty parts or `..`"),
                help: Some("name the object otherwise".to_owned()),
            });
        }
        let path = self.path(at);
        let kept = match path.parent() {
            Some(folder) => std::fs::create_dir_all(folder),
            None => Ok(()),
        };
        kept.and_then(|()| std::fs::write(&path, content))
            .map_err(|error| unkept(at, &error))?;
        Ok(path)
    }
}

/// Whether an object below a prefix is a check file, as in a folder.
fn is_found(prefix: &Address, key: &str) -> bool {
    let below = key.strip_prefix(&prefix.key).unwrap_or(key);
    is_check_file(Path::new(below)) && !below.split('/').any(|part| part.starts_with('.'))
}

fn unreadable(at: &Address, error: &CallError) -> Problem {
    Problem {
        text: format!("`{at}` cannot be read: {error}"),
        help: error.help(),
    }
}

fn unkept(what: &dyn std::fmt::Display, error: &std::io::Error) -> Problem {
    Problem {
        text: format!("`{what}` cannot be kept on this machine: {error}"),
        help: Some("give the function more ephemeral storage".to_owned()),
    }
}

fn too_many(below: &Address) -> Problem {
    Problem {
        text: format!("`{below}`: expected at most {MOST_OBJECTS} objects in all, found more"),
        help: Some(NARROWER.to_owned()),
    }
}

fn too_large(at: &Address, size: Option<u64>) -> Problem {
    let (most, found) = match size {
        Some(size) => human_bytes_beside(MOST_BYTES, size),
        None => (human_bytes(MOST_BYTES), "more".to_owned()),
    };
    Problem {
        text: format!("`{at}` is too large: expected at most {most}, found {found}"),
        help: Some("split it, or keep it somewhere else".to_owned()),
    }
}
