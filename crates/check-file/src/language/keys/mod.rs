//! The check language as one table: every key, map by map, with its kind, an
//! example and a word of help.
//!
//! From here come the keys that the reader knows and what it says of unknown
//! ones, the JSON Schema for editors ([`crate::schema`]) and the tables of
//! docs/check-files.md. docs/adding-a-key.md says how a key is added.

mod answer;
mod file;
mod kind;
mod operators;
mod request;

pub(crate) use self::answer::{
    CAPTURE, COOKIE, EXPECT, LATENCY, MESSAGE_EXPECTATIONS, SOURCE_WORDS, SOURCES, TLS,
};
pub(crate) use self::file::{
    CHECK, DEFAULTS, FILE, FRAGMENT, MARKED, ORIGINS, PARAMETER, QUARANTINE, RETRY, ROWS, STEP, USE,
};
pub(crate) use self::kind::{IDENTIFIER, Kind, Names, Subject};
pub(crate) use self::operators::{OPERATORS, SCHEMA};
pub use self::request::CARRYING;
pub(crate) use self::request::{
    AUTH, BASIC, BODIES, CALL, GRAPHQL, MESSAGE, METHODS, OAUTH2, PART, REPEAT, REQUEST, SIGV4,
    SOCKET, UNUSUAL,
};
use diagnostic::suggest;
use diagnostic::yaml;

/// The keys that a file may have which others include, and which has no checks.
pub(crate) const LIBRARY: [&str; 3] = ["name", "include", "fragments"];

/// A key of the language.
pub(crate) struct Property {
    pub(crate) name: &'static str,
    /// What may stand below it.
    pub(crate) kind: Kind,
    /// Its value in an example, as YAML on one line.
    pub(crate) example: &'static str,
    /// What it is for, in Markdown without links.
    pub(crate) help: &'static str,
    /// The section of docs/check-files.md that says more, such as `#bodies`.
    pub(crate) section: Option<&'static str>,
}

const fn property(
    name: &'static str,
    kind: Kind,
    example: &'static str,
    help: &'static str,
) -> Property {
    Property {
        name,
        kind,
        example,
        help,
        section: None,
    }
}

impl Property {
    const fn in_section(mut self, section: &'static str) -> Self {
        self.section = Some(section);
        self
    }

    /// Whether it is an operator for what a predicate speaks of.
    pub(crate) fn is_for(&self, subject: Subject) -> bool {
        matches!(self.kind, Kind::Operand(values, _) if values.includes(subject))
    }

    /// The key with its example, as it stands in a check file.
    pub(crate) fn example_line(&self) -> String {
        format!("{}: {}", self.name, self.example)
    }
}

/// The keys of one map.
pub(crate) struct Table {
    /// What messages call the map, such as "a check".
    pub(crate) title: &'static str,
    /// What the map is for, where no key says it.
    pub(crate) help: &'static str,
    /// Its keys, in one list or several that other maps have too.
    pub(crate) groups: &'static [&'static [Property]],
    /// The keys that must be there.
    pub(crate) all_of: &'static [&'static str],
    /// The keys of which exactly one must be there.
    pub(crate) one_of: &'static [&'static str],
    /// The keys of which at least one must be there.
    pub(crate) any_of: &'static [&'static str],
    /// The fewest and the most keys.
    pub(crate) size: (usize, usize),
}

impl Table {
    const fn new(title: &'static str, groups: &'static [&'static [Property]]) -> Self {
        Self {
            title,
            help: "",
            groups,
            all_of: &[],
            one_of: &[],
            any_of: &[],
            size: (0, usize::MAX),
        }
    }

    const fn explain(mut self, help: &'static str) -> Self {
        self.help = help;
        self
    }

    const fn require_all(mut self, keys: &'static [&'static str]) -> Self {
        self.all_of = keys;
        self
    }

    const fn require_one(mut self, keys: &'static [&'static str]) -> Self {
        self.one_of = keys;
        self
    }

    const fn require_any(mut self, keys: &'static [&'static str]) -> Self {
        self.any_of = keys;
        self
    }

    const fn bound_size(mut self, least: usize, most: usize) -> Self {
        self.size = (least, most);
        self
    }

    /// Every key of the map, in the order in which it is told.
    pub(crate) fn properties(&self) -> impl Iterator<Item = &'static Property> {
        self.groups.iter().copied().flatten()
    }

    /// The key of that name.
    pub(crate) fn property(&self, name: &str) -> Option<&'static Property> {
        self.properties().find(|property| property.name == name)
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.property(name).is_some()
    }

    /// The names of its keys.
    pub(crate) fn names(&self) -> Vec<&'static str> {
        self.properties().map(|property| property.name).collect()
    }

    /// "`a`, `b` or `c`".
    pub(crate) fn list_names(&self) -> String {
        suggest::list(&self.names())
    }

    /// Whether a map has nothing but keys of this table, and all that it needs.
    pub(crate) fn accepts(&self, entries: &[(yaml::Key, yaml::Node)]) -> bool {
        let has = |name: &&str| entries.iter().any(|(key, _)| key.text == **name);
        entries.iter().all(|(key, _)| self.has(&key.text)) && self.all_of.iter().all(has)
    }
}

/// Whether a key is among those of a group.
pub(crate) fn is_among(group: &[Property], name: &str) -> bool {
    group.iter().any(|property| property.name == name)
}
