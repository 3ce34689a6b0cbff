//! Every key of the table, where it may stand: its example is read by the
//! reader of check files, and accepted by the schema.

use std::path::PathBuf;
use std::rc::Rc;

use serde_json::{Map, Value, json};

use super::problems;
use crate::language;
use crate::language::CheckFile;
use crate::language::keys::{FILE, Kind, Names, OPERATORS, Property, STEP, Subject, Table, USE};
use diagnostic::Source;
use diagnostic::yaml;

/// What makes a check file of one map in it.
type Around = Rc<dyn Fn(Value) -> Value>;

/// A map of the language, and how it stands in a check file.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) table: &'static Table,
    around: Around,
}

/// The keys that mean nothing without another one, which no table says.
const BESIDE: [(&str, &str); 8] = [
    ("message", "grpc"),
    ("proto", "grpc"),
    ("messages", "websocket"),
    ("graphql", "post"),
    ("compress", "json"),
    ("expect", "repeat"),
    ("skip_others", "expect"),
    ("timeout", "expect"),
];

/// The files that the examples name.
const FILES: [(&str, &str); 6] = [
    ("common.yaml", "fragments: { see: { steps: [{ get: / }] } }"),
    ("items.csv", "id,name\na,b\n"),
    ("order.json", "{}"),
    ("cup.png", "a picture"),
    (
        "shop.proto",
        "syntax = \"proto3\"; package grpc.health.v1; service Health { rpc Check(Any) returns (Any); } message Any { string service = 1; }",
    ),
    (
        "order.schema.json",
        "{ \"components\": { \"schemas\": { \"Order\": {} } } }",
    ),
];

/// Every map of the language, once.
pub(super) fn places() -> Vec<Place> {
    let mut found = Vec::new();
    walk(
        &Kind::Map(&FILE),
        &(Rc::new(|file| file) as Around),
        &mut found,
    );
    found
}

fn walk(kind: &Kind, around: &Around, found: &mut Vec<Place>) {
    let inside = |make: fn(Value) -> Value| -> Around {
        let around = Rc::clone(around);
        Rc::new(move |value| around(make(value)))
    };
    match kind {
        Kind::Map(table) | Kind::JsonSchema(table) => visit(table, around, found),
        Kind::List(kind, ..) => walk(kind, &inside(|value| json!([value])), found),
        Kind::Entries(Names::JsonPath, kind) => {
            walk(kind, &inside(|value| json!({ "$.a": value })), found);
        }
        Kind::Entries(_, kind) | Kind::SomeEntries(_, kind) => {
            walk(kind, &inside(|value| json!({ "a": value })), found);
        }
        Kind::Steps => {
            for table in [&STEP, &USE] {
                visit(table, &inside(|value| json!([value])), found);
            }
        }
        Kind::OneOrMany(kind) | Kind::Shared(_, kind) | Kind::Operand(_, kind) => {
            walk(kind, around, found);
        }
        Kind::Either(kinds) => kinds.iter().for_each(|kind| walk(kind, around, found)),
        Kind::Predicate(Subject::Json) => visit(&OPERATORS, around, found),
        _ => {}
    }
}

fn visit(table: &'static Table, around: &Around, found: &mut Vec<Place>) {
    if found.iter().any(|place| std::ptr::eq(place.table, table)) {
        return;
    }
    found.push(Place {
        table,
        around: Rc::clone(around),
    });
    // The last first: what is captured of an answer comes before messages, of
    // which less can be captured.
    for property in table.properties().collect::<Vec<_>>().into_iter().rev() {
        let around = Rc::clone(around);
        let inside = move |value| around(complete(table, property, value));
        walk(&property.kind, &(Rc::new(inside) as Around), found);
    }
}

fn example(property: &Property) -> Value {
    let source = Source::new("example.yaml", property.example);
    let node = yaml::parse(&source, &mut Vec::new());
    language::to_json(&node.unwrap_or_else(|| panic!("{}", property.example_line())))
}

/// A map with one key, and with the keys that must stand beside it.
fn complete(table: &Table, property: &Property, value: Value) -> Value {
    let mut map = Map::new();
    let add = |map: &mut Map<String, Value>, name: &str| {
        if let (false, Some(property)) = (map.contains_key(name), table.property(name)) {
            map.insert(name.to_owned(), example(property));
        }
    };
    map.insert(property.name.to_owned(), value);
    for (_, other) in BESIDE.iter().filter(|(name, _)| *name == property.name) {
        add(&mut map, other);
    }
    table.all_of.iter().for_each(|name| add(&mut map, name));
    for choice in [table.one_of, table.any_of] {
        if let [first, ..] = choice
            && !choice.iter().any(|name| map.contains_key(*name))
        {
            add(&mut map, first);
        }
    }
    if std::ptr::eq(table, &raw const FILE) {
        map.entry("fragments")
            .or_insert(json!({ "look": { "steps": [{ "get": "/" }] } }));
        map.entry("checks")
            .or_insert(json!([{ "name": "a", "get": "/" }]));
        map.entry("defaults").or_insert(json!({ "writes": true }));
    }
    Value::Object(map)
}

#[test]
fn the_example_of_each_key_is_one() {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in FILES {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let path: PathBuf = folder.path().join("any.yaml");
    let places = places();
    assert!(places.len() > 30, "{}", places.len());
    for Place { table, around } in places {
        for property in table.properties() {
            let file = around(complete(table, property, example(property)));
            let text = serde_json::to_string_pretty(&file).unwrap();
            let mut found = Vec::new();
            CheckFile::read(&Source::new(&path, &*text), &mut found);
            let found: Vec<_> = found.iter().map(ToString::to_string).collect();
            assert!(
                found.is_empty(),
                "{}: {}: {found:#?}\n{text}",
                table.title,
                property.name
            );
            assert_eq!(
                problems(&text),
                Vec::<String>::new(),
                "{}: {}\n{text}",
                table.title,
                property.name
            );
        }
    }
}

/// A sentence of a message or a table is not a paragraph.
#[test]
fn the_help_of_each_key_is_short() {
    for property in places().iter().flat_map(|place| place.table.properties()) {
        let fine = property.help.ends_with('.') && property.help.len() < 160;
        assert!(fine, "{}: {}", property.name, property.help);
    }
}
