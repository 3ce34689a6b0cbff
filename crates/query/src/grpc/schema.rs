//! What a set of `.proto` files declares.

use std::collections::HashMap;

/// Everything that a set of files declares, by full name.
#[derive(Debug, Default)]
pub struct Schema {
    pub(crate) messages: HashMap<String, Vec<Field>>,
    pub(crate) enums: HashMap<String, Vec<(String, i32)>>,
    /// By `package.Service/Method`.
    pub methods: HashMap<String, Method>,
}

/// One call that a service offers.
#[derive(Debug, Clone)]
pub struct Method {
    pub input: String,
    pub(crate) output: String,
    /// Whether either side is a stream.
    pub streams: bool,
}

/// One field of a message.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) number: u32,
    pub(crate) kind: Kind,
    pub(crate) label: Label,
    /// Whether a list of numbers is written as one block.
    pub(crate) packed: bool,
}

/// How often a field is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Label {
    /// Once, or not at all, which is its default.
    Implicit,
    /// Once, or not at all, which can be told from its default.
    Explicit,
    Repeated,
    /// A map with keys of this kind.
    Map(Kind),
}

/// The type of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    Double,
    Float,
    Int32,
    Int64,
    Uint32,
    Uint64,
    Sint32,
    Sint64,
    Fixed32,
    Fixed64,
    Sfixed32,
    Sfixed64,
    Bool,
    String,
    Bytes,
    Message(String),
    Enum(String),
}

impl Schema {
    /// Finds the declaration of each name, once all files are read.
    pub fn resolve(&mut self) -> Result<(), String> {
        let find = |scope: &str, name: &str| {
            let known = |full: &str| {
                let message = self.messages.contains_key(full);
                let full = full.to_owned();
                if message {
                    Some(Kind::Message(full))
                } else {
                    self.enums.contains_key(&full).then_some(Kind::Enum(full))
                }
            };
            if let Some(full) = name.strip_prefix('.') {
                return known(full);
            }
            // From the innermost scope outwards.
            let mut scope = Some(scope);
            while let Some(around) = scope {
                let full = match around {
                    "" => name.to_owned(),
                    around => format!("{around}.{name}"),
                };
                if let Some(found) = known(&full) {
                    return Some(found);
                }
                scope = match around {
                    "" => None,
                    around => Some(around.rfind('.').map_or("", |dot| &around[..dot])),
                };
            }
            None
        };
        let mut messages = self.messages.clone();
        for (scope, fields) in &mut messages {
            for field in fields {
                if let Kind::Message(name) = &field.kind {
                    let unknown = || {
                        format!(
                            "the type `{name}` of `{scope}.{}` is not declared",
                            field.name
                        )
                    };
                    field.kind = find(scope, name).ok_or_else(unknown)?;
                }
                if field.label == Label::Implicit && matches!(field.kind, Kind::Message(_)) {
                    field.label = Label::Explicit;
                }
            }
        }
        let mut methods = self.methods.clone();
        for (name, method) in &mut methods {
            let scope = name.split('/').next().unwrap_or_default();
            for side in [&mut method.input, &mut method.output] {
                match find(scope, side) {
                    Some(Kind::Message(full)) => *side = full,
                    _ => return Err(format!("the message `{side}` of `{name}` is not declared")),
                }
            }
        }
        self.messages = messages;
        self.methods = methods;
        Ok(())
    }
}
