//! The tables of docs/check-files.md, which are made from the table of the
//! language. `make schema` writes them.

use super::each_key::places;
use super::workspace;
use crate::language::keys::{CHECK, Kind, Property, REQUEST, Table};
use crate::template::{Callable, FILTERS, FUNCTIONS};
use diagnostic::suggest;

const DOCUMENT: &str = "docs/check-files.md";
const BEGIN: &str = "<!-- table: ";
const END: &str = "<!-- end of table -->";

/// The table that a mark names.
fn table(name: &str) -> Option<String> {
    match name {
        "functions" => return Some(callables(FUNCTIONS)),
        "filters" => return Some(callables(FILTERS)),
        _ => {}
    }
    let places = places();
    let place = places
        .iter()
        .find(|place| place.table.title.trim_matches('`') == name)?;
    Some(keys(place.table))
}

fn keys(table: &'static Table) -> String {
    // What a request has, the table of a step tells.
    let own = |property: &&Property| {
        !(std::ptr::eq(table, &raw const CHECK) && REQUEST.has(property.name))
    };
    let rows = table.properties().filter(own).map(|property| {
        let key = match property.section {
            Some(section) => format!("[`{}`]({section})", property.name),
            None => format!("`{}`", property.name),
        };
        row(
            &key,
            &(property.help.to_owned() + &choice(&property.kind)),
            &property.example_line(),
        )
    });
    format!(
        "| key | what it is | example |\n|---|---|---|\n{}",
        rows.collect::<String>()
    )
}

/// What a reader cannot guess from an example.
fn choice(kind: &Kind) -> String {
    match kind {
        Kind::Operand(_, kind) => choice(kind),
        Kind::Words([_]) => String::new(),
        Kind::Words(words) => format!(" It is {}.", suggest::list(words)),
        Kind::KeyOf(table) => format!(" It is {}.", table.list_names()),
        Kind::JsonType | Kind::Whole(..) | Kind::Number(..) => {
            format!(" It is {}.", kind.describe())
        }
        _ => String::new(),
    }
}

fn callables(callables: &[Callable]) -> String {
    let rows = callables.iter().map(|callable| {
        row(
            &format!("`{}`", callable.name),
            callable.help,
            callable.example,
        )
    });
    format!(
        "| name | gives | example |\n|---|---|---|\n{}",
        rows.collect::<String>()
    )
}

fn row(name: &str, help: &str, example: &str) -> String {
    let [help, example] = [help, example].map(|text| text.replace('|', "\\|"));
    format!("| {name} | {help} | `{example}` |\n")
}

/// The document with its tables made anew.
fn renew(text: &str) -> String {
    let mut renewed = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(BEGIN) {
        let (name, after) = after.split_once(" -->").unwrap();
        let table = table(name).unwrap_or_else(|| panic!("no table is called `{name}`"));
        renewed.extend([before, BEGIN, name, " -->\n\n", &table, "\n", END]);
        rest = after
            .split_once(END)
            .unwrap_or_else(|| panic!("`{name}` has no end"))
            .1;
    }
    renewed + rest
}

#[test]
fn the_tables_of_the_documents_are_those_of_the_language() {
    let text = workspace(DOCUMENT);
    let renewed = renew(&text);
    if std::env::var_os("WRITE_TABLES").is_some() {
        std::fs::write(super::blocks::workspace().join(DOCUMENT), renewed).unwrap();
    } else {
        assert!(text == renewed, "run `make schema`");
    }
}
