//! The JSON Schema of check files, for editors: completion, a word of help at
//! each key, and a red line under what is wrong before anything is run.
//!
//! It is made from the table of the language, as the reader's messages are.
//! What only the reader can know, such as whether a variable exists, the schema
//! leaves to `smoke validate`.

use serde_json::{Map, Value, json};

use crate::language::keys::{
    CARRYING, FILE, IDENTIFIER, Kind, LIBRARY, METHODS, Names, OPERATORS, Property, STEP, Subject,
    Table, USE,
};
use crate::language::to_json;
use crate::predicate::JsonType;
use crate::template::{FILTERS, FUNCTIONS};
use diagnostic::Source;
use diagnostic::yaml;

/// The schema, in the draft that editors understand best.
pub fn schema() -> Value {
    let mut schema = SchemaWriter {
        definitions: Map::new(),
        subject: Subject::Json,
    };
    let mut root = schema.write_map(&FILE);
    root["$schema"] = "http://json-schema.org/draft-07/schema#".into();
    root["title"] = "Greenlight check file".into();
    root["description"] = "What must be true of a new version before customers see it.".into();
    root["anyOf"] = json!([
        { "required": ["checks"] },
        { "required": ["fragments"], "propertyNames": { "enum": LIBRARY } }
    ]);
    root["definitions"] = schema.definitions.into();
    root
}

/// Writes a schema.
struct SchemaWriter {
    /// What several places share, by its name.
    definitions: Map<String, Value>,
    /// The kind of value that the predicate is about whose operators are written.
    subject: Subject,
}

impl SchemaWriter {
    fn write_map(&mut self, table: &'static Table) -> Value {
        let properties = table.properties();
        let properties =
            properties.map(|property| (property.name.to_owned(), self.write_property(property)));
        let properties: Map<String, Value> = properties.collect();
        let mut map = json!({ "type": "object", "additionalProperties": false });
        map["properties"] = properties.into();
        let each = |keys: &[&str]| -> Value {
            keys.iter()
                .map(|key| json!({ "required": [key] }))
                .collect()
        };
        let (least, most) = table.size;
        for (keyword, value, present) in [
            ("description", table.help.into(), !table.help.is_empty()),
            ("required", json!(table.all_of), !table.all_of.is_empty()),
            ("oneOf", each(table.one_of), !table.one_of.is_empty()),
            ("anyOf", each(table.any_of), !table.any_of.is_empty()),
            ("minProperties", least.into(), least > 0),
            ("maxProperties", most.into(), most < usize::MAX),
        ] {
            if present {
                map[keyword] = value;
            }
        }
        map
    }

    /// The schema of a key: what may stand below it, with help and an example.
    fn write_property(&mut self, property: &Property) -> Value {
        let mut schema = self.write_kind(&property.kind);
        if schema.get("$ref").is_some() {
            // Editors ignore what stands beside a `$ref` (draft 7, section 8.3).
            schema = json!({ "allOf": [schema] });
        }
        let mut help = property.help.to_owned();
        if let Kind::Transform = property.kind {
            for callable in FUNCTIONS.iter().chain(FILTERS) {
                help.extend(["\n- `", callable.example, "`: ", callable.help]);
            }
        }
        schema["description"] = help.into();
        // A test reads every example, so that nothing is lost here.
        let source = Source::new("an example", property.example);
        let example = yaml::parse(&source, &mut Vec::new());
        schema["examples"] = example.iter().map(to_json).collect();
        schema
    }

    fn write_kind(&mut self, kind: &Kind) -> Value {
        match kind {
            Kind::Any => json!({}),
            Kind::Something => json!({ "type": ["string", "number", "boolean", "array", "object"] }),
            Kind::Text | Kind::Transform => json!({ "type": "string", "minLength": 1 }),
            Kind::Pattern(_, pattern) => json!({ "type": "string", "pattern": pattern }),
            Kind::Scalar => self.define("scalar", |_| json!({ "type": ["string", "number", "boolean"] })),
            Kind::Flag => json!({ "type": "boolean" }),
            Kind::Always => json!({ "const": true }),
            Kind::Words(words) => json!({ "enum": words }),
            Kind::KeyOf(table) => json!({ "enum": table.names() }),
            // Unquoted `null` is YAML's null, and means the type of that name.
            Kind::JsonType => json!({ "anyOf": [{ "enum": JsonType::NAMES }, { "const": null }] }),
            Kind::Whole(least, most) => json!({ "type": "integer", "minimum": least, "maximum": most }),
            Kind::Number(least, most) => json!({ "type": "number", "minimum": least, "maximum": most }),
            Kind::Duration => self.define("duration", |_| json!({
                "type": "string", "pattern": "^([0-9]+(ms|s|m|h))+$", "examples": ["500ms", "5s", "1m30s"]
            })),
            Kind::Status => self.define("one-status", |_| json!({ "anyOf": [
                { "type": "integer", "minimum": 100, "maximum": 599 },
                { "type": "string", "pattern": "^[1-5][xX][xX]$" }
            ] })),
            Kind::Method => json!({
                "type": "string",
                "pattern": "^[A-Z0-9!#$%&'*+.^_`|~-]+$",
                "not": { "enum": list_method_keys() }
            }),
            Kind::HttpVersion => json!({ "enum": ["1.1", "2", 1.1, 2] }),
            Kind::List(kind, least, most) => {
                let mut list = json!({ "type": "array", "items": self.write_kind(kind) });
                if *least > 0 {
                    list["minItems"] = (*least).into();
                }
                if *most < usize::MAX {
                    list["maxItems"] = (*most).into();
                }
                list
            }
            Kind::OneOrMany(kind) => {
                let one = self.write_kind(kind);
                json!({ "anyOf": [one, { "type": "array", "items": one }] })
            }
            Kind::Map(table) => self.write_map(table),
            Kind::Entries(names, kind) => self.write_entries(*names, kind),
            Kind::SomeEntries(names, kind) => {
                let mut map = self.write_entries(*names, kind);
                map["minProperties"] = 1.into();
                map
            }
            Kind::Object => json!({ "type": "object" }),
            Kind::Either(kinds) => {
                let kinds = kinds.iter().map(|kind| self.write_kind(kind));
                json!({ "anyOf": kinds.collect::<Vec<_>>() })
            }
            Kind::Steps => json!({ "type": "array", "minItems": 1, "items": {
                "if": { "type": "object", "required": ["use"] },
                "then": self.define("use", |schema| schema.write_map(&USE)),
                "else": self.define("step", |schema| schema.write_map(&STEP))
            } }),
            Kind::Shared(name, kind) => self.define(name, |schema| schema.write_kind(kind)),
            Kind::Predicate(subject) => self.write_predicate(*subject),
            Kind::Operand(_, kind) => self.write_kind(kind),
            Kind::Literal => self.write_literal(),
            Kind::Limit => match self.subject {
                Subject::Latency | Subject::Span => self.write_literal(),
                _ => json!({ "type": ["number", "string"] }),
            },
            Kind::Nested => self.write_predicate(self.subject),
            Kind::JsonSchema(table) => json!({
                "type": ["object", "boolean"],
                "if": { "type": "object", "required": ["file"] },
                "then": self.write_map(table)
            }),
        }
    }

    /// A reference to a definition, which is made where it is met first.
    fn define(&mut self, name: &str, make: impl FnOnce(&mut Self) -> Value) -> Value {
        if !self.definitions.contains_key(name) {
            // The name is taken before the definition is written, so that a
            // definition that refers to itself comes to an end.
            self.definitions.insert(name.to_owned(), Value::Null);
            let definition = make(self);
            self.definitions.insert(name.to_owned(), definition);
        }
        json!({ "$ref": format!("#/definitions/{name}") })
    }

    fn write_entries(&mut self, names: Names, kind: &Kind) -> Value {
        let mut map = json!({ "type": "object", "additionalProperties": self.write_kind(kind) });
        let names = match (names, IDENTIFIER) {
            (Names::Any, _) => return map,
            (Names::Identifier, Kind::Pattern(_, pattern)) => json!({ "pattern": pattern }),
            (Names::Identifier | Names::JsonPath, _) => json!({ "pattern": r"^\$" }),
            (Names::Header, _) => json!({ "not": { "pattern": any_case_pattern(&CARRYING) } }),
        };
        map["propertyNames"] = names;
        map
    }

    /// A literal, or a map of operators that must all hold.
    fn write_predicate(&mut self, subject: Subject) -> Value {
        let (name, subject) = match subject {
            Subject::Status => ("status-predicate", subject),
            Subject::Latency => ("limit", subject),
            Subject::Span => ("span", subject),
            // One definition serves all other subjects, because it has no place for
            // the difference; the reader reports an operator that does not apply.
            _ => ("predicate", Subject::Json),
        };
        self.define(name, |schema| {
            let outside = std::mem::replace(&mut schema.subject, subject);
            let mut operators = schema.write_map(&OPERATORS);
            if let Some(keys) = operators["properties"].as_object_mut() {
                keys.retain(|key, _| {
                    OPERATORS
                        .property(key)
                        .is_some_and(|key| key.is_for(subject))
                });
            }
            let predicate = match subject {
                Subject::Latency | Subject::Span => operators,
                Subject::Status => json!({ "anyOf": [schema.write_literal(), operators] }),
                _ => json!({ "anyOf": [
                    { "type": ["string", "number", "boolean", "null", "array"] },
                    operators
                ] }),
            };
            schema.subject = outside;
            predicate
        })
    }

    /// A value of the kind that the predicate speaks of.
    fn write_literal(&mut self) -> Value {
        match self.subject {
            Subject::Latency => self.write_kind(&Kind::Duration),
            Subject::Span => json!({ "type": "string", "pattern": "^([0-9]+(ms|s|m|h|d))+$" }),
            Subject::Status => self.define("status", |schema| {
                let one = schema.write_kind(&Kind::Status);
                json!({ "anyOf": [one, { "type": "array", "minItems": 1, "items": one }] })
            }),
            _ => json!({}),
        }
    }
}

/// The methods that `request` does not take, in capitals.
fn list_method_keys() -> Vec<String> {
    let keys = METHODS.iter().map(|key| key.name);
    let methods = keys.filter(|key| *key != "request").chain(["connect"]);
    methods.map(str::to_ascii_uppercase).collect()
}

/// A pattern for these words, and for nothing else, in capitals or not.
fn any_case_pattern(words: &[&str]) -> String {
    let letter = |c: char| match c {
        c if c.is_ascii_alphabetic() => format!("[{}{c}]", c.to_ascii_uppercase()),
        c => c.to_string(),
    };
    let words = words.iter().map(|word| word.chars().map(letter).collect());
    format!("^({})$", words.collect::<Vec<String>>().join("|"))
}

#[cfg(test)]
mod tests;
