//! Files whose fragments a check file knows beside its own.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::defaults::Defaults;
use super::fragments::Library;
use super::keys::FILE;
use super::reader::{Fields, Reader};
use crate::discover;
use diagnostic::yaml::Node;

/// How deep files may include each other.
const MOST_DEPTH: usize = 8;
/// The most files that one check file includes, directly or not.
const MOST_FILES: usize = 100;

/// The files that are being read, the outermost first, and all that were read.
struct IncludedFiles {
    open: Vec<PathBuf>,
    done: BTreeSet<PathBuf>,
}

/// One path for each file, however it is named.
fn canonical_path(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

impl Reader<'_> {
    /// The fragments of the files that this one includes, and its own.
    pub(super) fn read_library(&mut self, fields: Fields<'_>, defaults: &Defaults) -> Library {
        let mut library = Library::new();
        let mut included = IncludedFiles {
            open: vec![canonical_path(self.source.path())],
            done: BTreeSet::new(),
        };
        self.collect_fragments(fields, defaults, &mut included, &mut library);
        library
    }

    fn collect_fragments(
        &mut self,
        fields: Fields<'_>,
        defaults: &Defaults,
        included: &mut IncludedFiles,
        library: &mut Library,
    ) {
        if let Some(node) = fields.value("include") {
            let mut here = BTreeSet::new();
            for node in self.read_list(node, "`include`").unwrap_or_default() {
                if let Some(path) = self.read_string(node, "a file to include")
                    && self.may_be_included(path, node, included, &mut here)
                {
                    self.read_included_file(path, node, defaults, included, library);
                }
            }
        }
        if let Some(node) = fields.value("fragments") {
            self.read_fragments(node, defaults, library);
        }
    }

    /// Whether a file is to be read: once in all, and never inside itself. Reports a
    /// file that is included twice or without an end.
    fn may_be_included(
        &mut self,
        name: &str,
        node: &Node,
        included: &IncludedFiles,
        here: &mut BTreeSet<PathBuf>,
    ) -> bool {
        let path = canonical_path(&self.path_beside(name));
        let (title, expected, found, help) = if !here.insert(path.clone()) {
            let found = format!("`{name}` again");
            (
                "a file that is included twice",
                "each file once",
                found,
                "remove one of the two",
            )
        } else if included.open.contains(&path) {
            (
                "files that include each other",
                "files that end with one that includes nothing",
                format!("`{name}`, which leads back to itself"),
                "move what both need into a third file",
            )
        } else if included.open.len() > MOST_DEPTH || included.done.len() >= MOST_FILES {
            (
                "too many files that include each other",
                "at most 8 inside each other, and 100 in all",
                "more".to_owned(),
                "include the file that has the fragment, and no other",
            )
        } else {
            return !included.done.contains(&path);
        };
        let problem = self
            .at(node.span, title)
            .expected(expected)
            .found(found)
            .help(help);
        self.report(problem);
        false
    }

    fn path_beside(&self, name: &str) -> PathBuf {
        let folder = self.source.path().parent();
        folder.unwrap_or(Path::new("")).join(name)
    }

    fn read_included_file(
        &mut self,
        name: &str,
        node: &Node,
        defaults: &Defaults,
        included: &mut IncludedFiles,
        library: &mut Library,
    ) {
        let path = self.path_beside(name);
        let source = match discover::read_beside(self.source, &path) {
            Ok(source) => source,
            Err(problem) => {
                let problem = self
                    .at(node.span, format!("`{name}` cannot be included"))
                    .expected("a file with `fragments`, beside this one")
                    .found(problem.found.unwrap_or_default())
                    .help("give the path relative to this file");
                self.report(problem);
                return;
            }
        };
        included.done.insert(canonical_path(&path));
        let before = self.problems.len();
        let Some(root) = diagnostic::yaml::parse(&source, self.problems) else {
            if self.problems.len() == before {
                self.without_fragments(name, node);
            }
            return;
        };
        let mut reader = Reader {
            source: &source,
            problems: self.problems,
        };
        let Some(fields) = reader.read_fields(&root, &FILE) else {
            return;
        };
        if fields.value("fragments").is_none() && fields.value("include").is_none() {
            self.without_fragments(name, node);
            return;
        }
        included.open.push(canonical_path(&path));
        reader.collect_fragments(fields, defaults, included, library);
        included.open.pop();
    }

    fn without_fragments(&mut self, name: &str, node: &Node) {
        let problem = self
            .at(node.span, "a file without fragments")
            .expected("a file with `fragments`")
            .found(format!("`{name}`, which has none"))
            .help("check files run by being named, not by being included");
        self.report(problem);
    }
}
