//! What may stand below a key: in the words of a message, and as JSON Schema in
//! [`crate::schema`].

use super::Table;
use crate::predicate::JsonType;
use diagnostic::suggest;
use diagnostic::units;

/// What may stand below a key.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Any,
    /// Anything but `null`.
    Something,
    /// Text that is not empty.
    Text,
    /// A template that makes something of `value`.
    Transform,
    /// Text in the words of a message, and as a regular expression.
    Pattern(&'static str, &'static str),
    /// Text, or a number or a boolean as it is written.
    Scalar,
    Flag,
    /// `true` and nothing else.
    Always,
    Words(&'static [&'static str]),
    /// A word that is a key of this table.
    KeyOf(&'static Table),
    /// A type of JSON.
    JsonType,
    /// A whole number between these bounds, included as they are.
    Whole(u64, u64),
    Number(u32, u32),
    Duration,
    Status,
    /// A method that has no key of its own.
    Method,
    HttpVersion,
    /// A list of so many of a kind.
    List(&'static Kind, usize, usize),
    OneOrMany(&'static Kind),
    /// A map with these keys.
    Map(&'static Table),
    /// A map with such names and values of a kind.
    Entries(Names, &'static Kind),
    /// As `Entries`, with one entry or more.
    SomeEntries(Names, &'static Kind),
    /// A map with any keys and values.
    Object,
    Either(&'static [Kind]),
    /// The steps of a list, those that use a fragment among them.
    Steps,
    /// What stands in several places, under its name in the JSON Schema.
    Shared(&'static str, &'static Kind),
    /// A literal, or a map of operators.
    Predicate(Subject),
    /// What stands below an operator that is for such values.
    Operand(Values, &'static Kind),
    /// A value of the kind that the predicate speaks of.
    Literal,
    /// A bound for such a value.
    Limit,
    /// Another predicate.
    Nested,
    /// A JSON Schema, or a map that names a file with one.
    JsonSchema(&'static Table),
}

/// The names that the entries of a map may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Names {
    Any,
    /// Names that templates can use.
    Identifier,
    JsonPath,
    /// Headers that a check file may set.
    Header,
}

/// What kind of value a predicate speaks of; it decides what a literal means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    Status,
    Text,
    /// Text of which there may be several.
    Texts,
    Boolean,
    /// A share of all, from 0 to 1.
    Rate,
    Json,
    Number,
    Latency,
    /// A span of time that may be many days long.
    Span,
}

/// The values that an operator is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Values {
    All,
    /// Values that can be compared exactly, unlike a time.
    Exact,
    Text,
    Lists,
    Json,
}

impl Values {
    /// Whether the operator can be asked of what a predicate speaks of.
    pub(crate) fn includes(self, subject: Subject) -> bool {
        match self {
            Self::All => true,
            Self::Exact => !matches!(subject, Subject::Latency | Subject::Span),
            Self::Text => matches!(subject, Subject::Text | Subject::Texts | Subject::Json),
            Self::Lists => matches!(subject, Subject::Texts | Subject::Json),
            Self::Json => subject == Subject::Json,
        }
    }
}

/// A name that templates can use.
pub(crate) const IDENTIFIER: Kind = Kind::Pattern(
    "letters, digits and `_`, not beginning with a digit",
    "^[A-Za-z_][A-Za-z0-9_]*$",
);

impl Kind {
    /// Whether a whole number may stand there.
    pub(crate) fn includes_number(&self, number: u64) -> bool {
        match self {
            Self::Whole(least, most) => (*least..=*most).contains(&number),
            Self::Either(kinds) => kinds.iter().any(|kind| kind.includes_number(number)),
            _ => false,
        }
    }

    /// What a message says under "expected".
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Any | Self::Literal => "a value".to_owned(),
            Self::Something => "text or JSON".to_owned(),
            Self::Text | Self::Transform => "a string that is not empty".to_owned(),
            Self::Pattern(expected, _) => (*expected).to_owned(),
            Self::Scalar => "text".to_owned(),
            Self::Flag => "`true` or `false`".to_owned(),
            Self::Always => "`true`".to_owned(),
            Self::Words(words) => suggest::list(words),
            Self::KeyOf(table) => format!("one of {}", table.list_names()),
            Self::JsonType => suggest::list(&JsonType::NAMES),
            Self::Whole(least, most) => format!("a whole number from {least} to {most}"),
            Self::Number(least, most) => format!("a number from {least} to {most}"),
            Self::Duration => units::DURATION.to_owned(),
            Self::Status => {
                "a status code such as `200`, a class such as `2xx`, or a list of them".to_owned()
            }
            Self::Method => "a word in capitals, such as `PURGE` or `PROPFIND`".to_owned(),
            Self::HttpVersion => "`\"1.1\"` or `\"2\"`".to_owned(),
            Self::List(..) | Self::Steps => "a list".to_owned(),
            Self::OneOrMany(kind) => format!("{}, or a list of them", kind.describe()),
            Self::Map(_) | Self::Entries(..) | Self::SomeEntries(..) | Self::Object => {
                "a map".to_owned()
            }
            Self::Either(kinds) => {
                let kinds: Vec<_> = kinds.iter().map(Self::describe).collect();
                kinds.join(", or ")
            }
            Self::Shared(_, kind) | Self::Operand(_, kind) => kind.describe(),
            Self::Predicate(_) | Self::Nested => "a value, or a map of predicates".to_owned(),
            Self::Limit => "a number".to_owned(),
            Self::JsonSchema(_) => "a JSON Schema, or `{ file: order.schema.json }`".to_owned(),
        }
    }
}
